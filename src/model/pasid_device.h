/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be known of a device with PASIDs, for model/pasid*.c alone. */
#pragma once

#include "model/pasid_source.h"

struct pasid_device {
	struct field_u64 group;
	struct field_str driver;
	struct field_str unit; /* its IOMMU: "dmar0" */
};

void pasid_device_done(struct pasid_device *device);

/* Reads what NEED asks for, and the unit where WITH_UNIT. A device that is not there has nothing. */
void pasid_device_get(const struct sys_root *root, const char *id, unsigned int need,
		      bool with_unit, struct pasid_device *ret);

/* Has a driver of the kernel's the device, and its group a DMA domain? */
bool pasid_device_is_dma(const struct sys_root *root, const char *id);
