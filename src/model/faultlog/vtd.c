/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel VT-d (drivers/iommu/intel/). */
#include "model/faultlog/internal.h"
#include "util/pasid.h"

#define TOO_HIGH \
	"let the driver use lower addresses: 'ioasidctl iommu show' shows how wide they may be"
#define ATS_OFF \
	"the device uses ATS though the kernel has it off: reset it, or treat it as untrusted"

/* Intel Virtualization Technology for Directed I/O, "Translation Fault Reason Encodings". */
static const struct log_code vtd_reasons[] = {
	{ 0x01, "no root table entry is present for the device's bus", LOG_NO_DOMAIN },
	{ 0x02, "no context entry is present for the device: it is attached to nothing",
	  LOG_NO_DOMAIN },
	{ 0x03, "the device's context entry is invalid", LOG_BROKEN },
	{ 0x04, "the address is wider than the IOMMU or the page table can be", TOO_HIGH },
	{ 0x05, "the address is not mapped for writing", LOG_NO_WRITE },
	{ 0x06, "the address is not mapped for reading", LOG_NO_READ },
	{ 0x07, "the next page table could not be read", LOG_BROKEN },
	{ 0x08, "the root table could not be read", LOG_BROKEN },
	{ 0x09, "the context table could not be read", LOG_BROKEN },
	{ 0x0a, "reserved bits are set in the root table entry", LOG_BROKEN },
	{ 0x0b, "reserved bits are set in the context entry", LOG_BROKEN },
	{ 0x0c, "reserved bits are set in the page table", LOG_BROKEN },
	{ 0x0d, "the device may not ask for translations (ATS)", ATS_OFF },
	{ 0x20, "reserved bits are set in the interrupt request", LOG_INTERRUPT },
	{ 0x21, "the interrupt's index is beyond the remapping table", LOG_INTERRUPT },
	{ 0x22, "no interrupt remapping entry is present for it", LOG_INTERRUPT },
	{ 0x23, "the interrupt remapping table could not be read", LOG_BROKEN },
	{ 0x24, "reserved bits are set in the interrupt remapping entry", LOG_BROKEN },
	{ 0x25, "an interrupt in the compatibility format, which is blocked", LOG_INTERRUPT },
	{ 0x26, "the interrupt belongs to another device", LOG_INTERRUPT },
	{ 0x30, "the root table address is invalid", LOG_BROKEN },
	{ 0x31, "a request with a PASID, and the IOMMU is in legacy mode", LOG_PASID_WHY },
	{ 0x32, "a page request, and the IOMMU is in legacy mode", LOG_PASID_WHY },
	{ 0x38, "the root table entry could not be read", LOG_BROKEN },
	{ 0x39, "no root table entry is present for the device's bus", LOG_NO_DOMAIN },
	{ 0x3a, "reserved bits are set in the root table entry", LOG_BROKEN },
	{ 0x40, "the device's context entry could not be read", LOG_BROKEN },
	{ 0x41, "no context entry is present for the device: it is attached to nothing",
	  LOG_NO_DOMAIN },
	{ 0x42, "reserved bits are set in the device's context entry", LOG_BROKEN },
	{ 0x43, "the device's context entry is invalid", LOG_BROKEN },
	{ 0x44, "the device may not ask for translations (ATS)", ATS_OFF },
	{ 0x45, "PASIDs are not enabled for the device", LOG_PASID_WHY },
	{ 0x46, "the PASID is beyond the device's PASID table", LOG_PASID_WHY },
	{ 0x47, "page requests are not enabled for the device", LOG_PASID_WHY },
	{ 0x48, "the PASID of requests without one is wrong in the context entry", LOG_BROKEN },
	{ 0x50, "the PASID directory could not be read", LOG_BROKEN },
	{ 0x51, "the PASID is bound to nothing", LOG_PASIDS },
	{ 0x52, "reserved bits are set in the PASID directory", LOG_BROKEN },
	{ 0x58, "the PASID table could not be read", LOG_BROKEN },
	{ 0x59, "the PASID is bound to nothing", LOG_PASIDS },
	{ 0x5a, "reserved bits are set in the PASID table", LOG_BROKEN },
	{ 0x5b, "the PASID's table entry is invalid", LOG_BROKEN },
	{ 0x5c, "the PASID may not execute", "the device must not ask to execute with this PASID" },
	{ 0x5d, "the PASID may not make privileged requests",
	  "the device must make its requests as a user" },
	{ 0x70, "the first-stage page table could not be read", LOG_BROKEN },
	{ 0x71, "the address is not mapped (first stage)", LOG_UNMAPPED },
	{ 0x72, "reserved bits are set in the first-stage page table", LOG_BROKEN },
	{ 0x73, "the top of the first-stage page table could not be read", LOG_BROKEN },
	{ 0x74, "the first-stage page table leads beyond the IOMMU's widest address", LOG_BROKEN },
	{ 0x75, "the top of the guest's page table is not mapped for reading", LOG_UNMAPPED },
	{ 0x76, "the guest's page table is not mapped for reading", LOG_UNMAPPED },
	{ 0x77, "the guest's page table is not mapped for writing", LOG_UNMAPPED },
	{ 0x78, "the second-stage page table could not be read", LOG_BROKEN },
	{ 0x79, "the address is not mapped for this access (second stage)", LOG_UNMAPPED },
	{ 0x7a, "reserved bits are set in the second-stage page table", LOG_BROKEN },
	{ 0x7b, "the second-stage page table pointer is invalid", LOG_BROKEN },
	{ 0x7c, "an accessed or dirty bit of the second stage could not be set", LOG_BROKEN },
	{ 0x80, "the address is not canonical", TOO_HIGH },
	{ 0x81, "a user's request for a page of the kernel (first stage)",
	  "the device must use only what the process itself may" },
	{ 0x82, "the page may not be executed", "map the memory executable" },
	{ 0x83, "the address is wider than the hardware's widest", TOO_HIGH },
	{ 0x84, "the second-stage page table leads beyond the widest address", LOG_BROKEN },
	{ 0x85, "the page may not be written (first stage)", LOG_NO_WRITE },
	{ 0x86, "the page may not be read (first stage)", LOG_NO_READ },
	{ 0x87, "a request for the addresses of interrupts", LOG_INTERRUPT },
	{ 0x90, "an accessed or dirty bit of the first stage could not be set", LOG_BROKEN },
	{ 0 },
};

static void vtd_fault(struct log_fault *fault)
{
	uint64_t code = fault->code.value;

	/* Before 5.12, a request without a PASID is printed with all bits set. */
	if (fault->pasid.status == 1 && fault->pasid.value > PASID_MAX)
		fault->pasid = (struct field_u64){ 0 };
	log_code_explain(fault, vtd_reasons);
	/* The kernel reads only one of the two type bits; it is also set for an AtomicOp. */
	if ((code == 0x05 || code == 0x85) && fault->access == LOG_ACCESS_READ)
		fault->access = LOG_ACCESS_READ | LOG_ACCESS_WRITE;
	/* Reasons for execute requests. */
	if (code == 0x5c || code == 0x82)
		fault->access = LOG_ACCESS_EXEC;
	/* Reasons only for page requests, where the bit is clear. */
	if (code == 0x32 || code == 0x47) {
		fault->kind = LOG_KIND_PAGE_REQUEST;
		fault->access = 0;
	}
}

#define LOST_FAULTS "the IOMMU's fault registers overflowed: some faults were lost"
#define TIMED_OUT   "a device did not confirm an invalidation of its translations in time (ATS)"
#define ANSWERED    "a device answered an invalidation of its translations with an error (ATS)"
#define LOST_PAGES  "the queue of page requests overflowed: some were lost"

/* DMA_FSTS_*, drivers/iommu/intel/iommu.h. For pending faults (PPF) separate lines follow. */
static void vtd_status(struct log_fault *fault)
{
	static const struct {
		unsigned int bit;
		enum log_kind kind;
		const char *reason, *remedy;
	} bits[] = {
		{ 1 << 0, LOG_KIND_LOST, LOST_FAULTS, NULL },
		{ 1 << 6, LOG_KIND_INVALIDATION, TIMED_OUT, LOG_RESET },
		{ 1 << 5, LOG_KIND_INVALIDATION, ANSWERED, LOG_RESET },
		{ 1 << 4, LOG_KIND_INVALIDATION, LOG_QUEUE_ERROR, LOG_BROKEN },
		{ 1 << 7, LOG_KIND_LOST, LOST_PAGES, NULL },
	};
	uint64_t status = fault->flags.value;

	if (status == UINT32_MAX) {
		fault->kind = LOG_KIND_HARDWARE;
		fault->reason = "the IOMMU's registers do not answer: all ones were read";
		fault->remedy = "restart the machine; look for newer firmware if it happens again";
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(bits) && !fault->reason; i++)
		if (status & bits[i].bit) {
			fault->kind = bits[i].kind;
			fault->reason = bits[i].reason;
			fault->remedy = bits[i].remedy;
		}
}

/* The device that the command QW was sent to; QI_DIOTLB_TYPE, QI_DEIOTLB_TYPE. */
static bool command_device(struct log_fault *fault, uint64_t qw)
{
	if ((qw & 0xf) == 3)
		log_fault_set_rid(fault, qw >> 32);
	else if ((qw & 0xf) == 8)
		log_fault_set_rid(fault, qw >> 16);
	else
		return false;
	if ((qw & 0xf) == 8)
		fault->pasid = field_u64(qw >> 32 & PASID_MAX);
	return true;
}

/* The command at the queue's head, and the one before it. */
static void vtd_command(struct log_fault *fault)
{
	uint64_t sid = fault->stream.value;
	bool known = fault->stream.status == 1 && sid != 0 && sid != 0xffff;

	fault->stream = (struct field_u64){ 0 };
	/* DMAR_IQER_REG: 0 if the IOMMU does not know, all ones if it does not respond. */
	if (known)
		log_fault_set_rid(fault, sid);
	else if (fault->n_raw < 2 || !command_device(fault, fault->raw[0]))
		(void)(fault->n_raw == LOG_RAW_MAX && command_device(fault, fault->raw[2]));
}

/* struct page_req_dsc since 5.0, drivers/iommu/intel/prq.c. */
static void page_request(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	log_fault_set_rid(fault, raw[0] >> 16);
	if (raw[0] & 1 << 8)
		fault->pasid = field_u64(raw[0] >> 32 & PASID_MAX);
	if (raw[0] >> 52 & 1)
		fault->access |= LOG_ACCESS_EXEC;
}

/* The same from 4.4 to 4.20, drivers/iommu/intel-svm.c. */
static void page_request_old(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	log_fault_set_rid(fault, (raw[0] >> 24 & 0xff) << 8 | (raw[1] >> 4 & 0xff));
	if (raw[1] >> 2 & 1)
		fault->access |= LOG_ACCESS_EXEC;
}

static void vtd_page_request(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	if (fault->n_raw < 2)
		return;
	fault->iova = field_u64(raw[1] & ~UINT64_C(0xfff));
	fault->access = (raw[1] & 1 ? LOG_ACCESS_READ : 0) | (raw[1] & 2 ? LOG_ACCESS_WRITE : 0);
	page_request(fault);
}

/* Both structures were printed with the same format; the PASID, if any, distinguishes them. */
static void vtd_page_request_both(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;
	struct field_u64 pasid = fault->pasid;
	bool present = pasid.status == 1;

	vtd_page_request(fault);
	fault->pasid = pasid;
	if (present ? (raw[0] >> 32 & PASID_MAX) == pasid.value : (raw[0] >> 16 & 0xff) != 0)
		return;
	fault->device[0] = '\0';
	fault->access &= ~(unsigned int)LOG_ACCESS_EXEC;
	if (present ? (raw[0] >> 4 & PASID_MAX) == pasid.value : !(raw[0] & 1))
		page_request_old(fault);
}

enum { FAMILY_FAULT = 1, FAMILY_INTERRUPT, FAMILY_COMMAND, FAMILY_REQUEST };

#define NO_FIRST "the IOMMU has no first stage: no PASIDs for processes, no nesting"
#define FIVE     "the CPU has page tables of five levels, the IOMMU has not: no PASIDs for processes"
#define NO5LVL   "boot with no5lvl"

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
	/* Before 5.13: no domain, the reason in decimal. */
	{ .form = "[DMA %W] Request device [%D] fault addr %A [fault reason %c] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[DMA %W] Request device [%D] PASID %P fault addr %A [fault reason %c] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault },
	{ .form = "[INTR-REMAP] Request device [%D] fault index %x [fault reason %c] %T",
	  LOG_KIND_INTERRUPT,
	  .decode = vtd_fault },
	{ .form = "DRHD: handling fault status reg %F", LOG_KIND_UNKNOWN, .decode = vtd_status },
	{ .form = "VT-d detected Invalidation Queue Error: Reason %C",
	  LOG_KIND_INVALIDATION,
	  LOG_QUEUE_ERROR,
	  LOG_BROKEN,
	  vtd_command,
	  FAMILY_COMMAND,
	  1,
	  LOG_PART_NEXT },
	{ .form = "VT-d detected Invalidation Time-out Error: SID %S",
	  LOG_KIND_INVALIDATION,
	  LOG_TIME_OUT,
	  LOG_RESET,
	  vtd_command,
	  FAMILY_COMMAND,
	  1,
	  LOG_PART_NEXT },
	{ .form = "VT-d detected Invalidation Completion Error: SID %S",
	  LOG_KIND_INVALIDATION,
	  "the device answered an invalidation of its translations with an error (ATS)",
	  LOG_RESET,
	  vtd_command,
	  FAMILY_COMMAND,
	  1,
	  LOG_PART_NEXT },
	{ .form = "QI HEAD: %* qw0 = %X, qw1 = %X",
	  LOG_KIND_INVALIDATION,
	  NULL,
	  NULL,
	  vtd_command,
	  FAMILY_COMMAND,
	  2,
	  LOG_PART_NEXT | LOG_PART_MORE },
	{ .form = "QI PRIOR: %* qw0 = %X, qw1 = %X",
	  LOG_KIND_INVALIDATION,
	  NULL,
	  NULL,
	  vtd_command,
	  FAMILY_COMMAND,
	  3,
	  LOG_PART_MORE },
	/* Before 5.14. */
	{ .form = "VT-d detected invalid descriptor: qw0 = %X, qw1 = %X",
	  LOG_KIND_INVALIDATION,
	  LOG_QUEUE_ERROR,
	  LOG_BROKEN,
	  vtd_command },
	{ .form = "VT-d detected invalid descriptor: low=%X, high=%X",
	  LOG_KIND_INVALIDATION,
	  LOG_QUEUE_ERROR,
	  LOG_BROKEN,
	  vtd_command },
	{ .form = "Invalidation %* Error (%*) cleared", LOG_KIND_UNKNOWN },
	{ .form = "No first level translation support on %U",
	  LOG_KIND_REFUSED,
	  NO_FIRST,
	  LOG_PASID_WHY },
	{ .form = "No second level translation support on %U",
	  LOG_KIND_REFUSED,
	  "the IOMMU has no second stage",
	  "attach the device to an HWPT of the first stage" },
	{ .form = "No 5-level paging support for first-level on %U",
	  LOG_KIND_REFUSED,
	  FIVE,
	  NO5LVL },
	{ .form = "No 5-level paging support for first-level", LOG_KIND_REFUSED, FIVE, NO5LVL },
	{ .form = "No supervisor request support on %U",
	  LOG_KIND_REFUSED,
	  "the IOMMU takes no privileged requests with a PASID",
	  "let the driver bind the PASID for requests of a user" },
	{ .form = "No extended access flag support on %U",
	  LOG_KIND_REFUSED,
	  "the IOMMU does not set the extended access flag in a guest's page table",
	  NULL },
	{ .form = "%U: No free domain ids",
	  LOG_KIND_REFUSED,
	  "the IOMMU has no domain id left: each address space that is attached takes one",
	  "detach what is not used: 'ioasidctl iommu show' shows how many there are" },
	{ .form = "PASID table allocation failed",
	  LOG_KIND_REFUSED,
	  "out of memory for the device's PASID table: it has no PASIDs",
	  "free memory, then bind the device to its driver again" },
	/* dev_warn(), with the prefix since 5.8. */
	{ .form = "Device is ineligible for IOMMU domain attach due to platform RMRR "
		  "requirement.%*",
	  LOG_KIND_REFUSED,
	  LOG_FIRMWARE_USES,
	  LOG_PLATFORM },
	{ 0 },
};

#define CUT "the line that says why is missing"

/* Linux 3 to 4.4: two lines of one message, the second without a prefix. */
static const struct log_pattern dmar_old_patterns[] = {
	{ .form = "DMAR:[DMA %W] Request device [%D] fault addr %A",
	  LOG_KIND_DMA,
	  CUT,
	  .decode = vtd_fault,
	  .family = FAMILY_FAULT,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "DMAR:[fault reason %c] %T",
	  LOG_KIND_DMA,
	  .decode = vtd_fault,
	  .family = FAMILY_FAULT,
	  .part = 2,
	  .flags = LOG_PART_MORE },
	{ .form = "DRHD: handling fault status reg %F", LOG_KIND_UNKNOWN, .decode = vtd_status },
	{ .form = "INTR-REMAP: Request device [[%D] fault index %x",
	  LOG_KIND_INTERRUPT,
	  CUT,
	  .decode = vtd_fault,
	  .family = FAMILY_INTERRUPT,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "INTR-REMAP:[fault reason %c] %T",
	  LOG_KIND_INTERRUPT,
	  .decode = vtd_fault,
	  .family = FAMILY_INTERRUPT,
	  .part = 2,
	  .flags = LOG_PART_MORE },
	{ 0 },
};

#define VTD_MODE \
	"PASIDs of processes need an IOMMU with the page sizes and levels of the CPU's tables " \
	"(see drivers/iommu/intel/svm.c)"
#define PRIVILEGED "a privileged page request"
#define EXECUTE    "a page request to execute"
#define NOBODY     "a page request that could not be answered: the PASID is bound to no process"

/* prq.c and svm.c have no pr_fmt(), so these have no prefix. */
static const struct log_pattern request_patterns[] = {
	{ .form = "IOMMU: %U: Address is not canonical",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request for an address that is not canonical",
	  TOO_HIGH,
	  .family = FAMILY_REQUEST,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "IOMMU: %U: Page request in Privilege Mode",
	  LOG_KIND_PAGE_REQUEST,
	  PRIVILEGED,
	  "the device must make its requests as a user",
	  .family = FAMILY_REQUEST,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "IOMMU: %U: Execution request not supported",
	  LOG_KIND_PAGE_REQUEST,
	  EXECUTE,
	  "the device must not ask to execute",
	  .family = FAMILY_REQUEST,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "IOMMU: %U: Page request without PASID",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request without a PASID",
	  LOG_PASIDS,
	  .family = FAMILY_REQUEST,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "%U: Invalid page request: %X %X",
	  LOG_KIND_PAGE_REQUEST,
	  NOBODY,
	  LOG_PASIDS,
	  vtd_page_request,
	  FAMILY_REQUEST,
	  2,
	  0 },
	/* Linux 4.4 to 5.12. */
	{ .form = "%U: Page request without PASID: %X %X",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request without a PASID",
	  LOG_PASIDS,
	  vtd_page_request_both },
	{ .form = "%U: Page request for invalid PASID %p: %X %X",
	  LOG_KIND_PAGE_REQUEST,
	  NOBODY,
	  LOG_PASIDS,
	  vtd_page_request_both },
	{ .form = "Unexpected page request in Privilege Mode",
	  LOG_KIND_PAGE_REQUEST,
	  PRIVILEGED,
	  "the device must make its requests as a user" },
	{ .form = "Execution request not supported",
	  LOG_KIND_PAGE_REQUEST,
	  EXECUTE,
	  "the device must not ask to execute" },
	{ .form = "IOMMU: %U: PRQ overflow detected", LOG_KIND_LOST, LOST_PAGES, NULL },
	{ .form = "IOMMU: %U: PRQ overflow cleared", LOG_KIND_UNKNOWN },
	{ .form = "%U SVM disabled, incompatible 1GB page capability",
	  LOG_KIND_REFUSED,
	  "no PASIDs for processes: the CPU has 1-GiB pages, the IOMMU's first stage has not",
	  VTD_MODE },
	{ .form = "%U SVM disabled, incompatible paging mode", LOG_KIND_REFUSED, FIVE, NO5LVL },
	/* Linux 3.17 to 5.7. */
	{ .form = "Device is ineligible for IOMMU domain attach due to platform RMRR "
		  "requirement.%*",
	  LOG_KIND_REFUSED,
	  LOG_FIRMWARE_USES,
	  LOG_PLATFORM },
	{ 0 },
};

static const struct log_pattern dmar_ir_patterns[] = {
	{ .form = "[Firmware Bug]: ioapic %d has no mapping iommu, interrupt remapping will be "
		  "disabled",
	  LOG_KIND_UNSAFE,
	  LOG_NOT_REMAPPED,
	  LOG_PLATFORM },
	{ .form = "Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
	  LOG_KIND_UNSAFE,
	  LOG_NOT_REMAPPED,
	  "enable interrupt remapping (x2APIC, VT-d) in the firmware; to check: ioasidctl system "
	  "check" },
	{ .form = "Compatibility-format IRQs enabled despite intr remapping;",
	  LOG_KIND_UNSAFE,
	  "a device can send any interrupt: those in the compatibility format are not blocked",
	  LOG_PLATFORM },
	{ 0 },
};

const struct log_source log_sources_vtd[] = {
	/* pr_fmt() is KBUILD_MODNAME in Linux 3. */
	{ "dmar", NULL, "dmar: ", false, dmar_old_patterns },
	{ "dmar", NULL, "DMAR: ", false, dmar_old_patterns },
	{ "dmar", NULL, "DMAR: ", false, dmar_patterns },
	{ "dmar", NULL, "dmar: ", false, dmar_patterns },
	{ "dmar", NULL, "DMAR-IR: ", false, dmar_ir_patterns },
	{ "dmar", NULL, "dmar_fault: ", false, log_suppressed },
	{ "dmar", NULL, "prq_event_thread: ", false, log_suppressed },
	{ "dmar", NULL, NULL, false, dmar_old_patterns },
	{ "dmar", NULL, NULL, false, request_patterns },
	/* Linux 3 prints no prefix. */
	{ "dmar", NULL, NULL, false, dmar_ir_patterns },
	{ 0 },
};
