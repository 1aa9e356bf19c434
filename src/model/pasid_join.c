/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What somebody says is bound, held against what the hardware has. */
#include "model/pasid_join.h"

#include <errno.h>
#include <string.h>

int pasid_join_status(const struct pasid_join *join, size_t device)
{
	const struct device *d = device < join->list.n ? &join->list.v[device] : NULL;

	if (join->entries.status != 1)
		return join->entries.status;
	return d && d->iommu.status == 1 && str_starts(d->iommu.value, "dmar") ? 1 : -EOPNOTSUPP;
}

/* The first entry of DEVICE that ends at PASID or later. */
static size_t find_entry(const struct pasid_entries *entries, size_t device, uint32_t pasid)
{
	size_t lo = 0, hi = entries->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct pasid_entry *entry = &entries->v[middle];

		if (entry->device < device || (entry->device == device && entry->hi < pasid))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

bool pasid_join_has(const struct pasid_join *join, size_t device, uint32_t pasid)
{
	size_t i = find_entry(&join->entries, device, pasid);

	return i < join->entries.n && join->entries.v[i].device == device &&
	       join->entries.v[i].lo <= pasid;
}

/* One row. ENTRY: what the hardware has there; NULL: nothing, or STATUS says why that is unknown. */
static int add_row(struct pasid_join *join, const struct pasid_range *prototype, uint64_t lo,
		   uint64_t hi, const struct pasid_entry *entry, int status)
{
	struct pasid_range *row = pasid_table_add(&join->table, prototype);

	if (!row)
		return -ENOMEM;
	row->lo = (uint32_t)lo;
	row->hi = (uint32_t)hi;
	row->hardware = status == 1 ? field_u64(entry != NULL) : field_u64_error(status);
	if (entry) {
		row->domain = field_u64(entry->domain);
		row->type = field_u64(entry->type);
	}
	if (row->record.value == 0)
		row->state = PASID_STATE_NOT_RECORDED;
	else if (status != 1)
		row->state = PASID_STATE_UNCONFIRMED;
	else
		row->state = entry ? PASID_STATE_OK : PASID_STATE_NOT_IN_HARDWARE;
	return 0;
}

int pasid_join_claim(struct pasid_join *join, const struct pasid_range *claim, size_t device)
{
	int r = 0, status = pasid_join_status(join, device);
	uint64_t at = claim->lo;

	if (device < join->list.n)
		r = ranges_add(&join->claimed[device], claim->lo, claim->hi);
	for (size_t i = find_entry(&join->entries, device, claim->lo);
	     r == 0 && status == 1 && i < join->entries.n; i++) {
		const struct pasid_entry *entry = &join->entries.v[i];
		uint64_t end = entry->hi < claim->hi ? entry->hi : claim->hi;

		if (entry->device != device || entry->lo > claim->hi)
			break;
		if (entry->lo > at) {
			r = add_row(join, claim, at, entry->lo - 1, NULL, 1);
			at = entry->lo;
		}
		if (r == 0)
			r = add_row(join, claim, at, end, entry, 1);
		at = end + 1;
	}
	if (r == 0 && at <= claim->hi)
		r = add_row(join, claim, at, claim->hi, NULL, status);
	return r;
}

int pasid_join_rest(struct pasid_join *join, const struct pasid_entry *entry,
		    const struct pasid_range *prototype)
{
	const struct ranges *claimed = &join->claimed[entry->device];
	uint64_t at = entry->lo;
	int r = 0;

	for (size_t i = ranges_find(claimed, entry->lo);
	     r == 0 && i < claimed->n && claimed->v[i].lo <= entry->hi; i++) {
		if (claimed->v[i].lo > at)
			r = add_row(join, prototype, at, claimed->v[i].lo - 1, entry, 1);
		at = claimed->v[i].hi + UINT64_C(1);
	}
	if (r == 0 && at <= entry->hi)
		r = add_row(join, prototype, at, entry->hi, entry, 1);
	return r;
}

bool pasid_join_has_rest(const struct pasid_join *join, const struct pasid_entry *entry)
{
	const struct ranges *claimed = &join->claimed[entry->device];
	size_t i = ranges_find(claimed, entry->lo);

	/* Merged ranges touch none of their neighbours: only one that holds all leaves nothing. */
	return i == claimed->n || claimed->v[i].lo > entry->lo || claimed->v[i].hi < entry->hi;
}
