/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-iommu, RISC-V and the smaller IOMMUs of SoCs. */
#include <string.h>

#include "model/faultlog/internal.h"

/*
 * The endpoint id is the requester ID, unless the firmware's VIOT table offsets it. QEMU's does
 * not.
 */
static void virtio_endpoint(struct log_fault *fault)
{
	uint64_t rid = fault->stream.value;

	if (rid <= 0xffff)
		log_fault_set_rid(fault, rid);
	if (strcmp(fault->text, "domain") == 0) {
		fault->reason = "the device is attached to nothing";
		fault->remedy = "give the device its driver, or bind it and attach it to an IOAS";
	} else if (strcmp(fault->text, "page") == 0) {
		fault->reason = "the address is not mapped for this access";
		fault->remedy = LOG_UNMAPPED;
	} else {
		fault->reason = "the machine's IOMMU does not say why";
	}
}

static const struct log_pattern virtio_patterns[] = {
	{ .form = "%T fault from EP %s at %A [%W]", LOG_KIND_DMA, .decode = virtio_endpoint },
	{ .form = "%T fault from EP %s", LOG_KIND_DMA, .decode = virtio_endpoint },
	{ .form = "invalid event buffer (len %d != %d)",
	  LOG_KIND_LOST,
	  "the machine's IOMMU reported a fault in an unknown form" },
	{ .form = "could not add event buffer",
	  LOG_KIND_LOST,
	  "further faults cannot be reported" },
	{ 0 },
};

/* RISC-V IOMMU Architecture Specification, "Fault record CAUSE field encodings". */
static const struct log_code riscv_causes[] = {
	{ 1, "the memory may not be executed (access fault)", LOG_UNMAPPED },
	{ 4, "the address read is not aligned", LOG_RESET },
	{ 5, "the memory may not be read (access fault)", LOG_UNMAPPED },
	{ 6, "the address written is not aligned", LOG_RESET },
	{ 7, "the memory may not be written (access fault)", LOG_UNMAPPED },
	{ 12, "the address is not mapped for execution (first stage)", LOG_UNMAPPED },
	{ 13, "the address is not mapped for reading (first stage)", LOG_UNMAPPED },
	{ 15, "the address is not mapped for writing (first stage)", LOG_UNMAPPED },
	{ 20, "the address is not mapped for execution (second stage)", LOG_UNMAPPED },
	{ 21, "the address is not mapped for reading (second stage)", LOG_UNMAPPED },
	{ 23, "the address is not mapped for writing (second stage)", LOG_UNMAPPED },
	{ 256, "the IOMMU lets nothing through", "report it with the whole log" },
	{ 257, "the device directory could not be read", LOG_BROKEN },
	{ 258, "no entry of the device directory is valid for the device",
	  "give the device its driver, or bind it and attach it to an IOAS" },
	{ 259, "the entry of the device directory is misconfigured", LOG_BROKEN },
	{ 260, "a kind of request that the device may not make", LOG_RESET },
	{ 261, "the interrupts' page table could not be read", LOG_BROKEN },
	{ 262, "no page is mapped for the interrupt", LOG_RESET },
	{ 263, "the interrupts' page table is misconfigured", LOG_BROKEN },
	{ 264, "the interrupt file in memory could not be reached", LOG_BROKEN },
	{ 265, "the process directory could not be read", LOG_BROKEN },
	{ 266, "the PASID is bound to nothing", LOG_PASIDS },
	{ 267, "the entry of the process directory is misconfigured", LOG_BROKEN },
	{ 268, "the device directory is corrupt", LOG_BROKEN },
	{ 269, "the process directory is corrupt", LOG_BROKEN },
	{ 270, "the interrupts' page table is corrupt", LOG_BROKEN },
	{ 271, "the interrupt file in memory is corrupt", LOG_BROKEN },
	{ 272, "an error within the IOMMU", LOG_RESET },
	{ 273, "an interrupt of the IOMMU could not be written", LOG_BROKEN },
	{ 274, "the page table is corrupt", LOG_BROKEN },
	{ 0 },
};

static void riscv_fault(struct log_fault *fault)
{
	uint64_t cause = fault->code.value;

	log_code_explain(fault, riscv_causes);
	if (cause == 1 || cause == 12 || cause == 20)
		fault->access = LOG_ACCESS_EXEC;
	else if (cause == 4 || cause == 5 || cause == 13 || cause == 21)
		fault->access = LOG_ACCESS_READ;
	else if (cause == 6 || cause == 7 || cause == 15 || cause == 23)
		fault->access = LOG_ACCESS_WRITE;
}

static const struct log_pattern riscv_patterns[] = {
	{ .form = "Fault %c devid: %S iotval: %A iotval2: %x",
	  LOG_KIND_DMA,
	  .decode = riscv_fault },
	{ .form = "Hardware error: %T",
	  LOG_KIND_HARDWARE,
	  "the IOMMU did not complete its commands",
	  LOG_RESET },
	{ .form = "Queue #%d error; fault:%d timeout:%d illegal:%d fence_w_ip:%d",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not complete its commands",
	  LOG_RESET },
	{ .form = "Queue #%d error; memory fault:%d overflow:%d",
	  LOG_KIND_LOST,
	  "the queue of faults overflowed or could not be written: some were lost",
	  NULL },
	{ 0 },
};

#define UNREACHED  "the page table could not be read"
#define MAPPED_NOT "the address is not mapped for this access"
#define DETACHED   "the device is attached to nothing"
#define FORGET     "the IOMMU did not invalidate its translations in time"

/* "READ FAULT", "WRITE FAULT": permission; else the level at which the entry is missing. */
static void dart_fault(struct log_fault *fault)
{
	if (strcmp(fault->text, "READ FAULT") == 0) {
		fault->access = LOG_ACCESS_READ;
		fault->reason = "the address is not mapped for reading";
	} else if (strcmp(fault->text, "WRITE FAULT") == 0) {
		fault->access = LOG_ACCESS_WRITE;
		fault->reason = "the address is not mapped for writing";
	} else if (strncmp(fault->text, "NO TTBR", strlen("NO TTBR")) == 0) {
		fault->reason = DETACHED;
		return;
	} else if (strncmp(fault->text, "NO ", strlen("NO ")) == 0) {
		fault->reason = "the address is not mapped";
	} else {
		return;
	}
	fault->remedy = LOG_UNMAPPED;
}

/*
 * Names from drivers/iommu/exynos-iommu.c: sysmmu_faults[], sysmmu_v5_fault_names[] and later ones.
 */
static void exynos_fault(struct log_fault *fault)
{
	static const struct {
		const char *name, *reason, *remedy;
		enum log_kind kind;
	} names[] = {
		{ "PAGE", "the address is not mapped", LOG_UNMAPPED, LOG_KIND_DMA },
		{ "ACCESS PROTECTION", MAPPED_NOT, LOG_UNMAPPED, LOG_KIND_DMA },
		{ "ACCESS", MAPPED_NOT, LOG_UNMAPPED, LOG_KIND_DMA },
		{ "SECURITY", "the memory belongs to the secure world", LOG_UNMAPPED,
		  LOG_KIND_DMA },
		{ "SECURITY PROTECTION", "the memory belongs to the secure world", LOG_UNMAPPED,
		  LOG_KIND_DMA },
		{ "L1TLB MULTI-HIT", "two translations of one address", LOG_BROKEN,
		  LOG_KIND_HARDWARE },
		{ "PTW ACCESS", UNREACHED, LOG_BROKEN, LOG_KIND_HARDWARE },
		{ "MULTI-HIT", "two translations of one address", LOG_BROKEN, LOG_KIND_HARDWARE },
		{ "BUS ERROR", UNREACHED, LOG_BROKEN, LOG_KIND_HARDWARE },
		{ "PTW", UNREACHED, LOG_BROKEN, LOG_KIND_HARDWARE },
	};
	const char *name = fault->text;

	if (strncmp(name, "AR ", 3) == 0 || strncmp(name, "AW ", 3) == 0) {
		fault->access = name[1] == 'R' ? LOG_ACCESS_READ : LOG_ACCESS_WRITE;
		name += 3;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i].name) == 0) {
			fault->kind = names[i].kind;
			fault->reason = names[i].reason;
			fault->remedy = names[i].remedy;
		}
}

/* tegra_mc_error_names[], drivers/memory/tegra/mc.c. */
static void tegra_fault(struct log_fault *fault)
{
	bool smmu = strncmp(fault->text, "SMMU tr", strlen("SMMU tr")) == 0;

	fault->reason =
		smmu ? MAPPED_NOT : "no memory is there, or it does not belong to the device";
	fault->remedy = LOG_UNMAPPED;
}

enum { FAMILY_CONTEXT = 1 };

/* drivers/iommu/msm_iommu.c, Qualcomm's IOMMU before SMMUv2; bits of FSR as it prints them. */
static void msm_fault(struct log_fault *fault)
{
	uint64_t status = fault->code.value;

	fault->reason = status & 0x02   ? "the address is not mapped"
			: status & 0x08 ? MAPPED_NOT
			: status & 0x60 ? UNREACHED
					: fault->reason;
	fault->remedy = status & 0x60 ? LOG_BROKEN : LOG_UNMAPPED;
}

/* IOMMUs without PASIDs, with one or two lines each. */
static const struct log_pattern small_patterns[] = {
	/* vsi_iommu */
	{ .form = "unexpected int_status=%F", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	/* apple-dart */
	{ .form = "translation fault: status:%F stream:%s code:%C (%T) at %A",
	  LOG_KIND_DMA,
	  .decode = dart_fault },
	/* rk_iommu */
	{ .form = "Page fault at %A of type %W", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	{ .form = "Page fault while iommu not attached to domain?", LOG_KIND_DMA, DETACHED },
	{ .form = "BUS_ERROR occurred at %A", LOG_KIND_HARDWARE, UNREACHED, LOG_BROKEN },
	{ .form = "%* request timed out, status: %F",
	  LOG_KIND_HARDWARE,
	  "the IOMMU did not carry out a command in time",
	  LOG_RESET },
	/* sun50i */
	{ .form = "Page fault for %A (master %s, dir %W)", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	{ .form = "Page fault while iommu not attached to any domain?", LOG_KIND_DMA, DETACHED },
	{ .form = "TLB Flush timed out!", LOG_KIND_INVALIDATION, FORGET, LOG_RESET },
	{ .form = "TLB invalidation timed out!", LOG_KIND_INVALIDATION, FORGET, LOG_RESET },
	{ .form = "PTW cache invalidation timed out!", LOG_KIND_INVALIDATION, FORGET, LOG_RESET },
	/* mtk-iommu: since 6.1; since 4.6; mtk-iommu-v1 */
	{ .form = "fault type=%F iova=%A pa=%x master=%S(larb=%d port=%d) layer=%d %W",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED },
	{ .form = "fault type=%F iova=%A pa=%x larb=%d port=%d layer=%d %W",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED },
	{ .form = "fault type=%F iova=%A pa=%x larb=%d port=%d",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED },
	/* MediaTek's kernels of Android */
	{ .form = "iommu fault type=%F iova=%A pa=%x larb=%d port=%d is_vpu=%d layer=%d %W",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED },
	{ .form = "Partial TLB flush timed out, falling back to full flush",
	  LOG_KIND_INVALIDATION,
	  FORGET,
	  NULL },
	/* ipmmu-vmsa */
	{ .form = "Unhandled fault: status %F iova %A", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	{ .form = "Multiple TLB hits @%A",
	  LOG_KIND_HARDWARE,
	  "two translations of one address",
	  LOG_BROKEN },
	{ .form = "Page Table Walk Abort @%A", LOG_KIND_HARDWARE, UNREACHED, LOG_BROKEN },
	{ .form = "TLB sync timed out -- MMU may be deadlocked",
	  LOG_KIND_INVALIDATION,
	  FORGET,
	  LOG_RESET },
	/* exynos-sysmmu: since 6.2; since 4.10; 4.9 */
	{ .form = "%N: [%W] %T FAULT occurred at %A", LOG_KIND_DMA, .decode = exynos_fault },
	{ .form = "%N: %T FAULT occurred at %A", LOG_KIND_DMA, .decode = exynos_fault },
	{ .form = "%T FAULT occurred at %A (page table base: %x)",
	  LOG_KIND_DMA,
	  .decode = exynos_fault },
	/* omap-iommu */
	{ .form = "%*: errs:%C da:%A pgd:%*", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	/* tegra-mc, the memory controller that reports for tegra-smmu */
	{ .form = "%*: secure %W @%A: %* (%T)", LOG_KIND_DMA, .decode = tegra_fault },
	{ .form = "%*: non-secure %W @%A: %* (%T)", LOG_KIND_DMA, .decode = tegra_fault },
	{ .form = "%*: %W @%A: %* (%T)", LOG_KIND_DMA, .decode = tegra_fault },
	{ .form = "%*: @%A: %T status: %F", LOG_KIND_DMA },
	{ 0 },
};

static const struct log_pattern exynos_old_patterns[] = {
	{ .form = "%T FAULT occurred at %A by %U(Page table base: %x)",
	  LOG_KIND_DMA,
	  .decode = exynos_fault },
	{ .form = "%T occurred at %A by %U(Page table base: %x)",
	  LOG_KIND_DMA,
	  .decode = exynos_fault },
	/* Linux 3.6 to 3.10 */
	{ .form = "%T FAULT occurred at %A(Page table base: %x)",
	  LOG_KIND_DMA,
	  .decode = exynos_fault },
	{ .form = "%T occurred at %A(Page table base: %x)", LOG_KIND_DMA, .decode = exynos_fault },
	/* Samsung's kernels of Android */
	{ .form = "From [%N], SysMMU %W %T FAULT at %A (page table @ %x)",
	  LOG_KIND_DMA,
	  .decode = exynos_fault },
	{ 0 },
};

/* Freescale's PAMU prints one line per register. Its LIODN identifies the device. */
static void pamu_fault(struct log_fault *fault)
{
	fault->stream.value >>= 16; /* PAMU_AVS1_LIODN_SHIFT */
}

static const struct log_pattern pamu_patterns[] = {
	{ .form = "access violation interrupt",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  .family = FAMILY_CONTEXT,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "AVS1=%S",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  pamu_fault,
	  FAMILY_CONTEXT,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "AVA=%A",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  pamu_fault,
	  FAMILY_CONTEXT,
	  3,
	  LOG_PART_MORE },
	{ 0 },
};

/* "translation fault: " looks like a driver and a device. */
static void m4u_fault(struct log_fault *fault)
{
	if (strcmp(fault->device, "fault") == 0)
		fault->device[0] = '\0';
}

/* MediaTek's M4U on Android: the last of three lines. */
static const struct log_pattern m4u_patterns[] = {
	{ .form = "port=%N, mva=%A, pa=%*", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	{ .form = "port=%N,mva=%A,pa=%*", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED },
	{ .form = "mva=%A, pa=%*", LOG_KIND_DMA, MAPPED_NOT, LOG_UNMAPPED, m4u_fault },
	{ 0 },
};

static const struct log_pattern msm_patterns[] = {
	{ .form = "Unexpected IOMMU page fault!",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  .family = FAMILY_CONTEXT,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "Fault occurred in context %d.", LOG_KIND_UNKNOWN },
	{ .form = "FAR = %A PAR = %x",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  .family = FAMILY_CONTEXT,
	  .part = 2,
	  .flags = LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "FSR = %C [%*]",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  LOG_UNMAPPED,
	  msm_fault,
	  FAMILY_CONTEXT,
	  3,
	  LOG_PART_MORE },
	{ 0 },
};

const struct log_source log_sources_other[] = {
	{ "virtio-iommu", "virtio_iommu", NULL, true, virtio_patterns },
	{ "virtio-iommu", NULL, "viommu_fault_handler: ", true, log_suppressed },
	{ "riscv-iommu", "riscv,iommu", NULL, true, riscv_patterns },
	{ "riscv-iommu", "iommu_pci", NULL, true, riscv_patterns },
	{ "riscv-iommu", NULL, "riscv_iommu_fault: ", true, log_suppressed },
	{ "apple-dart", "apple-dart", NULL, true, small_patterns },
	{ "rk_iommu", "rk_iommu", NULL, true, small_patterns },
	{ "vsi_iommu", "vsi_iommu", NULL, true, small_patterns },
	{ "sun50i-iommu", "sun50i-iommu", NULL, true, small_patterns },
	{ "mtk-iommu", "mtk-iommu", NULL, true, small_patterns },
	{ "mtk-iommu", "mtk-iommu-v1", NULL, true, small_patterns },
	{ "ipmmu-vmsa", "ipmmu-vmsa", NULL, true, small_patterns },
	{ "exynos-sysmmu", "exynos-sysmmu", NULL, true, small_patterns },
	{ "exynos-sysmmu", NULL, NULL, true, exynos_old_patterns },
	{ "omap-iommu", "omap-iommu", NULL, true, small_patterns },
	{ "tegra-smmu", "tegra-mc", NULL, true, small_patterns },
	{ "fsl-pamu", NULL, "fsl-pamu: pamu_av_isr: ", true, pamu_patterns },
	{ "m4u", "translation", NULL, false, m4u_patterns },
	{ "m4u", NULL, "translation fault:", false, m4u_patterns },
	{ "msm_iommu", NULL, "msm_iommu: ", true, msm_patterns },
	{ 0 },
};
