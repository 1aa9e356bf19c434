/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the claims of all sources, one source after the other, and finds unreported numbers of
 * address spaces: in other claims, and in the hardware's table.
 */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

static bool is_unnumbered(const struct binding *claim, enum pasid_kind kind)
{
	return claim->what == PASID_CLAIM_SOME && claim->kind == kind && !claim->own;
}

static void set_number(struct binding *claim, uint32_t pasid)
{
	claim->what = PASID_CLAIM_NUMBER;
	claim->lo = claim->hi = pasid;
}

/* The PASID of a process's address space. */
struct number {
	uint64_t pid;
	uint32_t pasid;
};

struct numbers {
	struct number *v;
	size_t n;
};

static void numbers_done(struct numbers *numbers)
{
	free(numbers->v);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return u64_compare(x->pid, y->pid);
}

static int numbers_get(const struct bindings *claims, struct numbers *ret)
{
	for (size_t i = 0; i < claims->n; i++) {
		const struct binding *claim = &claims->v[i];
		struct number *number;

		if (claim->what != PASID_CLAIM_NUMBER || claim->kind != PASID_KIND_SVA ||
		    claim->own || claim->pid.status != 1)
			continue;
		number = array_push(ret->v, ret->n);
		if (!number)
			return -ENOMEM;
		*number = (struct number){ claim->pid.value, claim->lo };
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(ret->v[0]), compare_numbers);
	return 0;
}

/*
 * An address space has the same PASID on all devices (mm->iommu_mm->pasid): if one source reports
 * its number for a process, sets it in the other claims of that process.
 */
static int number_from_claims(struct bindings *claims)
{
	_cleanup_(numbers_done) struct numbers numbers = { 0 };

	if (numbers_get(claims, &numbers) < 0)
		return -ENOMEM;
	for (size_t i = 0; numbers.n && i < claims->n; i++) {
		struct binding *claim = &claims->v[i];
		const struct number key = { .pid = claim->pid.value }, *found;

		if (!is_unnumbered(claim, PASID_KIND_SVA) || claim->pid.status != 1)
			continue;
		found = bsearch(&key, numbers.v, numbers.n, sizeof(key), compare_numbers);
		if (found)
			set_number(claim, found->pasid);
	}
	bindings_sort(claims);
	return 0;
}

/*
 * A device where a single process, or the kernel, has bound a PASID without reporting its number.
 */
struct wanted {
	struct binding_span span;
	enum pasid_kind kind; /* SVA or DMA */
	size_t found;         /* number of entries that match */
	uint32_t pasid;
};

struct search {
	const struct bindings *claims;
	struct wanted *v;
	size_t n;
	size_t last; /* start of the search: entries are grouped by device */
};

static void search_done(struct search *search)
{
	free(search->v);
}

static int add_wanted(struct search *search, struct binding_span span, enum pasid_kind kind)
{
	struct wanted *slot;
	struct field_u64 pid = { 0 };
	size_t n = 0;

	for (size_t i = span.first; i < span.end; i++) {
		const struct binding *claim = &search->claims->v[i];

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

/*
 * If only one process has bound a PASID of a device, and only one of the device's entries in the
 * hardware's table is an unclaimed address space, that entry is the process's; likewise for the
 * kernel's own and the domain of the device's requests.
 */
static int number_from_hardware(const struct pasid_query *query, struct bindings *claims)
{
	_cleanup_(search_done) struct search search = { .claims = claims };
	int r = 0;

	for (size_t i = 0; r == 0 && i < claims->n;) {
		struct binding_span span = bindings_of(claims, claims->v[i].device);

		r = add_wanted(&search, span, PASID_KIND_SVA);
		if (r == 0)
			r = add_wanted(&search, span, PASID_KIND_DMA);
		i = span.end;
	}
	if (r < 0 || search.n == 0)
		return r;
	r = pasid_hardware(query->root, query->device, on_entry, &search);
	/* A match is only unique if the whole table was read. */
	if (r != 1)
		return r == -ENOMEM ? r : 0;
	for (size_t i = 0; i < search.n; i++)
		for (size_t k = search.v[i].span.first;
		     search.v[i].found == 1 && k < search.v[i].span.end; k++)
			if (is_unnumbered(&claims->v[k], search.v[i].kind))
				set_number(&claims->v[k], search.v[i].pasid);
	bindings_sort(claims);
	return 0;
}

int pasid_walk_number(struct pasid_walk *walk)
{
	int r = number_from_claims(&walk->claims);

	return r < 0 ? r : number_from_hardware(walk->query, &walk->claims);
}

static int read_source(struct pasid_walk *walk, unsigned int n, struct bindings *claims)
{
	struct pasid_report *report = &walk->reports->v[n];
	struct pasid_reader reader = {
		.root = walk->query->root,
		.contexts = &walk->query->contexts,
		.device = walk->query->device,
		.need = walk->query->need,
		.files = &walk->files,
		.claims = claims,
	};
	int r = pasid_source_read(n, &reader);

	if (r == -ENOMEM)
		return r;
	report->status = r;
	report->n_rows = reader.n_rows;
	memcpy(report->reason, reader.reason, sizeof(report->reason));
	return 0;
}

int pasid_walk_openers(struct pasid_walk *walk)
{
	int r = 0;

	if (walk->openers_read)
		return 0;
	walk->openers_read = true;
	for (unsigned int i = 0; r == 0 && pasid_sources[i]; i++)
		if (pasid_sources[i]->openers)
			r = read_source(walk, i, &walk->openers);
	bindings_sort(&walk->openers);
	return r;
}

/* Openers make no bindings, and a source this kernel does not show has none. */
static void set_claimants(struct pasid_walk *walk)
{
	walk->rows.records_status = walk->reports->v[PASID_SOURCE_CONTEXT].status;
	walk->rows.drivers_status = 1;
	for (size_t i = PASID_SOURCE_VTD + 1; i < walk->reports->n; i++) {
		int status = walk->reports->v[i].status;

		if (status < 0 && status != -EOPNOTSUPP && !pasid_sources[i]->openers)
			walk->rows.drivers_status = status;
	}
}

int pasid_walk_claims(struct pasid_walk *walk)
{
	struct pasid_reports *reports = walk->reports;
	int r = 0;

	for (unsigned int i = 0; r == 0 && pasid_sources[i]; i++) {
		reports->v[reports->n++] =
			(struct pasid_report){ .source = pasid_sources[i], .status = 1 };
		if (pasid_sources[i]->read && !pasid_sources[i]->openers)
			r = read_source(walk, i, &walk->claims);
	}
	if (r == 0 && walk->query->need & PASID_NEED_TABLES)
		r = pasid_walk_openers(walk);
	if (r < 0)
		return r;
	set_claimants(walk);
	return pasid_walk_number(walk);
}
