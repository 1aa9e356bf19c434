/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about PASIDs shared by all layers. */
#pragma once

/* 20 bits, whatever the device's width; 0 is the RID (IOMMU_NO_PASID). */
#define PASID_MAX 0xfffff
