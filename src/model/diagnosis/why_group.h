/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why devices share a group, and what blocks assigning it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/diagnosis/finding.h"
#include "model/machine/group.h"
#include "sys/root.h"

/*
 * The verdict on group NUMBER, then for each member why it is in the group, then what blocks
 * assigning it: what forbids it for good, what would lose something, and drivers. Config space of
 * sleeping devices is not read unless WAKE. Disks of a live machine are examined as in
 * driver_guard(). Returns 0, -ENOENT if there is no such group, or another -errno.
 */
int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret);

/* Adds a finding with RESULT for each region that keeps GROUP, read with its members, from VFIO. */
void group_why_regions(const struct group *group, enum finding_result result,
		       struct finding_list *list);
