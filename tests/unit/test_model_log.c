/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults, line by line as the kernel's own format strings print them; each is named by file and function. */
#include "log_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define R LOG_ACCESS_READ
#define W LOG_ACCESS_WRITE
#define X LOG_ACCESS_EXEC

/* What is not given must be absent. */
struct expected {
	const char *device, *iommu, *process;
	int64_t pasid, iova, code, stream, pid; /* 0: absent; NOUGHT: known, and 0 */
	unsigned int access;
	const char *reason; /* a part of it */
};

#define NOUGHT -1

struct sample {
	const char *where; /* file and function of the kernel */
	const char *text;  /* lines */
	const char *source;
	enum log_kind kind; /* UNKNOWN: no fault */
	struct expected expected;
};

#define INTEL "drivers/iommu/intel/"
#define AMD   "drivers/iommu/amd/"
#define ARM   "drivers/iommu/arm/"
#define VFIO  "drivers/vfio/"

static const struct sample intel[] = {
	{ INTEL "dmar.c dmar_fault_do_one",
	  "DMAR: [DMA Write NO_PASID] Request device [0000:00:05.0] fault addr 0xdead000 [fault "
	  "reason 0x05] PTE Write access is not set",
	  "dmar",
	  LOG_KIND_DMA,
	  { .device = "0000:00:05.0",
	    .iova = 0xdead000,
	    .code = 5,
	    .access = W,
	    .reason = "not mapped for writing" } },
	{ INTEL "dmar.c dmar_fault_do_one",
	  "DMAR: [DMA Read PASID 0xfffff] Request device [0001:6a:01.7] fault addr 0x7f0000001000 [fault "
	  "reason 0x59] SM: Present bit in PASID Table Entry is clear",
	  "dmar",
	  LOG_KIND_DMA,
	  { .device = "0001:6a:01.7",
	    .pasid = 0xfffff,
	    .iova = 0x7f0000001000,
	    .code = 0x59,
	    .access = R,
	    .reason = "the PASID is bound to nothing" } },
	{ INTEL "dmar.c dmar_fault_do_one",
	  "DMAR: [INTR-REMAP] Request device [0000:f0:1f.7] fault index 0x8a [fault reason 0x26] "
	  "Blocked an interrupt request due to source-id verification failure",
	  "dmar",
	  LOG_KIND_INTERRUPT,
	  { .device = "0000:f0:1f.7", .code = 0x26, .reason = "belongs to another device" } },
	{ INTEL "dmar.c dmar_fault_do_one, a reason that is not known",
	  "DMAR: [DMA Read NO_PASID] Request device [0000:00:05.0] fault addr 0x0 [fault reason 0x0e] "
	  "Unknown",
	  "dmar",
	  LOG_KIND_DMA,
	  { .device = "0000:00:05.0", .iova = NOUGHT, .code = 0xe, .access = R, .reason = NULL } },
	{ INTEL "dmar.c dmar_fault_do_one before 5.12",
	  "DMAR: [DMA Read] Request device [03:00.0] fault addr ffffc000 [fault reason 06] PTE Read "
	  "access is not set",
	  "dmar",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.0",
	    .iova = 0xffffc000,
	    .code = 6,
	    .access = R,
	    .reason = "not mapped for reading" } },
	{ INTEL "dmar.c dmar_fault_do_one before 5.12",
	  "DMAR: [DMA Write] Request device [00:02.0] PASID ffffffff fault addr 0 [fault reason 02] "
	  "Present bit in context entry is clear",
	  "dmar",
	  LOG_KIND_DMA,
	  { .device = "0000:00:02.0",
	    .iova = NOUGHT,
	    .code = 2,
	    .access = W,
	    .reason = "no context entry" } },
	{ INTEL "dmar.c dmar_fault_do_one before 5.12",
	  "DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 12 [fault reason 37] Blocked a "
	  "compatibility format interrupt request",
	  "dmar",
	  LOG_KIND_INTERRUPT,
	  { .device = "0000:f0:1f.0", .code = 37, .reason = "compatibility format" } },
	{ INTEL "dmar.c dmar_fault",
	  "DMAR: DRHD: handling fault status reg 3",
	  "dmar",
	  LOG_KIND_LOST,
	  { .reason = "some were lost" } },
	{ INTEL "dmar.c dmar_fault",
	  "DMAR: DRHD: handling fault status reg 2",
	  NULL,
	  LOG_KIND_UNKNOWN,
	  { 0 } },
	{ INTEL "dmar.c qi_dump_fault",
	  "DMAR: VT-d detected Invalidation Queue Error: Reason f",
	  "dmar",
	  LOG_KIND_INVALIDATION,
	  { .code = 0xf, .reason = "did not understand" } },
	{ INTEL "dmar.c qi_dump_fault",
	  "DMAR: VT-d detected Invalidation Time-out Error: SID 308",
	  "dmar",
	  LOG_KIND_INVALIDATION,
	  { .device = "0000:03:01.0", .reason = "did not say in time" } },
	{ INTEL "dmar.c qi_dump_fault",
	  "DMAR: VT-d detected Invalidation Completion Error: SID ffff",
	  "dmar",
	  LOG_KIND_INVALIDATION,
	  { .device = "0000:ff:1f.7", .reason = "answered wrongly" } },
	{ INTEL "dmar.c qi_dump_fault",
	  "DMAR: QI HEAD: Device-TLB Invalidation qw0 = 0x3, qw1 = 0x7fffffffffff001\n"
	  "DMAR: QI PRIOR: Invalidation Wait qw0 = 0x200000025, qw1 = 0x1003a07fc",
	  NULL,
	  LOG_KIND_UNKNOWN,
	  { 0 } },
	{ INTEL "dmar.c qi_check_fault",
	  "DMAR: Invalidation Time-out Error (ITE) cleared",
	  NULL,
	  LOG_KIND_UNKNOWN,
	  { 0 } },
	{ INTEL "prq.c handle_bad_prq_event",
	  "DMAR: dmar0: Invalid page request: 100a0300101 7f0000002003",
	  "dmar",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:a0:06.0",
	    .iommu = "dmar0",
	    .pasid = 0x100,
	    .iova = 0x7f0000002000,
	    .access = R | W,
	    .reason = "nobody could answer" } },
	{ INTEL "prq.c prq_event_thread",
	  "DMAR: IOMMU: dmar1: Address is not canonical\n"
	  "DMAR: dmar1: Invalid page request: 00300101 8000000000000001",
	  "dmar",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:00:06.0",
	    .iommu = "dmar1",
	    .pasid = NOUGHT,
	    .iova = (int64_t)0x8000000000000000,
	    .access = R,
	    .reason = "not canonical" } },
	{ INTEL "prq.c prq_event_thread",
	  "DMAR: IOMMU: dmar1: Page request in Privilege Mode\n"
	  "DMAR: dmar1: Invalid page request: 20000000300001 1002",
	  "dmar",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:00:06.0",
	    .iommu = "dmar1",
	    .iova = 0x1000,
	    .access = W,
	    .reason = "privileged" } },
	{ INTEL "prq.c prq_event_thread, without what follows",
	  "DMAR: IOMMU: dmar1: Execution request not supported",
	  "dmar",
	  LOG_KIND_PAGE_REQUEST,
	  { .iommu = "dmar1", .reason = "to execute" } },
	{ INTEL "prq.c prq_event_thread",
	  "DMAR: IOMMU: dmar2: PRQ overflow detected\nDMAR: IOMMU: dmar2: PRQ overflow cleared",
	  "dmar",
	  LOG_KIND_LOST,
	  { .iommu = "dmar2", .reason = "some were lost" } },
	{ INTEL "iommu.c dmar_fault_dump_ptes",
	  "DMAR: Dump dmar0 table entries for IOVA 0xdead000\n"
	  "DMAR: scalable mode root entry: hi 0x0, low 0x1\nDMAR: page table not present at level 2",
	  NULL,
	  LOG_KIND_UNKNOWN,
	  { 0 } },
	{ INTEL "svm.c intel_svm_check",
	  "DMAR: dmar0 SVM disabled, incompatible paging mode",
	  "dmar",
	  LOG_KIND_REFUSED,
	  { .iommu = "dmar0", .reason = "five levels" } },
	{ INTEL "svm.c intel_svm_check",
	  "DMAR: dmar0 SVM disabled, incompatible 1GB page capability",
	  "dmar",
	  LOG_KIND_REFUSED,
	  { .iommu = "dmar0", .reason = "1-GiB" } },
	{ INTEL "irq_remapping.c intel_cleanup_irq_remapping",
	  "DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
	  "dmar",
	  LOG_KIND_UNSAFE,
	  { .reason = "not remapped" } },
	{ "lib/ratelimit.c ___ratelimit",
	  "dmar_fault: 17 callbacks suppressed",
	  "dmar",
	  LOG_KIND_LOST,
	  { .code = 17, .reason = "limit of messages" } },
	{ "a fault that later kernels may print",
	  "DMAR: [DMA Sing] new fault of device [0000:00:05.0] in words",
	  "dmar",
	  LOG_KIND_UNKNOWN,
	  { .device = "0000:00:05.0" } },
};

static const struct sample amd[] = {
	{ AMD "iommu.c amd_iommu_report_page_fault",
	  "vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a "
	  "address=0xfffffffdf8000000 flags=0x0020]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:01:00.0",
	    .iova = (int64_t)0xfffffffdf8000000,
	    .access = W,
	    .reason = "the address is not mapped" } },
	{ AMD "iommu.c amd_iommu_report_page_fault",
	  "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.1 domain=0x0012 address=0x1000 "
	  "flags=0x0050]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.1",
	    .iova = 0x1000,
	    .access = R,
	    .reason = "not mapped for reading" } },
	{ AMD "iommu.c amd_iommu_report_page_fault, with a PASID",
	  "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.1 domain=0x0012 address=0x1000 "
	  "flags=0x0071]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.1",
	    .pasid = 0x12,
	    .iova = 0x1000,
	    .access = W,
	    .reason = "not mapped for writing" } },
	{ AMD "iommu.c amd_iommu_report_page_fault, an interrupt",
	  "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.1 domain=0x0000 address=0xfdf8000000 "
	  "flags=0x0008]",
	  "amd-vi",
	  LOG_KIND_INTERRUPT,
	  { .device = "0000:03:00.1", .iova = 0xfdf8000000, .reason = "no interrupt remapping" } },
	{ AMD "iommu.c amd_iommu_report_page_fault, reserved bits",
	  "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.1 domain=0x0002 address=0x2000 "
	  "flags=0x0090]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.1", .iova = 0x2000, .access = R, .reason = "reserved bits" } },
	{ AMD "iommu.c amd_iommu_report_page_fault",
	  "AMD-Vi: Event logged [Device not attached to domain properly]\n"
	  "AMD-Vi:   device=0000:0a:00.0 domain=0x0003",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:0a:00.0", .reason = "attached to nothing" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:05:00.0 "
	  "pasid=0x00000 address=0xfee00000 flags=0x0020]\n"
	  "iommu ivhd0: AMD-Vi: Control Reg : 0xc1\nAMD-Vi: DTE[0]: 6000000000000003",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:05:00.0",
	    .iommu = "ivhd0",
	    .iova = 0xfee00000,
	    .access = W,
	    .reason = "not valid" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd1: AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR device=0000:05:00.0 "
	  "address=0x1000 flags=0x0000]",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:05:00.0", .iommu = "ivhd1", .reason = "device table" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd1: AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR device=0000:05:00.0 "
	  "pasid=0x0007 address=0x1000 flags=0x0021]",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:05:00.0",
	    .iommu = "ivhd1",
	    .pasid = 7,
	    .access = W,
	    .reason = "page table" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd1: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1000]\n"
	  "AMD-Vi: CMD[0]: 00000000",
	  "amd-vi",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "ivhd1", .reason = "did not understand" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd1: AMD-Vi: Event logged [COMMAND_HARDWARE_ERROR address=0x1000 flags=0x0000]",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .iommu = "ivhd1", .reason = "could not read its commands" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd1: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT device=0000:05:00.0 address=0x1000]",
	  "amd-vi",
	  LOG_KIND_INVALIDATION,
	  { .device = "0000:05:00.0", .iommu = "ivhd1", .reason = "did not say in time" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd0: AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=0000:00:00.0 "
	  "pasid=0x00000 address=0xfffffffdf8000000 flags=0x0a00]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:00:00.0",
	    .iommu = "ivhd0",
	    .iova = (int64_t)0xfffffffdf8000000,
	    .access = R,
	    .reason = "may not make" } },
	{ AMD "iommu.c amd_iommu_report_ppr_err",
	  "iommu ivhd0: AMD-Vi: Event logged [INVALID_PPR_REQUEST device=0000:05:00.0 pasid=0x00011 "
	  "address=0x7f0000000000 flags=0x0200 tag=0x001]",
	  "amd-vi",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:05:00.0",
	    .iommu = "ivhd0",
	    .pasid = 0x11,
	    .iova = 0x7f0000000000,
	    .reason = "not valid" } },
	{ AMD "iommu.c amd_iommu_report_rmp_hw_error",
	  "nvme 0000:05:00.0: AMD-Vi: Event logged [RMP_HW_ERROR vmg_tag=0x0001, spa=0x1000, "
	  "flags=0x0000]",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:05:00.0", .reason = "memory owners" } },
	{ AMD "iommu.c amd_iommu_report_rmp_hw_error",
	  "AMD-Vi: Event logged [RMP_HW_ERROR device=0000:05:00.0, vmg_tag=0x0001, spa=0x1000, "
	  "flags=0x0000]",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:05:00.0", .reason = "memory owners" } },
	{ AMD "iommu.c amd_iommu_report_rmp_fault",
	  "nvme 0000:05:00.0: AMD-Vi: Event logged [RMP_PAGE_FAULT vmg_tag=0x0001, gpa=0x5000, "
	  "flags_rmp=0x0001, flags=0x0020]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:05:00.0", .iova = 0x5000, .access = W, .reason = "another guest" } },
	{ AMD "iommu.c amd_iommu_report_rmp_fault",
	  "AMD-Vi: Event logged [RMP_PAGE_FAULT device=0000:05:00.0, vmg_tag=0x0001, gpa=0x5000, "
	  "flags_rmp=0x0001, flags=0x0000]",
	  "amd-vi",
	  LOG_KIND_DMA,
	  { .device = "0000:05:00.0", .iova = 0x5000, .access = R, .reason = "another guest" } },
	{ AMD "iommu.c iommu_print_event",
	  "iommu ivhd0: AMD-Vi: Event logged [UNKNOWN event[0]=0x00000000 event[1]=0xf0000000 "
	  "event[2]=0x00000000 event[3]=0x00000000",
	  "amd-vi",
	  LOG_KIND_HARDWARE,
	  { .iommu = "ivhd0" } },
	{ AMD "iommu.c iommu_print_event",
	  "AMD-Vi: No event written to event log",
	  "amd-vi",
	  LOG_KIND_LOST,
	  { .reason = "did not write it" } },
	{ AMD "iommu.c wait_on_sem",
	  "AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out",
	  "amd-vi",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "0000:00:00.2", .reason = "in time" } },
	{ AMD "iommu.c wait_on_sem, older",
	  "AMD-Vi: Completion-Wait loop timed out",
	  "amd-vi",
	  LOG_KIND_INVALIDATION,
	  { .reason = "in time" } },
	{ AMD "iommu.c iommu_queue_command_sync",
	  "AMD-Vi: Command buffer timeout",
	  "amd-vi",
	  LOG_KIND_INVALIDATION,
	  { .reason = "did not take commands" } },
	{ AMD "init.c amd_iommu_restart_log",
	  "AMD-Vi: IOMMU Event log restarting",
	  "amd-vi",
	  LOG_KIND_LOST,
	  { .reason = "some was lost" } },
	{ AMD "ppr.c iommu_call_iopf_notifier",
	  "AMD-Vi: Unknown PPR request received",
	  "amd-vi",
	  LOG_KIND_PAGE_REQUEST,
	  { .reason = "no known kind" } },
	{ AMD "ppr.c iommu_call_iopf_notifier",
	  "AMD-Vi: Invalid PASID : 0x10001, device : 0x500",
	  "amd-vi",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:05:00.0", .pasid = 0x10001, .reason = "cannot have" } },
	{ AMD "ppr.c ppr_is_valid",
	  "iommu ivhd0: AMD-Vi: PPR logged [Request ignored due to GN=0 (device=0000:05:00.0 "
	  "pasid=0x00001 address=0x1004 flags=0x0024 tag=0x001]",
	  "amd-vi",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:05:00.0",
	    .iommu = "ivhd0",
	    .pasid = 1,
	    .iova = 0x1004,
	    .access = R | W,
	    .reason = "without a PASID" } },
	{ AMD "ppr.c ppr_is_valid",
	  "iommu ivhd0: AMD-Vi: PPR logged [Invalid request format (device=0000:05:00.0 "
	  "pasid=0x00001 address=0x1004 flags=0x0182 tag=0x001]",
	  "amd-vi",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:05:00.0",
	    .iommu = "ivhd0",
	    .pasid = 1,
	    .iova = 0x1004,
	    .access = X,
	    .reason = "reserved bits" } },
	{ "lib/ratelimit.c ___ratelimit",
	  "amd_iommu_report_page_fault: 3 callbacks suppressed",
	  "amd-vi",
	  LOG_KIND_LOST,
	  { .code = 3, .reason = "limit of messages" } },
};

#define SMMU3 "arm-smmu-v3 arm-smmu-v3.3.auto: "

static const struct sample arm[] = {
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_raw_event",
	  SMMU3 "event 0x10 received:\n" SMMU3 "\t0x0000020000007810\n" SMMU3
		"\t0x0000020800000000\n" SMMU3 "\t0x00000000dead0000\n" SMMU3
		"\t0x0000000000000000",
	  "arm-smmu-v3",
	  LOG_KIND_DMA,
	  { .iommu = "arm-smmu-v3.3.auto",
	    .pasid = 7,
	    .stream = 0x200,
	    .iova = 0xdead0000,
	    .code = 0x10,
	    .access = R,
	    .reason = "the address is not mapped" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event",
	  SMMU3
	  "event 0x13 received:\n" SMMU3 "\t0x0000020000000013\n" SMMU3
	  "\t0x0000020000000000\n" SMMU3 "\t0x00000000dead0000\n" SMMU3
	  "\t0x0000000000000000\n" SMMU3
	  "event: F_PERMISSION client: 0000:03:00.0 sid: 0x200 ssid: 0 iova: 0xdead0000 ipa: 0\n" SMMU3
	  "unpriv data write s1 \"Input address caused fault\" stag: 0",
	  "arm-smmu-v3",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.0",
	    .iommu = "arm-smmu-v3.3.auto",
	    .stream = 0x200,
	    .iova = 0xdead0000,
	    .code = 0x13,
	    .access = W,
	    .reason = "not mapped for this access" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event, decoded lines alone",
	  SMMU3
	  "event: F_TRANSLATION client: 2b500000.dma sid: 0x8 ssid: 0x2a iova: 0x1000 ipa: 0\n" SMMU3
	  "priv inst read s2 \"Stage 1 translation table fetch\" ttd_read stall stag: 0x12",
	  "arm-smmu-v3",
	  LOG_KIND_DMA,
	  { .device = "2b500000.dma",
	    .iommu = "arm-smmu-v3.3.auto",
	    .stream = 8,
	    .pasid = 0x2a,
	    .iova = 0x1000,
	    .code = 0x10,
	    .access = X,
	    .reason = "the address is not mapped" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event",
	  SMMU3 "event: F_CD_FETCH client: 0000:03:00.0 sid: 0x300 ssid: 0 fetch_addr: 0x12340",
	  "arm-smmu-v3",
	  LOG_KIND_DMA,
	  { .device = "0000:03:00.0",
	    .iommu = "arm-smmu-v3.3.auto",
	    .stream = 0x300,
	    .code = 9,
	    .reason = "context descriptor" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_dump_event",
	  SMMU3 "event: C_BAD_STREAMID client: (unassigned sid) sid: 0x300 ssid: 0",
	  "arm-smmu-v3",
	  LOG_KIND_DMA,
	  { .iommu = "arm-smmu-v3.3.auto", .stream = 0x300, .code = 2, .reason = "no entry" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_handle_ppr",
	  SMMU3 "unexpected PRI request received:\n" SMMU3
		"\tsid 0x00000300.0x00007: [1L] unprivileged RWX access at iova 0x00007f0000001000",
	  "arm-smmu-v3",
	  LOG_KIND_PAGE_REQUEST,
	  { .iommu = "arm-smmu-v3.3.auto",
	    .stream = 0x300,
	    .pasid = 7,
	    .iova = 0x7f0000001000,
	    .access = R | W | X,
	    .reason = "nobody has enabled" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_evtq_thread",
	  SMMU3 "EVTQ overflow detected -- events lost",
	  "arm-smmu-v3",
	  LOG_KIND_LOST,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "some were lost" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_priq_thread",
	  SMMU3 "PRIQ overflow detected -- requests lost",
	  "arm-smmu-v3",
	  LOG_KIND_LOST,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "some were lost" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c __arm_smmu_cmdq_skip_err",
	  SMMU3 "CMDQ error (cons 0x03000011): ATC invalidate timeout\n" SMMU3
		"skipping command in error state:\n" SMMU3 "\t0x0000000000000001\n" SMMU3
		"\t0x0000000000000002",
	  "arm-smmu-v3",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "arm-smmu-v3.3.auto" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_cmdq_poll_until_not_full",
	  SMMU3 "CMDQ timeout",
	  "arm-smmu-v3",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "did not take" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_cmdq_issue_cmdlist",
	  SMMU3 "CMD_SYNC timeout at 0x00000012 [hwprod 0x00000013, hwcons 0x00000011]",
	  "arm-smmu-v3",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "in time" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_gerror_handler",
	  SMMU3 "unexpected global error reported (0x00000004), this could be serious",
	  "arm-smmu-v3",
	  LOG_KIND_HARDWARE,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "error of its own" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_gerror_handler",
	  SMMU3 "device has entered Service Failure Mode!",
	  "arm-smmu-v3",
	  LOG_KIND_HARDWARE,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "given up" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_gerror_handler",
	  SMMU3 "EVTQ MSI write aborted",
	  "arm-smmu-v3",
	  LOG_KIND_LOST,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "interrupt of the SMMU" } },
	{ ARM "arm-smmu-v3/arm-smmu-v3.c arm_smmu_gerror_handler",
	  SMMU3 "PRIQ write aborted -- events may have been lost",
	  "arm-smmu-v3",
	  LOG_KIND_LOST,
	  { .iommu = "arm-smmu-v3.3.auto", .reason = "may have been lost" } },
	{ "lib/ratelimit.c ___ratelimit",
	  "arm_smmu_dump_event: 5 callbacks suppressed",
	  "arm-smmu-v3",
	  LOG_KIND_LOST,
	  { .code = 5, .reason = "limit of messages" } },
	{ ARM "arm-smmu/arm-smmu.c arm_smmu_print_context_fault_info",
	  "arm-smmu 12c80000.smmu: Unhandled context fault: fsr=0x402, iova=0xbeef0000, fsynr=0x10, "
	  "cbfrsynra=0x801, cb=3\n"
	  "arm-smmu 12c80000.smmu: FSR    = 00000402 [Format=2 TF], SID=0x801\n"
	  "arm-smmu 12c80000.smmu: FSYNR0 = 00000010 [S1CBNDX=0 WNR PLVL=0]",
	  "arm-smmu",
	  LOG_KIND_DMA,
	  { .iommu = "12c80000.smmu",
	    .stream = 0x801,
	    .iova = 0xbeef0000,
	    .code = 0x402,
	    .access = W,
	    .reason = "the address is not mapped" } },
	{ ARM "arm-smmu/qcom_iommu.c qcom_iommu_fault",
	  "qcom-iommu-ctx 1d01000.ctx: Unhandled context fault: fsr=0x8, iova=0x00000000beef0000, "
	  "fsynr=0x40, cb=3",
	  "arm-smmu",
	  LOG_KIND_DMA,
	  { .iommu = "1d01000.ctx",
	    .iova = 0xbeef0000,
	    .code = 8,
	    .access = X,
	    .reason = "not mapped for this access" } },
	{ ARM "arm-smmu/arm-smmu.c arm_smmu_global_fault",
	  "arm-smmu 12c80000.smmu: Unexpected global fault, this could be serious\n"
	  "arm-smmu 12c80000.smmu: \tGFSR 0x00000001, GFSYNR0 0x00000004, GFSYNR1 0x00010802, GFSYNR2 "
	  "0x00000000",
	  "arm-smmu",
	  LOG_KIND_HARDWARE,
	  { .iommu = "12c80000.smmu", .stream = 0x802, .code = 1, .reason = "error of its own" } },
	{ ARM "arm-smmu/arm-smmu.c arm_smmu_global_fault",
	  "arm-smmu 12c80000.smmu: Blocked unknown Stream ID 0x802; boot with "
	  "\"arm-smmu.disable_bypass=0\" to allow, but this may have security implications\n"
	  "arm-smmu 12c80000.smmu: \tGFSR 0x80000002, GFSYNR0 0x00000004, GFSYNR1 0x00000802, GFSYNR2 "
	  "0x00000000",
	  "arm-smmu",
	  LOG_KIND_DMA,
	  { .iommu = "12c80000.smmu",
	    .stream = 0x802,
	    .code = 0x80000002,
	    .reason = "no domain is attached" } },
	{ ARM "arm-smmu/arm-smmu.c __arm_smmu_tlb_sync",
	  "arm-smmu 12c80000.smmu: TLB sync timed out -- SMMU may be deadlocked",
	  "arm-smmu",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "12c80000.smmu", .reason = "in time" } },
};

static const struct sample other[] = {
	{ "drivers/iommu/virtio-iommu.c viommu_fault_handler",
	  "virtio_iommu virtio0: page fault from EP 40 at 0xdead000 [RW]",
	  "virtio-iommu",
	  LOG_KIND_DMA,
	  { .device = "0000:00:05.0",
	    .iommu = "virtio0",
	    .stream = 40,
	    .iova = 0xdead000,
	    .access = R | W,
	    .reason = "not mapped" } },
	{ "drivers/iommu/virtio-iommu.c viommu_fault_handler",
	  "virtio_iommu virtio0: unknown fault from EP 70000 at 0x1000 []",
	  "virtio-iommu",
	  LOG_KIND_DMA,
	  { .iommu = "virtio0", .stream = 70000, .iova = 0x1000, .reason = "does not say" } },
	{ "drivers/iommu/virtio-iommu.c viommu_fault_handler",
	  "virtio_iommu virtio0: domain fault from EP 256",
	  "virtio-iommu",
	  LOG_KIND_DMA,
	  { .device = "0000:01:00.0",
	    .iommu = "virtio0",
	    .stream = 256,
	    .reason = "attached to nothing" } },
	{ "drivers/iommu/virtio-iommu.c viommu_event_handler",
	  "virtio_iommu virtio0: invalid event buffer (len 90 != 32)",
	  "virtio-iommu",
	  LOG_KIND_LOST,
	  { .iommu = "virtio0", .reason = "no known form" } },
	{ "drivers/iommu/virtio-iommu.c viommu_event_handler",
	  "virtio_iommu virtio0: could not add event buffer",
	  "virtio-iommu",
	  LOG_KIND_LOST,
	  { .iommu = "virtio0", .reason = "no more" } },
	{ "drivers/iommu/riscv/iommu.c riscv_iommu_fault",
	  "riscv,iommu 10010000.iommu: Fault 13 devid: 0x100 iotval: 7f001000 iotval2: 0",
	  "riscv-iommu",
	  LOG_KIND_DMA,
	  { .iommu = "10010000.iommu",
	    .stream = 0x100,
	    .iova = 0x7f001000,
	    .code = 13,
	    .access = R,
	    .reason = "not mapped for reading" } },
	{ "drivers/iommu/riscv/iommu.c riscv_iommu_cmd_sync",
	  "riscv_iommu_pci 0000:00:01.0: Hardware error: command execution timeout",
	  "riscv-iommu",
	  LOG_KIND_HARDWARE,
	  { .iommu = "0000:00:01.0", .reason = "did not do" } },
	{ "drivers/iommu/riscv/iommu.c riscv_iommu_cmdq_process",
	  "riscv,iommu 10010000.iommu: Queue #0 error; fault:0 timeout:1 illegal:0 fence_w_ip:0",
	  "riscv-iommu",
	  LOG_KIND_INVALIDATION,
	  { .iommu = "10010000.iommu", .reason = "did not do" } },
	{ "drivers/iommu/riscv/iommu.c riscv_iommu_fltq_process",
	  "riscv,iommu 10010000.iommu: Queue #1 error; memory fault:0 overflow:1",
	  "riscv-iommu",
	  LOG_KIND_LOST,
	  { .iommu = "10010000.iommu", .reason = "some were lost" } },
	{ "drivers/iommu/apple-dart.c apple_dart_t8020_irq",
	  "apple-dart 682008000.iommu: translation fault: status:0x80000002 stream:1 code:0x2 (NO PTE FOR "
	  "IOVA) at 0xffe00000",
	  "apple-dart",
	  LOG_KIND_DMA,
	  { .iommu = "682008000.iommu", .stream = 1, .code = 2, .iova = 0xffe00000 } },
	{ "drivers/iommu/rockchip-iommu.c rk_iommu_irq",
	  "rk_iommu ff914000.iommu: Page fault at 0x0000000010000000 of type write",
	  "rk_iommu",
	  LOG_KIND_DMA,
	  { .iommu = "ff914000.iommu", .iova = 0x10000000, .access = W, .reason = "not mapped" } },
	{ "drivers/iommu/sun50i-iommu.c sun50i_iommu_report_fault",
	  "sun50i-iommu 30f0000.iommu: Page fault for 0x0000000010000000 (master 2, dir rd)",
	  "sun50i-iommu",
	  LOG_KIND_DMA,
	  { .iommu = "30f0000.iommu",
	    .stream = 2,
	    .iova = 0x10000000,
	    .access = R,
	    .reason = "not mapped" } },
	{ "drivers/iommu/mtk_iommu.c mtk_iommu_isr",
	  "mtk-iommu 10205000.iommu: fault type=0x280 iova=0x1000 pa=0x0 master=0x41(larb=1 port=2) "
	  "layer=1 write",
	  "mtk-iommu",
	  LOG_KIND_DMA,
	  { .iommu = "10205000.iommu",
	    .stream = 0x41,
	    .iova = 0x1000,
	    .access = W,
	    .reason = "not mapped" } },
	{ "drivers/iommu/ipmmu-vmsa.c ipmmu_domain_irq",
	  "ipmmu-vmsa fd800000.iommu: Unhandled fault: status 0x00000002 iova 0x1000",
	  "ipmmu-vmsa",
	  LOG_KIND_DMA,
	  { .iommu = "fd800000.iommu", .iova = 0x1000, .reason = "not mapped" } },
	{ "drivers/iommu/exynos-iommu.c show_fault_information",
	  "exynos-sysmmu 14640000.sysmmu: 14450000.mixer: [READ] PAGE FAULT occurred at 0x20400000",
	  "exynos-sysmmu",
	  LOG_KIND_DMA,
	  { .device = "14450000.mixer", .iommu = "14640000.sysmmu", .iova = 0x20400000 } },
	{ "drivers/iommu/io-pgfault.c iommu_report_device_fault",
	  "idxd 0000:6a:01.0: iopf with pasid 12 aborted",
	  "iommu",
	  LOG_KIND_PAGE_REQUEST,
	  { .device = "0000:6a:01.0", .pasid = 12, .reason = "nobody could answer" } },
	{ "drivers/iommu/iommu.c __iommu_take_dma_ownership and others",
	  "pci 0000:00:02.0: Firmware has requested this device have a 1:1 IOMMU mapping, rejecting "
	  "configuring the device without a 1:1 mapping. Contact your platform vendor.",
	  "iommu",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:02.0", .reason = "the firmware uses" } },
	{ "drivers/iommu/iommu.c iommu_get_default_domain_type",
	  "pci 0000:00:02.0: Device is not trusted, but driver is overriding group 4 to identity, "
	  "refusing to probe.",
	  "iommu",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:02.0", .reason = "external" } },
	{ "drivers/iommu/iommu.c iommu_get_def_domain_type",
	  "pci 0000:00:02.0: IOMMU driver error, requesting conflicting def_domain_type, identity and "
	  "DMA, for devices in group 4.",
	  "iommu",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:02.0", .reason = "unlike domains" } },
	{ "drivers/iommu/iommu.c iommu_group_alloc_device",
	  "pci 0000:00:02.0: Failed to add to iommu group 4: -12",
	  "iommu",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:02.0", .code = 12, .reason = "could not be added" } },
	{ "drivers/iommu/iommu.c __iommu_group_set_domain_internal",
	  "pci 0000:00:02.0: IOMMU driver was not able to establish FW requested direct mapping.",
	  "iommu",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:02.0", .reason = "RMRR" } },
	{ "drivers/iommu/iommufd/device.c iommufd_device_bind_group",
	  "vfio-pci 0000:00:05.0: MSI interrupts are not secure, they cannot be isolated by the "
	  "platform. Check that platform features like interrupt remapping are enabled. Use the "
	  "\"allow_unsafe_interrupts\" module parameter to override",
	  "iommufd",
	  LOG_KIND_UNSAFE,
	  { .device = "0000:00:05.0", .reason = "any interrupt" } },
	{ "drivers/iommu/iommufd/main.c iommufd_object_dec_wait",
	  "iommufd: Time out waiting for iommufd object to become free",
	  "iommufd",
	  LOG_KIND_REFUSED,
	  { .reason = "still used" } },
	{ VFIO "vfio_iommu_type1.c vfio_pin_pages_remote",
	  "vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .reason = "may lock" } },
	{ VFIO "vfio_iommu_type1.c vfio_pin_page_external",
	  "vfio_pin_page_external: Task qemu-system-x86 (4711) RLIMIT_MEMLOCK (65536) exceeded",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .process = "qemu-system-x86", .pid = 4711, .reason = "may lock" } },
	{ VFIO "vfio_iommu_type1.c vfio_iommu_type1_attach_group",
	  "vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "
	  "\"allow_unsafe_interrupts\" to enable VFIO IOMMU support on this platform",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .reason = "any interrupt" } },
	{ VFIO "group.c vfio_device_open_file",
	  "vfio-pci 0000:00:05.0: vfio-noiommu device opened by user (dpdk-testpmd:12)",
	  "vfio",
	  LOG_KIND_UNSAFE,
	  { .device = "0000:00:05.0",
	    .process = "dpdk-testpmd",
	    .pid = 12,
	    .reason = "all memory" } },
	{ VFIO "group.c vfio_group_find_or_alloc",
	  "vfio-pci 0000:00:05.0: Adding kernel taint for vfio-noiommu group on device",
	  "vfio",
	  LOG_KIND_UNSAFE,
	  { .device = "0000:00:05.0", .reason = "all memory" } },
	{ VFIO "vfio_main.c __vfio_register_dev",
	  "vfio-pci 0000:00:05.0: Adding kernel taint for vfio-noiommu cdev",
	  "vfio",
	  LOG_KIND_UNSAFE,
	  { .device = "0000:00:05.0", .reason = "all memory" } },
	{ VFIO "vfio_main.c vfio_unregister_group_dev",
	  "vfio-pci 0000:00:05.0: Device is currently in use, task \"bash (a) \"b\"\" (99) blocked until "
	  "device is released",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .process = "bash (a) \"b\"", .pid = 99, .reason = "open" } },
	{ VFIO "pci/vfio_pci_core.c vfio_pci_core_request",
	  "vfio-pci 0000:00:05.0: Relaying device request to user (#10)",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "wants the device back" } },
	{ VFIO "pci/vfio_pci_core.c vfio_pci_core_request, a variant driver",
	  "mlx5-vfio-pci 0000:00:05.0: No device request channel registered, blocked until released by "
	  "user",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "cannot be asked" } },
	{ VFIO "pci/vfio_pci_core.c vfio_pci_validate_vf_token",
	  "vfio-pci 0000:00:05.0: VF token required to access device",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "without its token" } },
	{ VFIO "pci/vfio_pci_core.c vfio_pci_validate_vf_token",
	  "vfio-pci 0000:00:05.0: Incorrect VF token provided for device",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "wrong token" } },
	{ VFIO "pci/vfio_pci.c vfio_pci_is_denylisted",
	  "vfio-pci 0000:00:05.0: 8086:0435 exists in vfio-pci device denylist, driver probing "
	  "disallowed.",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "does not take" } },
	{ VFIO "pci/vfio_pci_core.c vfio_pci_core_register_device",
	  "vfio-pci 0000:00:05.0: Cannot bind to PF with SR-IOV enabled",
	  "vfio",
	  LOG_KIND_REFUSED,
	  { .device = "0000:00:05.0", .reason = "has VFs" } },
	{ "drivers/dma/idxd/irq.c process_evl_entry",
	  "idxd 0000:6a:01.0: Device error 0x83 operation: 0x3 fault addr: 0x7f0000001000",
	  "idxd",
	  LOG_KIND_DMA,
	  { .device = "0000:6a:01.0",
	    .iova = 0x7f0000001000,
	    .code = 3,
	    .reason = "does not wait for pages" } },
	{ "drivers/dma/idxd/irq.c idxd_misc_thread",
	  "idxd 0000:6a:01.0: err[0]: 0x00012a0300001a27\nidxd 0000:6a:01.0: err[1]: 00000000000000\n"
	  "idxd 0000:6a:01.0: err[2]: 0x00007f0000001000\nidxd 0000:6a:01.0: err[3]: 00000000000000",
	  "idxd",
	  LOG_KIND_DMA,
	  { .device = "0000:6a:01.0",
	    .pasid = 0x12a,
	    .iova = 0x7f0000001000,
	    .code = 0x1a,
	    .access = W,
	    .reason = "completion record" } },
	{ "drivers/dma/idxd/irq.c process_evl_entry",
	  "idxd 0000:6a:01.0: Failed to service fault work.",
	  "idxd",
	  LOG_KIND_LOST,
	  { .device = "0000:6a:01.0", .reason = "memory was out" } },
	{ "drivers/dma/idxd/device.c idxd_device_clear_state and others",
	  "idxd 0000:6a:01.0: Device is HALTED!",
	  "idxd",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:6a:01.0", .reason = "halted" } },
	{ "drivers/dma/idxd/irq.c idxd_device_flr",
	  "idxd 0000:6a:01.0: FLR failed",
	  "idxd",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:6a:01.0", .reason = "could not be reset" } },
	{ "drivers/dma/idxd/irq.c idxd_halt",
	  "idxd 0000:6a:01.0: idxd halted, need system reset",
	  "idxd",
	  LOG_KIND_HARDWARE,
	  { .device = "0000:6a:01.0", .reason = "halted" } },
	{ "drivers/net/ethernet/intel/e1000e, which has nothing to do with it",
	  "e1000e 0000:00:03.0 eth0: NIC Link is Up 1000 Mbps Full Duplex\n"
	  "x86/fault: a page fault from elsewhere\n\n   \n",
	  NULL,
	  LOG_KIND_UNKNOWN,
	  { 0 } },
};

static void check_field(const char *where, const char *name, const struct field_u64 *field,
			int64_t expected)
{
	bool known = field->status == 1;
	uint64_t want = expected == NOUGHT ? 0 : (uint64_t)expected;

	if (known != (expected != 0) || (known && field->value != want))
		fail_msg("%s: %s is %s 0x%llx", where, name, known ? "" : "absent,",
			 (unsigned long long)field->value);
}

static void check_text(const char *where, const char *name, const char *text, const char *expected)
{
	if (strcmp(text, expected ? expected : "") != 0)
		fail_msg("%s: %s is '%s'", where, name, text);
}

static void check_sample(const struct sample *sample)
{
	const struct expected *expected = &sample->expected;
	struct seen seen;

	parse(sample->text, &seen);
	if (seen.n != (sample->source ? 1 : 0))
		fail_msg("%s: %u faults in '%s'", sample->where, seen.n, sample->text);
	if (!sample->source)
		return;
	check_text(sample->where, "source", seen.last.source, sample->source);
	if (seen.last.kind != sample->kind)
		fail_msg("%s: kind is %s", sample->where, log_kind_name(seen.last.kind));
	check_text(sample->where, "device", seen.last.device, expected->device);
	check_text(sample->where, "iommu", seen.last.iommu, expected->iommu);
	check_text(sample->where, "process", seen.last.process, expected->process);
	check_field(sample->where, "pasid", &seen.last.pasid, expected->pasid);
	check_field(sample->where, "iova", &seen.last.iova, expected->iova);
	check_field(sample->where, "code", &seen.last.code, expected->code);
	check_field(sample->where, "stream", &seen.last.stream, expected->stream);
	check_field(sample->where, "pid", &seen.last.pid, expected->pid);
	if (seen.last.access != expected->access)
		fail_msg("%s: access is %u", sample->where, seen.last.access);
	if (expected->reason && (!seen.last.reason || !strstr(seen.last.reason, expected->reason)))
		fail_msg("%s: reason is '%s'", sample->where, seen.last.reason);
	if (!expected->reason && (seen.last.reason || !*seen.last.text) &&
	    sample->kind != LOG_KIND_DMA)
		fail_msg("%s: no words", sample->where);
}

#define CHECK(table) \
	static void check_##table(void **state) \
	{ \
		(void)state; \
		for (size_t i = 0; i < ARRAY_SIZE(table); i++) \
			check_sample(&table[i]); \
	}

CHECK(intel)
CHECK(amd)
CHECK(arm)
CHECK(other)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_intel),
		cmocka_unit_test(check_amd),
		cmocka_unit_test(check_arm),
		cmocka_unit_test(check_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
