/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults of Qualcomm's, Arm's, Broadcom's, Vivante's and Imagination's GPUs. */
#include <string.h>

#include "model/faultlog/internal.h"

enum { FAMILY_PAGE = 1 };

/* drm/msm prints IOMMU_FAULT_READ or IOMMU_FAULT_WRITE, and in some versions the type in words. */
static void msm_gpu(struct log_fault *fault)
{
	if (strcmp(fault->text, "TRANSLATION") == 0 || strcmp(fault->text, "translation") == 0)
		fault->reason = GPU_MAPPED;
	else if (strcmp(fault->text, "PERMISSION") == 0 || strcmp(fault->text, "permission") == 0)
		fault->reason = GPU_DENIED;
}

static void msm_gpu_flags(struct log_fault *fault)
{
	fault->access = fault->flags.value & 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
}

/* Qualcomm's GPUs, in drm/msm and, on Android, KGSL: each process has its own SMMU page table. */
static const struct log_pattern msm_gpu_patterns[] = {
	{ .form = "*** gpu fault: ttbr0=%x iova=%A dir=%W type=%T source=%*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  msm_gpu },
	{ .form = "*** gpu fault: iova=%A, flags=%F (%*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  msm_gpu_flags },
	{ .form = "*** gpu fault: iova=%A flags=%F (%*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  msm_gpu_flags },
	{ 0 },
};

#define KGSL_FIRST(text) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, msm_gpu, FAMILY_PAGE, 1, \
		LOG_PART_NEXT \
	}
#define KGSL_MORE(text) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, msm_gpu, FAMILY_PAGE, 2, \
		LOG_PART_MORE \
	}

static const struct log_pattern kgsl_patterns[] = {
	KGSL_FIRST("GPU PAGE FAULT: addr = %A pid = %G"),
	KGSL_FIRST("GPU PAGE FAULT: addr = %A pid= %G"),
	KGSL_FIRST("GPU PAGE FAULT: addr = %A pid= %G name=%g drawctxt=%d context pid = %d"),
	KGSL_MORE("context=%* (%W %T fault)"),
	KGSL_MORE("context = %* (%W %T fault)"),
	KGSL_MORE("context = %*(%W fault)"),
	{ 0 },
};

/* AS_FAULTSTATUS_EXCEPTION_TYPE; its last three bits are the level of the page table. */
static void mali_fault(struct log_fault *fault)
{
	static const struct log_code types[] = {
		{ 0xc0, GPU_MAPPED, GPU_FIX },
		{ 0xc8, GPU_DENIED, GPU_FIX },
		{ 0xd0, "the GPU's page table could not be read", LOG_BROKEN },
		{ 0xd8, "the page's access flag is not set", LOG_BROKEN },
		{ 0xe0, "the address is wider than the GPU's page table can be", GPU_FIX },
		{ 0xe8, "the page's memory attributes are not valid", LOG_BROKEN },
		{ 0 },
	};
	const struct field_u64 type = field_u64(fault->code.value & ~UINT64_C(7));
	const struct log_code *code = log_code_find(types, &type);

	if (fault->code.status == 1 && code) {
		fault->reason = code->reason;
		fault->remedy = code->remedy;
	}
	/* A kernel thread. */
	if (fault->pid.value == 0)
		fault->pid = (struct field_u64){ 0 };
}

static void mali_execute(struct log_fault *fault)
{
	mali_fault(fault);
	fault->access = LOG_ACCESS_EXEC;
}

#define MALI_MORE(text, n, decoder) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, decoder, FAMILY_PAGE, (n), \
		LOG_PART_NEXT | LOG_PART_MORE \
	}

/* panfrost, panthor and, on Android, kbase: one message of several lines. */
static const struct log_pattern mali_patterns[] = {
	{ .form = "Unhandled Page fault in AS%d at VA %A",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  mali_fault,
	  FAMILY_PAGE,
	  1,
	  LOG_PART_NEXT },
	{ .form = "GPU Fault %C (%T) at %A",
	  LOG_KIND_HARDWARE,
	  "the GPU reports an error of its own, at an address of the bus",
	  LOG_RESET },
	{ .form = "js fault, js=%*", LOG_KIND_UNKNOWN },
	{ .form = "CS_FAULT%*", LOG_KIND_UNKNOWN },
	{ 0 },
};

static const struct log_pattern mali_more_patterns[] = {
	MALI_MORE("exception type %C: %*", 2, mali_fault),
	MALI_MORE("access type %x: %W", 3, mali_fault),
	MALI_MORE("access type %x: EXECUTE", 3, mali_execute),
	MALI_MORE("pid: %G", 4, mali_fault),
	{ 0 },
};

/* Mali 400 and 450. */
static const struct log_pattern lima_patterns[] = {
	{ .form = "mmu page fault at %A from bus id %d of type %W on %*",
	  LOG_KIND_DMA,
	  GPU_MAPPED,
	  GPU_FIX },
	{ .form = "%* page fault at %A from bus id %d of type %W",
	  LOG_KIND_DMA,
	  GPU_MAPPED,
	  GPU_FIX },
	{ 0 },
};

static void v3d_fault(struct log_fault *fault)
{
	if (strstr(fault->text, "write violation")) {
		fault->access = LOG_ACCESS_WRITE;
		fault->reason = "the GPU's page table does not allow writing there";
	} else if (strstr(fault->text, "pte invalid")) {
		fault->reason = GPU_MAPPED;
	} else if (strstr(fault->text, "cap exceeded")) {
		fault->reason = "the address is beyond the GPU's page table";
	}
}

static const struct log_pattern v3d_patterns[] = {
	{ .form = "MMU error from client %* at %A%T",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  .decode = v3d_fault },
	{ .form = "GMP Violation",
	  LOG_KIND_DMA,
	  "the GPU's memory protection does not allow this access",
	  GPU_FIX },
	{ 0 },
};

/* VIVS_MMUv2_STATUS has four bits for each of four MMUs. Only the first fault is reported. */
static void etnaviv_fault(struct log_fault *fault)
{
	static const struct log_code types[] = {
		{ 1, GPU_MAPPED, GPU_FIX },
		{ 2, GPU_MAPPED, GPU_FIX },
		{ 3, "the GPU's page table does not allow writing there", GPU_FIX },
		{ 4, "the address is beyond the GPU's page table", GPU_FIX },
		{ 5, "the memory belongs to the secure world", GPU_FIX },
		{ 6, "the memory belongs to the secure world", GPU_FIX },
		{ 0 },
	};
	uint64_t status = fault->flags.value;
	unsigned int part = 0;

	while (part < 3 && !(status >> 4 * part & 0xf))
		part++;
	fault->code = field_u64(status >> 4 * part & 0xf);
	if (fault->code.value == 3 || fault->code.value == 6)
		fault->access = LOG_ACCESS_WRITE;
	else if (fault->code.value == 5)
		fault->access = LOG_ACCESS_READ;
	log_code_explain(fault, types);
	/* Older kernels print the addresses of all four, later ones only of those that have a fault. */
	if (fault->n_raw == LOG_RAW_MAX)
		fault->iova = field_u64(fault->raw[part]);
	else if (fault->n_raw)
		fault->iova = field_u64(fault->raw[0]);
}

static const struct log_pattern etnaviv_patterns[] = {
	{ .form = "MMU fault status %F",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  etnaviv_fault,
	  FAMILY_PAGE,
	  1,
	  LOG_PART_NEXT },
	{ .form = "MMU %d fault addr %X",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  etnaviv_fault,
	  FAMILY_PAGE,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE | LOG_PART_SAME },
	{ .form = "MMU %d fault (%*) addr %X",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  etnaviv_fault,
	  FAMILY_PAGE,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE | LOG_PART_SAME },
	{ 0 },
};

static const struct log_pattern powervr_patterns[] = {
	{ .form = "Page fault occurred, fault address=%A", LOG_KIND_DMA, GPU_PAGE, GPU_FIX },
	{ 0 },
};

const struct log_source log_sources_gpu_soc[] = {
	{ "msm", NULL, NULL, false, msm_gpu_patterns },
	{ "kgsl", "kgsl", NULL, false, kgsl_patterns },
	{ "panfrost", "panfrost", NULL, false, mali_patterns },
	{ "panfrost", NULL, NULL, false, mali_more_patterns },
	{ "panthor", "panthor", NULL, false, mali_patterns },
	{ "panthor", NULL, NULL, false, mali_more_patterns },
	{ "mali", "mali", NULL, false, mali_patterns },
	{ "mali", NULL, NULL, false, mali_more_patterns },
	{ "lima", "lima", NULL, false, lima_patterns },
	{ "v3d", "v3d", NULL, false, v3d_patterns },
	{ "etnaviv", "etnaviv-gpu", NULL, false, etnaviv_patterns },
	{ "powervr", "powervr", NULL, false, powervr_patterns },
	{ 0 },
};
