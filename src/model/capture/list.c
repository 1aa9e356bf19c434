/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the models read. Captures contain nothing else. */
#include "model/capture/internal.h"

#define DEVICE_FILES \
	"driver iommu iommu_group physfn subsystem driver_override numa_node pasid " \
	"power/runtime_status sriov_numvfs sriov_totalvfs vfio-dev/*"
#define GROUP_DEVICES "sys/kernel/iommu_groups/*/devices/*"
#define PCI_DEVICES   "sys/bus/pci/devices/*"
#define INTEL         "sys/kernel/debug/iommu/intel"
#define KFD           "sys/class/kfd/kfd/proc"
#define KFD_NUMBERS   "sys/kernel/debug/kfd/proc"

const struct capture_item capture_items[] = {
	{ "sys/kernel/iommu_groups", "", 0, NULL },
	{ "sys/kernel/iommu_groups/*", "name reserved_regions type devices devices/*", 0, NULL },
	{ GROUP_DEVICES, DEVICE_FILES, CAPTURE_DEVICE, NULL },
	{ GROUP_DEVICES, "uevent", 0, capture_reduce_uevent },
	{ "sys/bus/pci/devices", "", 0, NULL },
	{ PCI_DEVICES, DEVICE_FILES, CAPTURE_DEVICE, NULL },
	{ PCI_DEVICES, "uevent", 0, capture_reduce_uevent },
	{ PCI_DEVICES, "config", CAPTURE_AWAKE, capture_reduce_config },
	{ "sys/bus/pci/drivers", "", 0, NULL },
	{ "sys/bus/pci/drivers/*", "", 0, NULL },
	{ "sys/bus/pci/drivers/*", "module", 0, NULL },
	{ "sys/bus/*/devices/*", "", CAPTURE_OWNED, NULL },
	/* The driver of a virtio-iommu: its units are below it. */
	{ "sys/bus/virtio/devices/*", "driver", CAPTURE_OWNED, NULL },

	{ "sys/class/iommu", "", 0, NULL },
	{ "sys/class/iommu/*", "", 0, NULL },
	{ "sys/class/iommu/*",
	  "intel-iommu/address intel-iommu/cap intel-iommu/domains_supported "
	  "intel-iommu/domains_used intel-iommu/ecap intel-iommu/version amd-iommu/cap "
	  "amd-iommu/features devices devices/*",
	  0, NULL },
	{ "sys/class/iommu/*/device", "driver", 0, NULL },
	{ "sys/class/net/*", "flags master upper_*", 0, NULL },
	{ "sys/class/block/*", "dev holders holders/*", 0, NULL },
	{ "sys/class/block/*", "dm/name", 0, capture_reduce_hidden },
	{ "sys/class/block/*", "dm/uuid", 0, capture_reduce_uuid },
	{ "sys/class/block/loop*", "loop/backing_file", 0, capture_reduce_file },
	{ "sys/class/nvme-subsystem/*", "nvme*", 0, NULL },
	{ "sys/class/vfio", "", 0, NULL },
	{ "sys/class/vfio/*", "", 0, NULL },
	{ "sys/class/vfio-dev", "", 0, NULL },
	{ "sys/class/vfio-dev/*", "", 0, NULL },
	{ "sys/class/uio", "", 0, NULL },
	{ "sys/class/uio/*", "", 0, NULL },
	{ "sys/class/uacce", "", 0, NULL },
	{ "sys/class/uacce/*", "flags", 0, NULL },
	{ "sys/class/accel", "", 0, NULL },
	{ "sys/class/accel/*", "", 0, NULL },
	{ "sys/class/accel/*/device", "driver", 0, NULL },
	{ "sys/class/drm", "", 0, NULL },
	{ "sys/class/drm/*/device", "driver", 0, NULL },
	{ "sys/class/*/*", "", CAPTURE_OWNED, NULL },

	{ "sys/bus/dsa/devices", "", 0, NULL },
	{ "sys/bus/dsa/devices/*",
	  "pasid_enabled state type mode clients cr_faults cr_fault_failures", 0, NULL },
	{ "sys/bus/dsa/devices/*", "pid", CAPTURE_PID, NULL },
	{ KFD, "", 0, NULL },
	{ KFD "/*",
	  "pasid vram_* counters_*/faults context_*/pasid context_*/vram_* "
	  "context_*/counters_*/faults",
	  0, NULL },
	{ KFD_NUMBERS, "", 0, NULL },
	{ KFD_NUMBERS "/*", "pasid_* context_*/pasid_*", 0, NULL },
	{ "sys/class/kfd/kfd/topology/nodes/*", "gpu_id", 0, NULL },
	{ "sys/class/kfd/kfd/topology/nodes/*", "properties", 0, capture_reduce_kfd },

	{ INTEL,
	  "dmar_translation_struct */domain_translation_struct "
	  "*/*/domain_translation_struct",
	  0, NULL },
	{ "sys/kernel/debug/iommu/amd", "", 0, NULL },
	/* Shows one device at a time: see sys/debugfs_amd.h. */
	{ "sys/kernel/debug/iommu/amd", "devtbl", 0, capture_reduce_nothing },

	{ "proc/sys/kernel", "osrelease", 0, NULL },
	{ "proc", "swaps", 0, capture_reduce_swaps },
	{ "proc", "stat", 0, capture_reduce_stat },
	{ "proc", "devices", 0, capture_reduce_chrdevs },
	{ "proc", "kallsyms", 0, capture_reduce_symbols },
	{ "sys/kernel/irq", "", 0, NULL },
	{ "sys/kernel/irq/*", "chip_name", 0, capture_reduce_chip },
	{ "sys/firmware/acpi/tables", "", 0, NULL },
	{ "sys/firmware/acpi/tables", "DMAR IVRS IORT VIOT", CAPTURE_NAME, NULL },

	{ "dev", "iommu uio*", 0, NULL },
	{ "dev/vfio", "*", 0, NULL },
	{ "dev/vfio/devices", "*", 0, NULL },
	{ 0 },
};
