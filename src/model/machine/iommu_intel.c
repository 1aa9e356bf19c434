/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CAP_REG and ECAP_REG, sections 11.4.2 and 11.4.3 of the VT-d specification; the kernel's macros
 * are cap_*() and ecap_*() in drivers/iommu/intel/iommu.h. Fields have their newest names: "stage"
 * was "level", FS* and SS* were FL* and SL*.
 */
#include "model/machine/internal.h"

#include "util/cleanup.h"

static const struct iommu_layout cap_layout[] = {
	{ "CAP", "ND", 2, 0, IOMMU_DOMAINS, "number of domains" },
	{ "CAP", "AFL", 3, 3, IOMMU_FLAG, "advanced fault logging" },
	{ "CAP", "RWBF", 4, 4, IOMMU_FLAG, "required write-buffer flushing" },
	{ "CAP", "PLMR", 5, 5, IOMMU_FLAG, "protected low-memory region" },
	{ "CAP", "PHMR", 6, 6, IOMMU_FLAG, "protected high-memory region" },
	{ "CAP", "CM", 7, 7, IOMMU_FLAG, "caching mode" },
	{ "CAP", "SAGAW", 12, 8, IOMMU_WIDTHS, "supported adjusted guest address widths" },
	{ "CAP", "RSVD", 15, 13, IOMMU_RESERVED, "reserved" },
	{ "CAP", "MGAW", 21, 16, IOMMU_BITS, "maximum guest address width" },
	{ "CAP", "ZLR", 22, 22, IOMMU_FLAG, "zero length read" },
	{ "CAP", "RSVD", 23, 23, IOMMU_RESERVED, "reserved (once isochrony)" },
	{ "CAP", "FRO", 33, 24, IOMMU_OFFSET, "fault-recording register offset" },
	{ "CAP", "SSLPS", 37, 34, IOMMU_LARGE_PAGES, "second-stage large page support" },
	{ "CAP", "RSVD", 38, 38, IOMMU_RESERVED, "reserved" },
	{ "CAP", "PSI", 39, 39, IOMMU_FLAG, "page selective invalidation" },
	{ "CAP", "NFR", 47, 40, IOMMU_PLUS_ONE, "number of fault-recording registers" },
	{ "CAP", "MAMV", 53, 48, IOMMU_NUMBER, "maximum address mask value" },
	{ "CAP", "DWD", 54, 54, IOMMU_FLAG, "write draining" },
	{ "CAP", "DRD", 55, 55, IOMMU_FLAG, "read draining" },
	{ "CAP", "FS1GP", 56, 56, IOMMU_FLAG, "first-stage 1-GByte page support" },
	{ "CAP", "RSVD", 58, 57, IOMMU_RESERVED, "reserved" },
	{ "CAP", "PI", 59, 59, IOMMU_FLAG, "posted interrupts support" },
	{ "CAP", "FS5LP", 60, 60, IOMMU_FLAG, "first-stage 5-level paging support" },
	{ "CAP", "ECMDS", 61, 61, IOMMU_FLAG, "enhanced command support" },
	{ "CAP", "ESIRTPS", 62, 62, IOMMU_FLAG,
	  "enhanced set interrupt remap table pointer support" },
	{ "CAP", "ESRTPS", 63, 63, IOMMU_FLAG, "enhanced set root table pointer support" },
};

static const struct iommu_layout ecap_layout[] = {
	{ "ECAP", "C", 0, 0, IOMMU_FLAG, "page-walk coherency" },
	{ "ECAP", "QI", 1, 1, IOMMU_FLAG, "queued invalidation support" },
	{ "ECAP", "DT", 2, 2, IOMMU_FLAG, "device-TLB support" },
	{ "ECAP", "IR", 3, 3, IOMMU_FLAG, "interrupt remapping support" },
	{ "ECAP", "EIM", 4, 4, IOMMU_FLAG, "extended interrupt mode" },
	{ "ECAP", "RSVD", 5, 5, IOMMU_RESERVED, "reserved" },
	{ "ECAP", "PT", 6, 6, IOMMU_FLAG, "pass-through" },
	{ "ECAP", "SC", 7, 7, IOMMU_FLAG, "snoop control" },
	{ "ECAP", "IRO", 17, 8, IOMMU_OFFSET, "IOTLB register offset" },
	{ "ECAP", "RSVD", 19, 18, IOMMU_RESERVED, "reserved" },
	{ "ECAP", "MHMV", 23, 20, IOMMU_NUMBER, "maximum handle mask value" },
	{ "ECAP", "RSVD", 24, 24, IOMMU_RESERVED, "reserved (once ECS, extended contexts)" },
	{ "ECAP", "MTS", 25, 25, IOMMU_FLAG, "memory type support" },
	{ "ECAP", "NEST", 26, 26, IOMMU_FLAG, "nested translation support" },
	{ "ECAP", "RSVD", 27, 27, IOMMU_RESERVED, "reserved (once DIS, deferred invalidation)" },
	{ "ECAP", "RSVD", 28, 28, IOMMU_RESERVED, "reserved (once PASID)" },
	{ "ECAP", "PRS", 29, 29, IOMMU_FLAG, "page request support" },
	{ "ECAP", "ERS", 30, 30, IOMMU_FLAG, "execute request support" },
	{ "ECAP", "SRS", 31, 31, IOMMU_FLAG, "supervisor request support" },
	{ "ECAP", "RSVD", 32, 32, IOMMU_RESERVED, "reserved" },
	{ "ECAP", "NWFS", 33, 33, IOMMU_FLAG, "no write flag support" },
	{ "ECAP", "EAFS", 34, 34, IOMMU_FLAG, "extended accessed flag support" },
	{ "ECAP", "PSS", 39, 35, IOMMU_BITS, "PASID size supported" },
	{ "ECAP", "PASID", 40, 40, IOMMU_FLAG, "process address space ID support" },
	{ "ECAP", "DIT", 41, 41, IOMMU_FLAG, "device-TLB invalidation throttle" },
	{ "ECAP", "PDS", 42, 42, IOMMU_FLAG, "page-request drain support" },
	{ "ECAP", "SMTS", 43, 43, IOMMU_FLAG, "scalable mode translation support" },
	{ "ECAP", "VCS", 44, 44, IOMMU_FLAG, "virtual command support" },
	{ "ECAP", "SSADS", 45, 45, IOMMU_FLAG, "second-stage accessed/dirty support" },
	{ "ECAP", "SSTS", 46, 46, IOMMU_FLAG, "second-stage translation support" },
	{ "ECAP", "FSTS", 47, 47, IOMMU_FLAG, "first-stage translation support" },
	{ "ECAP", "SMPWCS", 48, 48, IOMMU_FLAG, "scalable-mode page-walk coherency support" },
	{ "ECAP", "RPS", 49, 49, IOMMU_FLAG, "RID-PASID support" },
	{ "ECAP", "RSVD", 50, 50, IOMMU_RESERVED, "reserved" },
	{ "ECAP", "PMS", 51, 51, IOMMU_FLAG, "performance monitoring support" },
	{ "ECAP", "ADMS", 52, 52, IOMMU_FLAG, "abort DMA mode support" },
	{ "ECAP", "RPRIVS", 53, 53, IOMMU_FLAG, "RID-PRIV support" },
	{ "ECAP", "RSVD", 63, 54, IOMMU_RESERVED, "reserved" },
};

int iommu_decode_intel(uint64_t cap, uint64_t ecap, struct iommu_field **ret, size_t *ret_n)
{
	const struct iommu_register registers[] = {
		{ cap, cap_layout, ARRAY_SIZE(cap_layout) },
		{ ecap, ecap_layout, ARRAY_SIZE(ecap_layout) },
	};

	return iommu_decode(registers, ARRAY_SIZE(registers), ret, ret_n);
}
