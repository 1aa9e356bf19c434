/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device can use PASIDs or not: each link from its capability to the node that they are bound by. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/finding.h"
#include "sys/root.h"

/* The process that keeps a context, by the kernel's word and not by its name, which any can have. */
struct pasid_holder {
	pid_t pid;
	const char *context;
};

/*
 * The verdict, then the links for the device at PATH ("/sys/devices/..."), each after those that it depends
 * on, so that the first broken one is the cause. USE is USE_PASID or USE_SVA, or USE_COUNT for what the
 * device's driver does; a link that only the other one needs is never broken. Unless WAKE, a sleeping device is
 * not woken. HOLDERS are the processes that have the device open in this sense. Returns 0, -ENODEV, -errno;
 * RET_USE is what was judged.
 */
int pasid_why(const struct sys_root *root, const char *path, enum use use, bool wake,
	      const struct pasid_holder *holders, size_t n_holders, enum use *ret_use,
	      struct finding_list *ret);
