/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What blocks taking a device from its driver. */
#pragma once

#include "model/diagnosis/finding.h"
#include "model/machine/device.h"
#include "sys/root.h"

enum {
	GUARD_BRIDGE = 1 << 0, /* that it is a bridge */
	GUARD_LOSSES = 1 << 1, /* what goes with the driver: interfaces, disks, virtual functions */
	GUARD_OPENERS = 1 << 2, /* processes that have a node open: VFIO, UIO, NVMe, disk */
	GUARD_ALL = GUARD_BRIDGE | GUARD_LOSSES | GUARD_OPENERS,
};

#define DRIVER_GUARD_NEED \
	(DEVICE_NEED_PATH | DEVICE_NEED_CLASS | DEVICE_NEED_DRIVER | DEVICE_NEED_SRIOV | \
	 DEVICE_NEED_NET | DEVICE_NEED_BLOCK | DEVICE_NEED_OPENERS)

/*
 * Adds WHAT (bits GUARD_*) blocks taking DEVICE, of any bus and read with DRIVER_GUARD_NEED, from
 * its driver. The remedy is a shell command; there is none to end a process whose name is that of a
 * context's holder. On a live machine, disks are briefly opened with O_EXCL to find out if the
 * kernel has claimed them.
 */
void driver_guard_device(const struct sys_root *root, const struct device *device,
			 unsigned int what, struct finding_list *list);

/* All that for the device at PATH. Returns 0, -ENODEV or another -errno. */
int driver_guard(const struct sys_root *root, const char *path, struct finding_list *ret);
