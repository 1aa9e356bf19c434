/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a device can use PASIDs or not: each link from its capability to the node that they are bound by. */
#pragma once

#include <stdbool.h>

#include "model/finding.h"
#include "sys/root.h"

/* What the PASIDs are for; a link that only the other one needs is never broken. */
enum pasid_use {
	PASID_USE_AUTO, /* as the device's driver has it */
	PASID_USE_VFIO, /* page tables of an IOAS, through VFIO and iommufd */
	PASID_USE_SVA,  /* address spaces of processes, by the device's own driver */
};

/*
 * The links for the device at PATH ("/sys/devices/..."), in the order in which one stands on another, so
 * that the first broken one is the cause. Unless WAKE, what sleeps is left alone. Returns 0, -ENODEV,
 * -errno; RET_USE is what was judged.
 */
int pasid_why(const struct sys_root *root, const char *path, enum pasid_use use, bool wake,
	      enum pasid_use *ret_use, struct finding_list *ret);
