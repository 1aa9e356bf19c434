/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merges the claims of one device that agree. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

void pasid_parts_done(struct pasid_parts *parts)
{
	free(parts->v);
	free(parts->loose);
	*parts = (struct pasid_parts){ 0 };
}

/* Did process A start before B? Pids do not say, because they wrap. */
static int is_older(struct pasid_processes *processes, uint64_t a, uint64_t b, bool *ret)
{
	struct pasid_process *x, *y;
	int r;

	r = pasid_process_get(processes, (pid_t)a, &x);
	if (r == 0)
		r = pasid_process_get(processes, (pid_t)b, &y);
	if (r < 0)
		return r;
	*ret = x->status == 1 && (y->status != 1 || x->process.start < y->process.start);
	return 0;
}

/* Two claims on a PASID are the same binding unless they contradict each other. */
static bool agree(const struct binding *a, const struct binding *b)
{
	bool same_source = (a->sources & b->sources) != 0;

	if (a->own != b->own || a->lo != b->lo || a->hi != b->hi)
		return false;
	if (a->kind != b->kind && a->kind != PASID_KIND_UNKNOWN && b->kind != PASID_KIND_UNKNOWN)
		return false;
	/* Only one of two contexts can have it. */
	if (a->context.status || b->context.status)
		return !same_source && (!a->context.status || !b->context.status);
	/* Without a number, claims of different processes are different bindings. */
	if (a->pid.status == 1 && b->pid.status == 1 && a->pid.value != b->pid.value)
		return same_source && a->lo != 0;
	/* Without a number, an unreadable process is not assumed to be a known one. */
	return a->lo != 0 || !same_source || (a->pid.status == 1 && b->pid.status == 1);
}

static void add_count(struct field_u64 *to, const struct field_u64 *from, bool same_source)
{
	if (from->status == 1 && to->status == 1 && same_source)
		to->value += from->value;
	else if (to->status != 1 && from->status)
		*to = *from;
}

/*
 * Adds to A what B knows. If several processes share an open file, the oldest is the one that
 * opened it.
 */
static int merge(struct pasid_processes *processes, struct binding *a, const struct binding *b)
{
	bool same_source = (a->sources & b->sources) != 0, older = false;
	int r;

	if (a->pid.status == 1 && b->pid.status == 1 && a->pid.value != b->pid.value) {
		r = is_older(processes, b->pid.value, a->pid.value, &older);
		if (r < 0)
			return r;
	} else {
		add_count(&a->faults, &b->faults, same_source);
		add_count(&a->fault_failures, &b->fault_failures, same_source);
	}
	if (older || a->pid.status != 1)
		a->pid = b->pid.status ? b->pid : a->pid;
	if (a->kind == PASID_KIND_UNKNOWN)
		a->kind = b->kind;
	if (a->what == PASID_CLAIM_STALE)
		a->what = b->what;
	if (b->through.status && (!a->through.status || older))
		a->through = b->through;
	if (b->context.status) {
		a->context = b->context;
		a->ioas = b->ioas;
		a->ioas_name = b->ioas_name;
		a->hwpt = b->hwpt;
		a->uid = b->uid;
	}
	a->sources |= b->sources;
	return 0;
}

/*
 * Contradicting claims on the same PASIDs, or claims with different ends. There are few, unless
 * someone makes up claims to slow us down.
 */
struct active {
	struct binding *v[16];
	size_t n;
};

static int push(struct binding **list, size_t *n, const struct binding *claim)
{
	struct binding *slot = array_push(*list, *n);

	if (!slot)
		return -ENOMEM;
	*slot = *claim;
	return 0;
}

/*
 * Merges CLAIM into the first part of LIST, from index FROM on, that agrees with it; else appends
 * it.
 */
static int add_part(struct pasid_processes *processes, const struct binding *claim,
		    struct binding **list, size_t *n, size_t from)
{
	for (size_t i = from; i < *n; i++)
		if (agree(&(*list)[i], claim))
			return merge(processes, &(*list)[i], claim);
	return push(list, n, claim);
}

/* Adds the part from LO to where the next claim begins (NEXT) or the first active one ends. */
static int add_active(struct pasid_processes *processes, struct active *active, uint32_t lo,
		      uint64_t next, struct pasid_parts *parts, uint32_t *ret_hi)
{
	uint64_t hi = next - 1;
	size_t from = parts->n, left = 0;

	for (size_t i = 0; i < active->n; i++)
		if (active->v[i]->hi < hi)
			hi = active->v[i]->hi;
	for (size_t i = 0; i < active->n; i++) {
		struct binding part = *active->v[i];

		part.lo = lo;
		part.hi = (uint32_t)hi;
		if (add_part(processes, &part, &parts->v, &parts->n, from) < 0)
			return -ENOMEM;
		if (active->v[i]->hi > hi)
			active->v[left++] = active->v[i];
	}
	active->n = left;
	*ret_hi = (uint32_t)hi;
	return 0;
}

/* A process may have opened a device many times: equal claims count once. */
static int activate(struct pasid_processes *processes, struct active *active, struct binding *claim,
		    struct pasid_parts *parts)
{
	for (size_t i = 0; i < active->n; i++)
		if (agree(active->v[i], claim))
			return merge(processes, active->v[i], claim);
	if (active->n == ARRAY_SIZE(active->v))
		return push(&parts->loose, &parts->n_loose, claim);
	active->v[active->n++] = claim;
	return 0;
}

/* Sweeps over numbered claims, sorted by start, and merges them. */
static int sweep(struct binding *claims, size_t n, struct pasid_processes *processes,
		 struct pasid_parts *parts)
{
	struct active active = { .n = 0 };
	uint32_t at = 0;
	size_t i = 0;

	while (i < n || active.n) {
		if (active.n == 0)
			at = claims[i].lo;
		for (; i < n && claims[i].lo <= at; i++)
			if (activate(processes, &active, &claims[i], parts) < 0)
				return -ENOMEM;
		if (add_active(processes, &active, at,
			       i < n ? claims[i].lo : PASID_MAX + UINT64_C(2), parts, &at) < 0)
			return -ENOMEM;
		at++;
	}
	return 0;
}

/* Adjacent sorted claims: if this is false, no claim after A agrees with one up to A. */
static bool may_agree(const struct binding *a, const struct binding *b)
{
	if (a->lo != b->lo)
		return false;
	/* Without a number, claims are merged by process. */
	return a->lo || (a->sources == b->sources && a->pid.value == b->pid.value);
}

int pasid_parts_get(const struct bindings *claims, struct binding_span span,
		    struct pasid_processes *processes, struct pasid_parts *ret)
{
	_cleanup_(pasid_parts_done) struct pasid_parts parts = { 0 };
	_cleanup_free_ struct binding *numbered = NULL;
	size_t n = 0, from = 0;
	int r = 0;

	if (span.end > span.first)
		numbered = calloc(span.end - span.first, sizeof(*numbered));
	if (span.end > span.first && !numbered)
		return -ENOMEM;
	for (size_t i = span.first; r == 0 && i < span.end; i++) {
		const struct binding *claim = &claims->v[i];

		if (claim->lo && !claim->own) {
			numbered[n++] = *claim;
			continue;
		}
		if (i > span.first && !may_agree(&claims->v[i - 1], claim))
			from = parts.n_loose;
		r = add_part(processes, claim, &parts.loose, &parts.n_loose, from);
	}
	if (r == 0)
		r = sweep(numbered, n, processes, &parts);
	if (r < 0)
		return r;
	*ret = parts;
	parts = (struct pasid_parts){ 0 };
	return 0;
}
