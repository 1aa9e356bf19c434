/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IOMMU of the device, and the CPU whose page tables it has to walk. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/group.h"
#include "sys/cpu.h"
#include "sys/kernel_has.h"
#include "sys/kernel_param.h"

static const struct question ask_iommu = { "iommu", FOR_PASIDS,
					   "no IOMMU translates for the device" };
static const struct question ask_scalable = { "iommu-scalable-mode", FOR_PASIDS,
					      "VT-d has PASIDs in scalable mode only" };
static const struct question ask_pasid = { "iommu-pasid", FOR_PASIDS,
					   "the IOMMU has no PASIDs, or those of another size" };
static const struct question ask_first_stage = { "iommu-first-stage", FOR_SVA,
						 "the IOMMU cannot walk the CPU's page tables" };
static const struct question ask_page_walk = {
	"iommu-page-walk", FOR_SVA,
	"its page walks do not see what is in the CPU's caches: the kernel then binds no process"
};
static const struct question ask_device_tlb = {
	"iommu-device-tlb", FOR_SVA,
	"without device TLBs the kernel enables no ATS, and Intel's driver then binds no process"
};
static const struct question ask_requests = { "iommu-page-requests", FOR_SVA,
					      "page faults of the device cannot be served" };
static const struct question ask_levels = {
	"cpu-5-level", FOR_SVA,
	"processes have page tables of five levels, which the IOMMU cannot walk"
};
static const struct question ask_levels_amd = {
	"cpu-5-level", FOR_PASIDS,
	"the CPU has page tables of five levels and the IOMMU has not: the kernel then uses "
	"no PASIDs"
};
static const struct question ask_pages = {
	"cpu-1g-pages", FOR_SVA, "processes may have pages of 1 GiB, which the IOMMU does not know"
};
static const struct question ask_remapping = {
	"interrupt-remapping", FOR_VFIO,
	"a device could raise interrupts of others: VFIO and iommufd then refuse it"
};

/* There is no IOMMU, or it serves other devices only. */
static void add_untranslated(struct pasid_chain *chain)
{
	_cleanup_group_list_ struct group_list groups = { 0 };
	const char *remedy;
	char buf[256];

	if (group_list(chain->root, 0, 0, &groups) == -ENOMEM)
		chain->list.error = -ENOMEM;
	remedy = chain_advice(chain, groups.n > 0, buf, sizeof(buf));
	if (groups.n)
		finding_add(&chain->list, &ask_iommu, FINDING_BROKEN, chain->device.id, remedy,
			    "in no IOMMU group: the IOMMU here serves other devices (%zu groups)",
			    groups.n);
	else
		finding_add(&chain->list, &ask_iommu, FINDING_BROKEN, chain->device.id, remedy,
			    "in no IOMMU group");
}

static void add_iommu(struct pasid_chain *chain)
{
	const struct device *device = &chain->device;
	const char *unit = device->iommu.value;

	if (device->group.status < 0)
		finding_unknown(&chain->list, &ask_iommu, device->id, device->group.status);
	else if (device->group.status == 0)
		add_untranslated(chain);
	else if (chain->unit_status == 1)
		finding_add(&chain->list, &ask_iommu, FINDING_OK, device->id, NULL,
			    "behind %s, in group %" PRIu64, unit, device->group.value);
	else
		finding_unknown(&chain->list, &ask_iommu, device->id,
				chain->unit_status < 0 ? chain->unit_status : -ENOENT);
}

/* A register bit that must be set. */
static void add_bit(struct pasid_chain *chain, const struct question *question, const char *reg,
		    const char *name, const char *what, const char *remedy)
{
	struct field_u64 field = iommu_field(&chain->unit, reg, name);

	if (field.status != 1)
		finding_unknown(&chain->list, question, chain->unit.name, -ENOENT);
	else
		finding_add(&chain->list, question, field.value ? FINDING_OK : FINDING_BROKEN,
			    chain->unit.name, remedy, "%s: %s (%s.%s)", what,
			    field.value ? "yes" : "no", reg, name);
}

static void add_width(struct pasid_chain *chain, const char *reg, const char *name)
{
	struct field_u64 field = iommu_field(&chain->unit, reg, name);
	uint64_t width = chain->unit.pasid_width.value;

	if (field.status != 1 || chain->unit.pasid_width.status != 1)
		finding_unknown(&chain->list, &ask_pasid, chain->unit.name, -ENOENT);
	else if (field.value && width > 0)
		finding_add(&chain->list, &ask_pasid, FINDING_OK, chain->unit.name, NULL,
			    "PASIDs of %" PRIu64 " bits (%s.%s)", width, reg, name);
	else
		finding_add(&chain->list, &ask_pasid, FINDING_BROKEN, chain->unit.name, NULL,
			    "PASIDs: no (%s.%s)", reg, name);
}

/*
 * Without PRS or PDS the kernel leaves page requests off; SVA then works for memory that is
 * present.
 */
static void add_requests(struct pasid_chain *chain)
{
	struct field_u64 prs = iommu_field(&chain->unit, "ECAP", "PRS");
	struct field_u64 pds = iommu_field(&chain->unit, "ECAP", "PDS");

	if (prs.status != 1 || pds.status != 1)
		finding_unknown(&chain->list, &ask_requests, chain->unit.name, -ENOENT);
	else
		finding_add(&chain->list, &ask_requests,
			    prs.value && pds.value ? FINDING_OK : FINDING_NOTE, chain->unit.name,
			    NULL, "page requests: %s (ECAP.PRS), draining them: %s (ECAP.PDS)",
			    prs.value ? "yes" : "no", pds.value ? "yes" : "no");
}

/*
 * A feature that the IOMMU must have if the CPU uses it (intel_svm_check(),
 * amd_iommu_pasid_supported()).
 */
static void add_cpu(struct pasid_chain *chain, const struct question *question, enum sys_word flag,
		    const char *reg, const char *name, const char *remedy)
{
	struct field_u64 cpu = sys_cpu_flag(chain->root, flag);
	struct field_u64 unit = iommu_field(&chain->unit, reg, name);

	if (cpu.status != 1)
		finding_unknown(&chain->list, question, NULL,
				cpu.status < 0 ? cpu.status : -ENOENT);
	else if (!cpu.value)
		finding_add(&chain->list, question, FINDING_OK, NULL, NULL, "the CPU: no (%s)",
			    sys_word(flag));
	else if (unit.status != 1)
		finding_unknown(&chain->list, question, chain->unit.name, -ENOENT);
	else
		finding_add(&chain->list, question, unit.value ? FINDING_OK : FINDING_BROKEN,
			    chain->unit.name, remedy, "the CPU: yes (%s); the IOMMU: %s (%s.%s)",
			    sys_word(flag), unit.value ? "yes" : "no", reg, name);
}

/* For an IOMMU emulated by a hypervisor, features are a matter of the VM's configuration. */
static const char *virtual_remedy(const struct pasid_chain *chain)
{
	struct field_u64 guest = sys_cpu_flag(chain->root, CPU_HYPERVISOR);

	return guest.status == 1 && guest.value
		       ? "give the virtual machine's IOMMU scalable mode and PASIDs, in the "
			 "hypervisor's "
			 "configuration"
		       : NULL;
}

static void add_intel(struct pasid_chain *chain)
{
	struct field_u64 scalable = iommu_field(&chain->unit, "ECAP", "SMTS");

	if (chain->unit.ecap.status < 0) {
		finding_unknown(&chain->list, &ask_scalable, chain->unit.name,
				chain->unit.ecap.status);
		return;
	}
	add_bit(chain, &ask_scalable, "ECAP", "SMTS", "scalable mode", virtual_remedy(chain));
	/* These bits only apply in scalable mode. */
	if (scalable.status == 1 && !scalable.value)
		chain->list.moot = "does not matter without scalable mode";
	add_width(chain, "ECAP", "PASID");
	add_bit(chain, &ask_first_stage, "ECAP", "FSTS", "first-stage translation", NULL);
	add_bit(chain, &ask_page_walk, "ECAP", "SMPWCS", "coherent page walks", NULL);
	add_bit(chain, &ask_device_tlb, "ECAP", "DT", "device TLBs", NULL);
	add_requests(chain);
	add_cpu(chain, &ask_levels, CPU_LA57, "CAP", "FS5LP", "boot with no5lvl");
	add_cpu(chain, &ask_pages, CPU_PDPE1GB, "CAP", "FS1GP", NULL);
	chain->list.moot = NULL;
}

/* What amd_iommu_pasid_supported() requires of the unit. */
static void add_amd(struct pasid_chain *chain)
{
	static const char *const names[] = { "GTSup", "GIoSup", "PPRSup", "EPHSup" };

	if (chain->unit.features.status != 1) {
		finding_unknown(&chain->list, &ask_pasid, chain->unit.name,
				chain->unit.features.status ? chain->unit.features.status
							    : -ENOENT);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!iommu_field(&chain->unit, "EFR", names[i]).value) {
			finding_add(&chain->list, &ask_pasid, FINDING_BROKEN, chain->unit.name,
				    NULL, "PASIDs: no (EFR.%s)", names[i]);
			break;
		} else if (i + 1 == ARRAY_SIZE(names)) {
			add_width(chain, "EFR", "GTSup");
		}
	add_cpu(chain, &ask_levels_amd, CPU_LA57, "EFR", "GATS", "boot with no5lvl");
}

/* Other IOMMUs publish no registers, but support what is enabled at the device. */
static void add_other(struct pasid_chain *chain)
{
	const struct field_u64 *enabled = &chain->device.caps.pasid_enabled;

	if (enabled->status == 1 && enabled->value)
		finding_add(&chain->list, &ask_pasid, FINDING_OK, chain->unit.name, NULL,
			    "its driver has enabled the device's PASIDs");
	else
		finding_add(&chain->list, &ask_pasid, FINDING_UNKNOWN, chain->unit.name, NULL,
			    "could not be measured: IOMMUs of this kind publish no registers");
}

/* How to get interrupt remapping if the cause was found; else how to do without. */
static const char *remapping_remedy(const struct pasid_chain *chain)
{
	if (chain->cmdline_status == 1 && sys_cmdline_has(&chain->cmdline, BOOT_INTREMAP, "off"))
		return "boot without intremap=off";
	return "where the devices are trusted: "
	       "echo 1 > /sys/module/iommufd/parameters/allow_unsafe_interrupts";
}

/* Why the kernel does not remap interrupts, and what to do. */
static void add_direct(struct pasid_chain *chain, const char *seen)
{
	struct field_u64 ir = iommu_field(&chain->unit, "ECAP", "IR");

	if (chain_param(chain, PARAM_IOMMUFD_UNSAFE) > 0)
		finding_add(&chain->list, &ask_remapping, FINDING_WARNING, NULL,
			    "echo 0 > /sys/module/iommufd/parameters/allow_unsafe_interrupts",
			    "%s; allowed all the same: iommufd.allow_unsafe_interrupts is on",
			    seen);
	else
		finding_add(&chain->list, &ask_remapping, FINDING_BROKEN, NULL,
			    remapping_remedy(chain), "%s%s", seen,
			    ir.status == 1 && !ir.value ? "; the IOMMU cannot remap (ECAP.IR)"
							: "");
}

/*
 * VFIO and iommufd both require isolated MSIs (iommu_group_has_isolated_msi()), which the names of
 * the interrupt chips show. A register only says what a unit could do, so it only counts if it says
 * no.
 */
void chain_remapping(struct pasid_chain *chain)
{
	struct field_u64 ir = iommu_field(&chain->unit, "ECAP", "IR");
	struct sys_interrupts seen = { 0 };
	int r = sys_interrupts_read(chain->root, &seen);
	char text[160];

	if (seen.remapped) {
		finding_add(&chain->list, &ask_remapping, FINDING_OK, NULL, NULL,
			    "interrupts go through %s", seen.chip);
	} else if (seen.direct) {
		snprintf(text, sizeof(text), "not remapped: interrupts go through %s", seen.chip);
		add_direct(chain, text);
	} else if (ir.status == 1 && !ir.value) {
		add_direct(chain, "interrupt remapping: no (ECAP.IR)");
	} else if (r == -ENOMEM) {
		chain->list.error = r;
	} else {
		finding_unknown(&chain->list, &ask_remapping, NULL, r < 0 ? r : -ENOENT);
	}
}

void chain_registers(struct pasid_chain *chain)
{
	if (chain_vendor(chain, "intel"))
		add_intel(chain);
	else if (chain_vendor(chain, "amd"))
		add_amd(chain);
	else
		add_other(chain);
}

void chain_unit(struct pasid_chain *chain)
{
	add_iommu(chain);
	if (chain->unit_status != 1)
		return;
	chain_registers(chain);
	chain_remapping(chain);
}
