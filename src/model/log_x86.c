/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel VT-d (drivers/iommu/intel/) and AMD-Vi (drivers/iommu/amd/). */
#include <stdio.h>

#include "model/log_pattern.h"
#include "util/pasid.h"

#define UNMAPPED \
	"map the memory before the device uses it, and unmap it only when the device is done: " \
	"else the driver, or the program that has the device, has a bug"
#define NO_DOMAIN \
	"the device does DMA without a driver that attached it: give it its driver, or bind it " \
	"and attach it to an IOAS; firmware may have left it running"
#define NO_WRITE \
	"map the memory for writing before the device writes there, or find out why it does"
#define NO_READ "map the memory for reading before the device reads there, or find out why it does"
#define NO_PASID \
	"bind the PASID before the device uses it, and stop the device before it is unbound: " \
	"'ioasidctl pasid list' shows those that are"
#define PASID_OFF "'ioasidctl pasid why DEVICE' tells what PASIDs of the device lack"
#define BROKEN    "the kernel's table is damaged: report it with the whole log"
#define TOO_HIGH \
	"let the driver use lower addresses: 'ioasidctl iommu show' tells how wide they may be"
#define INTERRUPT "reset the device: it sent an interrupt that its driver did not set up"
#define SLOT      "reset the device; look for faulty hardware where it comes again"

/* Intel Virtualization Technology for Directed I/O, "Translation Fault Reason Encodings". */
static const struct log_code vtd_reasons[] = {
	{ 0x01, "no root table entry is present for the device's bus", NO_DOMAIN },
	{ 0x02, "no context entry is present for the device: it is attached to nothing",
	  NO_DOMAIN },
	{ 0x03, "the device's context entry is invalid", BROKEN },
	{ 0x04, "the address is wider than the IOMMU or the page table can be", TOO_HIGH },
	{ 0x05, "the address is not mapped for writing", NO_WRITE },
	{ 0x06, "the address is not mapped for reading", NO_READ },
	{ 0x07, "the next page table could not be read", BROKEN },
	{ 0x08, "the root table could not be read", BROKEN },
	{ 0x09, "the context table could not be read", BROKEN },
	{ 0x0a, "reserved bits are set in the root table entry", BROKEN },
	{ 0x0b, "reserved bits are set in the context entry", BROKEN },
	{ 0x0c, "reserved bits are set in the page table", BROKEN },
	{ 0x0d, "the device may not ask for translations (ATS)",
	  "the device uses ATS though the kernel has it off: reset it, or take it for untrusted" },
	{ 0x20, "reserved bits are set in the interrupt request", INTERRUPT },
	{ 0x21, "the interrupt's index is beyond the remapping table", INTERRUPT },
	{ 0x22, "no interrupt remapping entry is present for it", INTERRUPT },
	{ 0x23, "the interrupt remapping table could not be read", BROKEN },
	{ 0x24, "reserved bits are set in the interrupt remapping entry", BROKEN },
	{ 0x25, "an interrupt in the compatibility format, which is blocked", INTERRUPT },
	{ 0x26, "the interrupt belongs to another device", INTERRUPT },
	{ 0x30, "the root table address is invalid", BROKEN },
	{ 0x31, "a request with a PASID, and the IOMMU is in legacy mode", PASID_OFF },
	{ 0x32, "a page request, and the IOMMU is in legacy mode", PASID_OFF },
	{ 0x38, "the root table entry could not be read", BROKEN },
	{ 0x39, "no root table entry is present for the device's bus", NO_DOMAIN },
	{ 0x3a, "reserved bits are set in the root table entry", BROKEN },
	{ 0x40, "the device's context entry could not be read", BROKEN },
	{ 0x41, "no context entry is present for the device: it is attached to nothing",
	  NO_DOMAIN },
	{ 0x42, "reserved bits are set in the device's context entry", BROKEN },
	{ 0x43, "the device's context entry is invalid", BROKEN },
	{ 0x44, "the device may not ask for translations (ATS)",
	  "the device uses ATS though the kernel has it off: reset it, or take it for untrusted" },
	{ 0x45, "PASIDs are not enabled for the device", PASID_OFF },
	{ 0x46, "the PASID is beyond the device's PASID table", PASID_OFF },
	{ 0x47, "page requests are not enabled for the device", PASID_OFF },
	{ 0x48, "the PASID of requests without one is wrong in the context entry", BROKEN },
	{ 0x50, "the PASID directory could not be read", BROKEN },
	{ 0x51, "the PASID is bound to nothing", NO_PASID },
	{ 0x52, "reserved bits are set in the PASID directory", BROKEN },
	{ 0x58, "the PASID table could not be read", BROKEN },
	{ 0x59, "the PASID is bound to nothing", NO_PASID },
	{ 0x5a, "reserved bits are set in the PASID table", BROKEN },
	{ 0x5b, "the PASID's table entry is invalid", BROKEN },
	{ 0x5c, "the PASID may not execute", "the device must not ask to execute with this PASID" },
	{ 0x5d, "the PASID may not make privileged requests",
	  "the device must make its requests as a user" },
	{ 0x70, "the first-stage page table could not be read", BROKEN },
	{ 0x71, "the address is not mapped (first stage)", UNMAPPED },
	{ 0x72, "reserved bits are set in the first-stage page table", BROKEN },
	{ 0x73, "the top of the first-stage page table could not be read", BROKEN },
	{ 0x74, "the first-stage page table leads beyond the IOMMU's widest address", BROKEN },
	{ 0x75, "the top of the guest's page table is not mapped for reading", UNMAPPED },
	{ 0x76, "the guest's page table is not mapped for reading", UNMAPPED },
	{ 0x77, "the guest's page table is not mapped for writing", UNMAPPED },
	{ 0x78, "the second-stage page table could not be read", BROKEN },
	{ 0x79, "the address is not mapped for this access (second stage)", UNMAPPED },
	{ 0x7a, "reserved bits are set in the second-stage page table", BROKEN },
	{ 0x7b, "the second-stage page table pointer is invalid", BROKEN },
	{ 0x7c, "an accessed or dirty bit of the second stage could not be set", BROKEN },
	{ 0x80, "the address is not canonical", TOO_HIGH },
	{ 0x81, "a user's request for a page of the kernel (first stage)", NO_READ },
	{ 0x82, "the page may not be executed", "map the memory executable" },
	{ 0x83, "the address is wider than the hardware's widest", TOO_HIGH },
	{ 0x84, "the second-stage page table leads beyond the widest address", BROKEN },
	{ 0x85, "the page may not be written (first stage)", NO_WRITE },
	{ 0x86, "the page may not be read (first stage)", NO_READ },
	{ 0x87, "a request for the addresses of interrupts", INTERRUPT },
	{ 0x90, "an accessed or dirty bit of the first stage could not be set", BROKEN },
	{ 0 },
};

static void explain(struct log_fault *fault, const struct log_code *codes)
{
	const struct log_code *code = log_code_find(codes, &fault->code);

	if (!code)
		return;
	fault->reason = code->reason;
	fault->remedy = code->remedy;
}

/* A requester ID, as a PCI address; the segment is nowhere in the line, and nearly always 0. */
static void device_of(struct log_fault *fault, uint64_t rid)
{
	snprintf(fault->device, sizeof(fault->device), "0000:%02x:%02x.%x",
		 (unsigned int)(rid >> 8 & 0xff), (unsigned int)(rid >> 3 & 0x1f),
		 (unsigned int)(rid & 7));
}

static void vtd_fault(struct log_fault *fault)
{
	/* Kernels before 5.12 print all ones for a request without one. */
	if (fault->pasid.status == 1 && fault->pasid.value > PASID_MAX)
		fault->pasid = (struct field_u64){ 0 };
	explain(fault, vtd_reasons);
}

/* DMAR_FSTS_REG: the faults themselves follow, but those that found no room (PFO). */
static void vtd_status(struct log_fault *fault)
{
	if (fault->flags.value & 1)
		fault->kind = LOG_KIND_LOST;
}

static void vtd_sid(struct log_fault *fault)
{
	device_of(fault, fault->stream.value);
	fault->stream = (struct field_u64){ 0 };
}

/* struct page_req_dsc, drivers/iommu/intel/prq.c. */
static void vtd_page_request(struct log_fault *fault)
{
	if (fault->n_raw < 2)
		return;
	device_of(fault, fault->raw[0] >> 16);
	if (fault->raw[0] & 1 << 8)
		fault->pasid = field_u64(fault->raw[0] >> 32 & 0xfffff);
	fault->iova = field_u64(fault->raw[1] & ~UINT64_C(0xfff));
	fault->access = (fault->raw[1] & 1 ? LOG_ACCESS_READ : 0) |
			(fault->raw[1] & 2 ? LOG_ACCESS_WRITE : 0) |
			(fault->raw[0] >> 52 & 1 ? LOG_ACCESS_EXEC : 0);
}

enum { FAMILY_PRQ = 1, FAMILY_DETACHED };

#define VTD_MODE \
	"as the kernel's note in drivers/iommu/intel/svm.c: PASIDs of processes need an IOMMU " \
	"with the page sizes and levels of the CPU's tables"

static const struct log_pattern dmar_patterns[] = {
	{ .form = "[DMA %W NO_PASID] Request device [%D] fault addr 0x%A [fault reason 0x%C] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[DMA %W PASID %P] Request device [%D] fault addr 0x%A [fault reason 0x%C] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[INTR-REMAP] Request device [%D] fault index %x [fault reason 0x%C] %T",
	  LOG_KIND_INTERRUPT,
	  .decode = vtd_fault },
	/* Older kernels: no domain, the reason in decimal. */
	{ .form = "[DMA %W] Request device [%D] fault addr %A [fault reason %c] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[DMA %W] Request device [%D] PASID %P fault addr %A [fault reason %c] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[INTR-REMAP] Request device [%D] fault index %x [fault reason %c] %T",
	  LOG_KIND_INTERRUPT,
	  .decode = vtd_fault },
	{ .form = "DRHD: handling fault status reg %F",
	  LOG_KIND_UNKNOWN,
	  "more faults came than the IOMMU has room for: some were lost",
	  .decode = vtd_status },
	{ .form = "VT-d detected Invalidation Queue Error: Reason %C",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not understand a command of the kernel",
	  BROKEN },
	{ .form = "VT-d detected Invalidation Time-out Error: SID %S",
	  LOG_KIND_INVALIDATION,
	  "the device did not say in time that it forgot a translation (ATS)",
	  SLOT,
	  vtd_sid },
	{ .form = "VT-d detected Invalidation Completion Error: SID %S",
	  LOG_KIND_INVALIDATION,
	  "the device answered wrongly when told to forget a translation (ATS)",
	  SLOT,
	  vtd_sid },
	{ .form = "QI HEAD: %*", LOG_KIND_UNKNOWN },
	{ .form = "QI PRIOR: %*", LOG_KIND_UNKNOWN },
	{ .form = "Invalidation %* Error (%*) cleared", LOG_KIND_UNKNOWN },
	{ .form = "IOMMU: %U: Address is not canonical",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request for an address that is not canonical",
	  TOO_HIGH,
	  .family = FAMILY_PRQ,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "IOMMU: %U: Page request in Privilege Mode",
	  LOG_KIND_PAGE_REQUEST,
	  "a privileged page request",
	  "the device must make its requests as a user",
	  .family = FAMILY_PRQ,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "IOMMU: %U: Execution request not supported",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request to execute",
	  "the device must not ask to execute",
	  .family = FAMILY_PRQ,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "%U: Invalid page request: %X %X",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request that nobody could answer: the PASID is bound to no process",
	  NO_PASID,
	  vtd_page_request,
	  FAMILY_PRQ,
	  2,
	  0 },
	{ .form = "IOMMU: %U: PRQ overflow detected",
	  LOG_KIND_LOST,
	  "more page requests came than the queue has room for: some were lost",
	  NULL },
	{ .form = "IOMMU: %U: PRQ overflow cleared", LOG_KIND_UNKNOWN },
	{ .form = "%U SVM disabled, incompatible 1GB page capability",
	  LOG_KIND_REFUSED,
	  "no PASIDs for processes: the CPU has 1-GiB pages, the IOMMU's first stage has not",
	  VTD_MODE },
	{ .form = "%U SVM disabled, incompatible paging mode",
	  LOG_KIND_REFUSED,
	  "no PASIDs for processes: the CPU has five levels of page table, the IOMMU has not",
	  "boot with no5lvl" },
	{ 0 },
};

static const struct log_pattern dmar_ir_patterns[] = {
	{ .form = "Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
	  LOG_KIND_UNSAFE,
	  "interrupts are not remapped: a device can send any interrupt",
	  "enable interrupt remapping (x2APIC, VT-d) in the firmware; 'ioasidctl system check'" },
	{ 0 },
};

static const struct log_pattern dmar_suppressed[] = {
	{ .form = "%c callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel's limit of messages: it left out as many faults as the code says",
	  NULL },
	{ 0 },
};

/*
 * AMD I/O Virtualization Technology Specification, "IO_PAGE_FAULT Event": the bits of DW1 from 16
 * on, which the kernel prints as flags.
 */
enum {
	AMD_GN = 0x001, /* the address is a guest's: the domain is a PASID */
	AMD_I = 0x008,  /* an interrupt */
	AMD_PR = 0x010, /* the page is present */
	AMD_RW = 0x020, /* a write */
	AMD_PE = 0x040, /* not permitted */
	AMD_RZ = 0x080, /* reserved bits are set */
	AMD_TR = 0x100, /* a translation request (ATS) */
};

static void amd_page_fault(struct log_fault *fault)
{
	uint64_t flags = fault->flags.value;

	if (flags & AMD_I) {
		fault->kind = LOG_KIND_INTERRUPT;
		fault->reason = flags & AMD_PR ? "the interrupt was blocked"
					       : "no interrupt remapping entry is present for it";
		fault->remedy = INTERRUPT;
		return;
	}
	fault->access = flags & AMD_RW ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	/* The kernel's variable holds the low 16 bits alone. */
	if (flags & AMD_GN) {
		fault->pasid = fault->domain;
		fault->domain = (struct field_u64){ 0 };
	}
	if (flags & AMD_RZ) {
		fault->reason = "reserved bits, or a level that cannot be, in the page table";
		fault->remedy = BROKEN;
	} else if (!(flags & AMD_PR)) {
		fault->reason = "the address is not mapped";
		fault->remedy = UNMAPPED;
	} else {
		fault->reason = flags & AMD_RW ? "the address is not mapped for writing"
					       : "the address is not mapped for reading";
		fault->remedy = flags & AMD_RW ? NO_WRITE : NO_READ;
	}
}

/* The same bits in other events. */
static void amd_event(struct log_fault *fault)
{
	if (!(fault->flags.value & AMD_GN))
		fault->pasid = (struct field_u64){ 0 };
	if (!(fault->flags.value & AMD_I))
		fault->access = fault->flags.value & AMD_RW ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
}

/* PPR_FLAG_*, drivers/iommu/amd/amd_iommu_types.h. */
static void amd_ppr(struct log_fault *fault)
{
	fault->access = (fault->flags.value & 0x004 ? LOG_ACCESS_READ : 0) |
			(fault->flags.value & 0x020 ? LOG_ACCESS_WRITE : 0) |
			(fault->flags.value & 0x002 ? LOG_ACCESS_EXEC : 0);
}

#define AMD_ILLEGAL "the device's table entry is not valid"
#define AMD_RMP     "the memory belongs to another guest, or to none (SEV-SNP)"
#define AMD_REQUEST "a request that the device may not make: of an interrupt, port or message kind"
#define AMD_RETRY   "report it with the whole log; the IOMMU may be in no state to go on"

static const struct log_pattern amd_patterns[] = {
	{ .form = "Event logged [IO_PAGE_FAULT domain=%M address=%A flags=%F]",
	  LOG_KIND_DMA,
	  .decode = amd_page_fault },
	{ .form = "Event logged [IO_PAGE_FAULT device=%D domain=%M address=%A flags=%F]",
	  LOG_KIND_DMA,
	  .decode = amd_page_fault },
	{ .form = "Event logged [ILLEGAL_DEV_TABLE_ENTRY device=%D pasid=%P address=%A flags=%F]",
	  LOG_KIND_DMA,
	  AMD_ILLEGAL,
	  NO_DOMAIN,
	  amd_event },
	{ .form = "Event logged [DEV_TAB_HARDWARE_ERROR device=%D address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the device table could not be read",
	  SLOT },
	{ .form = "Event logged [PAGE_TAB_HARDWARE_ERROR device=%D pasid=%P address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the page table could not be read",
	  SLOT,
	  amd_event },
	{ .form = "Event logged [ILLEGAL_COMMAND_ERROR address=%x]",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not understand a command of the kernel",
	  AMD_RETRY },
	{ .form = "Event logged [COMMAND_HARDWARE_ERROR address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the IOMMU could not read its commands",
	  AMD_RETRY },
	{ .form = "Event logged [IOTLB_INV_TIMEOUT device=%D address=%x]",
	  LOG_KIND_INVALIDATION,
	  "the device did not say in time that it forgot a translation (ATS)",
	  SLOT },
	{ .form = "Event logged [INVALID_DEVICE_REQUEST device=%D pasid=%P address=%A flags=%F]",
	  LOG_KIND_DMA,
	  AMD_REQUEST,
	  INTERRUPT,
	  amd_event },
	{ .form = "Event logged [INVALID_PPR_REQUEST device=%D pasid=%P address=%A flags=%F tag=%x]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request that is not valid",
	  NO_PASID },
	{ .form = "Event logged [RMP_HW_ERROR vmg_tag=%x, spa=%x, flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the table of memory owners could not be read (SEV-SNP)",
	  SLOT },
	{ .form = "Event logged [RMP_HW_ERROR device=%D, vmg_tag=%x, spa=%x, flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the table of memory owners could not be read (SEV-SNP)",
	  SLOT },
	{ .form = "Event logged [RMP_PAGE_FAULT vmg_tag=%x, gpa=%A, flags_rmp=%x, flags=%F]",
	  LOG_KIND_DMA,
	  AMD_RMP,
	  UNMAPPED,
	  amd_event },
	{ .form = "Event logged [RMP_PAGE_FAULT device=%D, vmg_tag=%x, gpa=%A, flags_rmp=%x, flags=%F]",
	  LOG_KIND_DMA,
	  AMD_RMP,
	  UNMAPPED,
	  amd_event },
	{ .form = "Event logged [UNKNOWN %T", LOG_KIND_HARDWARE },
	{ .form = "Event logged [Device not attached to domain properly]",
	  LOG_KIND_DMA,
	  "the device is attached to nothing",
	  NO_DOMAIN,
	  .family = FAMILY_DETACHED,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "device=%D domain=%M",
	  LOG_KIND_DMA,
	  "the device is attached to nothing",
	  NO_DOMAIN,
	  .family = FAMILY_DETACHED,
	  .part = 2 },
	{ .form = "PPR logged [Request ignored due to GN=0 (device=%D pasid=%P address=%A flags=%F tag=%x]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request without a PASID",
	  NO_PASID,
	  amd_ppr },
	{ .form = "PPR logged [Invalid request format (device=%D pasid=%P address=%A flags=%F tag=%x]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request with reserved bits set",
	  SLOT,
	  amd_ppr },
	{ .form = "Unknown PPR request received",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request of no known kind",
	  SLOT },
	{ .form = "Invalid PASID : %P, device : %S",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request with a PASID that the device cannot have",
	  NO_PASID,
	  vtd_sid },
	{ .form = "No event written to event log",
	  LOG_KIND_LOST,
	  "the IOMMU told of an event and did not write it",
	  NULL },
	{ .form = "IOMMU %T log restarting",
	  LOG_KIND_LOST,
	  "more came than the IOMMU's log has room for: some was lost",
	  NULL },
	{ .form = "IOMMU %U: Completion-Wait loop timed out",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not do its commands in time",
	  AMD_RETRY },
	{ .form = "Completion-Wait loop timed out",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not do its commands in time",
	  AMD_RETRY },
	{ .form = "Command buffer timeout",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not take commands in time",
	  AMD_RETRY },
	{ 0 },
};

const struct log_source log_sources_x86[] = {
	{ "dmar", NULL, "DMAR: ", false, dmar_patterns },
	{ "dmar", NULL, "DMAR-IR: ", false, dmar_ir_patterns },
	{ "dmar", NULL, "dmar_fault: ", false, dmar_suppressed },
	{ "amd-vi", NULL, "AMD-Vi: ", false, amd_patterns },
	{ "amd-vi", NULL, "amd_iommu_report_page_fault: ", false, dmar_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_rmp_fault: ", false, dmar_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_rmp_hw_error: ", false, dmar_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_ppr_err: ", false, dmar_suppressed },
	{ 0 },
};
