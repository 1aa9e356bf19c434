/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a device can or cannot use PASIDs: each link in the chain from its capability to the node
 * through which they are bound.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/diagnosis/finding.h"
#include "sys/root.h"

/* A context's holder process, known from the kernel, not from its name, which anyone can set. */
struct pasid_holder {
	pid_t pid;
	const char *context;
};

/*
 * The verdict, then the links for the device at PATH ("/sys/devices/..."), each after those it
 * depends on, so that the first broken one is the cause. USE is USE_PASID or USE_SVA, or USE_COUNT
 * to follow the device's driver; a link that only the other use needs is never broken. Does not
 * wake a sleeping device unless WAKE. HOLDERS are the context holders that have the device open.
 * Returns 0, -ENODEV or another -errno; RET_USE is the use that was judged.
 */
int pasid_why(const struct sys_root *root, const char *path, enum use use, bool wake,
	      const struct pasid_holder *holders, size_t n_holders, enum use *ret_use,
	      struct finding_list *ret);
