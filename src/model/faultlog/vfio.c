/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMU core, iommufd and VFIO: what they refuse or warn about. */
#include "model/faultlog/internal.h"

static const struct log_pattern core_patterns[] = {
	{ .form = "iopf with pasid %p aborted",
	  LOG_KIND_PAGE_REQUEST,
	  "a page request could not be answered: its owner is gone, or memory ran out",
	  LOG_PASIDS },
	{ .form = "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting "
		  "configuring the "
		  "device without a 1:1 mapping. Contact your platform vendor.",
	  LOG_KIND_REFUSED,
	  LOG_FIRMWARE_USES,
	  LOG_PLATFORM },
	{ .form = "Device is not trusted, but driver is overriding group %d to %*, refusing to "
		  "probe.",
	  LOG_KIND_REFUSED,
	  "an external device may not go without translation",
	  "the IOMMU's driver wants it untranslated: report it" },
	{ .form = "IOMMU driver error, requesting conflicting def_domain_type, %*",
	  LOG_KIND_REFUSED,
	  "members of one group need different domains",
	  "report it with the whole log" },
	{ .form = "Failed to add to iommu group %d: -%c",
	  LOG_KIND_REFUSED,
	  "the device could not be added to its group; the code is the errno",
	  NULL },
	{ .form = "IOMMU driver was not able to establish FW requested direct mapping.",
	  LOG_KIND_REFUSED,
	  "memory that the firmware uses for the device (RMRR) is not mapped",
	  LOG_PLATFORM },
	{ 0 },
};

#define NO_REMAPPING \
	"a device that is assigned to a user can send any interrupt: the platform does not remap " \
	"them"
#define ENABLE_REMAPPING \
	"enable interrupt remapping in the firmware; else set allow_unsafe_interrupts=1, if the " \
	"device's user is trusted"

static const struct log_pattern iommufd_patterns[] = {
	{ .form = "MSI interrupts are not secure, they cannot be isolated by the "
		  "platform. %*",
	  LOG_KIND_UNSAFE,
	  NO_REMAPPING,
	  "look for what blocks it: ioasidctl system check" },
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
	  "the process tried to map more memory than it may lock",
	  MEMLOCK },
	{ .form = "%*: Task %g (%G) RLIMIT_MEMLOCK (%d) exceeded",
	  LOG_KIND_REFUSED,
	  "the process tried to map more memory than it may lock",
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
	  "end the program that has it open; to find it: ioasidctl device show DEVICE" },
	{ .form = "Relaying device request to user (#%d)",
	  LOG_KIND_REFUSED,
	  "the kernel needs the device back and has asked its user",
	  "end the program that has it open; to find it: ioasidctl device show DEVICE" },
	{ .form = "No device request channel registered, blocked until released by user",
	  LOG_KIND_REFUSED,
	  "the kernel needs the device back, and its user cannot be asked",
	  "end the program that has it open; to find it: ioasidctl device show DEVICE" },
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
	  "vfio-pci refuses this device: it is known to be faulty",
	  "vfio-pci.disable_denylist=1 overrides, at your own risk" },
	{ .form = "Cannot bind to PF with SR-IOV enabled",
	  LOG_KIND_REFUSED,
	  "vfio-pci refuses a PF that has VFs",
	  "write 0 to the PF's sriov_numvfs first" },
	{ 0 },
};

const struct log_source log_sources_vfio[] = {
	{ "iommufd", NULL, "iommufd: ", false, iommufd_patterns },
	/* dev_fmt() has the prefix in Linux 5.4. */
	{ "vfio", "vfio-pci", "vfio_pci: ", false, vfio_patterns },
	{ "vfio", "vfio-pci", NULL, false, vfio_patterns },
	/* The rest is recognized by its text only. */
	{ "iommufd", NULL, NULL, false, iommufd_patterns },
	{ "vfio", NULL, NULL, false, vfio_patterns },
	{ "iommu", NULL, NULL, false, core_patterns },
	{ "iommu", NULL, "iommu_report_device_fault: ", false, log_suppressed },
	{ 0 },
};
