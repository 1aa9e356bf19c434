/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The join: the hardware's entries are read one by one and compared with the sorted claims of their
 * device, so that only claims take memory, not entries.
 */
#include "model/pasid/walk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/pasid/internal.h"
#include "util/array.h"
#include "util/cleanup.h"

static void place_done(struct pasid_place *place)
{
	pasid_device_done(&place->facts);
	free(place->pids.v);
	free(place->pasids.v);
	free(place->id);
	*place = (struct pasid_place){ 0 };
}

static void walk_done(struct pasid_walk *walk)
{
	pasid_files_done(&walk->files);
	bindings_done(&walk->claims);
	bindings_done(&walk->openers);
	pasid_processes_done(&walk->rows.processes);
	pasid_users_done(&walk->rows.users);
	pasid_parts_done(&walk->parts);
	place_done(&walk->place);
	free(walk->told);
}

static int flush(struct pasid_walk *walk)
{
	struct pasid_run *run = &walk->run;
	struct binding binding;
	int r;

	if (!run->open)
		return 0;
	run->open = false;
	r = pasid_row_get(&walk->rows, &walk->place, run->claim,
			  run->has_entry ? &run->entry : NULL, run->lo, run->hi, &binding);
	if (r == 0)
		r = walk->stopped = walk->each(&binding, walk->data);
	return r;
}

static bool is_alike(const struct pasid_entry *a, const struct pasid_entry *b)
{
	return a->domain == b->domain && a->type == b->type;
}

/* Reports LO to HI, merged with the range before if all but the number is equal. */
static int tell(struct pasid_walk *walk, const struct binding *claim,
		const struct pasid_entry *entry, uint32_t lo, uint32_t hi)
{
	struct pasid_run *run = &walk->run;
	int r;

	if (run->open && run->claim == claim && run->hi + 1 == lo &&
	    run->has_entry == (entry != NULL) && (!entry || is_alike(&run->entry, entry))) {
		run->hi = hi;
		return 0;
	}
	r = flush(walk);
	if (r != 0)
		return r;
	*run = (struct pasid_run){
		.open = true, .claim = claim, .has_entry = entry != NULL, .lo = lo, .hi = hi
	};
	if (entry)
		run->entry = *entry;
	return 0;
}

/* What is held back is of a claim that goes. */
static int next_parts(struct pasid_walk *walk)
{
	int r = walk->run.claim ? flush(walk) : 0;

	return r == 0 ? pasid_parts_next(&walk->parts) : r;
}

/* Reports claims up to END (exclusive) that are not in the hardware's table. */
static int tell_missing(struct pasid_walk *walk, uint64_t end)
{
	const struct pasid_parts *parts = &walk->parts;
	int r = 0;

	while (r == 0 && parts->n && parts->v[0].lo < end) {
		uint64_t lo = parts->v[0].lo > walk->next ? parts->v[0].lo : walk->next;
		uint64_t hi = parts->v[0].hi < end ? parts->v[0].hi : end - 1;

		for (size_t i = 0; r == 0 && lo <= hi && i < parts->n; i++)
			/* One that may be stale is dropped if the hardware's table does not have it. */
			if (parts->v[i].what != PASID_CLAIM_STALE || walk->place.status != 1)
				r = tell(walk, &parts->v[i], NULL, (uint32_t)lo, (uint32_t)hi);
		if (parts->v[0].hi >= end)
			break;
		r = r == 0 ? next_parts(walk) : r;
	}
	return r;
}

static int add_candidate(struct candidates *candidates, uint64_t value)
{
	uint64_t *slot = array_push(candidates->v, candidates->n);

	if (!slot)
		return -ENOMEM;
	*slot = value;
	return 0;
}

static bool has_candidate(const struct candidates *candidates, uint64_t value)
{
	for (size_t i = 0; i < candidates->n; i++)
		if (candidates->v[i] == value)
			return true;
	return false;
}

/* The processes that bound an address space of the device without reporting the number. */
static int list_pids(struct pasid_walk *walk)
{
	struct pasid_place *place = &walk->place;
	int r = 0;

	for (size_t i = 0; r == 0 && i < walk->parts.n_loose; i++) {
		const struct binding *claim = &walk->parts.loose[i];

		if (claim->what != PASID_CLAIM_SOME || claim->kind != PASID_KIND_SVA || claim->own)
			continue;
		if (claim->pid.status != 1)
			place->pids_status = claim->pid.status;
		else if (!has_candidate(&place->pids, claim->pid.value))
			r = add_candidate(&place->pids, claim->pid.value);
	}
	return r;
}

/* The table distinguishes a process's address space from everything else. */
static bool contradicts(const struct binding *part, const struct pasid_entry *entry)
{
	return part->kind != PASID_KIND_UNKNOWN && (part->kind == PASID_KIND_SVA) != entry->sva;
}

static bool is_context(const struct pasid_contexts *contexts, uint64_t pid)
{
	for (size_t i = 0; i < contexts->n_holders; i++)
		if ((uint64_t)contexts->holders[i] == pid)
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
	struct binding_span span = bindings_of(&walk->openers, place->id);
	struct field_u64 found[2] = { 0 };
	size_t n[2] = { 0 };

	for (size_t i = span.first; i < span.end; i++) {
		const struct binding *claim = &walk->openers.v[i];

		if (is_context(&walk->query->contexts, claim->pid.value))
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

/* Reads what the place needs to find the owner of ENTRY, which no source claims. */
static int explain(struct pasid_walk *walk, const struct pasid_entry *entry)
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

static int tell_entry(struct pasid_walk *walk, const struct pasid_entry *entry)
{
	bool claimed = false;
	int r = tell_missing(walk, entry->pasid);

	for (size_t i = 0; r == 0 && i < walk->parts.n; i++) {
		const struct binding *part = &walk->parts.v[i];

		if (part->lo > entry->pasid || part->hi < entry->pasid)
			break;
		if (!contradicts(part, entry)) {
			claimed = true;
			r = tell(walk, part, entry, entry->pasid, entry->pasid);
		} else if (part->what != PASID_CLAIM_STALE) {
			r = tell(walk, part, NULL, entry->pasid, entry->pasid);
		}
	}
	if (r == 0 && !claimed)
		r = explain(walk, entry);
	if (r == 0 && !claimed && entry->sva && walk->place.pids.n)
		r = add_candidate(&walk->place.pasids, entry->pasid);
	if (r == 0 && !claimed)
		r = tell(walk, NULL, entry, entry->pasid, entry->pasid);
	walk->next = entry->pasid + UINT64_C(1);
	return r;
}

static int end_device(struct pasid_walk *walk)
{
	int r;

	if (!walk->place.id)
		return 0;
	r = tell_missing(walk, PASID_MAX + UINT64_C(1));
	for (size_t i = 0; r == 0 && i < walk->parts.n_loose; i++) {
		const struct binding *claim = &walk->parts.loose[i];

		r = tell(walk, claim, NULL, claim->lo, claim->hi);
	}
	if (r == 0)
		r = flush(walk);
	walk->run.open = false;
	pasid_parts_done(&walk->parts);
	place_done(&walk->place);
	return r;
}

static int begin_device(struct pasid_walk *walk, const char *id, bool in_table)
{
	struct binding_span span = bindings_of(&walk->claims, id);
	struct pasid_place *place = &walk->place;
	bool behind = in_table;
	int r;

	if (span.first < span.end) {
		/* The kernel does not list a device twice. */
		if (walk->told[span.first])
			return -EBADMSG;
		walk->told[span.first] = true;
	}
	*place = (struct pasid_place){ .id = strdup(id) };
	if (!place->id)
		return -ENOMEM;
	pasid_device_get(walk->query->root, id, walk->rows.need,
			 !in_table && walk->hardware_status == 1, &place->facts);
	behind = behind ||
		 (place->facts.unit.status == 1 && str_starts(place->facts.unit.value, "dmar"));
	place->status = in_table || walk->hardware_status != 1 ? walk->hardware_status
			: behind                               ? 1
							       : -EOPNOTSUPP;
	walk->next = 0;
	r = pasid_parts_begin(&walk->claims, span, &walk->rows.processes, &walk->parts);
	return r == 0 ? list_pids(walk) : r;
}

static int on_entry(const struct pasid_entry *entry, void *data)
{
	struct pasid_walk *walk = data;
	int r = 0;

	walk->n_entries++;
	if (!walk->place.id || strcmp(walk->place.id, entry->device) != 0) {
		r = end_device(walk);
		if (r == 0)
			r = begin_device(walk, entry->device, true);
	}
	return r == 0 ? tell_entry(walk, entry) : r;
}

/* The devices in the hardware's table. Returns 0, what EACH did, or -errno. */
static int walk_hardware(struct pasid_walk *walk)
{
	int r;

	/* Valid so far, until an error occurs. */
	walk->hardware_status = 1;
	r = pasid_hardware(walk->query->root, walk->query->device, on_entry, walk);
	if (walk->stopped || r == -ENOMEM)
		return walk->stopped ? walk->stopped : r;
	walk->hardware_status = r == 0 ? -EOPNOTSUPP : r;
	/* If the table ends in an error, the rest of the device is unknown. */
	if (r != 1) {
		r = flush(walk);
		if (r != 0)
			return r;
		walk->place.status = walk->hardware_status;
	}
	return end_device(walk);
}

/* Those known only from claims. */
static int walk_claims(struct pasid_walk *walk)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < walk->claims.n;) {
		struct binding_span span = bindings_of(&walk->claims, walk->claims.v[i].device);

		i = span.end;
		if (walk->told[span.first])
			continue;
		r = begin_device(walk, walk->claims.v[span.first].device, false);
		if (r == 0)
			r = end_device(walk);
	}
	return r;
}

static void report_hardware(const struct pasid_walk *walk, struct pasid_reports *reports)
{
	struct pasid_report *report = &reports->v[PASID_SOURCE_VTD];
	int status = walk->hardware_status;
	const char *reason = "";

	report->n_rows = walk->n_entries;
	report->status = status;
	if (status == -EOPNOTSUPP) {
		report->status = 0;
		reason = "no Intel IOMMU";
	} else if (status == -ENOENT) {
		report->status = -EOPNOTSUPP;
		reason = "debugfs is not mounted, or the kernel lacks "
			 "CONFIG_INTEL_IOMMU_DEBUGFS";
	} else if (status < 0) {
		reason = status == -EBADMSG ? "the table has an unknown format" : strerror(-status);
	}
	snprintf(report->reason, sizeof(report->reason), "%s", reason);
	reports->hardware_status = status;
	reports->process_status = walk->files.status ? walk->files.status : 1;
}

int pasid_walk(const struct pasid_query *query,
	       int (*each)(const struct binding *binding, void *data), void *data,
	       struct pasid_reports *ret)
{
	struct pasid_reports reports = { 0 };
	_cleanup_(walk_done) struct pasid_walk walk = {
		.query = query,
		.reports = &reports,
		.each = each,
		.data = data,
		.rows = { .root = query->root,
			  .need = query->need,
			  .processes = { .root = query->root } },
	};
	int r;

	r = pasid_walk_claims(&walk);
	if (r == 0)
		walk.told = calloc(walk.claims.n + 1, sizeof(*walk.told));
	if (r == 0 && !walk.told)
		r = -ENOMEM;
	if (r == 0)
		r = walk_hardware(&walk);
	if (r == 0)
		r = walk_claims(&walk);
	report_hardware(&walk, &reports);
	if (r >= 0)
		*ret = reports;
	return r;
}

static int add_binding(const struct binding *binding, void *data)
{
	return bindings_add(data, binding);
}

int pasid_list(const struct pasid_query *query, struct bindings *ret,
	       struct pasid_reports *ret_reports)
{
	_cleanup_bindings_ struct bindings list = { 0 };
	int r;

	r = pasid_walk(query, add_binding, &list, ret_reports);
	if (r < 0)
		return r;
	bindings_sort(&list);
	*ret = list;
	list = (struct bindings){ 0 };
	return 0;
}
