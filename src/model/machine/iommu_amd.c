/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Extended Feature Registers (MMIO offsets 0030h and 01A0h) of the AMD I/O Virtualization Technology
 * specification; the kernel's names are FEATURE_* in drivers/iommu/amd/amd_iommu_types.h.
 */
#include "model/machine/internal.h"

#include "util/cleanup.h"

static const struct iommu_layout efr_layout[] = {
	{ "EFR", "PreFSup", 0, 0, IOMMU_FLAG, "prefetch support" },
	{ "EFR", "PPRSup", 1, 1, IOMMU_FLAG, "peripheral page request support" },
	{ "EFR", "XTSup", 2, 2, IOMMU_FLAG, "x2APIC support" },
	{ "EFR", "NXSup", 3, 3, IOMMU_FLAG, "no-execute support" },
	{ "EFR", "GTSup", 4, 4, IOMMU_FLAG, "guest translation support" },
	{ "EFR", "GAPPISup", 5, 5, IOMMU_FLAG, "guest APIC physical processor interrupt support" },
	{ "EFR", "IASup", 6, 6, IOMMU_FLAG, "INVALIDATE_IOMMU_ALL support" },
	{ "EFR", "GASup", 7, 7, IOMMU_FLAG, "guest virtual APIC support" },
	{ "EFR", "HESup", 8, 8, IOMMU_FLAG, "hardware error registers support" },
	{ "EFR", "PCSup", 9, 9, IOMMU_FLAG, "performance counters support" },
	{ "EFR", "HATS", 11, 10, IOMMU_HOST_LEVELS, "host address translation size, levels" },
	{ "EFR", "GATS", 13, 12, IOMMU_GUEST_LEVELS, "guest address translation size, levels" },
	{ "EFR", "GLXSup", 15, 14, IOMMU_TABLE_LEVELS, "guest CR3 root table, levels" },
	{ "EFR", "SmiFSup", 17, 16, IOMMU_MODE, "SMI filter register support" },
	{ "EFR", "SmiFRC", 20, 18, IOMMU_POWER, "SMI filter register count" },
	{ "EFR", "GAMSup", 23, 21, IOMMU_MODE, "guest virtual APIC modes supported" },
	{ "EFR", "DualPprLogSup", 25, 24, IOMMU_MODE, "dual peripheral page request log support" },
	{ "EFR", "RSVD", 27, 26, IOMMU_RESERVED, "reserved" },
	{ "EFR", "DualEventLogSup", 29, 28, IOMMU_MODE, "dual event log support" },
	{ "EFR", "RSVD", 30, 30, IOMMU_RESERVED, "reserved" },
	{ "EFR", "SATSSup", 31, 31, IOMMU_FLAG, "secure ATS support" },
	{ "EFR", "PASmax", 36, 32, IOMMU_BITS, "maximum PASID supported" },
	{ "EFR", "USSup", 37, 37, IOMMU_FLAG, "user/supervisor page protection support" },
	{ "EFR", "DevTblSegSup", 39, 38, IOMMU_POWER, "device table segments" },
	{ "EFR", "PprOvrflwEarlySup", 40, 40, IOMMU_FLAG, "PPR log overflow early warning" },
	{ "EFR", "PPRAutoRspSup", 41, 41, IOMMU_FLAG, "PPR automatic response support" },
	{ "EFR", "MarcSup", 43, 42, IOMMU_MODE, "memory access routing and control support" },
	{ "EFR", "BlkStopMrkSup", 44, 44, IOMMU_FLAG, "block StopMark messages support" },
	{ "EFR", "PerfOptSup", 45, 45, IOMMU_FLAG, "performance optimization support" },
	{ "EFR", "MsiCapMmioSup", 46, 46, IOMMU_FLAG, "MSI capability by MMIO support" },
	{ "EFR", "RSVD", 47, 47, IOMMU_RESERVED, "reserved" },
	{ "EFR", "GIoSup", 48, 48, IOMMU_FLAG, "guest I/O protection support" },
	{ "EFR", "HASup", 49, 49, IOMMU_FLAG, "host access support" },
	{ "EFR", "EPHSup", 50, 50, IOMMU_FLAG, "enhanced PPR handling support" },
	{ "EFR", "AttrFWSup", 51, 51, IOMMU_FLAG, "attribute forward support" },
	{ "EFR", "HDSup", 52, 52, IOMMU_FLAG, "host dirty support" },
	{ "EFR", "RSVD", 53, 53, IOMMU_RESERVED, "reserved" },
	{ "EFR", "InvIotlbTypeSup", 54, 54, IOMMU_FLAG, "invalidate IOTLB type support" },
	{ "EFR", "vIommuSup", 55, 55, IOMMU_FLAG, "virtualized IOMMU support" },
	{ "EFR", "VMGuardIoSup", 56, 56, IOMMU_FLAG, "VMGuard I/O support" },
	{ "EFR", "VMTableSize", 60, 57, IOMMU_NUMBER, "VM table size" },
	{ "EFR", "GAUpdateDisSup", 61, 61, IOMMU_FLAG, "disabling of guest APIC updates" },
	{ "EFR", "ForcePhyDestSup", 62, 62, IOMMU_FLAG,
	  "forced physical destination of remapped interrupts" },
	{ "EFR", "SNPSup", 63, 63, IOMMU_FLAG, "secure nested paging support" },
};

/* Only the fields of EFR2 that the kernel uses. */
static const struct iommu_layout efr2_layout[] = {
	{ "EFR2", "SevSnpIoSup", 1, 1, IOMMU_FLAG, "SEV-SNP trusted I/O support" },
	{ "EFR2", "GCR3TRPMode", 3, 3, IOMMU_FLAG, "guest physical root pointer of GCR3" },
	{ "EFR2", "SnpAvicSup", 7, 5, IOMMU_MODE, "SNP with guest virtual APIC" },
	{ "EFR2", "NumIntRemapSup", 9, 8, IOMMU_MODE, "interrupt remap tables above 512" },
	{ "EFR2", "HtRangeIgnore", 11, 11, IOMMU_FLAG, "HyperTransport range can be ignored" },
	{ "EFR2", "SnpPageMode0Sup", 13, 13, IOMMU_FLAG, "SNP with paging mode 0" },
};

int iommu_decode_amd(uint64_t efr, uint64_t efr2, struct iommu_field **ret, size_t *ret_n)
{
	const struct iommu_register registers[] = {
		{ efr, efr_layout, ARRAY_SIZE(efr_layout) },
		{ efr2, efr2_layout, ARRAY_SIZE(efr2_layout) },
	};

	return iommu_decode(registers, ARRAY_SIZE(registers), ret, ret_n);
}
