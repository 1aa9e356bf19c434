/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the device or group that a person named. */
#pragma once

#include <stdint.h>

#include "sys/root.h"
#include "util/str.h"

/*
 * OPERAND is a PCI address ("0000:03:00.0", "03:00.0"), the name of a network interface, disk,
 * partition or other class device ("eth1", "nvme0", "nvme0n1p1", "vfio3", "uio0"), a path in sysfs,
 * or a device's name on another bus. Something that is not itself in device_list() means the
 * closest device above it: for a virtio disk, the PCI function. Returns 0 and "/sys/devices/..." in
 * RET_PATH; -ENOTUNIQ if it is ambiguous, with the sorted ids added to CANDIDATES (may be NULL);
 * -ENODEV if there is none; -EINVAL if it cannot be a name.
 */
int select_device(const struct sys_root *root, const char *operand, char **ret_path,
		  struct strv *candidates);

/*
 * Parses a group's number. Returns 0, -EINVAL if it is not a number, -ENOENT if there is no such
 * group.
 */
int select_group(const struct sys_root *root, const char *operand, uint32_t *ret);
