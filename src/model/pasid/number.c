/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds unreported numbers of address spaces in the hardware's table. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

/*
 * A device where a single process, or the kernel, has bound a PASID without reporting its number.
 */
struct wanted {
	struct pasid_span span;
	enum pasid_kind kind; /* SVA or DMA */
	size_t found;         /* number of entries that match */
	uint32_t pasid;
};

struct search {
	const struct pasid_claims *claims;
	struct wanted *v;
	size_t n;
	size_t last; /* start of the search: entries are grouped by device */
};

static void search_done(struct search *search)
{
	free(search->v);
}

static bool is_unnumbered(const struct pasid_stored *claim, enum pasid_kind kind)
{
	return claim->what == PASID_CLAIM_SOME && claim->kind == kind && !claim->own;
}

static int add_wanted(struct search *search, struct pasid_span span, enum pasid_kind kind)
{
	struct wanted *slot;
	struct field_u64 pid = { 0 };
	size_t n = 0;

	for (size_t i = span.first; i < span.end; i++) {
		const struct pasid_stored *claim = &search->claims->v[i];

		if (!is_unnumbered(claim, kind))
			continue;
		if (n++ &&
		    (pid.status != 1 || claim->pid.status != 1 || claim->pid.value != pid.value))
			return 0;
		pid = claim->pid;
	}
	if (n == 0)
		return 0;
	slot = array_push(search->v, search->n);
	if (!slot)
		return -ENOMEM;
	*slot = (struct wanted){ .span = span, .kind = kind };
	return 0;
}

static const char *device_of(const struct search *search, size_t i)
{
	return search->claims->v[search->v[i].span.first].device;
}

static bool is_claimed(const struct search *search, const struct wanted *wanted, uint32_t pasid)
{
	for (size_t i = wanted->span.first; i < wanted->span.end; i++)
		if (search->claims->v[i].lo <= pasid && search->claims->v[i].hi >= pasid)
			return true;
	return false;
}

static void judge(const struct search *search, struct wanted *wanted,
		  const struct pasid_entry *entry)
{
	bool fits = wanted->kind == PASID_KIND_SVA ? entry->sva : entry->like_rid;

	if (fits && wanted->found < 2 && !is_claimed(search, wanted, entry->pasid)) {
		wanted->found++;
		wanted->pasid = entry->pasid;
	}
}

static int on_entry(const struct pasid_entry *entry, void *data)
{
	struct search *search = data;

	if (search->last == search->n || strcmp(device_of(search, search->last), entry->device)) {
		size_t i = 0;

		while (i < search->n && strcmp(device_of(search, i), entry->device) != 0)
			i++;
		search->last = i;
	}
	for (size_t i = search->last;
	     i < search->n && search->v[i].span.first == search->v[search->last].span.first; i++)
		judge(search, &search->v[i], entry);
	return 0;
}

int pasid_walk_number(struct pasid_walk *walk)
{
	_cleanup_(search_done) struct search search = { .claims = &walk->claims };
	int r = 0;

	for (size_t i = 0; r == 0 && i < walk->claims.n;) {
		struct pasid_span span = pasid_claims_of(&walk->claims, walk->claims.v[i].device);

		r = add_wanted(&search, span, PASID_KIND_SVA);
		if (r == 0)
			r = add_wanted(&search, span, PASID_KIND_DMA);
		i = span.end;
	}
	if (r < 0 || search.n == 0)
		return r;
	r = pasid_hardware(walk->query->root, walk->query->device, on_entry, &search);
	/* A match is only unique if the whole table was read. */
	if (r != 1)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < search.n; i++)
		for (size_t k = search.v[i].span.first;
		     search.v[i].found == 1 && k < search.v[i].span.end; k++)
			if (is_unnumbered(&walk->claims.v[k], search.v[i].kind))
				pasid_claims_set(&walk->claims, k, search.v[i].pasid);
	pasid_claims_sort(&walk->claims);
	return 0;
}
