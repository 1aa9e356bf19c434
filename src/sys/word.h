/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked for singly, in files that have much else: a capture of such a file has the answers
 * to these and no more. What is not in this table cannot be asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum sys_word_kind {
	WORD_BOOT,   /* option in /proc/cmdline */
	WORD_CHRDEV, /* in /proc/devices */
	WORD_CONFIG, /* option of the kernel configuration, without CONFIG_ */
	WORD_CPU,    /* flag in /proc/cpuinfo */
	WORD_PARAM,  /* "MODULE.NAME", in /sys/module/MODULE/parameters */
	WORD_SYMBOL, /* function in /proc/kallsyms */
};

enum sys_word {
	BOOT_AMD_IOMMU,
	BOOT_INTEL_IOMMU,
	BOOT_INTREMAP,
	BOOT_IOMMU,
	BOOT_IOMMU_PASSTHROUGH,
	BOOT_PCI,
	CHRDEV_VFIO,
	KCONFIG_AMD_IOMMU,
	KCONFIG_ARM_SMMU_V3,
	KCONFIG_ARM_SMMU_V3_SVA,
	KCONFIG_INTEL_IOMMU,
	KCONFIG_INTEL_IOMMU_SVM,
	KCONFIG_INTEL_SCALABLE_ON,
	KCONFIG_IOMMUFD,
	KCONFIG_IOMMU_PASSTHROUGH,
	KCONFIG_IOMMU_SVA,
	KCONFIG_PCI_MMCONFIG,
	KCONFIG_PCI_PASID,
	KCONFIG_VFIO_DEVICE_CDEV,
	KCONFIG_VFIO_NOIOMMU,
	KCONFIG_VFIO_PCI,
	CPU_HYPERVISOR,
	CPU_LA57,
	CPU_PDPE1GB,
	PARAM_AMDXDNA_IOVA,
	PARAM_IDXD_SVA,
	PARAM_IOMMUFD_UNSAFE,
	PARAM_VFIO_NOIOMMU,
	PARAM_VFIO_TYPE1_UNSAFE,
	SYMBOL_VFIO_ATTACH,
	SYMBOL_VFIO_ATTACH_PASID,
	SYS_WORDS_N
};

const char *sys_word(enum sys_word word);
enum sys_word_kind sys_word_kind(enum sys_word word);
/* Is the text of LEN bytes a word of this kind? */
bool sys_word_is(enum sys_word_kind kind, const char *text, size_t len);
