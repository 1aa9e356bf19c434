/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the IOMMU on, what are its default domains; what PASIDs the units and the devices have. */
#include "model/check_machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/kernel_has.h"

static const struct pasid_link link_iommu = {
	"iommu",
	CHECK_USE_ALL,
	"nothing translates what devices read and write: they reach all memory",
};
static const struct pasid_link link_domain = {
	"default-domain",
	CHECK_USE_ALL,
	"while their own driver has them, these devices reach all memory",
};
static const struct pasid_link link_lazy = {
	"lazy-invalidation",
	CHECK_USE_ALL,
	NULL,
};
static const struct pasid_link link_devices = {
	"pasid-devices",
	NEEDS_PASIDS,
	"no device puts PASIDs on its requests",
};

bool check_unit_used(const struct iommu *unit)
{
	return unit->devices_status < 0 || unit->devices.n > 0;
}

bool check_group_real(const struct group *group)
{
	return group->name.status != 1 || strcmp(group->name.value, "vfio-noiommu") != 0;
}

static size_t count_groups(const struct check_machine *machine)
{
	size_t n = 0;

	for (size_t i = 0; i < machine->groups.n; i++)
		n += check_group_real(&machine->groups.v[i]);
	return n;
}

/* What turns it on depends on whether the firmware has told the kernel of one. */
static void add_off(struct pasid_chain *chain, size_t devices)
{
	struct field_str table = sys_firmware_iommu(chain->root);
	const char *remedy =
		"turn the IOMMU on (VT-d, AMD-Vi, SMMU) in the setup of firmware or hypervisor";
	char text[64] = "";

	if (table.status == 1 && strcmp(table.value, "DMAR") == 0)
		remedy = "boot with intel_iommu=on, a kernel with CONFIG_INTEL_IOMMU";
	else if (table.status == 1)
		remedy =
			"boot a kernel with the IOMMU's driver, without iommu=off or amd_iommu=off";
	if (table.status == 1)
		snprintf(text, sizeof(text), "; the firmware announces one (%s)", table.value);
	else if (table.status == 0)
		snprintf(text, sizeof(text), "; the firmware announces none");
	if (table.status == -ENOMEM)
		chain->error = -ENOMEM;
	chain_add(chain, &link_iommu, FINDING_BROKEN, NULL, remedy, "no IOMMU group, %zu devices%s",
		  devices, text);
	field_str_done(&table);
}

static void add_on(struct check_machine *machine, size_t groups)
{
	_cleanup_strv_ struct strv names = { 0 };
	_cleanup_free_ char *joined = NULL;
	size_t translated = 0;

	for (size_t i = 0; i < machine->units.n && machine->chain.error == 0; i++)
		if (check_unit_used(&machine->units.v[i]))
			machine->chain.error = strv_push(&names, machine->units.v[i].name);
	for (size_t i = 0; i < machine->devices.n; i++)
		translated += machine->devices.v[i].group.status == 1;
	joined = strv_join(&names, ",");
	if (!joined)
		machine->chain.error = -ENOMEM;
	chain_add(&machine->chain, &link_iommu, FINDING_OK, joined && *joined ? joined : NULL, NULL,
		  "%zu groups, %zu of %zu devices are in one", groups, translated,
		  machine->devices.n);
}

static size_t count_type(const struct check_machine *machine, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < machine->groups.n; i++) {
		const struct group *group = &machine->groups.v[i];

		n += check_group_real(group) && group->type.status == 1 &&
		     strcmp(group->type.value, type) == 0;
	}
	return n;
}

static void add_domains(struct check_machine *machine, size_t groups)
{
	size_t identity = count_type(machine, "identity"), lazy = count_type(machine, "DMA-FQ");
	struct pasid_chain *chain = &machine->chain;
	int error = 0;

	for (size_t i = 0; i < machine->groups.n; i++)
		if (machine->groups.v[i].type.status < 0)
			error = machine->groups.v[i].type.status;
	if (identity)
		chain_add(chain, &link_domain, FINDING_WARNING, NULL,
			  "boot without iommu=pt, or with iommu.passthrough=0",
			  "identity in %zu of %zu groups", identity, groups);
	else if (error < 0)
		chain_unknown(chain, &link_domain, NULL, error);
	else
		chain_add(chain, &link_domain, FINDING_OK, NULL, NULL,
			  "identity in none of %zu groups", groups);
	if (lazy)
		chain_add(chain, &link_lazy, FINDING_NOTE, NULL, NULL,
			  "DMA-FQ in %zu of %zu groups: a device can reach a page for some 10 ms "
			  "after it was unmapped; iommu.strict=1 forbids it",
			  lazy, groups);
	else if (error < 0)
		chain_unknown(chain, &link_lazy, NULL, error);
	else
		chain_add(chain, &link_lazy, FINDING_OK, NULL, NULL, "DMA-FQ in none of %zu groups",
			  groups);
}

void check_iommu(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	size_t groups = count_groups(machine);

	if (machine->groups_status < 0) {
		chain_unknown(chain, &link_iommu, "/sys/kernel/iommu_groups",
			      machine->groups_status);
		return;
	}
	/* chain_kernel() looks for what turns it off where it is off. */
	if (groups)
		chain->device.group = field_u64(0);
	if (machine->units_status < 0)
		chain_unknown(chain, &link_iommu, "/sys/class/iommu", machine->units_status);
	if (groups == 0) {
		add_off(chain, machine->devices.n);
		return;
	}
	add_on(machine, groups);
	add_domains(machine, groups);
}

/* Arm's and others' units say nothing of PASIDs, but a device where they are enabled does. */
static struct field_u64 enabled_behind(const struct check_machine *machine, const char *unit)
{
	for (size_t i = 0; i < machine->devices.n; i++) {
		const struct device *device = &machine->devices.v[i];

		if (device->iommu.status == 1 && strcmp(device->iommu.value, unit) == 0 &&
		    device->caps.pasid_enabled.status == 1 && device->caps.pasid_enabled.value)
			return field_u64(1);
	}
	return (struct field_u64){ 0 };
}

/* Bits of the uses that a finding from FROM on is broken for. */
static unsigned int broken_for(const struct finding_list *list, size_t from)
{
	unsigned int uses = 0;

	for (size_t i = from; i < list->n; i++)
		if (list->v[i].result == FINDING_BROKEN)
			uses |= list->v[i].uses;
	return uses;
}

/*
 * What one unit lacks hinders the devices behind it alone, where another one has all for the uses FINE:
 * a note for these. Returns 0 or -ENOMEM.
 */
static int relent(struct finding_list *list, size_t from, unsigned int fine)
{
	int r = 0;

	for (size_t i = from, n = list->n; r == 0 && i < n; i++) {
		struct finding note = list->v[i];

		note.uses &= fine;
		if (note.result != FINDING_BROKEN || !note.uses)
			continue;
		note.result = FINDING_NOTE;
		note.meaning = "of the devices behind it alone: another unit has it";
		note.remedy = NULL;
		list->v[i].uses &= ~fine;
		r = finding_add(list, &note, "%s", note.seen);
	}
	return r;
}

static void add_units(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	size_t from = chain->list.n;
	unsigned int fine = 0;

	for (size_t i = 0; i < machine->units.n; i++) {
		size_t own = chain->list.n;

		if (!check_unit_used(&machine->units.v[i]))
			continue;
		/* Borrowed. */
		chain->unit = machine->units.v[i];
		chain->unit_status = 1;
		chain->device.caps.pasid_enabled = enabled_behind(machine, chain->unit.name);
		chain_registers(chain);
		fine |= NEEDS_PASIDS & ~broken_for(&chain->list, own);
	}
	chain->unit = (struct iommu){ 0 };
	chain->unit_status = 0;
	if (chain->error == 0)
		chain->error = relent(&chain->list, from, fine);
}

/* Appends "ID (WIDTH bits)" to TEXT, or dots where many were. */
static void append_device(char *text, size_t size, const struct device *device, size_t n)
{
	size_t len = strlen(text);

	if (n <= 4)
		snprintf(text + len, size - len, "%s%s (%" PRIu64 " bits)", n > 1 ? ", " : "",
			 device->id, device->caps.pasid_width.value);
	else if (n == 5)
		snprintf(text + len, size - len, ", ...");
}

static void add_devices(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	char text[256] = "";
	int error = machine->devices_status < 0 ? machine->devices_status : 0;
	size_t n = 0;

	for (size_t i = 0; i < machine->devices.n; i++) {
		const struct device *device = &machine->devices.v[i];

		if (device->caps.pasid.status < 0)
			error = device->caps.pasid.status;
		else if (device->caps.pasid.status == 1 && device->caps.pasid.value)
			append_device(text, sizeof(text), device, ++n);
	}
	if (n)
		chain_add(chain, &link_devices, FINDING_OK, NULL, NULL, "%zu device%s: %s", n,
			  n == 1 ? "" : "s", text);
	else if (error < 0)
		chain_unknown(chain, &link_devices, NULL, error);
	else
		chain_add(chain, &link_devices, FINDING_BROKEN, NULL, NULL,
			  "none of %zu devices has a PASID capability", machine->devices.n);
}

void check_pasids(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;

	/* The configuration that counts is that of the vendor's driver. */
	for (size_t i = 0; i < machine->units.n && chain->unit_status != 1; i++)
		if (check_unit_used(&machine->units.v[i])) {
			chain->unit = machine->units.v[i];
			chain->unit_status = 1;
		}
	chain_kernel(chain);
	add_units(machine);
	add_devices(machine);
}
