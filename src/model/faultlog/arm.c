/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arm's SMMUv3 and SMMUv2 (drivers/iommu/arm/). */
#include <string.h>

#include "model/faultlog/internal.h"

#define FIRMWARE "the firmware's IORT or device tree may give the device a wrong StreamID"

/* Arm System Memory Management Unit Architecture Specification, version 3, "Event records". */
static const struct log_code smmu3_events[] = {
	{ 0x01, "a request of a kind that the SMMU does not have", LOG_RESET },
	{ 0x02, "the SMMU has no entry for the StreamID", FIRMWARE },
	{ 0x03, "the stream table entry could not be read", LOG_BROKEN },
	{ 0x04, "the stream table entry is invalid: the device is attached to nothing", FIRMWARE },
	{ 0x05, "a translation request (ATS) that the device may not make", LOG_RESET },
	{ 0x06, "requests without a PASID are not enabled for the device",
	  "attach the device itself, too, not only its PASIDs" },
	{ 0x07, "a translated request (ATS) that the device may not make", LOG_RESET },
	{ 0x08, "the device cannot have this PASID", LOG_PASIDS },
	{ 0x09, "the context descriptor could not be read", LOG_BROKEN },
	{ 0x0a, "the PASID is bound to nothing, or its context descriptor is invalid", LOG_PASIDS },
	{ 0x0b, "the page table could not be read (external abort)", LOG_BROKEN },
	{ 0x10, "the address is not mapped", LOG_UNMAPPED },
	{ 0x11, "the address is wider than the SMMU or the page table can be",
	  "let the driver use lower addresses" },
	{ 0x12, "the page's access flag is not set", LOG_BROKEN },
	{ 0x13, "the page is not mapped for this access",
	  "map the memory with the permission that the device needs" },
	{ 0x20, "two translations of one address in the SMMU's cache", LOG_BROKEN },
	{ 0x21, "two configurations of one stream in the SMMU's cache", LOG_BROKEN },
	{ 0x24, "a hint that a page will be needed", NULL },
	{ 0x25, "the description of the virtual machine could not be read", LOG_BROKEN },
	{ 0 },
};

/* The names in event_str[]. */
static const struct {
	const char *name;
	unsigned int code;
} smmu3_names[] = {
	{ "C_BAD_STREAMID", 0x02 },    { "F_STE_FETCH", 0x03 },       { "C_BAD_STE", 0x04 },
	{ "F_STREAM_DISABLED", 0x06 }, { "C_BAD_SUBSTREAMID", 0x08 }, { "F_CD_FETCH", 0x09 },
	{ "C_BAD_CD", 0x0a },          { "F_TRANSLATION", 0x10 },     { "F_ADDR_SIZE", 0x11 },
	{ "F_ACCESS", 0x12 },          { "F_PERMISSION", 0x13 },      { "F_VMS_FETCH", 0x25 },
};

/* Does the event with this number have the address that the device used? */
static bool has_address(uint64_t code)
{
	return (code >= 0x10 && code <= 0x13) || code == 0x0b || code == 0x20;
}

/* EVTQ_*, drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.h. */
static void smmu3_raw(struct log_fault *fault)
{
	const uint64_t *raw = fault->raw;

	fault->stream = field_u64(raw[0] >> 32);
	if (raw[0] >> 11 & 1)
		fault->pasid = field_u64(raw[0] >> 12 & 0xfffff);
	if (!has_address(raw[0] & 0xff) || fault->n_raw < 2)
		return;
	if (fault->n_raw > 2)
		fault->iova = field_u64(raw[2]);
	fault->access = raw[1] >> 34 & 1   ? LOG_ACCESS_EXEC
			: raw[1] >> 35 & 1 ? LOG_ACCESS_READ
					   : LOG_ACCESS_WRITE;
}

static void smmu3_event(struct log_fault *fault)
{
	/* Some of the four words are better than none. */
	if (fault->n_raw)
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
	log_code_explain(fault, smmu3_events);
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

#define LOST_EVENTS "the queue of events overflowed: some were lost"

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
	  "a page request, although they are not enabled",
	  LOG_PASIDS,
	  .family = FAMILY_PPR,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "sid %S.%P: [%*] %*privileged %W access at iova %A",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request, although they are not enabled",
	  LOG_PASIDS,
	  smmu3_ppr,
	  FAMILY_PPR,
	  2,
	  0 },
	{ .form = "EVTQ overflow detected -- events lost", LOG_KIND_LOST, LOST_EVENTS },
	{ .form = "PRIQ overflow detected -- requests lost",
	  LOG_KIND_LOST,
	  "the queue of page requests overflowed: some were lost" },
	{ .form = "CMDQ error (cons %x): %T", LOG_KIND_INVALIDATION },
	{ .form = "retrying command fetch", LOG_KIND_UNKNOWN },
	{ .form = "skipping command in error state:", LOG_KIND_UNKNOWN },
	{ .form = "CMDQ timeout",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not accept commands in time",
	  LOG_RESET },
	{ .form = "CMD_SYNC timeout at %x [hwprod %x, hwcons %x]",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not complete its commands in time",
	  LOG_RESET },
	/* Before 5.0. */
	{ .form = "CMD_SYNC timeout",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not complete its commands in time",
	  LOG_RESET },
	{ .form = "unexpected global error reported (%F), this could be serious",
	  LOG_KIND_HARDWARE,
	  "the SMMU reports an error of its own",
	  LOG_RESET },
	{ .form = "device has entered Service Failure Mode!",
	  LOG_KIND_HARDWARE,
	  "the SMMU has given up: nothing behind it can do DMA",
	  "restart the machine" },
	{ .form = "tegra241_cmdqv: unexpected error reported. %*",
	  LOG_KIND_INVALIDATION,
	  "the SMMU did not understand a command, in a queue of a VM or of the kernel",
	  NULL },
	{ .form = "%T MSI write aborted",
	  LOG_KIND_LOST,
	  "an interrupt of the SMMU was lost",
	  LOG_RESET },
	{ .form = "%T write aborted -- events may have been lost",
	  LOG_KIND_LOST,
	  "the SMMU could not write to its queue: events may have been lost",
	  LOG_RESET },
	{ 0 },
};

/* ARM_SMMU_CB_FSR_*, drivers/iommu/arm/arm-smmu/arm-smmu.h; the most specific first. */
static const struct log_code smmu2_status[] = {
	{ 1 << 1, "the address is not mapped", LOG_UNMAPPED },
	{ 1 << 3, "the page is not mapped for this access",
	  "map the memory with the permission that the device needs" },
	{ 1 << 2, "the page's access flag is not set", LOG_BROKEN },
	{ 1 << 4, "the memory did not answer (external fault)", LOG_RESET },
	{ 1 << 5, "two translations of one address in the SMMU's cache", LOG_BROKEN },
	{ 1 << 6, "the SMMU's cache is locked", LOG_BROKEN },
	{ 1 << 7, "the address is wider than the page table can be",
	  "let the driver use lower addresses" },
	{ 1 << 8, "a request of a kind that the SMMU does not have", LOG_RESET },
	{ 0 },
};

static void smmu2_status_only(struct log_fault *fault)
{
	const struct log_code *code = smmu2_status;

	while (code->reason && !(fault->code.value & code->code))
		code++;
	if (!code->reason)
		return;
	fault->reason = code->reason;
	fault->remedy = code->remedy;
}

static void smmu2_context(struct log_fault *fault)
{
	smmu2_status_only(fault);
	/* FSYNR0: WNR, IND. */
	fault->access = fault->flags.value >> 4 & 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	if (fault->flags.value >> 6 & 1)
		fault->access = LOG_ACCESS_EXEC;
}

/* Arm System Memory Management Unit Architecture Specification, version 2, "SMMU_sGFSR". */
static const struct log_code smmu2_global_status[] = {
	{ 1 << 1, "no domain is attached to the StreamID", FIRMWARE },
	{ 1 << 2, "more than one entry of the SMMU is for the StreamID", LOG_BROKEN },
	{ 1 << 0, "the context of the StreamID is invalid", LOG_BROKEN },
	{ 1 << 3, "the context of the StreamID does not exist", LOG_BROKEN },
	{ 1 << 4, "an interrupt of a context that does not exist", LOG_BROKEN },
	{ 1 << 5, "an access to the SMMU's own registers that is not allowed", NULL },
	{ 1 << 6, "the memory did not answer (external fault)", LOG_RESET },
	{ 1 << 7, "an access that the global permissions do not allow", FIRMWARE },
	{ 0 },
};

static void smmu2_global(struct log_fault *fault)
{
	const struct log_code *code = smmu2_global_status;

	fault->stream.value &= 0xffff;
	while (code->reason && !(fault->code.value & code->code))
		code++;
	if (!code->reason)
		return;
	fault->reason = code->reason;
	fault->remedy = code->remedy;
	/* Newer kernels print USF as "Blocked unknown Stream ID". */
	if (code == smmu2_global_status) {
		fault->kind = LOG_KIND_DMA;
		/* GFSYNR0: WNR. */
		fault->access = fault->flags.value & 1 << 1 ? LOG_ACCESS_WRITE : LOG_ACCESS_READ;
	}
}

#define UNTRANSLATED "the SMMU could not translate the address"
#define OWN_ERROR    "the SMMU reports an error of its own"
#define NO_SYNC      "the SMMU did not complete its commands in time"

static const struct log_pattern smmu2_patterns[] = {
	{ .form = "Unhandled context fault: fsr=%C, iova=%A, fsynr=%F, cbfrsynra=%S, cb=%d",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	{ .form = "Unhandled context fault: fsr=%C, iova=%A, fsynr=%F, cb=%d",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	/* Linux 3.13 to 4.12; before, the second form for other than translation faults. */
	{ .form = "Unhandled context fault: iova=%A, fsynr=%F, cb=%d",
	  LOG_KIND_DMA,
	  UNTRANSLATED,
	  LOG_UNMAPPED,
	  smmu2_context },
	/* Nvidia's kernel for the Jetson. */
	{ .form = "Unhandled context fault: iova=%A, fsynr=%F, cb=%d, sid=%s(%x - %N)%*",
	  LOG_KIND_DMA,
	  UNTRANSLATED,
	  LOG_UNMAPPED,
	  smmu2_context },
	{ .form = "Unexpected context fault (fsr %C)",
	  LOG_KIND_DMA,
	  UNTRANSLATED,
	  NULL,
	  smmu2_status_only },
	/* Qualcomm's Android kernels. */
	{ .form = "Unhandled context fault: iova=%A, cb=%d, fsr=%C, fsynr0=%F, fsynr1=%x",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	{ .form = "Unhandled context fault: iova=%A, fsr=%C, fsynr=%F, cb=%d",
	  LOG_KIND_DMA,
	  .decode = smmu2_context },
	{ .form = "Unhandled arm-smmu context fault!", LOG_KIND_UNKNOWN },
	{ .form = "Blocked unknown Stream ID %S; boot with %*",
	  LOG_KIND_DMA,
	  "no domain is attached to the StreamID",
	  FIRMWARE,
	  .family = FAMILY_GLOBAL,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "Unexpected global fault, this could be serious",
	  LOG_KIND_HARDWARE,
	  OWN_ERROR,
	  LOG_RESET,
	  .family = FAMILY_GLOBAL,
	  .part = 1,
	  .flags = LOG_PART_NEXT },
	{ .form = "GFSR %C, GFSYNR0 %F, GFSYNR1 %S, GFSYNR2 %x",
	  LOG_KIND_HARDWARE,
	  OWN_ERROR,
	  LOG_RESET,
	  smmu2_global,
	  FAMILY_GLOBAL,
	  2,
	  0 },
	{ .form = "TLB sync timed out -- %* may be deadlocked",
	  LOG_KIND_INVALIDATION,
	  NO_SYNC,
	  LOG_RESET },
	{ .form = "timeout waiting for TLB SYNC", LOG_KIND_INVALIDATION, NO_SYNC, LOG_RESET },
	{ .form = "TLB sync on cb%d failed for device %N",
	  LOG_KIND_INVALIDATION,
	  NO_SYNC,
	  LOG_RESET },
	{ 0 },
};

/* dev_err() of the device's own driver. */
static const struct log_pattern stream_patterns[] = {
	{ .form = "stream ID %S out of range for SMMU (%x)",
	  LOG_KIND_REFUSED,
	  "the device's StreamID is beyond what the SMMU has: it is attached to nothing",
	  FIRMWARE },
	{ .form = "Aliasing StreamID %S (from %*) unsupported, expect DMA to be broken",
	  LOG_KIND_REFUSED,
	  "another device has the same StreamID: its DMA will fail",
	  FIRMWARE },
	{ 0 },
};

const struct log_source log_sources_arm[] = {
	{ "arm-smmu-v3", "arm-smmu-v3", NULL, true, smmu3_patterns },
	{ "arm-smmu-v3", NULL, "arm_smmu_dump_event: ", true, log_suppressed },
	{ "arm-smmu-v3", NULL, "arm_smmu_evtq_thread: ", true, log_suppressed },
	{ "arm-smmu", "arm-smmu", NULL, true, smmu2_patterns },
	{ "arm-smmu", "qcom-iommu-ctx", NULL, true, smmu2_patterns },
	{ "arm-smmu", NULL, "arm_smmu_context_fault: ", true, log_suppressed },
	{ "arm-smmu", NULL, "arm_smmu_global_fault: ", true, log_suppressed },
	{ "arm-smmu", NULL, NULL, false, stream_patterns },
	{ 0 },
};
