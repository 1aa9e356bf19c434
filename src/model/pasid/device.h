/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about a device with PASIDs, only for model/pasid*.c. */
#pragma once

#include "model/pasid/sources.h"

struct pasid_device {
	struct field_u64 group;
	struct field_str driver;
	struct field_str unit; /* IOMMU unit: "dmar0" */
};

void pasid_device_done(struct pasid_device *device);

/*
 * Reads what NEED asks for, and the unit if WITH_UNIT. All facts are absent if the device does not
 * exist.
 */
void pasid_device_get(const struct sys_root *root, const char *id, unsigned int need,
		      bool with_unit, struct pasid_device *ret);

/* Is the device bound to a kernel driver, and its group in a DMA domain? */
bool pasid_device_is_dma(const struct sys_root *root, const char *id);
