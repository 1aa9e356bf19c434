/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why devices share a group, and what stands in the way of assigning it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "model/group.h"
#include "sys/root.h"

/*
 * The verdict on group NUMBER, then of each member why it is in the group, then what stands in the way: what
 * forbids it for good, what would lose something, and drivers. Unless WAKE, config
 * space of what sleeps is left alone. A live machine's disks are looked at as driver_guard() does. Returns 0,
 * -ENOENT where there is no such group, -errno.
 */
int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret);

/* A row with RESULT for each region that keeps GROUP, read with its members, from VFIO. Returns 0 or -ENOMEM. */
int group_why_regions(const struct group *group, enum finding_result result, unsigned int uses,
		      struct finding_list *list);
