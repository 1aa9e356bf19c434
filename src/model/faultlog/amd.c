/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi (drivers/iommu/amd/). */
#include "model/faultlog/internal.h"

/*
 * AMD I/O Virtualization Technology Specification, "IO_PAGE_FAULT Event": bits 16 and up of DW1,
 * which the kernel prints as flags.
 */
enum {
	AMD_GN = 0x001, /* guest address: the domain field is a PASID */
	AMD_I = 0x008,  /* interrupt request */
	AMD_PR = 0x010, /* page present */
	AMD_RW = 0x020, /* write */
	AMD_RZ = 0x080, /* reserved bit set */
	/* In an INVALID_PPR_REQUEST (EVENT_FLAG_PPR_GN). */
	AMD_PPR_GN = 0x200,
};

static void amd_page_fault(struct log_fault *fault)
{
	uint64_t flags = fault->flags.value;

	if (flags & AMD_I) {
		fault->kind = LOG_KIND_INTERRUPT;
		fault->reason = flags & AMD_PR ? "the interrupt was blocked"
					       : "no interrupt remapping entry is present for it";
		fault->remedy = LOG_INTERRUPT;
		return;
	}
	fault->access = flags & AMD_RW ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	/* The kernel's variable only has the low 16 bits. */
	if (flags & AMD_GN) {
		fault->pasid = fault->domain;
		fault->domain = (struct field_u64){ 0 };
	}
	if (flags & AMD_RZ) {
		fault->reason = "reserved bits or an invalid level in the page table";
		fault->remedy = LOG_BROKEN;
	} else if (!(flags & AMD_PR)) {
		fault->reason = "the address is not mapped";
		fault->remedy = LOG_UNMAPPED;
	} else {
		fault->reason = flags & AMD_RW ? "the address is not mapped for writing"
					       : "the address is not mapped for reading";
		fault->remedy = flags & AMD_RW ? LOG_NO_WRITE : LOG_NO_READ;
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

/* If V is set (DTE[0], bit 0), the entry exists but is invalid. */
static void amd_illegal(struct log_fault *fault)
{
	amd_event(fault);
	if (fault->flags.value & AMD_RZ) {
		fault->reason = "reserved bits are set in the device's table entry";
		fault->remedy = LOG_BROKEN;
	} else if (fault->n_raw && fault->raw[0] & 1) {
		fault->reason = "the device's table entry has an invalid mode";
		fault->remedy = LOG_BROKEN;
	}
}

static void amd_invalid_ppr(struct log_fault *fault)
{
	if (!(fault->flags.value & AMD_PPR_GN))
		fault->pasid = (struct field_u64){ 0 };
}

/* PPR_FLAG_*, drivers/iommu/amd/amd_iommu_types.h. */
static void amd_ppr(struct log_fault *fault)
{
	fault->access = (fault->flags.value & 0x004 ? LOG_ACCESS_READ : 0) |
			(fault->flags.value & 0x020 ? LOG_ACCESS_WRITE : 0) |
			(fault->flags.value & 0x002 ? LOG_ACCESS_EXEC : 0);
	if (!(fault->flags.value & 0x100))
		fault->pasid = (struct field_u64){ 0 };
}

static void amd_stream(struct log_fault *fault)
{
	log_fault_set_rid(fault, fault->stream.value);
	fault->stream = (struct field_u64){ 0 };
}

enum { FAMILY_ILLEGAL = 1, FAMILY_DETACHED };

#define ILLEGAL  "the device's table entry is not valid"
#define TABLE    "the device table could not be read"
#define PAGES    "the page table could not be read"
#define OWNERS   "the table of memory owners could not be read (SEV-SNP)"
#define RMP      "the memory belongs to another guest, or to none (SEV-SNP)"
#define REQUEST  "a request that the device may not make: of an interrupt, port or message kind"
#define RETRY    "report it with the whole log; the IOMMU may no longer work"
#define OVERFLOW "the IOMMU's log overflowed: some events were lost"
#define ATTACHED "the device is attached to nothing"

/*
 * What follows "Event logged [". Linux 4.9 to 4.19 print that and then this as a separate line,
 * because printk() no longer joins them.
 */
static const struct log_pattern event_patterns[] = {
	{ .form = "IO_PAGE_FAULT domain=%M address=%A flags=%F]",
	  LOG_KIND_DMA,
	  .decode = amd_page_fault },
	{ .form = "IO_PAGE_FAULT device=%D domain=%M address=%A flags=%F]",
	  LOG_KIND_DMA,
	  .decode = amd_page_fault },
	{ .form = "ILLEGAL_DEV_TABLE_ENTRY device=%D pasid=%P address=%A flags=%F]",
	  LOG_KIND_DMA,
	  ILLEGAL,
	  LOG_NO_DOMAIN,
	  amd_illegal,
	  FAMILY_ILLEGAL,
	  1,
	  LOG_PART_NEXT },
	/* Before 4.18, without a PASID. */
	{ .form = "ILLEGAL_DEV_TABLE_ENTRY device=%D address=%A flags=%F]",
	  LOG_KIND_DMA,
	  ILLEGAL,
	  LOG_NO_DOMAIN,
	  amd_illegal,
	  FAMILY_ILLEGAL,
	  1,
	  LOG_PART_NEXT },
	{ .form = "DEV_TAB_HARDWARE_ERROR device=%D address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  TABLE,
	  LOG_RESET },
	{ .form = "PAGE_TAB_HARDWARE_ERROR device=%D pasid=%P address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  PAGES,
	  LOG_RESET,
	  amd_event },
	{ .form = "PAGE_TAB_HARDWARE_ERROR device=%D domain=%M address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  PAGES,
	  LOG_RESET,
	  amd_event },
	{ .form = "ILLEGAL_COMMAND_ERROR address=%x]",
	  LOG_KIND_INVALIDATION,
	  LOG_QUEUE_ERROR,
	  RETRY },
	{ .form = "COMMAND_HARDWARE_ERROR address=%x flags=%F]",
	  LOG_KIND_HARDWARE,
	  "the IOMMU could not read its commands",
	  RETRY },
	{ .form = "IOTLB_INV_TIMEOUT device=%D address=%x]",
	  LOG_KIND_INVALIDATION,
	  LOG_TIME_OUT,
	  LOG_RESET },
	{ .form = "INVALID_DEVICE_REQUEST device=%D pasid=%P address=%A flags=%F]",
	  LOG_KIND_DMA,
	  REQUEST,
	  LOG_INTERRUPT,
	  amd_event },
	{ .form = "INVALID_DEVICE_REQUEST device=%D address=%A flags=%F]",
	  LOG_KIND_DMA,
	  REQUEST,
	  LOG_INTERRUPT,
	  amd_event },
	{ .form = "INVALID_PPR_REQUEST device=%D pasid=%P address=%A flags=%F%*]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request that is not valid",
	  LOG_PASIDS,
	  amd_invalid_ppr },
	{ .form = "RMP_HW_ERROR vmg_tag=%x, spa=%x, flags=%F]",
	  LOG_KIND_HARDWARE,
	  OWNERS,
	  LOG_RESET },
	{ .form = "RMP_HW_ERROR device=%D, vmg_tag=%x, spa=%x, flags=%F]",
	  LOG_KIND_HARDWARE,
	  OWNERS,
	  LOG_RESET },
	{ .form = "RMP_PAGE_FAULT vmg_tag=%x, gpa=%A, flags_rmp=%x, flags=%F]",
	  LOG_KIND_DMA,
	  RMP,
	  LOG_UNMAPPED,
	  amd_event },
	{ .form = "RMP_PAGE_FAULT device=%D, vmg_tag=%x, gpa=%A, flags_rmp=%x, flags=%F]",
	  LOG_KIND_DMA,
	  RMP,
	  LOG_UNMAPPED,
	  amd_event },
	{ .form = "UNKNOWN type=%C]", LOG_KIND_HARDWARE, "an event of an unknown kind" },
	{ .form = "UNKNOWN event[0]=%X event[1]=%X event[2]=%X event[3]=%X",
	  LOG_KIND_HARDWARE,
	  "an event of an unknown kind" },
	{ .form = "Device not attached to domain properly]",
	  LOG_KIND_DMA,
	  ATTACHED,
	  LOG_NO_DOMAIN,
	  .family = FAMILY_DETACHED,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ 0 },
};

static const struct log_pattern amd_patterns[] = {
	{ .form = "Event logged [", LOG_KIND_UNKNOWN },
	{ .form = "Control Reg : %x",
	  LOG_KIND_DMA,
	  ILLEGAL,
	  LOG_NO_DOMAIN,
	  amd_illegal,
	  FAMILY_ILLEGAL,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "DTE[0]: %X",
	  LOG_KIND_DMA,
	  ILLEGAL,
	  LOG_NO_DOMAIN,
	  amd_illegal,
	  FAMILY_ILLEGAL,
	  3,
	  LOG_PART_MORE },
	{ .form = "device=%D domain=%M",
	  LOG_KIND_DMA,
	  ATTACHED,
	  LOG_NO_DOMAIN,
	  .family = FAMILY_DETACHED,
	  .part = 2 },
	{ .form = "PPR logged [Request ignored due to GN=0 (device=%D pasid=%P address=%A "
		  "flags=%F tag=%x]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request without a PASID",
	  LOG_PASIDS,
	  amd_ppr },
	{ .form = "PPR logged [Invalid request format (device=%D pasid=%P address=%A flags=%F "
		  "tag=%x]",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request with reserved bits set",
	  LOG_RESET,
	  amd_ppr },
	{ .form = "Unknown PPR request received",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request of an unknown kind",
	  LOG_RESET },
	{ .form = "Invalid PASID : %P, device : %S",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request with a PASID that the device cannot have",
	  LOG_PASIDS,
	  amd_stream },
	{ .form = "No event written to event log",
	  LOG_KIND_LOST,
	  "the IOMMU announced an event and did not write it",
	  NULL },
	/* The second from 5.10 to 6.1. The log of guest interrupts (GA) is not about faults. */
	{ .form = "IOMMU Event log restarting", LOG_KIND_LOST, OVERFLOW, NULL },
	{ .form = "IOMMU event log overflow", LOG_KIND_LOST, OVERFLOW, NULL },
	{ .form = "IOMMU PPR log restarting", LOG_KIND_LOST, OVERFLOW, NULL },
	{ .form = "IOMMU %U: Completion-Wait loop timed out",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not complete its commands in time",
	  RETRY },
	{ .form = "Disabling interrupt remapping",
	  LOG_KIND_UNSAFE,
	  LOG_NOT_REMAPPED,
	  "the firmware's table (IVRS) lacks an IOAPIC: look for newer firmware, or ivrs_ioapic=" },
	{ .form = "Completion-Wait loop timed out",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not complete its commands in time",
	  RETRY },
	{ .form = "Command buffer timeout",
	  LOG_KIND_INVALIDATION,
	  "the IOMMU did not accept commands in time",
	  RETRY },
	{ 0 },
};

const struct log_source log_sources_amd[] = {
	{ "amd-vi", NULL, "AMD-Vi: Event logged [", false, event_patterns },
	{ "amd-vi", NULL, "AMD-Vi: ", false, amd_patterns },
	/* Linux 5.0 and 5.1: dev_err() without a dev_fmt(). */
	{ "amd-vi", NULL, "Event logged [", false, event_patterns },
	{ "amd-vi", NULL, NULL, false, event_patterns },
	{ "amd-vi", NULL, "amd_iommu_report_page_fault: ", false, log_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_rmp_fault: ", false, log_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_rmp_hw_error: ", false, log_suppressed },
	{ "amd-vi", NULL, "amd_iommu_report_ppr_err: ", false, log_suppressed },
	{ 0 },
};
