/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that report their own faults: Intel's accelerators (idxd), AMD's and Qualcomm's GPUs. */
#include <string.h>

#include "model/faultlog/internal.h"

/* enum dsa_completion_status, include/uapi/linux/idxd.h. */
static const struct log_code idxd_errors[] = {
	{ 0x03, "a page was not present, and the queue does not wait for pages",
	  "touch the memory first, or set the queue's block_on_fault" },
	{ 0x04, "a page was not present, and could not be obtained", LOG_UNMAPPED },
	{ 0x06, "a page of the list of descriptors was not present", LOG_UNMAPPED },
	{ 0x10, "an operation that the device does not have", NULL },
	{ 0x11, "flags that the operation does not have", NULL },
	{ 0x12, "reserved fields of the descriptor are set", NULL },
	{ 0x13, "the descriptor wants more bytes than the device or queue may", NULL },
	{ 0x19, "an interrupt handle that is not valid", NULL },
	{ 0x1a, "the completion record's address is not mapped", LOG_UNMAPPED },
	{ 0x1b, "the completion record's address is not aligned", NULL },
	{ 0x1c, "an address is not aligned", NULL },
	{ 0x1d, "a privileged descriptor in a queue that does not accept them", NULL },
	{ 0x1f, "a page was not present when the readback was written", LOG_UNMAPPED },
	{ 0x20, "a hardware error", LOG_RESET },
	{ 0x21, "a hardware error during draining", LOG_RESET },
	{ 0x22, "an address could not be translated", LOG_UNMAPPED },
	{ 0x26, "a page of a drained descriptor was not present", LOG_UNMAPPED },
	{ 0x27, "a page of a batch was not present", LOG_UNMAPPED },
	{ 0 },
};

static void idxd_error(struct log_fault *fault)
{
	fault->code.value &= 0x7f;
	if (fault->iova.value == 0)
		fault->iova = (struct field_u64){ 0 };
	log_code_explain(fault, idxd_errors);
}

/* union sw_err_reg, drivers/dma/idxd/registers.h. */
static void idxd_software(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	fault->code = field_u64(raw[0] >> 8 & 0xff);
	if (raw[0] >> 2 & 1)
		fault->pasid = field_u64(raw[0] >> 40 & 0xfffff);
	if (fault->n_raw > 2)
		fault->iova = field_u64(raw[2]);
	if (fault->iova.value)
		fault->access = raw[0] >> 5 & 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	idxd_error(fault);
}

enum { FAMILY_SOFTWARE = 1 };

#define NO_SVA   "no PASIDs for processes on this device"
#define SVA_WHY  "'ioasidctl pasid why DEVICE' shows what PASIDs of the device lack"
#define SOFTWARE "the device found an error in what it was given"

static const struct log_pattern idxd_patterns[] = {
	{ .form = "Device error %C operation: %F fault addr: %A",
	  LOG_KIND_DMA,
	  .decode = idxd_error },
	{ .form = "err[0]: %X",
	  LOG_KIND_DMA,
	  SOFTWARE,
	  NULL,
	  idxd_software,
	  FAMILY_SOFTWARE,
	  1,
	  LOG_PART_NEXT },
	{ .form = "err[1]: %X",
	  LOG_KIND_DMA,
	  SOFTWARE,
	  NULL,
	  idxd_software,
	  FAMILY_SOFTWARE,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "err[2]: %X",
	  LOG_KIND_DMA,
	  SOFTWARE,
	  NULL,
	  idxd_software,
	  FAMILY_SOFTWARE,
	  3,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "err[3]: %X",
	  LOG_KIND_DMA,
	  SOFTWARE,
	  NULL,
	  idxd_software,
	  FAMILY_SOFTWARE,
	  4,
	  LOG_PART_MORE },
	{ .form = "Failed to service fault work.",
	  LOG_KIND_LOST,
	  "out of memory: a fault was not answered",
	  NULL },
	{ .form = "Device is HALTED!", LOG_KIND_HARDWARE, "the device has halted", LOG_RESET },
	{ .form = "FLR failed",
	  LOG_KIND_HARDWARE,
	  "the device could not be reset",
	  "restart the machine" },
	{ .form = "Unable to turn on user SVA feature.", LOG_KIND_REFUSED, NO_SVA, SVA_WHY },
	{ .form = "User forced SVA off via module param.",
	  LOG_KIND_REFUSED,
	  NO_SVA,
	  "load idxd without sva=0" },
	{ .form = "iommu sva bind failed: -%c",
	  LOG_KIND_REFUSED,
	  "the kernel's own PASID was refused: the driver works without it; the code is the errno",
	  SVA_WHY },
	/* Before 6.13, with a full stop, also for what a reset of the device fixes. */
	{ .form = "idxd halted, need FLR.", LOG_KIND_HARDWARE, "the device has halted", LOG_RESET },
	{ .form = "idxd halted, need system reset%*",
	  LOG_KIND_HARDWARE,
	  "the device has halted",
	  "restart the machine" },
	{ 0 },
};

enum { FAMILY_PAGE = 1, FAMILY_CONTEXT };

#define GPU_MAPPED "the address is not mapped in the GPU's page table"
#define GPU_DENIED "the GPU's page table does not allow this access"

/* PASID 0 and process 0 are the driver's own. */
static void gpu_owner(struct log_fault *fault)
{
	if (fault->pasid.value == 0)
		fault->pasid = (struct field_u64){ 0 };
	if (fault->pid.value == 0)
		fault->pid = (struct field_u64){ 0 };
}

/*
 * Fields of *_L2_PROTECTION_FAULT_STATUS, printed one per line because the layout differs between
 * GPUs. A status of 0 means that it was read too late. The first bit of PERMISSION_FAULTS means
 * that the page is not present (Documentation/gpu/amdgpu/debugging.rst).
 */
static void gpu_status(struct log_fault *fault)
{
	enum { WALKER, PERMISSION, RW, N_PARTS };

	gpu_owner(fault);
	if (fault->flags.value == 0 || fault->n_raw != N_PARTS)
		return;
	fault->access = fault->raw[RW] ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	if (fault->raw[WALKER])
		fault->reason = "the GPU's page table could not be read";
	else if (fault->raw[PERMISSION] & 1)
		fault->reason = GPU_MAPPED;
	else if (fault->raw[PERMISSION])
		fault->reason = GPU_DENIED;
}

/* The line has a page number, not an address. */
static void gpu_page(struct log_fault *fault)
{
	gpu_owner(fault);
	fault->iova.value <<= 12;
}

#define GPU_PAGE "the GPU's own page table has no such page, or does not allow the access"
#define GPU_FIX \
	"the GPU's page tables are its driver's, not the IOMMU's: the program used memory of the " \
	"GPU that was not, or no longer, its own; else the driver has a bug"

/* Continuation lines of one fault, with the fields of the status register. */
#define GPU_MORE(text, n, more) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, gpu_status, FAMILY_PAGE, (n), \
		LOG_PART_MORE | (more) \
	}
#define GPU_FIRST(text) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, gpu_status, FAMILY_PAGE, 1, \
		LOG_PART_NEXT \
	}

static const struct log_pattern amdgpu_patterns[] = {
	GPU_FIRST("[%H] page fault (src_id:%d ring:%d vmid:%d pasid:%p)"),
	GPU_FIRST("[%H] page fault (src_id:%d ring:%d vmid:%d pasid:%p, for process pid %d thread "
		  "pid %d)"),
	GPU_FIRST("[%H] page fault (src_id:%d ring:%d vmid:%d pasid:%p, for process %g pid %G "
		  "thread %*)"),
	GPU_FIRST("[%H] VMC page fault (src_id:%d ring:%d vm_id:%d pas_id:%p)"),
	GPU_FIRST("[%H] %*retry page fault (src_id:%d ring:%d vmid:%d pasid:%p)"),
	GPU_FIRST("[%H] %*retry page fault (src_id:%d ring:%d vmid:%d pasid:%p, for process pid %d "
		  "thread pid %d)"),
	GPU_FIRST("[%H] %*retry page fault (src_id:%d ring:%d vmid:%d pasid:%p, for process %g pid "
		  "%G thread %*)"),
	GPU_MORE("Process %g pid %G thread %*", 2, LOG_PART_NEXT),
	GPU_MORE("for process %g pid %G thread %*", 2, LOG_PART_NEXT),
	GPU_MORE("in process %g pid %G thread %*", 2, LOG_PART_NEXT),
	GPU_MORE("in page starting at address %A from %*", 3, LOG_PART_NEXT),
	GPU_MORE("at page %A from %d", 3, LOG_PART_NEXT),
	GPU_MORE("cookie node_id %*", 4, LOG_PART_NEXT),
	GPU_MORE("%*VM_L2_PROTECTION_FAULT_STATUS%*:%F", 5, LOG_PART_NEXT),
	GPU_MORE("Faulty UTCL2 client ID: %*", 6, LOG_PART_NEXT),
	GPU_MORE("MORE_FAULTS: %x", 7, LOG_PART_NEXT),
	GPU_MORE("WALKER_ERROR: %X", 8, LOG_PART_NEXT),
	GPU_MORE("PERMISSION_FAULTS: %X", 9, LOG_PART_NEXT),
	GPU_MORE("MAPPING_ERROR: %x", 10, LOG_PART_NEXT),
	GPU_MORE("RW: %X", 11, 0),
	/* Older GPUs: gmc_v6_0.c to gmc_v8_0.c. */
	{ .form = "GPU fault detected: %d %x for process %g pid %G thread %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  1,
	  LOG_PART_NEXT },
	{ .form = "GPU fault detected: %d %x",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  1,
	  LOG_PART_NEXT },
	{ .form = "VM_CONTEXT1_PROTECTION_FAULT_ADDR %x",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  3,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "VM_CONTEXT1_PROTECTION_FAULT_STATUS %x",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  4,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "VM fault (%x, vmid %d, pasid %p) at page %a, %W from %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_page,
	  FAMILY_CONTEXT,
	  5,
	  0 },
	{ .form = "VM fault (%x, vmid %d) at page %a, %W from %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_page,
	  FAMILY_CONTEXT,
	  5,
	  0 },
	{ 0 },
};

static const struct log_pattern uacce_patterns[] = {
	{ .form = "failed to enable SVA feature! ret = %*", LOG_KIND_REFUSED, NO_SVA, SVA_WHY },
	{ 0 },
};

static const struct log_pattern gmc_suppressed[] = {
	{ .form = "%*_process_interrupt: %d callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel limits its messages: lines about faults are missing here" },
	{ 0 },
};

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

const struct log_source log_sources_device[] = {
	{ "idxd", "idxd", NULL, false, idxd_patterns },
	{ "idxd", NULL, "process_evl_entry: ", false, log_suppressed },
	{ "idxd", NULL, "idxd_misc_thread: ", false, log_suppressed },
	/* dev_fmt() has the prefix since 5.8. */
	{ "amdgpu", "amdgpu", "amdgpu: ", false, amdgpu_patterns },
	{ "amdgpu", "amdgpu", NULL, false, amdgpu_patterns },
	{ "amdgpu", NULL, "gmc_v", false, gmc_suppressed },
	{ "uacce", NULL, NULL, false, uacce_patterns },
	{ "msm", NULL, NULL, false, msm_gpu_patterns },
	{ "kgsl", "kgsl", NULL, false, kgsl_patterns },
	{ 0 },
};
