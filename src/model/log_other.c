/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-iommu, RISC-V and smaller IOMMUs; the IOMMU core, iommufd, VFIO; idxd. */
#include <stdio.h>
#include <string.h>

#include "model/log_pattern.h"

#define UNMAPPED \
	"map the memory before the device uses it, and unmap it only when the device is done: " \
	"else the driver, or the program that has the device, has a bug"
#define BROKEN "the kernel's table is damaged: report it with the whole log"
#define RESET  "reset the device; look for faulty hardware where it comes again"
#define PASIDS \
	"bind the PASID before the device uses it: 'ioasidctl pasid list' shows those that are"

static void explain(struct log_fault *fault, const struct log_code *codes)
{
	const struct log_code *code = log_code_find(codes, &fault->code);

	if (code) {
		fault->reason = code->reason;
		fault->remedy = code->remedy;
	}
}

/*
 * The endpoint's number is the requester ID wherever the machine's tables (VIOT) do not shift it:
 * QEMU's do not.
 */
static void virtio_endpoint(struct log_fault *fault)
{
	uint64_t rid = fault->stream.value;

	if (rid <= 0xffff)
		snprintf(fault->device, sizeof(fault->device), "0000:%02x:%02x.%x",
			 (unsigned int)(rid >> 8), (unsigned int)(rid >> 3 & 0x1f),
			 (unsigned int)(rid & 7));
	if (strcmp(fault->text, "domain") == 0) {
		fault->reason = "the device is attached to nothing";
		fault->remedy = "give the device its driver, or bind it and attach it to an IOAS";
	} else if (strcmp(fault->text, "page") == 0) {
		fault->reason = "the address is not mapped for this access";
		fault->remedy = UNMAPPED;
	} else {
		fault->reason = "the machine's IOMMU does not say why";
	}
}

static const struct log_pattern virtio_patterns[] = {
	{ .form = "%T fault from EP %s at %A [%W]", LOG_KIND_DMA, .decode = virtio_endpoint },
	{ .form = "%T fault from EP %s", LOG_KIND_DMA, .decode = virtio_endpoint },
	{ .form = "invalid event buffer (len %d != %d)",
	  LOG_KIND_LOST,
	  "the machine's IOMMU told of a fault in no known form" },
	{ .form = "could not add event buffer", LOG_KIND_LOST, "faults can be told no more" },
	{ 0 },
};

/* RISC-V IOMMU Architecture Specification, "Fault record CAUSE field encodings". */
static const struct log_code riscv_causes[] = {
	{ 1, "the memory may not be executed (access fault)", UNMAPPED },
	{ 4, "the address read is not aligned", RESET },
	{ 5, "the memory may not be read (access fault)", UNMAPPED },
	{ 6, "the address written is not aligned", RESET },
	{ 7, "the memory may not be written (access fault)", UNMAPPED },
	{ 12, "the address is not mapped for execution (first stage)", UNMAPPED },
	{ 13, "the address is not mapped for reading (first stage)", UNMAPPED },
	{ 15, "the address is not mapped for writing (first stage)", UNMAPPED },
	{ 20, "the address is not mapped for execution (second stage)", UNMAPPED },
	{ 21, "the address is not mapped for reading (second stage)", UNMAPPED },
	{ 23, "the address is not mapped for writing (second stage)", UNMAPPED },
	{ 256, "the IOMMU lets nothing through", "report it with the whole log" },
	{ 257, "the device directory could not be read", BROKEN },
	{ 258, "no entry of the device directory is valid for the device",
	  "give the device its driver, or bind it and attach it to an IOAS" },
	{ 259, "the entry of the device directory is misconfigured", BROKEN },
	{ 260, "a kind of request that the device may not make", RESET },
	{ 261, "the interrupts' page table could not be read", BROKEN },
	{ 262, "no page is mapped for the interrupt", RESET },
	{ 263, "the interrupts' page table is misconfigured", BROKEN },
	{ 264, "the interrupt file in memory could not be reached", BROKEN },
	{ 265, "the process directory could not be read", BROKEN },
	{ 266, "the PASID is bound to nothing", PASIDS },
	{ 267, "the entry of the process directory is misconfigured", BROKEN },
	{ 268, "the device directory is corrupt", BROKEN },
	{ 269, "the process directory is corrupt", BROKEN },
	{ 270, "the interrupts' page table is corrupt", BROKEN },
	{ 271, "the interrupt file in memory is corrupt", BROKEN },
	{ 272, "an error within the IOMMU", RESET },
	{ 273, "an interrupt of the IOMMU could not be written", BROKEN },
	{ 274, "the page table is corrupt", BROKEN },
	{ 0 },
};

static void riscv_fault(struct log_fault *fault)
{
	uint64_t cause = fault->code.value;

	explain(fault, riscv_causes);
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
	  "the IOMMU did not do its commands",
	  RESET },
	{ .form = "Queue #%d error; fault:%d timeout:%d illegal:%d fence_w_ip:%d",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not do its commands",
	  RESET },
	{ .form = "Queue #%d error; memory fault:%d overflow:%d",
	  LOG_KIND_LOST,
	  "the queue of faults overflowed or could not be written: some were lost",
	  NULL },
	{ 0 },
};

#define MAPPED_NOT "the address is not mapped for this access"

/* One form each, of IOMMUs that have no PASIDs. */
static const struct log_pattern small_patterns[] = {
	{ .form = "translation fault: status:%F stream:%s code:%C (%T) at %A",
	  LOG_KIND_DMA }, /* apple-dart */
	{ .form = "Page fault at %A of type %W",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  UNMAPPED }, /* rk_iommu */
	{ .form = "Page fault while iommu not attached to domain?",
	  LOG_KIND_DMA,
	  "the device is attached to nothing" },
	{ .form = "BUS_ERROR occurred at %A",
	  LOG_KIND_HARDWARE,
	  "the page table could not be read",
	  BROKEN },
	{ .form = "Page fault for %A (master %s, dir %W)",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  UNMAPPED }, /* sun50i */
	{ .form = "Page fault while iommu not attached to any domain?",
	  LOG_KIND_DMA,
	  "the device is attached to nothing" },
	{ .form = "fault type=%F iova=%A pa=%x master=%S(larb=%d port=%d) layer=%d %W",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  UNMAPPED }, /* mtk-iommu */
	{ .form = "fault type=%F iova=%A pa=%x larb=%d port=%d",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  UNMAPPED },
	{ .form = "Unhandled fault: status %F iova %A",
	  LOG_KIND_DMA,
	  MAPPED_NOT,
	  UNMAPPED }, /* ipmmu-vmsa */
	{ .form = "Multiple TLB hits @%A",
	  LOG_KIND_HARDWARE,
	  "two translations of one address",
	  BROKEN },
	{ .form = "Page Table Walk Abort @%A",
	  LOG_KIND_HARDWARE,
	  "the page table could not be read",
	  BROKEN },
	{ .form = "%N: [READ] %T FAULT occurred at %A",
	  LOG_KIND_DMA,
	  NULL,
	  UNMAPPED }, /* exynos-sysmmu */
	{ .form = "%N: [WRITE] %T FAULT occurred at %A", LOG_KIND_DMA, NULL, UNMAPPED },
	{ 0 },
};

#define PLATFORM "look for newer firmware"

static const struct log_pattern core_patterns[] = {
	{ .form = "iopf with pasid %p aborted",
	  LOG_KIND_PAGE_REQUEST,
	  "nobody could answer a page request: its owner has gone, or memory is out",
	  PASIDS },
	{ .form = "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the "
		  "device without a 1:1 mapping. Contact your platform vendor.",
	  LOG_KIND_REFUSED,
	  "the firmware uses the device for itself (RMRR): it cannot be given to a user",
	  PLATFORM },
	{ .form = "Device is not trusted, but driver is overriding group %d to %*, refusing to probe.",
	  LOG_KIND_REFUSED,
	  "an external device may not go without translation",
	  "the IOMMU's driver wants it untranslated: report it" },
	{ .form = "IOMMU driver error, requesting conflicting def_domain_type, %*",
	  LOG_KIND_REFUSED,
	  "members of one group need unlike domains",
	  "report it with the whole log" },
	{ .form = "Failed to add to iommu group %d: -%c",
	  LOG_KIND_REFUSED,
	  "the device could not be added to its group; the code is the errno",
	  NULL },
	{ .form = "IOMMU driver was not able to establish FW requested direct mapping.",
	  LOG_KIND_REFUSED,
	  "memory that the firmware uses for the device (RMRR) is not mapped",
	  PLATFORM },
	{ 0 },
};

#define NO_REMAPPING \
	"a device that is given away can send any interrupt: the platform does not remap them"
#define ENABLE_REMAPPING \
	"enable interrupt remapping in the firmware; else set allow_unsafe_interrupts=1, if the " \
	"device's user is trusted"

static const struct log_pattern iommufd_patterns[] = {
	{ .form = "MSI interrupts are not secure, they cannot be isolated by the platform. %*",
	  LOG_KIND_UNSAFE,
	  NO_REMAPPING,
	  "'ioasidctl system check'" },
	{ .form = "Time out waiting for iommufd object to become free",
	  LOG_KIND_REFUSED,
	  "an object of an iommufd is still used though its owner destroyed it",
	  "report it with the whole log" },
	{ 0 },
};

#define MEMLOCK "raise the limit (ulimit -l, LimitMEMLOCK=) to the size of what is mapped"
#define TOKEN   "open the device through its group with the VF token that its PF was given"

static const struct log_pattern vfio_patterns[] = {
	{ .form = "%*: RLIMIT_MEMLOCK (%d) exceeded",
	  LOG_KIND_REFUSED,
	  "more memory was to be mapped than the process may lock",
	  MEMLOCK },
	{ .form = "%*: Task %g (%G) RLIMIT_MEMLOCK (%d) exceeded",
	  LOG_KIND_REFUSED,
	  "more memory was to be mapped than the process may lock",
	  MEMLOCK },
	{ .form = "%*: No interrupt remapping support.%*",
	  LOG_KIND_REFUSED,
	  NO_REMAPPING,
	  ENABLE_REMAPPING },
	{ .form = "vfio-noiommu device opened by user (%g:%G)",
	  LOG_KIND_UNSAFE,
	  "the device does DMA to all memory: no IOMMU is in between",
	  NULL },
	{ .form = "Adding kernel taint for vfio-noiommu %* on device",
	  LOG_KIND_UNSAFE,
	  "the device will do DMA to all memory: no IOMMU is in between",
	  NULL },
	{ .form = "Adding kernel taint for vfio-noiommu cdev",
	  LOG_KIND_UNSAFE,
	  "the device will do DMA to all memory: no IOMMU is in between",
	  NULL },
	{ .form = "Device is currently in use, task \"%g\" (%G) blocked until device is released",
	  LOG_KIND_REFUSED,
	  "the driver cannot be taken from a device that is open: the task waits",
	  "end the program that has it open: 'ioasidctl device show DEVICE'" },
	{ .form = "Relaying device request to user (#%d)",
	  LOG_KIND_REFUSED,
	  "the kernel wants the device back and has asked its user",
	  "end the program that has it open: 'ioasidctl device show DEVICE'" },
	{ .form = "No device request channel registered, blocked until released by user",
	  LOG_KIND_REFUSED,
	  "the kernel wants the device back, and its user cannot be asked",
	  "end the program that has it open: 'ioasidctl device show DEVICE'" },
	{ .form = "VF token %*",
	  LOG_KIND_REFUSED,
	  "a VF, or a PF with VFs, was opened without its token",
	  TOKEN },
	{ .form = "Incorrect VF token provided for device",
	  LOG_KIND_REFUSED,
	  "a VF, or a PF with VFs, was opened with a wrong token",
	  TOKEN },
	{ .form = "%* exists in vfio-pci device denylist, driver probing disallowed.",
	  LOG_KIND_REFUSED,
	  "vfio-pci does not take this device: it is known for faults",
	  "vfio-pci.disable_denylist=1 overrides, at your own risk" },
	{ .form = "Cannot bind to PF with SR-IOV enabled",
	  LOG_KIND_REFUSED,
	  "vfio-pci does not take a PF that has VFs",
	  "write 0 to the PF's sriov_numvfs first" },
	{ 0 },
};

/* enum dsa_completion_status, include/uapi/linux/idxd.h. */
static const struct log_code idxd_errors[] = {
	{ 0x03, "a page was not there, and the queue does not wait for pages",
	  "touch the memory first, or set the queue's block_on_fault" },
	{ 0x04, "a page was not there, and could not be got", UNMAPPED },
	{ 0x06, "a page of the list of descriptors was not there", UNMAPPED },
	{ 0x10, "an operation that the device does not have", NULL },
	{ 0x11, "flags that the operation does not have", NULL },
	{ 0x12, "reserved fields of the descriptor are set", NULL },
	{ 0x13, "the descriptor wants more bytes than the device or queue may", NULL },
	{ 0x19, "an interrupt handle that is not valid", NULL },
	{ 0x1a, "the completion record's address is not mapped", UNMAPPED },
	{ 0x1b, "the completion record's address is not aligned", NULL },
	{ 0x1c, "an address is not aligned", NULL },
	{ 0x1d, "a privileged descriptor in a queue that takes none", NULL },
	{ 0x1f, "a page was not there when the readback was written", UNMAPPED },
	{ 0x20, "an error of the hardware", RESET },
	{ 0x21, "an error of the hardware while it drained", RESET },
	{ 0x22, "an address could not be translated", UNMAPPED },
	{ 0x26, "a page of a drained descriptor was not there", UNMAPPED },
	{ 0x27, "a page of a batch was not there", UNMAPPED },
	{ 0 },
};

static void idxd_error(struct log_fault *fault)
{
	fault->code.value &= 0x7f;
	if (fault->iova.value == 0)
		fault->iova = (struct field_u64){ 0 };
	explain(fault, idxd_errors);
}

/* union sw_err_reg, drivers/dma/idxd/registers.h. */
static void idxd_software(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	if (fault->n_raw < 3)
		return;
	fault->code = field_u64(raw[0] >> 8 & 0xff);
	if (raw[0] >> 2 & 1)
		fault->pasid = field_u64(raw[0] >> 40 & 0xfffff);
	fault->iova = field_u64(raw[2]);
	if (fault->iova.value)
		fault->access = raw[0] >> 5 & 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	idxd_error(fault);
}

enum { FAMILY_SOFTWARE = 1 };

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
	  "memory was out: a fault was not answered",
	  NULL },
	{ .form = "Device is HALTED!", LOG_KIND_HARDWARE, "the device has halted", RESET },
	{ .form = "FLR failed",
	  LOG_KIND_HARDWARE,
	  "the device could not be reset",
	  "restart the machine" },
	{ .form = "idxd halted, need system reset",
	  LOG_KIND_HARDWARE,
	  "the device has halted",
	  "restart the machine" },
	{ 0 },
};

static const struct log_pattern suppressed[] = {
	{ .form = "%c callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel's limit of messages: it left out as many faults as the code says",
	  NULL },
	{ 0 },
};

const struct log_source log_sources_other[] = {
	{ "virtio-iommu", "virtio_iommu", NULL, true, virtio_patterns },
	{ "virtio-iommu", NULL, "viommu_fault_handler: ", true, suppressed },
	{ "riscv-iommu", "riscv,iommu", NULL, true, riscv_patterns },
	{ "riscv-iommu", "riscv_iommu_pci", NULL, true, riscv_patterns },
	{ "riscv-iommu", NULL, "riscv_iommu_fault: ", true, suppressed },
	{ "apple-dart", "apple-dart", NULL, true, small_patterns },
	{ "rk_iommu", "rk_iommu", NULL, true, small_patterns },
	{ "sun50i-iommu", "sun50i-iommu", NULL, true, small_patterns },
	{ "mtk-iommu", "mtk-iommu", NULL, true, small_patterns },
	{ "mtk-iommu", "mtk-iommu-v1", NULL, true, small_patterns },
	{ "ipmmu-vmsa", "ipmmu-vmsa", NULL, true, small_patterns },
	{ "exynos-sysmmu", "exynos-sysmmu", NULL, true, small_patterns },
	{ "iommufd", NULL, "iommufd: ", false, iommufd_patterns },
	{ "idxd", "idxd", NULL, false, idxd_patterns },
	{ "idxd", NULL, "process_evl_entry: ", false, suppressed },
	{ "idxd", NULL, "idxd_misc_thread: ", false, suppressed },
	{ "vfio", "vfio-pci", NULL, false, vfio_patterns },
	/* The rest is told by its words alone. */
	{ "iommufd", NULL, NULL, false, iommufd_patterns },
	{ "vfio", NULL, NULL, false, vfio_patterns },
	{ "iommu", NULL, NULL, false, core_patterns },
	{ "iommu", NULL, "iommu_report_device_fault: ", false, suppressed },
	{ 0 },
};
