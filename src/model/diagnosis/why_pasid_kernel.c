/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's configuration, and what its command line disables. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/kernel_param.h"

static const struct question ask_config = { "kernel-config", FOR_PASIDS,
					    "the kernel was built without it" };
static const struct question ask_config_vfio = { "kernel-config", FOR_PASID,
						 "the kernel was built without it" };
static const struct question ask_config_sva = { "kernel-config", FOR_SVA,
						"the kernel was built without it" };
static const struct question ask_cmdline = { "command-line", FOR_PASIDS,
					     "the kernel's command line turns it off" };
static const struct question ask_cmdline_sva = { "command-line", FOR_SVA,
						 "the kernel's command line turns it off" };

/* The first letter of VALUE, which it frees, if it is known. */
static int letter(struct pasid_chain *chain, struct field_str *value)
{
	int r = value->status == 1 ? *value->value : value->status;

	if (r == -ENOMEM)
		chain->list.error = -ENOMEM;
	field_str_done(value);
	return r;
}

int chain_config(struct pasid_chain *chain, enum sys_word option)
{
	struct field_str value;

	if (chain->config_status < 0)
		return chain->config_status;
	value = sys_kernel_config_get(&chain->config, option);
	return letter(chain, &value);
}

int chain_param(struct pasid_chain *chain, enum sys_word param)
{
	struct field_str value = sys_module_param(chain->root, param);
	int r = letter(chain, &value);

	return r < 0 ? r : r == 'Y';
}

static void add_symbol(struct pasid_chain *chain, const struct question *question,
		       enum sys_word option)
{
	char object[64], remedy[96];
	int value = chain_config(chain, option);

	snprintf(object, sizeof(object), "CONFIG_%s", sys_word(option));
	snprintf(remedy, sizeof(remedy), "boot a kernel with %s", object);
	if (value > 0)
		finding_add(&chain->list, question, FINDING_OK, object, NULL, "%c", value);
	else
		finding_add(&chain->list, question, FINDING_BROKEN, object, remedy, "not set");
}

static void add_config(struct pasid_chain *chain)
{
	/* VENDOR NULL: for all. */
	static const struct {
		const char *vendor;
		enum sys_word option;
		const struct question *question;
	} symbols[] = {
		{ NULL, KCONFIG_PCI_PASID, &ask_config },
		{ "intel", KCONFIG_INTEL_IOMMU, &ask_config },
		{ "amd", KCONFIG_AMD_IOMMU, &ask_config },
		{ "arm-smmu-v3", KCONFIG_ARM_SMMU_V3, &ask_config },
		{ NULL, KCONFIG_IOMMU_SVA, &ask_config_sva },
		{ "intel", KCONFIG_INTEL_IOMMU_SVM, &ask_config_sva },
		{ "arm-smmu-v3", KCONFIG_ARM_SMMU_V3_SVA, &ask_config_sva },
		{ NULL, KCONFIG_IOMMUFD, &ask_config_vfio },
		{ NULL, KCONFIG_VFIO_DEVICE_CDEV, &ask_config_vfio },
		{ NULL, KCONFIG_VFIO_PCI, &ask_config_vfio },
	};

	if (chain->config_status < 0) {
		finding_unknown(&chain->list, &ask_config, NULL, chain->config_status);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		if (symbols[i].vendor && !chain_vendor(chain, symbols[i].vendor))
			continue;
		/*
		 * With a VFIO driver bound, perhaps a variant such as mlx5_vfio_pci, none is
		 * missing.
		 */
		if (symbols[i].option == KCONFIG_VFIO_PCI && chain_driver_is_vfio(&chain->device))
			continue;
		add_symbol(chain, symbols[i].question, symbols[i].option);
	}
}

/* Which of OPTION's words ON and OFF comes last: 1 or 0; -1 if neither is there. */
static int last_of(const struct strv *words, enum sys_word option, const char *on, const char *off)
{
	int last = -1;

	for (size_t i = 0; i < words->n; i++) {
		const char *value = sys_cmdline_value(words->v[i], option);

		/* By prefix, like intel_iommu_setup(). */
		for (; value; value = strchr(value, ','), value = value ? value + 1 : NULL) {
			if (str_starts(value, on))
				last = 1;
			else if (str_starts(value, off))
				last = 0;
		}
	}
	return last;
}

static bool add_off(struct pasid_chain *chain)
{
	static const enum sys_word options[] = { BOOT_IOMMU, BOOT_INTEL_IOMMU, BOOT_AMD_IOMMU };
	bool found = false;

	/* If there are groups, it is on anyway. */
	if (chain->device.group.status != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		char option[32], remedy[96];

		if (!sys_cmdline_has(&chain->cmdline, options[i], "off"))
			continue;
		snprintf(option, sizeof(option), "%s=off", sys_word(options[i]));
		snprintf(remedy, sizeof(remedy), "boot without %s", option);
		finding_add(&chain->list, &ask_cmdline, FINDING_BROKEN, NULL, remedy, "%s", option);
		found = true;
	}
	return found;
}

static bool lacks_scalable(const struct pasid_chain *chain)
{
	struct field_u64 smts = iommu_field(&chain->unit, "ECAP", "SMTS");

	return smts.status == 1 && !smts.value;
}

/* The default of scalable mode depends on the kernel configuration (intel_iommu_sm). */
static bool add_scalable(struct pasid_chain *chain)
{
	int mode = last_of(&chain->cmdline, BOOT_INTEL_IOMMU, "sm_on", "sm_off");

	if (!chain_vendor(chain, "intel") || mode == 1)
		return false;
	if (mode == 0) {
		finding_add(&chain->list, &ask_cmdline, FINDING_BROKEN, NULL,
			    "boot without intel_iommu=sm_off", "intel_iommu=sm_off");
		return true;
	}
	if (chain_config(chain, KCONFIG_INTEL_SCALABLE_ON) != 0)
		return false;
	/* Pointless to enable if the IOMMU does not support it. */
	if (lacks_scalable(chain))
		return false;
	finding_add(&chain->list, &ask_cmdline, FINDING_BROKEN, NULL, "boot with intel_iommu=sm_on",
		    "no intel_iommu=sm_on, and scalable mode is off by default");
	return true;
}

static void add_cmdline(struct pasid_chain *chain)
{
	bool found;

	if (chain->cmdline_status < 0) {
		finding_unknown(&chain->list, &ask_cmdline, NULL, chain->cmdline_status);
		return;
	}
	found = add_off(chain);
	found |= add_scalable(chain);
	if (sys_cmdline_has(&chain->cmdline, BOOT_PCI, "noats")) {
		finding_add(&chain->list, &ask_cmdline_sva, FINDING_BROKEN, NULL,
			    "boot without pci=noats", "pci=noats");
		found = true;
	}
	if (!found)
		finding_add(&chain->list, &ask_cmdline, FINDING_OK, NULL, NULL,
			    "nothing that turns PASIDs off");
}

void chain_kernel(struct pasid_chain *chain)
{
	add_config(chain);
	add_cmdline(chain);
}
