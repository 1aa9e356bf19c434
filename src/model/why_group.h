/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why devices share a group, and what stands in the way of giving it away. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/finding.h"
#include "sys/root.h"

/*
 * Of each member of group NUMBER: why it is in the group, then what stands in the way. Unless WAKE, config
 * space of what sleeps is left alone. A live machine's disks are looked at as driver_guard() does. Returns 0,
 * -ENOENT where there is no such group, -errno.
 */
int group_why(const struct sys_root *root, uint32_t number, bool wake, struct finding_list *ret);

/*
 * The first that stands in the way: one that would lose something (RET_IN_USE), or else a driver alone. NULL:
 * none.
 */
const struct finding *group_why_obstacle(const struct finding_list *list, bool *ret_in_use);
