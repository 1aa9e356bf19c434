/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs as the IOMMU's own tables have them. Only Intel's are shown by a kernel. */
#include "model/pasid_join.h"

#include <errno.h>
#include <string.h>

#include "model/iommu.h"
#include "sys/debugfs_intel.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

struct reading {
	const struct device_list *list;
	const char *wanted;
	struct pasid_entries *entries;
	struct dmar_entry last; /* whose device was looked up */
	size_t device;          /* list->n: none */
};

void pasid_entries_done(struct pasid_entries *entries)
{
	free(entries->v);
	*entries = (struct pasid_entries){ 0 };
}

/* The table does not name the PCI segment; of a unit's devices, which share one, the address is enough. */
static size_t find_device(const struct device_list *list, const struct dmar_entry *entry)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device *device = &list->v[i];
		struct pci_address address;

		if (device->iommu.status == 1 && strcmp(device->iommu.value, entry->unit) == 0 &&
		    parse_pci_address(device->id, &address) == 0 && address.bus == entry->bus &&
		    address.device == entry->device && address.function == entry->function)
			return i;
	}
	return list->n;
}

static bool is_same_device(const struct dmar_entry *a, const struct dmar_entry *b)
{
	return strcmp(a->unit, b->unit) == 0 && a->bus == b->bus && a->device == b->device &&
	       a->function == b->function;
}

static int on_entry(const struct dmar_entry *entry, void *data)
{
	struct reading *reading = data;
	struct pasid_entries *entries = reading->entries;
	struct pasid_entry found, *last = entries->n ? &entries->v[entries->n - 1] : NULL;

	if (entry->pasid == 0 || entry->pasid == DMAR_LEGACY)
		return 0;
	if (!is_same_device(entry, &reading->last))
		reading->device = find_device(reading->list, entry);
	reading->last = *entry;
	/* An alias of a device behind an old bridge has entries and no device. */
	if (reading->device == reading->list->n)
		return 0;
	if (reading->wanted && strcmp(reading->list->v[reading->device].id, reading->wanted) != 0)
		return 0;
	found = (struct pasid_entry){ .device = reading->device,
				      .lo = entry->pasid,
				      .hi = entry->pasid,
				      .domain = entry->domain,
				      .type = entry->type };
	found.sva = entry->domain == DMAR_DID_SVA && entry->type == DMAR_TYPE_FIRST;
	if (last && last->device == found.device && last->hi + 1 == found.lo &&
	    last->domain == found.domain && last->type == found.type) {
		last->hi = found.hi;
		return 0;
	}
	last = array_push(entries->v, entries->n);
	if (!last)
		return -ENOMEM;
	*last = found;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct pasid_entry *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* No table: because there is no such IOMMU, or because its debugfs is not there? */
static int missing_status(const struct sys_root *root)
{
	_cleanup_iommu_list_ struct iommu_list units = { 0 };

	if (iommu_list(root, 0, &units) < 0)
		return -ENOENT;
	for (size_t i = 0; i < units.n; i++)
		if (units.v[i].vendor.status == 1 && strcmp(units.v[i].vendor.value, "intel") == 0)
			return -ENOENT;
	return -EOPNOTSUPP;
}

int pasid_entries_read(const struct sys_root *root, const struct device_list *list,
		       const char *wanted, struct pasid_entries *ret)
{
	_cleanup_(pasid_entries_done) struct pasid_entries entries = { 0 };
	struct reading reading = { list, wanted, &entries, { .pasid = 0 }, list->n };
	int r;

	r = sys_dmar_entries(root, on_entry, &reading);
	if (r == -ENOMEM)
		return r;
	/* What an unreadable table had shown so far would pass for all of it. */
	if (r < 0)
		pasid_entries_done(&entries);
	entries.status = r == 0 ? 1 : r == -ENOENT ? missing_status(root) : r;
	if (entries.n > 1)
		qsort(entries.v, entries.n, sizeof(entries.v[0]), compare);
	*ret = entries;
	entries = (struct pasid_entries){ 0 };
	return 0;
}
