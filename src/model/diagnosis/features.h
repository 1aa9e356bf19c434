/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernel features that the tool uses are available: probed, never inferred from a version. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

/* Results of the ioctl probes in a capture, one line each: "NAME 0", "NAME 1" or "NAME -ERRNO". */
#define FEATURES_CAPTURED "ioasidctl/features"

struct feature {
	const char *name;  /* "IOMMU_HWPT_ALLOC", "/dev/iommu", "VFIO_DEVICE_ATTACH_PASID" */
	const char *kind;  /* "node", "ioctl", "flag", "driver", "sysfs", "debugfs" */
	const char *about; /* what it is used for */
	struct field_u64 available; /* 1 or 0 */
};

struct feature_list {
	struct feature *v;
	size_t n;
};

void feature_list_done(struct feature_list *list);
#define _cleanup_feature_list_ _cleanup_(feature_list_done)

/*
 * Flags can only be probed with a device: DEVICE is the sysfs path of a free one with a VFIO
 * driver, which is briefly bound to a temporary iommufd; with NULL they are unreadable with
 * -ENODATA. In a captured tree the ioctls are those of the capture, else unreadable with -EREMOTE,
 * and so are the flags with DEVICE. Returns 0, -ENOMEM, or the -errno with which binding DEVICE
 * failed.
 */
int feature_list(const struct sys_root *root, const char *device, struct feature_list *ret);
