/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arm's SMMUv3 and SMMUv2 (drivers/iommu/arm/). */
#include <stdio.h>
#include <string.h>

#include "model/log_pattern.h"

#define UNMAPPED \
	"map the memory before the device uses it, and unmap it only when the device is done: " \
	"else the driver, or the program that has the device, has a bug"
#define FIRMWARE "the firmware's IORT or device tree may give the device a wrong StreamID"
#define BROKEN   "the kernel's table is damaged: report it with the whole log"
#define SLOT     "reset the device; look for faulty hardware where it comes again"
#define PASIDS \
	"bind the PASID before the device uses it: 'ioasidctl pasid list' shows those that are"

/* Arm System Memory Management Unit Architecture Specification, version 3, "Event records". */
static const struct log_code smmu3_events[] = {
	{ 0x01, "a request of a kind that the SMMU does not have", SLOT },
	{ 0x02, "the SMMU has no entry for the StreamID", FIRMWARE },
	{ 0x03, "the stream table entry could not be read", BROKEN },
	{ 0x04, "the stream table entry is invalid: the device is attached to nothing", FIRMWARE },
	{ 0x05, "a translation request (ATS) that the device may not make", SLOT },
	{ 0x06, "requests without a PASID are not enabled for the device",
	  "attach the device itself, too, not its PASIDs alone" },
	{ 0x07, "a translated request (ATS) that the device may not make", SLOT },
	{ 0x08, "the device cannot have this PASID", PASIDS },
	{ 0x09, "the context descriptor could not be read", BROKEN },
	{ 0x0a, "the PASID is bound to nothing, or its context descriptor is invalid", PASIDS },
	{ 0x0b, "the page table could not be read (external abort)", BROKEN },
	{ 0x10, "the address is not mapped", UNMAPPED },
	{ 0x11, "the address is wider than the SMMU or the page table can be",
	  "let the driver use lower addresses" },
	{ 0x12, "the page's access flag is not set", BROKEN },
	{ 0x13, "the page is not mapped for this access",
	  "map the memory with the permission that the device needs" },
	{ 0x20, "two translations of one address in the SMMU's cache", BROKEN },
	{ 0x21, "two configurations of one stream in the SMMU's cache", BROKEN },
	{ 0x24, "a hint that a page will be needed", NULL },
	{ 0x25, "the description of the virtual machine could not be read", BROKEN },
	{ 0 },
};

/* What event_str[] calls them. */
static const struct {
	const char *name;
	unsigned int code;
} smmu3_names[] = {
	{ "C_BAD_STREAMID", 0x02 },    { "F_STE_FETCH", 0x03 },       { "C_BAD_STE", 0x04 },
	{ "F_STREAM_DISABLED", 0x06 }, { "C_BAD_SUBSTREAMID", 0x08 }, { "F_CD_FETCH", 0x09 },
	{ "C_BAD_CD", 0x0a },          { "F_TRANSLATION", 0x10 },     { "F_ADDR_SIZE", 0x11 },
	{ "F_ACCESS", 0x12 },          { "F_PERMISSION", 0x13 },      { "F_VMS_FETCH", 0x25 },
};

/* Has an event of this number an address that the device used? */
static bool has_address(uint64_t code)
{
	return code >= 0x10 && code <= 0x13;
}

/* EVTQ_*, drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h. */
static void smmu3_raw(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	fault->stream = field_u64(raw[0] >> 32);
	if (raw[0] >> 11 & 1)
		fault->pasid = field_u64(raw[0] >> 12 & 0xfffff);
	if (!has_address(raw[0] & 0xff))
		return;
	fault->iova = field_u64(raw[2]);
	fault->access = raw[1] >> 34 & 1   ? LOG_ACCESS_EXEC
			: raw[1] >> 35 & 1 ? LOG_ACCESS_READ
					   : LOG_ACCESS_WRITE;
}

static void smmu3_event(struct log_fault *fault)
{
	const struct log_code *code;

	if (fault->n_raw == LOG_RAW_MAX)
		smmu3_raw(fault);
	for (size_t i = 0; fault->code.status != 1 && i < ARRAY_SIZE(smmu3_names); i++)
		if (strcmp(fault->text, smmu3_names[i].name) == 0)
			fault->code = field_u64(smmu3_names[i].code);
	/* IOMMU_NO_PASID. */
	if (fault->pasid.value == 0)
		fault->pasid = (struct field_u64){ 0 };
	/* "(unassigned sid)" */
	if (fault->device[0] == '(')
		fault->device[0] = '\0';
	code = log_code_find(smmu3_events, &fault->code);
	if (code) {
		fault->reason = code->reason;
		fault->remedy = code->remedy;
	}
}

static void smmu3_execute(struct log_fault *fault)
{
	fault->access = LOG_ACCESS_EXEC;
	smmu3_event(fault);
}

static void smmu3_ppr(struct log_fault *fault)
{
	if (fault->pasid.value == 0)
		fault->pasid = (struct field_u64){ 0 };
}

enum { FAMILY_EVENT = 1, FAMILY_PPR, FAMILY_GLOBAL };

#define LOST_EVENTS "more events came than the queue has room for: some were lost"

static const struct log_pattern smmu3_patterns[] = {
	{ .form = "event %C received:",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "0x%X",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 2,
	  .flags = LOG_PART_NEXT | LOG_PART_MORE | LOG_PART_SAME },
	{ .form = "event: %T client: %N sid: %S ssid: %P iova: %A ipa: %x",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 3,
	  .flags = LOG_PART_NEXT },
	{ .form = "event: %T client: %N sid: %S ssid: %P fetch_addr: %x",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 3 },
	{ .form = "event: %T client: %N sid: %S ssid: %P",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 3 },
	{ .form = "%* data %W %* \"%*\"%* stag: %x",
	  LOG_KIND_DMA,
	  .decode = smmu3_event,
	  .family = FAMILY_EVENT,
	  .part = 4,
	  .flags = LOG_PART_MORE },
	{ .form = "%* inst %W %* \"%*\"%* stag: %x",
	  LOG_KIND_DMA,
	  .decode = smmu3_execute,
	  .family = FAMILY_EVENT,
	  .part = 4,
	  .flags = LOG_PART_MORE },
	{ .form = "unexpected PRI request received:",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request, and nobody has enabled them",
	  PASIDS,
	  .family = FAMILY_PPR,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "sid %S.%P: [%*] %*privileged %W access at iova %A",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request, and nobody has enabled them",
	  PASIDS,
	  smmu3_ppr,
	  FAMILY_PPR,
	  2,
	  0 },
	{ .form = "EVTQ overflow detected -- events lost", LOG_KIND_LOST, LOST_EVENTS },
	{ .form = "PRIQ overflow detected -- requests lost",
	  LOG_KIND_LOST,
	  "more page requests came than the queue has room for: some were lost" },
	{ .form = "CMDQ error (cons %x): %T", LOG_KIND_INVALIDATION },
	{ .form = "retrying command fetch", LOG_KIND_UNKNOWN },
	{ .form = "skipping command in error state:", LOG_KIND_UNKNOWN },
	{ .form = "CMDQ timeout",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not take commands in time",
	  SLOT },
	{ .form = "CMD_SYNC timeout at %x [hwprod %x, hwcons %x]",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not do its commands in time",
	  SLOT },
	{ .form = "unexpected global error reported (%F), this could be serious",
	  LOG_KIND_HARDWARE,
	  "the SMMU reports an error of its own",
	  SLOT },
	{ .form = "device has entered Service Failure Mode!",
	  LOG_KIND_HARDWARE,
	  "the SMMU has given up: nothing behind it can do DMA",
	  "restart the machine" },
	{ .form = "%T MSI write aborted",
	  LOG_KIND_LOST,
	  "an interrupt of the SMMU was lost",
	  SLOT },
	{ .form = "%T write aborted -- events may have been lost",
	  LOG_KIND_LOST,
	  "the SMMU could not write to its queue: events may have been lost",
	  SLOT },
	{ 0 },
};

/* ARM_SMMU_CB_FSR_*, drivers/iommu/arm/arm-smmu/arm-smmu.h; the most telling first. */
static const struct log_code smmu2_status[] = {
	{ 1 << 1, "the address is not mapped", UNMAPPED },
	{ 1 << 3, "the page is not mapped for this access",
	  "map the memory with the permission that the device needs" },
	{ 1 << 2, "the page's access flag is not set", BROKEN },
	{ 1 << 4, "the memory did not answer (external fault)", SLOT },
	{ 1 << 5, "two translations of one address in the SMMU's cache", BROKEN },
	{ 1 << 6, "the SMMU's cache is locked", BROKEN },
	{ 1 << 7, "the address is wider than the page table can be",
	  "let the driver use lower addresses" },
	{ 1 << 8, "a request of a kind that the SMMU does not have", SLOT },
	{ 0 },
};

static void smmu2_context(struct log_fault *fault)
{
	for (const struct log_code *code = smmu2_status; code->reason && !fault->reason; code++)
		if (fault->code.value & code->code) {
			fault->reason = code->reason;
			fault->remedy = code->remedy;
		}
	/* FSYNR0: WNR, IND. */
	fault->access = fault->flags.value >> 4 & 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	if (fault->flags.value >> 6 & 1)
		fault->access = LOG_ACCESS_EXEC;
}

static void smmu2_global(struct log_fault *fault)
{
	fault->stream.value &= 0xffff;
	/* ARM_SMMU_sGFSR_USF */
	if (fault->code.value & 1 << 1) {
		fault->reason = "no domain is attached to the StreamID";
		fault->remedy = FIRMWARE;
	}
}

static const struct log_pattern smmu2_patterns[] = {
	{ .form = "Unhandled context fault: fsr=%C, iova=%A, fsynr=%F, cbfrsynra=%S, cb=%d",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	{ .form = "Unhandled context fault: fsr=%C, iova=%A, fsynr=%F, cb=%d",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	{ .form = "Blocked unknown Stream ID %S; boot with %*",
	  LOG_KIND_DMA,
	  "no domain is attached to the StreamID",
	  FIRMWARE,
	  .family = FAMILY_GLOBAL,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "Unexpected global fault, this could be serious",
	  LOG_KIND_HARDWARE,
	  "the SMMU reports an error of its own",
	  SLOT,
	  .family = FAMILY_GLOBAL,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "GFSR %C, GFSYNR0 %F, GFSYNR1 %S, GFSYNR2 %x",
	  LOG_KIND_HARDWARE,
	  "the SMMU reports an error of its own",
	  SLOT,
	  smmu2_global,
	  FAMILY_GLOBAL,
	  2,
	  0 },
	{ .form = "TLB sync timed out -- SMMU may be deadlocked",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not do its commands in time",
	  SLOT },
	{ 0 },
};

static const struct log_pattern suppressed[] = {
	{ .form = "%c callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel's limit of messages: it left out as many faults as the code says",
	  NULL },
	{ 0 },
};

const struct log_source log_sources_arm[] = {
	{ "arm-smmu-v3", "arm-smmu-v3", NULL, true, smmu3_patterns },
	{ "arm-smmu-v3", NULL, "arm_smmu_dump_event: ", true, suppressed },
	{ "arm-smmu-v3", NULL, "arm_smmu_evtq_thread: ", true, suppressed },
	{ "arm-smmu", "arm-smmu", NULL, true, smmu2_patterns },
	{ "arm-smmu", "qcom-iommu", NULL, true, smmu2_patterns },
	{ "arm-smmu", "qcom-iommu-ctx", NULL, true, smmu2_patterns },
	{ "arm-smmu", NULL, "arm_smmu_context_fault: ", true, suppressed },
	{ "arm-smmu", NULL, "arm_smmu_global_fault: ", true, suppressed },
	{ 0 },
};
