/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is the IOMMU on, with which default domains; which PASIDs IOMMUs and devices support. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/diagnosis/why_group.h"
#include "sys/kernel_has.h"
#include "sys/kernel_param.h"

static const struct question ask_iommu = {
	"iommu", USE_ALL, "nothing translates the requests of devices: they reach all memory"
};
static const struct question ask_domain = {
	"default-domain", USE_ALL, "while their own driver has them, these devices reach all memory"
};
static const struct question ask_pci = { "iommu-pci", FOR_VFIO,
					 "VFIO has PCI devices that an IOMMU translates for" };
static const struct question ask_region = { "reserved-region", FOR_VFIO };
static const struct question ask_lazy = { "lazy-invalidation", USE_ALL };
static const struct question ask_devices = { "pasid-devices", FOR_PASIDS,
					     "no device puts PASIDs on its requests" };

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

static void add_off(struct pasid_chain *chain, size_t devices)
{
	struct field_str table = sys_firmware_iommu(chain->root);
	char buf[256], text[64] = "";

	if (table.status == 1)
		snprintf(text, sizeof(text), "; the firmware announces one (%s)", table.value);
	else if (table.status == 0)
		snprintf(text, sizeof(text), "; the firmware announces none");
	if (table.status == -ENOMEM)
		chain->list.error = -ENOMEM;
	finding_add(&chain->list, &ask_iommu, FINDING_BROKEN, NULL,
		    chain_advice(chain, false, buf, sizeof(buf)), "no IOMMU group, %zu devices%s",
		    devices, text);
	field_str_done(&table);
}

static void add_on(struct check_machine *machine, size_t groups)
{
	_cleanup_strv_ struct strv names = { 0 };
	_cleanup_free_ char *joined = NULL;
	size_t translated = 0;

	for (size_t i = 0; i < machine->units.n && machine->chain.list.error == 0; i++)
		if (check_unit_used(&machine->units.v[i]))
			machine->chain.list.error = strv_push(&names, machine->units.v[i].name);
	for (size_t i = 0; i < machine->devices.n; i++)
		translated += machine->devices.v[i].group.status == 1;
	joined = strv_join(&names, ",");
	if (!joined)
		machine->chain.list.error = -ENOMEM;
	if (machine->devices_status < 0)
		finding_add(&machine->chain.list, &ask_iommu, FINDING_OK,
			    joined && *joined ? joined : NULL, NULL, "%zu groups", groups);
	else
		finding_add(&machine->chain.list, &ask_iommu, FINDING_OK,
			    joined && *joined ? joined : NULL, NULL,
			    "%zu groups, %zu of %zu devices are in one", groups, translated,
			    machine->devices.n);
}

static bool is_pci(const struct device *device)
{
	return device->bus && strcmp(device->bus, "pci") == 0;
}

/* On some machines the IOMMU only serves displays and similar devices (Raspberry Pi 5). */
static void add_pci(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	size_t n = 0, translated = 0, bridges = 0;
	char buf[256];

	for (size_t i = 0; i < machine->devices.n; i++) {
		const struct device *device = &machine->devices.v[i];

		if (!is_pci(device))
			continue;
		n++;
		/* Bridges are not assigned, only the devices behind them. */
		bridges += device_is_bridge(device);
		translated += device->group.status == 1 && !device_is_bridge(device);
	}
	if (machine->devices_status < 0) {
		finding_unknown(&chain->list, &ask_pci, NULL, machine->devices_status);
	} else if (n == 0) {
		finding_add(&chain->list, &ask_pci, FINDING_NOTE, NULL, NULL,
			    "no PCI device: others are assigned by drivers of their own "
			    "(vfio-platform)");
	} else if (translated == 0) {
		finding_add(&chain->list, &ask_pci, FINDING_BROKEN, NULL,
			    chain_advice(chain, true, buf, sizeof(buf)),
			    "none of %zu PCI devices is in an IOMMU group: the IOMMU serves other "
			    "devices",
			    n - bridges);
	} else {
		finding_add(&chain->list, &ask_pci, FINDING_OK, NULL, NULL,
			    "%zu of %zu PCI devices are in a group", translated, n - bridges);
	}
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

/*
 * What sets the default domain to identity for all groups. For a single group it can be a driver,
 * or a write to its `type`.
 */
static const char *identity_remedy(struct pasid_chain *chain)
{
	if (chain->cmdline_status < 0)
		return NULL;
	if (sys_cmdline_has(&chain->cmdline, BOOT_IOMMU, "pt"))
		return "boot without iommu=pt";
	for (size_t i = 0; i < chain->cmdline.n; i++)
		if (sys_cmdline_value(chain->cmdline.v[i], BOOT_IOMMU_PASSTHROUGH))
			return "boot with iommu.passthrough=0";
	return chain_config(chain, KCONFIG_IOMMU_PASSTHROUGH) > 0 ? "boot with iommu.passthrough=0"
								  : NULL;
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
		finding_add(&chain->list, &ask_domain, FINDING_WARNING, NULL,
			    identity_remedy(chain), "%zu of %zu groups have an identity domain",
			    identity, groups);
	else if (error < 0)
		finding_unknown(&chain->list, &ask_domain, NULL, error);
	else
		finding_add(&chain->list, &ask_domain, FINDING_OK, NULL, NULL,
			    "none of %zu groups has an identity domain", groups);
	if (lazy)
		finding_add(&chain->list, &ask_lazy, FINDING_NOTE, NULL, NULL,
			    "%zu of %zu groups have a lazy domain (DMA-FQ): a device can reach a "
			    "page for some 10 ms after it was unmapped; iommu.strict=1 forbids it",
			    lazy, groups);
	else if (error < 0)
		finding_unknown(&chain->list, &ask_lazy, NULL, error);
	else
		finding_add(&chain->list, &ask_lazy, FINDING_OK, NULL, NULL,
			    "none of %zu groups has a lazy domain (DMA-FQ)", groups);
}

/* Groups that VFIO refuses because of the firmware's regions; the others can be assigned. */
static void add_regions(struct check_machine *machine, size_t groups)
{
	struct pasid_chain *chain = &machine->chain;
	size_t direct = 0;
	int error = 0;

	for (size_t i = 0; i < machine->groups.n; i++) {
		direct += group_is_direct(&machine->groups.v[i]);
		if (machine->groups.v[i].regions_status < 0 &&
		    machine->groups.v[i].regions_status != -ENOENT)
			error = machine->groups.v[i].regions_status;
	}
	for (size_t i = 0; i < machine->groups.n; i++)
		if (group_is_direct(&machine->groups.v[i]))
			group_why_regions(&machine->groups.v[i],
					  direct == groups ? FINDING_BLOCKED : FINDING_WARNING,
					  &chain->list);
	if (error < 0)
		finding_unknown(&chain->list, &ask_region, NULL, error);
	else if (direct == 0)
		finding_add(&chain->list, &ask_region, FINDING_OK, NULL, NULL,
			    "none of %zu groups has a direct region", groups);
}

void check_iommu(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	size_t groups = count_groups(machine);

	if (machine->groups_status < 0) {
		finding_unknown(&chain->list, &ask_iommu, "/sys/kernel/iommu_groups",
				machine->groups_status);
		return;
	}
	/* If it is off, chain_kernel() reports why. */
	if (groups)
		chain->device.group = field_u64(0);
	if (machine->units_status < 0)
		finding_unknown(&chain->list, &ask_iommu, "/sys/class/iommu",
				machine->units_status);
	if (groups == 0) {
		add_off(chain, machine->devices.n);
		return;
	}
	add_on(machine, groups);
	add_pci(machine);
	add_regions(machine, groups);
	add_domains(machine, groups);
}

/*
 * Arm's and other IOMMUs do not publish PASID support, but a device with PASIDs enabled shows it.
 */
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

/* The uses for which a finding from index FROM on is broken. */
static unsigned int broken_for(const struct finding_list *list, size_t from)
{
	unsigned int uses = 0;

	for (size_t i = from; i < list->n; i++)
		if (list->v[i].result == FINDING_BROKEN)
			uses |= list->v[i].uses;
	return uses;
}

/*
 * What one unit lacks only affects the devices behind it: if another unit has everything for the
 * uses FINE, it becomes a note for them.
 */
static void relent(struct finding_list *list, size_t from, unsigned int fine)
{
	for (size_t i = from, n = list->n; i < n; i++) {
		const struct finding *finding = &list->v[i];
		const struct question note = {
			finding->check, finding->uses & fine,
			.fine = "only matters to the devices behind it: another unit has it"
		};

		if (finding->result != FINDING_BROKEN || !note.uses)
			continue;
		list->v[i].uses &= ~fine;
		finding_add(list, &note, FINDING_NOTE, finding->object, NULL, "%s", finding->seen);
	}
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
		fine |= FOR_PASIDS & ~broken_for(&chain->list, own);
	}
	chain->unit = (struct iommu){ 0 };
	chain->unit_status = 0;
	relent(&chain->list, from, fine);
}

/* Appends "ID (WIDTH bits)" to TEXT, or "..." after many. */
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
		finding_add(&chain->list, &ask_devices, FINDING_OK, NULL, NULL, "%zu device%s: %s",
			    n, n == 1 ? "" : "s", text);
	else if (error < 0)
		finding_unknown(&chain->list, &ask_devices, NULL, error);
	else
		finding_add(&chain->list, &ask_devices, FINDING_BROKEN, NULL, NULL,
			    "none of %zu devices has a PASID capability", machine->devices.n);
}

void check_pasids(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;

	/* Kernel configuration is checked for the vendor's driver. */
	for (size_t i = 0; i < machine->units.n && chain->unit_status != 1; i++)
		if (check_unit_used(&machine->units.v[i])) {
			chain->unit = machine->units.v[i];
			chain->unit_status = 1;
		}
	chain_kernel(chain);
	add_units(machine);
	add_devices(machine);
}
