/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/word.h"

#include <string.h>

static const struct {
	enum sys_word_kind kind;
	const char *text;
} words[SYS_WORDS_N] = {
	[BOOT_AMD_IOMMU] = { WORD_BOOT, "amd_iommu" },
	[BOOT_INTEL_IOMMU] = { WORD_BOOT, "intel_iommu" },
	[BOOT_INTREMAP] = { WORD_BOOT, "intremap" },
	[BOOT_IOMMU] = { WORD_BOOT, "iommu" },
	[BOOT_IOMMU_PASSTHROUGH] = { WORD_BOOT, "iommu.passthrough" },
	[BOOT_PCI] = { WORD_BOOT, "pci" },
	[CHRDEV_VFIO] = { WORD_CHRDEV, "vfio-dev" },
	[KCONFIG_AMD_IOMMU] = { WORD_CONFIG, "AMD_IOMMU" },
	[KCONFIG_ARM_SMMU_V3] = { WORD_CONFIG, "ARM_SMMU_V3" },
	[KCONFIG_ARM_SMMU_V3_SVA] = { WORD_CONFIG, "ARM_SMMU_V3_SVA" },
	[KCONFIG_INTEL_IOMMU] = { WORD_CONFIG, "INTEL_IOMMU" },
	[KCONFIG_INTEL_IOMMU_SVM] = { WORD_CONFIG, "INTEL_IOMMU_SVM" },
	[KCONFIG_INTEL_SCALABLE_ON] = { WORD_CONFIG, "INTEL_IOMMU_SCALABLE_MODE_DEFAULT_ON" },
	[KCONFIG_IOMMUFD] = { WORD_CONFIG, "IOMMUFD" },
	[KCONFIG_IOMMU_PASSTHROUGH] = { WORD_CONFIG, "IOMMU_DEFAULT_PASSTHROUGH" },
	[KCONFIG_IOMMU_SVA] = { WORD_CONFIG, "IOMMU_SVA" },
	[KCONFIG_PCI_MMCONFIG] = { WORD_CONFIG, "PCI_MMCONFIG" },
	[KCONFIG_PCI_PASID] = { WORD_CONFIG, "PCI_PASID" },
	[KCONFIG_VFIO_DEVICE_CDEV] = { WORD_CONFIG, "VFIO_DEVICE_CDEV" },
	[KCONFIG_VFIO_NOIOMMU] = { WORD_CONFIG, "VFIO_NOIOMMU" },
	[KCONFIG_VFIO_PCI] = { WORD_CONFIG, "VFIO_PCI" },
	[CPU_HYPERVISOR] = { WORD_CPU, "hypervisor" },
	[CPU_LA57] = { WORD_CPU, "la57" },
	[CPU_PDPE1GB] = { WORD_CPU, "pdpe1gb" },
	[PARAM_AMDXDNA_IOVA] = { WORD_PARAM, "amdxdna.force_iova" },
	[PARAM_IDXD_SVA] = { WORD_PARAM, "idxd.sva" },
	[PARAM_IOMMUFD_UNSAFE] = { WORD_PARAM, "iommufd.allow_unsafe_interrupts" },
	[PARAM_VFIO_NOIOMMU] = { WORD_PARAM, "vfio.enable_unsafe_noiommu_mode" },
	[PARAM_VFIO_TYPE1_UNSAFE] = { WORD_PARAM, "vfio_iommu_type1.allow_unsafe_interrupts" },
	[SYMBOL_VFIO_ATTACH] = { WORD_SYMBOL, "vfio_iommufd_physical_attach_ioas" },
	[SYMBOL_VFIO_ATTACH_PASID] = { WORD_SYMBOL, "vfio_iommufd_physical_pasid_attach_ioas" },
};

const char *sys_word(enum sys_word word)
{
	return words[word].text;
}

enum sys_word_kind sys_word_kind(enum sys_word word)
{
	return words[word].kind;
}

bool sys_word_is(enum sys_word_kind kind, const char *text, size_t len)
{
	for (enum sys_word i = 0; i < SYS_WORDS_N; i++)
		if (words[i].kind == kind && strlen(words[i].text) == len &&
		    memcmp(words[i].text, text, len) == 0)
			return true;
	return false;
}
