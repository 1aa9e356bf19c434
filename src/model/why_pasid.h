/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device can use PASIDs or not: each link from its capability to the node that they are bound by. */
#pragma once

#include <stdbool.h>

#include "model/finding.h"
#include "sys/root.h"

/*
 * The verdict, then the links for the device at PATH ("/sys/devices/..."), in the order in which one stands on
 * another, so that the first broken one is the cause. USE is USE_PASID or USE_SVA, or USE_COUNT for what the
 * device's driver does; a link that only the other one needs is never broken. Unless WAKE, what sleeps is left
 * alone. Returns 0, -ENODEV, -errno; RET_USE is what was judged.
 */
int pasid_why(const struct sys_root *root, const char *path, enum use use, bool wake,
	      enum use *ret_use, struct finding_list *ret);
