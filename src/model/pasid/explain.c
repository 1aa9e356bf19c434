/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the owners of entries in the hardware's table that no source claims. */
#include "model/pasid/internal.h"

#include <errno.h>

static bool is_context(const struct pasid_query *query, uint64_t pid)
{
	for (size_t i = 0; i < query->n_holders; i++)
		if ((uint64_t)query->holders[i] == pid)
			return true;
	return false;
}

/*
 * The only process that has the device open, or of several the only one with an iommufd. Holders do
 * not count: what a context has bound is in its record.
 */
static void find_user(struct pasid_walk *walk)
{
	struct pasid_place *place = &walk->place;
	struct pasid_span span = pasid_claims_of(&walk->openers, place->id);
	struct field_u64 found[2] = { 0 };
	size_t n[2] = { 0 };

	for (size_t i = span.first; i < span.end; i++) {
		const struct pasid_stored *claim = &walk->openers.v[i];

		if (is_context(walk->query, claim->pid.value))
			continue;
		place->user_source |= claim->sources;
		for (size_t k = 0; k <= (claim->iommufd ? 1 : 0); k++) {
			if (n[k] == 0 || found[k].value != claim->pid.value)
				n[k]++;
			found[k] = claim->pid;
		}
	}
	if (n[1] == 1 || n[0] == 1)
		place->user = n[1] == 1 ? found[1] : found[0];
	else if (n[0] == 0 && walk->files.status != 1)
		place->user = field_u64_error(walk->files.status);
}

int pasid_walk_openers(struct pasid_walk *walk)
{
	int r = 0;

	if (walk->openers_read)
		return 0;
	walk->openers_read = true;
	for (unsigned int i = 0; r == 0 && pasid_sources[i]; i++)
		if (pasid_sources[i] == &pasid_source_vfio)
			r = pasid_walk_read(walk, i, &walk->openers);
	pasid_claims_sort(&walk->openers);
	return r;
}

int pasid_walk_explain(struct pasid_walk *walk, const struct pasid_entry *entry)
{
	struct pasid_place *place = &walk->place;
	int r;

	if (entry->sva)
		return 0;
	if (entry->like_rid && !place->dma_known && walk->rows.need & PASID_NEED_KIND) {
		place->dma = pasid_device_is_dma(walk->query->root, place->id);
		place->dma_known = true;
	}
	if ((entry->like_rid && place->dma) || place->user_known ||
	    !(walk->rows.need & PASID_NEED_OWNER))
		return 0;
	place->user_known = true;
	r = pasid_walk_openers(walk);
	if (r == 0)
		find_user(walk);
	return r;
}
