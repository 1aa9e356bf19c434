/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults of AMD's, Intel's and Nvidia's GPUs. */
#include <stdio.h>
#include <string.h>

#include "model/faultlog/internal.h"

enum { FAMILY_PAGE = 1, FAMILY_CONTEXT };

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
	{ 0 },
};

/* AMD's GPUs before Vega: gmc_v6_0.c to gmc_v8_0.c, and radeon. */
static const struct log_pattern amd_old_patterns[] = {
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
	{ .form = "for process %g pid %G thread %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "Process %g pid %G thread %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_owner,
	  FAMILY_CONTEXT,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "VM_CONTEXT1_PROTECTION_FAULT_ADDR %A",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_page,
	  FAMILY_CONTEXT,
	  3,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "VM_CONTEXT1_PROTECTION_FAULT_STATUS %x",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  gpu_page,
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

/* Plain printk() of radeon, and of the first versions of amdgpu: no device. */
static const struct log_pattern amd_bare_patterns[] = {
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

static const struct log_pattern gmc_suppressed[] = {
	{ .form = "%*_process_interrupt: %d callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel limits its messages: lines about faults are missing here" },
	{ 0 },
};

#define DISPLAY \
	"the display could not read its memory: the GPU's own page table (GGTT) has no such page"

/* Display faults of i915 and xe, and page faults that i915 only prints with drm.debug. */
static const struct log_pattern i915_patterns[] = {
	{ .form = "Fault errors on pipe %*", LOG_KIND_DMA, DISPLAY, GPU_FIX },
	/* After 6.12 */
	{ .form = "[CRTC:%*][PLANE:%*] fault (CTL=%x, SURF=%A, SURFLIVE=%x)",
	  LOG_KIND_DMA,
	  DISPLAY,
	  GPU_FIX },
	{ .form = "[CRTC:%*] %* fault", LOG_KIND_DMA, DISPLAY, GPU_FIX },
	{ .form = "Unexpected fault",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  .family = FAMILY_PAGE,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ 0 },
};

static const struct log_pattern i915_more_patterns[] = {
	{ .form = "Addr: %B",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  .family = FAMILY_PAGE,
	  .part = 2,
	  .flags = LOG_PART_MORE },
	{ .form = "Addr: %A",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  .family = FAMILY_PAGE,
	  .part = 2,
	  .flags = LOG_PART_MORE },
	{ 0 },
};

/* enum xe_pagefault_type and enum xe_pagefault_access_type, drivers/gpu/drm/xe/xe_pagefault_types.h. */
static void xe_fault(struct log_fault *fault)
{
	static const struct log_code types[] = {
		{ 0, GPU_MAPPED, GPU_FIX },
		{ 1, "the GPU's page table does not allow writing there", GPU_FIX },
		{ 2, "the GPU's page table does not allow atomic access there", GPU_FIX },
		{ 0 },
	};

	/* The first line only names a part of the GPU. */
	if (fault->iova.status == 1)
		fault->kind = LOG_KIND_DMA;
	log_code_explain(fault, types);
	if (fault->flags.status == 1)
		fault->access = fault->flags.value == 0   ? LOG_ACCESS_READ
				: fault->flags.value == 1 ? LOG_ACCESS_WRITE
							  : LOG_ACCESS_READ | LOG_ACCESS_WRITE;
}

static void xe_response(struct log_fault *fault)
{
	xe_fault(fault);
	fault->kind = LOG_KIND_DMA;
}

#define XE_MORE(text, n) \
	{ \
		.form = (text), LOG_KIND_UNKNOWN, GPU_PAGE, GPU_FIX, xe_fault, FAMILY_PAGE, (n), \
		LOG_PART_NEXT | LOG_PART_MORE \
	}

/* Older kernels do not print the tile. */
static const struct log_pattern xe_patterns[] = {
	{ .form = "%*GT%d:",
	  LOG_KIND_UNKNOWN,
	  .decode = xe_fault,
	  .family = FAMILY_PAGE,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "%*GT%d: Fault response: Unsuccessful %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  xe_response,
	  FAMILY_PAGE,
	  6,
	  0 },
	{ .form = "%*GT%d: Engine memory CAT error%*", LOG_KIND_DMA, GPU_PAGE, GPU_FIX },
	{ .form = "%*GT%d: Engine memory cat error%*", LOG_KIND_DMA, GPU_PAGE, GPU_FIX },
	{ .form = "%*GT%d: Memory CAT error reported by GuC!", LOG_KIND_DMA, GPU_PAGE, GPU_FIX },
	{ 0 },
};

static const struct log_pattern xe_more_patterns[] = {
	XE_MORE("ASID: %d", 2),
	XE_MORE("Faulted Address: %A", 3),
	XE_MORE("FaultType: %c", 4),
	XE_MORE("AccessType: %F", 5),
	{ 0 },
};

/*
 * Names in *_fault_reason[] of nouveau; Nvidia's own driver has the same with FAULT_ in front, and
 * ACCESS_TYPE_VIRT_READ or the like behind it.
 */
static void nvidia_fault(struct log_fault *fault)
{
	static const struct {
		const char *name, *reason;
	} reasons[] = {
		{ "PDE", GPU_MAPPED },
		{ "PT_NOT_PRESENT", GPU_MAPPED },
		{ "PT_TOO_SHORT", GPU_MAPPED },
		{ "PAGE_NOT_PRESENT", GPU_MAPPED },
		{ "PTE", GPU_MAPPED },
		{ "VA_LIMIT_VIOLATION", "the address is beyond the GPU's page table" },
		{ "UNBOUND_INST_BLOCK", "the GPU's channel has no page table" },
		{ "RO_VIOLATION", "the GPU's page table does not allow writing there" },
		{ "WO_VIOLATION", "the GPU's page table does not allow reading there" },
		{ "PRIV_VIOLATION", GPU_DENIED },
		{ "ATOMIC_VIOLATION", "the GPU's page table does not allow atomic access there" },
	};
	const char *name = fault->text, *access = strstr(name, "ACCESS_TYPE_");
	size_t len;

	if (strncmp(name, "FAULT_", strlen("FAULT_")) == 0)
		name += strlen("FAULT_");
	len = strcspn(name, " ");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (strlen(reasons[i].name) == len && memcmp(name, reasons[i].name, len) == 0)
			fault->reason = reasons[i].reason;
	if (access && strstr(access, "READ"))
		fault->access = LOG_ACCESS_READ;
	else if (access && strstr(access, "WRITE"))
		fault->access = LOG_ACCESS_WRITE;
}

/* The address has no function: "PCI:0000:08:00". */
static void nvidia_xid(struct log_fault *fault)
{
	size_t n = strlen(fault->device);

	nvidia_fault(fault);
	if (!strchr(fault->device, '.'))
		snprintf(fault->device + n, sizeof(fault->device) - n, ".0");
}

#define NVIDIA(text, decoder) \
	{ \
		.form = (text), LOG_KIND_DMA, GPU_PAGE, GPU_FIX, decoder \
	}
#define NOUVEAU_AT "engine %x [%*] client %x [%*] reason %C [%T] on channel %*"

/* Xid 31 is an MMU fault. Other Xids are not about memory. */
static const struct log_pattern nvidia_patterns[] = {
	NVIDIA("Xid (PCI:%N): 31, pid=%G, name=%g, %*MMU Fault: ENGINE %* faulted @ %B. Fault is of "
	       "type %T",
	       nvidia_xid),
	NVIDIA("Xid (PCI:%N): 31, %*MMU Fault: ENGINE %* faulted @ %B. Fault is of type %T",
	       nvidia_xid),
	NVIDIA("Xid (PCI:%N): 31, %*", nvidia_xid),
	NVIDIA("Xid (%N): 31, %*", nvidia_xid),
	{ 0 },
};

static const struct log_pattern nouveau_patterns[] = {
	/* Since 5.4; older kernels do not print the code of the access. */
	NVIDIA("fifo: fault %x [%W] at %A " NOUVEAU_AT, nvidia_fault),
	NVIDIA("fifo: fault %x [VIRT_%W] at %A " NOUVEAU_AT, nvidia_fault),
	NVIDIA("fifo: fault %x [%*] at %A " NOUVEAU_AT, nvidia_fault),
	NVIDIA("fifo: %W fault at %A " NOUVEAU_AT, nvidia_fault),
	{ .form = "gsp: mmu fault queued",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  .family = FAMILY_PAGE,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	/* type: the Xid. */
	{ .form = "gsp: rc engn:%x chid:%d gfid:%d level:%d type:31 %*fault_addr:%A fault_type:%x",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  NULL,
	  FAMILY_PAGE,
	  2,
	  0 },
	{ .form = "gsp: rc engn:%x chid:%d type:31 %*",
	  LOG_KIND_DMA,
	  GPU_PAGE,
	  GPU_FIX,
	  NULL,
	  FAMILY_PAGE,
	  2,
	  0 },
	{ 0 },
};

/* Before 4.3: "nouveau E[   PFIFO][0000:01:00.0] ...". */
static const struct log_pattern nouveau_old_patterns[] = {
	NVIDIA("%*][%D] PFIFO: %W fault at %A [%T] from %* on channel %*", nvidia_fault),
	NVIDIA("%*][%D] %W fault at %A [%T] from %* on channel %*", nvidia_fault),
	{ 0 },
};

const struct log_source log_sources_gpu[] = {
	/* dev_fmt() has the prefix since 5.8. */
	{ "amdgpu", "amdgpu", "amdgpu: ", false, amdgpu_patterns },
	{ "amdgpu", "amdgpu", NULL, false, amdgpu_patterns },
	{ "amdgpu", "amdgpu", "amdgpu: ", false, amd_old_patterns },
	{ "amdgpu", "amdgpu", NULL, false, amd_old_patterns },
	{ "amdgpu", NULL, "gmc_v", false, gmc_suppressed },
	{ "radeon", "radeon", NULL, false, amd_old_patterns },
	{ "radeon", NULL, NULL, false, amd_bare_patterns },
	{ "amdgpu", NULL, NULL, false, amd_bare_patterns },
	{ "i915", "i915", NULL, false, i915_patterns },
	{ "i915", NULL, NULL, false, i915_more_patterns },
	{ "xe", "xe", NULL, false, xe_patterns },
	{ "xe", "xe", NULL, false, i915_patterns },
	{ "xe", NULL, NULL, false, xe_more_patterns },
	{ "nvidia", NULL, "NVRM: ", false, nvidia_patterns },
	{ "nouveau", "nouveau", NULL, false, nouveau_patterns },
	{ "nouveau", NULL, "nouveau E[", false, nouveau_old_patterns },
	{ 0 },
};
