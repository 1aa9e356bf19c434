/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the table that a device's requests go through, from the IOMMU's own tables. */
#include "model/pagetable/pages.h"

#include <errno.h>
#include <string.h>

#include "model/machine/device.h"
#include "model/machine/iommu.h"
#include "sys/debugfs_intel.h"
#include "sys/debugfs_intel_pages.h"
#include "util/parse.h"

#define TABLE(word) ((word) & ~UINT64_C(0xfff)) /* VTD_PAGE_MASK */

/* Address widths of VT-d (AGAW, AW): 1 means 39 bits in 3 levels. */
#define LEVELS(width) ((unsigned int)(width) + 2)

/* Translation types of a legacy mode context entry (CONTEXT_TT_*). */
enum {
	CONTEXT_MULTI_LEVEL = 0,
	CONTEXT_DEV_IOTLB = 1,
	CONTEXT_PASS_THROUGH = 2,
};

struct search {
	const char *unit;
	struct pci_address address;
	uint32_t pasid;
	struct dmar_entry found;
};

void pagetable_done(struct pagetable *table)
{
	free(table->device);
	field_str_done(&table->unit);
	field_str_done(&table->vendor);
	*table = (struct pagetable){ 0 };
}

/* In legacy mode a device has a single entry, whatever PASID is asked for. */
static int on_entry(const struct dmar_entry *entry, void *data)
{
	struct search *search = data;

	if (strcmp(entry->unit, search->unit) != 0 || entry->bus != search->address.bus ||
	    entry->device != search->address.device ||
	    entry->function != search->address.function ||
	    (entry->pasid != search->pasid && entry->pasid != DMAR_LEGACY))
		return 0;
	search->found = *entry;
	return 1;
}

static void from_context(const struct dmar_entry *entry, struct pagetable *table)
{
	switch (entry->context_low >> 2 & 3) {
	case CONTEXT_MULTI_LEVEL:
	case CONTEXT_DEV_IOTLB:
		table->stage = PAGETABLE_SECOND;
		break;
	case CONTEXT_PASS_THROUGH:
		table->stage = PAGETABLE_PASS_THROUGH;
		break;
	default:
		table->lack = PAGETABLE_UNBOUND;
	}
	table->levels = LEVELS(entry->context_high & 7);
	table->table = TABLE(entry->context_low);
}

/*
 * The kernel's dump walks as many levels as the entry's address width (AW), which applies to the
 * second stage; the first stage has those of its paging mode (FSPM).
 */
static void from_first_stage(const struct dmar_entry *entry, struct pagetable *table)
{
	unsigned int mode = entry->high >> 2 & 3;

	table->stage = PAGETABLE_FIRST;
	table->table = TABLE(entry->high);
	if (entry->domain == DMAR_DID_SVA)
		table->lack = PAGETABLE_SVA;
	else if (table->levels != 4 + mode)
		table->lack = PAGETABLE_MISREAD;
}

static void from_entry(const struct dmar_entry *entry, struct pagetable *table)
{
	table->levels = LEVELS(entry->low >> 2 & 7);
	table->table = TABLE(entry->low);
	switch (entry->type) {
	case DMAR_TYPE_FIRST:
		from_first_stage(entry, table);
		return;
	case DMAR_TYPE_SECOND:
		table->stage = PAGETABLE_SECOND;
		return;
	case DMAR_TYPE_NESTED:
		table->stage = PAGETABLE_NESTED;
		return;
	case DMAR_TYPE_PASS_THROUGH:
		table->stage = PAGETABLE_PASS_THROUGH;
		return;
	default:
		table->lack = PAGETABLE_UNBOUND;
	}
}

/* TABLE has device and unit set; the unit is Intel's. Returns 0 or -errno. */
static int find_entry(const struct sys_root *root, struct pagetable *table)
{
	struct search search = { .unit = table->unit.value, .pasid = table->pasid };
	int r;

	if (parse_pci_address(table->device, &search.address) < 0) {
		table->lack = PAGETABLE_NO_PCI;
		return 0;
	}
	r = sys_dmar_entries(root, on_entry, &search);
	if (r == -ENOENT) {
		table->lack = PAGETABLE_NO_TABLE;
		return 0;
	}
	if (r < 0)
		return r;
	if (r == 0) {
		table->lack = PAGETABLE_UNBOUND;
		return 0;
	}
	if (search.found.pasid != DMAR_LEGACY)
		from_entry(&search.found, table);
	else if (table->pasid == 0)
		from_context(&search.found, table);
	else
		table->lack = PAGETABLE_LEGACY;
	if (table->lack == PAGETABLE_THERE && table->levels > PAGETABLE_LEVELS)
		return -EBADMSG;
	return 0;
}

static int find_unit(const struct sys_root *root, const char *path, struct pagetable *table)
{
	_cleanup_device_ struct device device = { 0 };
	_cleanup_iommu_ struct iommu unit = { 0 };
	int r;

	r = device_get(root, path, DEVICE_NEED_IOMMU, &device);
	if (r < 0)
		return r;
	if (device.iommu.status < 0)
		return device.iommu.status;
	table->device = TAKE_PTR(device.id);
	table->unit = device.iommu;
	device.iommu = (struct field_str){ 0 };
	if (table->unit.status == 0) {
		table->lack = PAGETABLE_NO_IOMMU;
		return 0;
	}
	r = iommu_get(root, table->unit.value, 0, &unit);
	if (r < 0)
		return r;
	table->vendor = unit.vendor;
	unit.vendor = (struct field_str){ 0 };
	if (table->vendor.status != 1 || strcmp(table->vendor.value, "intel") != 0)
		table->lack = PAGETABLE_NO_DUMPS;
	return 0;
}

int pagetable_find(const struct sys_root *root, const char *path, uint32_t pasid,
		   struct pagetable *ret)
{
	_cleanup_pagetable_ struct pagetable table = { .pasid = pasid };
	int r;

	r = find_unit(root, path, &table);
	if (r == 0 && table.lack == PAGETABLE_THERE)
		r = find_entry(root, &table);
	if (r < 0)
		return r;
	*ret = table;
	table = (struct pagetable){ 0 };
	return 0;
}

const char *const pagetable_level_names[] = { "PT", "PD", "PDPT", "PML4", "PML5", NULL };

const char *pagetable_level_name(unsigned int level)
{
	return pagetable_level_names[level - 1];
}

const char *const pagetable_stage_names[] = { "first-stage", "second-stage", "nested",
					      "pass-through", NULL };

const char *pagetable_stage_name(enum pagetable_stage stage)
{
	return pagetable_stage_names[stage];
}

const char *const pagetable_state_names[] = { "unmapped", "mapped", "beyond", NULL };

const char *pagetable_state_name(enum pagetable_state state)
{
	return pagetable_state_names[state];
}
