/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what a person wrote to the device or group that is meant. */
#pragma once

#include <stdint.h>

#include "sys/root.h"
#include "util/str.h"

/*
 * OPERAND is a PCI address ("0000:03:00.0", "03:00.0"), the name of a network interface, disk,
 * partition or other class device ("eth1", "nvme0", "nvme0n1p1", "vfio3", "uio0"), a path in sysfs,
 * or a device's name on another bus. What is not itself a device of device_list() stands for the
 * closest one above it: a virtio disk for the PCI function. Returns 0 and
 * "/sys/devices/..." in RET_PATH; -ENOTUNIQ where it means several, whose sorted ids are then added
 * to CANDIDATES (may be NULL); -ENODEV where there is none; -EINVAL for what can name nothing.
 */
int select_device(const struct sys_root *root, const char *operand, char **ret_path,
		  struct strv *candidates);

/* A group's number. Returns 0, -EINVAL where it is no number, -ENOENT where no such group is. */
int select_group(const struct sys_root *root, const char *operand, uint32_t *ret);
