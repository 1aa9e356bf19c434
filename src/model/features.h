/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this kernel has of all that the tool can use: probed, never inferred from a version. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

/* What the ioctls of a captured machine were found to be: a line "NAME 0", "NAME 1" or "NAME -ERRNO" each. */
#define FEATURES_CAPTURED "ioasidctl/features"

struct feature {
	const char *name;  /* "IOMMU_HWPT_ALLOC", "/dev/iommu", "VFIO_DEVICE_ATTACH_PASID" */
	const char *kind;  /* "node", "ioctl", "flag", "driver", "sysfs", "debugfs" */
	const char *about; /* what it is for */
	struct field_u64 available; /* 1 or 0 */
};

struct feature_list {
	struct feature *v;
	size_t n;
};

void feature_list_done(struct feature_list *list);
#define _cleanup_feature_list_ _cleanup_(feature_list_done)

/*
 * Flags can be asked of the kernel only with a device: DEVICE is the sysfs path of one that has a
 * VFIO driver and is free, and is bound for a moment to a throw-away iommufd; NULL leaves them
 * unreadable with -ENODATA. A captured tree has the ioctls
 * that it was captured with; else they are unreadable with -EREMOTE, and so are its flags with DEVICE. Returns 0, -ENOMEM,
 * or the -errno for which DEVICE could not be bound.
 */
int feature_list(const struct sys_root *root, const char *device, struct feature_list *ret);
