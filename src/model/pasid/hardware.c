/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Only the Intel driver shows its tables. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/device.h"
#include "model/machine/iommu.h"
#include "sys/debugfs_intel.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

struct reading {
	const struct sys_root *root;
	const char *wanted;
	int (*each)(const struct pasid_entry *, void *);
	void *data;
	struct dmar_entry last; /* the entry being read */
	uint64_t order;         /* of the last entry: see order_of() */
	bool begun;
	int stopped; /* what EACH returned */
	struct field_u64 rid_domain;
	char device[32]; /* id of that device; "" if not found */
	bool named;      /* `device` has been looked up */
	uint32_t *segments;
	size_t n_segments;
};

static void reading_done(struct reading *reading)
{
	free(reading->segments);
}

/*
 * The PCI segments of this machine, because the table does not have them. Most machines have one.
 */
static int read_segments(struct reading *reading)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(reading->root, "sys/bus/pci/devices");
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	/* Devices are sorted by address. */
	for (size_t i = 0; i < list.n; i++) {
		struct pci_address address;
		uint32_t *slot;

		if (parse_pci_address(list.v[i], &address) < 0 ||
		    (reading->n_segments &&
		     reading->segments[reading->n_segments - 1] == address.domain))
			continue;
		slot = array_push(reading->segments, reading->n_segments);
		if (!slot)
			return -ENOMEM;
		*slot = address.domain;
	}
	return 0;
}

/* All devices of a unit are in one segment, so address and unit identify the device. */
static int find_device(struct reading *reading)
{
	const struct dmar_entry *entry = &reading->last;
	int r = reading->n_segments ? 0 : read_segments(reading);

	reading->named = true;
	*reading->device = '\0';
	for (size_t i = 0; r == 0 && i < reading->n_segments; i++) {
		char id[sizeof(reading->device)], path[64], target[PATH_MAX];
		const char *slash;

		snprintf(id, sizeof(id), "%04x:%02x:%02x.%x", reading->segments[i], entry->bus,
			 entry->device, entry->function);
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/iommu", id);
		if (sys_root_link(reading->root, path, target, sizeof(target)) <= 0)
			continue;
		slash = strrchr(target, '/');
		if (strcmp(slash ? slash + 1 : target, entry->unit) != 0)
			continue;
		snprintf(reading->device, sizeof(reading->device), "%s", id);
		break;
	}
	return r;
}

static bool is_same_device(const struct dmar_entry *a, const struct dmar_entry *b)
{
	return a->bus == b->bus && a->device == b->device && a->function == b->function &&
	       strcmp(a->unit, b->unit) == 0;
}

/* root_tbl_walk() visits buses, devices and PASIDs in this order, one unit after the other. */
static uint64_t order_of(const struct dmar_entry *entry)
{
	return (uint64_t)entry->bus << 40 | (uint64_t)entry->device << 35 |
	       (uint64_t)entry->function << 32 | entry->pasid;
}

static int next_entry(struct reading *reading, const struct dmar_entry *entry)
{
	bool same = reading->begun && is_same_device(entry, &reading->last);

	/* The kernel's output is ordered; anything else is not valid. */
	if (reading->begun && strcmp(entry->unit, reading->last.unit) == 0 &&
	    order_of(entry) <= reading->order)
		return -EBADMSG;
	reading->order = order_of(entry);
	if (!same) {
		reading->named = false;
		reading->rid_domain = (struct field_u64){ 0 };
	}
	reading->last = *entry;
	reading->begun = true;
	return 0;
}

static int on_entry(const struct dmar_entry *entry, void *data)
{
	struct reading *reading = data;
	struct pasid_entry found = {
		.device = reading->device,
		.pasid = entry->pasid,
		.domain = entry->domain,
		.type = entry->type,
		.sva = entry->domain == DMAR_DID_SVA && entry->type == DMAR_TYPE_FIRST,
	};
	int r = next_entry(reading, entry);

	if (r < 0)
		return r;
	if (entry->pasid == 0)
		reading->rid_domain = field_u64(entry->domain);
	if (entry->pasid == 0 || entry->pasid == DMAR_LEGACY)
		return 0;
	r = reading->named ? 0 : find_device(reading);
	/* A DMA alias of devices behind a PCI bridge has entries but no device. */
	if (r < 0 || !*reading->device ||
	    (reading->wanted && strcmp(reading->wanted, reading->device) != 0))
		return r;
	found.like_rid =
		reading->rid_domain.status == 1 && reading->rid_domain.value == entry->domain;
	reading->stopped = reading->each(&found, reading->data);
	return reading->stopped;
}

/* Why there is no table: no such IOMMU, or no debugfs for it. */
static int missing_status(const struct sys_root *root)
{
	_cleanup_iommu_list_ struct iommu_list units = { 0 };

	if (iommu_list(root, 0, &units) < 0)
		return -ENOENT;
	for (size_t i = 0; i < units.n; i++)
		if (units.v[i].vendor.status == 1 && strcmp(units.v[i].vendor.value, "intel") == 0)
			return -ENOENT;
	return 0;
}

int pasid_hardware(const struct sys_root *root, const char *device,
		   int (*each)(const struct pasid_entry *entry, void *data), void *data)
{
	_cleanup_(reading_done) struct reading reading = {
		.root = root, .wanted = device, .each = each, .data = data
	};
	int r;

	r = sys_dmar_entries(root, on_entry, &reading);
	if (r == -ENOENT && !reading.stopped)
		return missing_status(root);
	return r == 0 ? 1 : r;
}

static int add_number(const struct pasid_entry *entry, void *data)
{
	return ranges_add(data, entry->pasid, entry->pasid);
}

int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing)
{
	_cleanup_ranges_ struct ranges have = { 0 };
	_cleanup_device_ struct device device = { 0 };
	int r;

	r = device_get(root, path, 0, &device);
	if (r < 0)
		return r;
	r = pasid_hardware(root, device.id, add_number, &have);
	if (r != 1)
		return r == -ENOMEM ? r : 1;
	for (size_t i = 0; i < pasids->n; i++)
		for (uint64_t pasid = pasids->v[i].lo; pasid <= pasids->v[i].hi; pasid++)
			if (!ranges_has(&have, (uint32_t)pasid)) {
				*ret_missing = (uint32_t)pasid;
				return 0;
			}
	return 1;
}

const struct pasid_source pasid_source_vtd = {
	.name = "vt-d",
	.what = "The tables of Intel's IOMMUs",
	.path = "/sys/kernel/debug/iommu/intel/dmar_translation_struct",
};
