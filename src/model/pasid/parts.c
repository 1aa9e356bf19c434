/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merges the claims of one device that agree. */
#include "model/pasid/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

void pasid_parts_done(struct pasid_parts *parts)
{
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

static int push_loose(struct pasid_parts *parts, const struct binding *claim)
{
	struct binding *slot = array_push(parts->loose, parts->n_loose);

	if (!slot)
		return -ENOMEM;
	*slot = *claim;
	return 0;
}

static bool is_loose(const struct binding *claim)
{
	return claim->lo == 0 || claim->own;
}

/* Adjacent sorted claims: if this is false, no claim after A agrees with one up to A. */
static bool may_agree(const struct binding *a, const struct binding *b)
{
	if (a->lo != b->lo)
		return false;
	/* Without a number, claims are merged by process. */
	return a->lo || (a->sources == b->sources && a->pid.value == b->pid.value);
}

static int add_loose(struct pasid_parts *parts, const struct binding *claim, size_t from)
{
	for (size_t i = from; i < parts->n_loose; i++)
		if (agree(&parts->loose[i], claim))
			return merge(parts->processes, &parts->loose[i], claim);
	return push_loose(parts, claim);
}

int pasid_parts_begin(struct bindings *claims, struct binding_span span,
		      struct pasid_processes *processes, struct pasid_parts *ret)
{
	_cleanup_(pasid_parts_done) struct pasid_parts parts = {
		.processes = processes,
		.claims = claims->v,
		.next = span.first,
		.end = span.end,
	};
	size_t from = 0;

	for (size_t i = span.first; i < span.end; i++) {
		const struct binding *claim = &claims->v[i];

		if (!is_loose(claim))
			continue;
		if (i > span.first && !may_agree(&claims->v[i - 1], claim))
			from = parts.n_loose;
		if (add_loose(&parts, claim, from) < 0)
			return -ENOMEM;
	}
	*ret = parts;
	parts = (struct pasid_parts){ 0 };
	return pasid_parts_next(ret);
}

/* The next claim that is not loose; NULL: none. */
static struct binding *peek(struct pasid_parts *parts)
{
	while (parts->next < parts->end && is_loose(&parts->claims[parts->next]))
		parts->next++;
	return parts->next < parts->end ? &parts->claims[parts->next] : NULL;
}

/* A process may have opened a device many times: equal claims count once. */
static int activate(struct pasid_parts *parts, struct binding *claim)
{
	for (size_t i = 0; i < parts->n_active; i++)
		if (agree(parts->active[i], claim))
			return merge(parts->processes, parts->active[i], claim);
	if (parts->n_active == ARRAY_SIZE(parts->active))
		return push_loose(parts, claim);
	parts->active[parts->n_active++] = claim;
	return 0;
}

/* Merges PART into the first of the current parts that agrees with it; else adds it. */
static int add_part(struct pasid_parts *parts, const struct binding *part)
{
	for (size_t i = 0; i < parts->n; i++)
		if (agree(&parts->v[i], part))
			return merge(parts->processes, &parts->v[i], part);
	parts->v[parts->n++] = *part;
	return 0;
}

/* Up to where the next claim begins or the first active one ends. */
int pasid_parts_next(struct pasid_parts *parts)
{
	uint32_t lo = parts->n ? parts->v[0].hi + 1 : 0, hi = PASID_MAX;
	struct binding *claim = peek(parts);
	size_t n_left = 0;

	parts->n = 0;
	if (parts->n_active == 0 && claim)
		lo = claim->lo;
	for (; claim && claim->lo <= lo; claim = peek(parts)) {
		parts->next++;
		if (activate(parts, claim) < 0)
			return -ENOMEM;
	}
	if (claim)
		hi = claim->lo - 1;
	for (size_t i = 0; i < parts->n_active; i++)
		if (parts->active[i]->hi < hi)
			hi = parts->active[i]->hi;
	for (size_t i = 0; i < parts->n_active; i++) {
		struct binding part = *parts->active[i];

		part.lo = lo;
		part.hi = hi;
		if (add_part(parts, &part) < 0)
			return -ENOMEM;
		if (parts->active[i]->hi > hi)
			parts->active[n_left++] = parts->active[i];
	}
	parts->n_active = n_left;
	return 0;
}
