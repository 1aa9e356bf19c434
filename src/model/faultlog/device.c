/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accelerators that report their own faults, and errors of PCI functions on IBM Z. */
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
	{ .form = "Unable to turn on user SVA feature.", LOG_KIND_REFUSED, NO_SVA, LOG_PASID_WHY },
	{ .form = "User forced SVA off via module param.",
	  LOG_KIND_REFUSED,
	  NO_SVA,
	  "load idxd without sva=0" },
	{ .form = "iommu sva bind failed: -%c",
	  LOG_KIND_REFUSED,
	  "the kernel's own PASID was refused: the driver works without it; the code is the errno",
	  LOG_PASID_WHY },
	/* Before 6.13, with a full stop, also for what a reset of the device fixes. */
	{ .form = "idxd halted, need FLR.", LOG_KIND_HARDWARE, "the device has halted", LOG_RESET },
	{ .form = "idxd halted, need system reset%*",
	  LOG_KIND_HARDWARE,
	  "the device has halted",
	  "restart the machine" },
	{ 0 },
};

static const struct log_pattern uacce_patterns[] = {
	{ .form = "failed to enable SVA feature! ret = %*",
	  LOG_KIND_REFUSED,
	  NO_SVA,
	  LOG_PASID_WHY },
	{ 0 },
};

/* Gaudi and Goya have their own MMU. */
static const struct log_pattern habanalabs_patterns[] = {
	{ .form = "%*MMU page fault on va range %A - %x",
	  LOG_KIND_DMA,
	  "the address is not mapped in the device's own page table",
	  LOG_UNMAPPED },
	{ .form = "%*MMU page fault on va %A",
	  LOG_KIND_DMA,
	  "the address is not mapped in the device's own page table",
	  LOG_UNMAPPED },
	{ .form = "%*MMU access error on va %A",
	  LOG_KIND_DMA,
	  "the device's own page table does not allow this access",
	  LOG_UNMAPPED },
	{ 0 },
};

/* The MMU of Intel's NPU has the events of Arm's SMMUv3. */
static void ivpu_event(struct log_fault *fault)
{
	static const struct log_code events[] = {
		{ 0x0a, "the process's page table is not there, or not valid", LOG_RESET },
		{ 0x10, "the address is not mapped in the device's own page table", LOG_UNMAPPED },
		{ 0x11, "the address is wider than the device's own page table can be", NULL },
		{ 0x12, "the page's access flag is not set", LOG_RESET },
		{ 0x13, "the device's own page table does not allow this access", LOG_UNMAPPED },
		{ 0 },
	};
	/* InD and RnW of the second 64 bits. */
	bool execute = fault->raw[0] >> 2 & 1, read = fault->raw[0] >> 3 & 1;

	log_code_explain(fault, events);
	/* Lower events are about the MMU's own tables. */
	if (fault->code.value < 0x0b) {
		fault->iova = (struct field_u64){ 0 };
		return;
	}
	fault->access = execute ? LOG_ACCESS_EXEC : read ? LOG_ACCESS_READ : LOG_ACCESS_WRITE;
}

static const struct log_pattern ivpu_patterns[] = {
	{ .form = "%*MMU EVTQ: %C (%T) SSID: %d SID: %d, e[2] %x, e[3] %X, in addr: %A, fetch addr: "
		  "%x",
	  LOG_KIND_DMA,
	  .decode = ivpu_event },
	{ .form = "%*MMU EVTQ write aborted",
	  LOG_KIND_LOST,
	  "the device's MMU could not write to its queue: events may have been lost",
	  LOG_RESET },
	{ .form = "%*Timed out waiting for MMU consumer: %*",
	  LOG_KIND_INVALIDATION,
	  "the device's MMU did not complete its commands in time",
	  LOG_RESET },
	{ 0 },
};

/* IBM Z: "n/a" if Linux has no device for the function. */
static void zpci_event(struct log_fault *fault)
{
	if (strcmp(fault->device, "n/a") == 0)
		fault->device[0] = '\0';
}

static const struct log_pattern zpci_patterns[] = {
	{ .form = "%N: Event %C reports an error for PCI function %x",
	  LOG_KIND_HARDWARE,
	  "the machine reports an error of the PCI function, and has stopped its DMA",
	  LOG_RESET,
	  zpci_event },
	{ .form = "%N: Automatic recovery failed; operator intervention is required",
	  LOG_KIND_HARDWARE,
	  "the PCI function did not recover from an error",
	  "reset the function, or configure it off and on again" },
	{ 0 },
};

const struct log_source log_sources_device[] = {
	{ "idxd", "idxd", NULL, false, idxd_patterns },
	{ "idxd", NULL, "process_evl_entry: ", false, log_suppressed },
	{ "idxd", NULL, "idxd_misc_thread: ", false, log_suppressed },
	{ "uacce", NULL, NULL, false, uacce_patterns },
	{ "habanalabs", "habanalabs", NULL, false, habanalabs_patterns },
	{ "ivpu", "intel_vpu", NULL, false, ivpu_patterns },
	{ "zpci", NULL, "zpci: ", false, zpci_patterns },
	{ 0 },
};
