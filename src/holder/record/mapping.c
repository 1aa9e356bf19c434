/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of IOASes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "holder/record/journal.h"

/* Index of the first mapping that ends at or after IOVA. */
static size_t mapping_from(const struct record_ioas *ioas, uint64_t iova)
{
	size_t lo = 0, hi = ioas->n_mappings;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const struct record_mapping *m = &ioas->mapping[middle];

		if (m->iova + (m->length - 1) < iova)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

int record_mapping_reserve(struct record_ioas *ioas)
{
	size_t capacity = ioas->mapping_capacity ? 2 * ioas->mapping_capacity : 1;
	struct record_mapping *v;

	if (ioas->n_mappings < ioas->mapping_capacity)
		return 0;
	v = reallocarray(ioas->mapping, capacity, sizeof(v[0]));
	if (!v)
		return -ENOMEM;
	ioas->mapping = v;
	ioas->mapping_capacity = capacity;
	return 0;
}

static void note(const struct record *record, enum event_kind kind, const struct record_ioas *ioas,
		 const struct record_mapping *m)
{
	journal_note(record->journal, &(struct happening){ .kind = kind,
							   .object = &ioas->object,
							   .iova = m->iova,
							   .length = m->length });
}

void record_mapping_add(struct record *record, struct record_ioas *ioas,
			const struct record_mapping *m)
{
	size_t at = mapping_from(ioas, m->iova);

	memmove(&ioas->mapping[at + 1], &ioas->mapping[at],
		(ioas->n_mappings - at) * sizeof(ioas->mapping[0]));
	ioas->mapping[at] = *m;
	ioas->n_mappings++;
	note(record, EVENT_MAPPED, ioas, m);
}

struct record_mapping *record_mapping_find(const struct record_ioas *ioas, uint64_t iova)
{
	size_t at = mapping_from(ioas, iova);

	return at < ioas->n_mappings && ioas->mapping[at].iova == iova ? &ioas->mapping[at] : NULL;
}

size_t record_mapping_overlaps(const struct record_ioas *ioas, uint64_t iova, uint64_t last,
			       size_t *ret_first, bool *ret_whole)
{
	size_t first = mapping_from(ioas, iova), n = 0;
	bool whole = true;

	for (; first + n < ioas->n_mappings && ioas->mapping[first + n].iova <= last; n++) {
		const struct record_mapping *m = &ioas->mapping[first + n];

		whole = whole && m->iova >= iova && m->iova + (m->length - 1) <= last;
	}
	*ret_first = first;
	*ret_whole = whole;
	return n;
}

void record_mapping_drop(struct record *record, struct record_ioas *ioas, size_t first, size_t n)
{
	if (n == 0) /* the array may be NULL */
		return;
	for (size_t i = first; i < first + n; i++)
		note(record, EVENT_UNMAPPED, ioas, &ioas->mapping[i]);
	ioas->n_mappings -= n;
	memmove(&ioas->mapping[first], &ioas->mapping[first + n],
		(ioas->n_mappings - first) * sizeof(ioas->mapping[0]));
}

uint64_t record_ioas_mapped(const struct record_ioas *ioas)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < ioas->n_mappings; i++)
		bytes += ioas->mapping[i].length;
	return bytes;
}
