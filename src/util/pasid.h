/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all layers have to know of PASIDs. */
#pragma once

/* 20 bits, whatever the width of a device; 0 is the device's own (IOMMU_NO_PASID). */
#define PASID_MAX 0xfffff
