/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do to enable the IOMMU on this machine: depends on its architecture, firmware and kernel.
 * Options as in Documentation/admin-guide/kernel-parameters.txt: intel_iommu=on exists; AMD's and
 * Arm's drivers are on unless the command line says "off", and have no such option
 * (parse_amd_iommu_options()).
 */
#include "model/diagnosis/advice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/diagnosis/internal.h"
#include "sys/cpu.h"
#include "sys/kernel_has.h"
#include "sys/kernel_param.h"

/* What the kernel needs for a firmware table to take effect. */
struct driver {
	const char *table;
	enum sys_word symbol; /* in the kernel configuration; SYS_WORDS_N: not checked */
	enum sys_word option; /* on the command line, takes "off"; SYS_WORDS_N: none */
	const char *on;       /* what enables it if it is off by default; NULL: on by default */
	const char *word;     /* that occurs in the driver's messages */
};

static const struct driver drivers[] = {
	{ "DMAR", KCONFIG_INTEL_IOMMU, BOOT_INTEL_IOMMU, "on", "DMAR" },
	{ "IVRS", KCONFIG_AMD_IOMMU, BOOT_AMD_IOMMU, NULL, "AMD-Vi" },
	{ "IORT", KCONFIG_ARM_SMMU_V3, SYS_WORDS_N, NULL, "smmu" },
	{ "VIOT", SYS_WORDS_N, SYS_WORDS_N, NULL, "virtio_iommu" },
};

/* The firmware announces an IOMMU: what keeps the kernel from using it. */
static void advise_driver(struct pasid_chain *chain, const struct driver *driver, char *buf,
			  size_t size)
{
	const struct strv *words = &chain->cmdline;

	if (driver->option != SYS_WORDS_N && sys_cmdline_has(words, driver->option, "off"))
		snprintf(buf, size, "boot without %s=off", sys_word(driver->option));
	else if (driver->option != SYS_WORDS_N && sys_cmdline_has(words, BOOT_IOMMU, "off"))
		snprintf(buf, size, "boot without iommu=off");
	else if (driver->symbol != SYS_WORDS_N && chain_config(chain, driver->symbol) == 0)
		snprintf(buf, size, "boot a kernel with CONFIG_%s", sys_word(driver->symbol));
	else if (driver->on && !sys_cmdline_has(words, driver->option, driver->on))
		snprintf(buf, size, "boot with %s=%s", sys_word(driver->option), driver->on);
	else
		snprintf(buf, size, "look for what the kernel reports: journalctl -k -g %s",
			 driver->word);
}

static const char *x86_advice(const struct sys_root *root, const struct sys_cpu *cpu, bool known)
{
	struct field_u64 guest = sys_cpu_flag(root, CPU_HYPERVISOR);

	if (guest.status == 1 && guest.value)
		return "give the virtual machine an IOMMU, in the hypervisor's configuration";
	if (strcmp(cpu->id, "GenuineIntel") == 0)
		return known ? "turn on VT-d in the firmware's setup"
			     : "turn on VT-d in the firmware's setup, and boot with intel_iommu=on";
	if (strcmp(cpu->id, "AuthenticAMD") == 0 || strcmp(cpu->id, "HygonGenuine") == 0)
		return "turn on the IOMMU (AMD-Vi) in the firmware's setup";
	return "turn on the IOMMU (VT-d, AMD-Vi) in the firmware's setup";
}

/* The firmware announces no IOMMU, or that could not be read (not KNOWN). */
static const char *firmware_advice(const struct sys_root *root, bool known)
{
	struct sys_cpu cpu;

	sys_cpu_read(root, &cpu);
	switch (cpu.arch) {
	case SYS_ARCH_X86:
		return x86_advice(root, &cpu, known);
	case SYS_ARCH_ARM:
		return "the firmware has to describe an SMMU to the kernel: in the ACPI table IORT or the device tree";
	case SYS_ARCH_RISCV:
		return "the firmware has to describe an IOMMU to the kernel: in the ACPI table RIMT or the device tree";
	case SYS_ARCH_UNKNOWN:
		break;
	}
	return "look for the IOMMU in the setup of the firmware or hypervisor";
}

/*
 * Other devices are behind an IOMMU, so neither the kernel nor a firmware setting is the reason. NULL:
 * nothing that was measured shows what would help.
 */
static const char *others_advice(const struct sys_root *root)
{
	struct sys_cpu cpu;

	sys_cpu_read(root, &cpu);
	switch (cpu.arch) {
	case SYS_ARCH_ARM:
	case SYS_ARCH_RISCV:
		return "if the hardware has an IOMMU there, the firmware has to say so: iommu-map in the device tree, "
		       "or the ACPI tables";
	case SYS_ARCH_X86:
	case SYS_ARCH_UNKNOWN:
		break;
	}
	return NULL;
}

const char *chain_advice(struct pasid_chain *chain, bool serves_others, char *buf, size_t size)
{
	struct field_str table;

	if (serves_others)
		return others_advice(chain->root);
	table = sys_firmware_iommu(chain->root);
	if (table.status == -ENOMEM)
		chain->list.error = -ENOMEM;
	if (table.status != 1)
		return firmware_advice(chain->root, table.status == 0);
	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i].table, table.value) == 0)
			advise_driver(chain, &drivers[i], buf, size);
	field_str_done(&table);
	return *buf ? buf : NULL;
}

const char *iommu_advice(const struct sys_root *root, char *buf, size_t size)
{
	_cleanup_(chain_done) struct pasid_chain chain = { .root = root };

	return chain_read_kernel(&chain) < 0 ? NULL : chain_advice(&chain, false, buf, size);
}
