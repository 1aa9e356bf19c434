/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs that were added, removed, or have another target or owner. */
#include "model/diff/internal.h"

#include <errno.h>
#include <string.h>

/* The bindings of one side, sorted, and which sources could be read there. */
struct sorted {
	struct binding *renamed;       /* copies of the table's rows, with the devices' new names */
	const struct binding **v;      /* by device and number, unreported numbers first */
	const struct binding **by_pid; /* by device, whether the number is reported, process */
	size_t n;
	const struct pasid_reports *reports;
	unsigned int sources; /* the sources that would have reported a binding that exists */
	bool hardware;
};

enum field { ITSELF, KIND, TARGET, OWNER, DOMAIN, FIELDS };

/* State of the walk over both sides. */
struct walk {
	struct diff *diff;
	struct sorted old, new;
	size_t i, k;
	uint32_t old_at, new_at; /* first PASID of the current range not handled yet */
	/* Changes of consecutive PASIDs, by FIELD, held back while equal ones follow. */
	struct diff_change held[FIELDS];
	bool holds[FIELDS];
};

static void walk_done(struct walk *walk)
{
	free(walk->old.renamed);
	free(walk->new.renamed);
	free(walk->old.v);
	free(walk->old.by_pid);
	free(walk->new.v);
	free(walk->new.by_pid);
}

static int compare_pids(const struct binding *x, const struct binding *y)
{
	if (x->pid.status != y->pid.status)
		return x->pid.status < y->pid.status ? -1 : 1;
	if (x->pid.status != 1)
		return 0;
	return x->pid.value < y->pid.value ? -1 : x->pid.value > y->pid.value;
}

static const char *text_of(const struct field_str *field)
{
	return field->status == 1 ? field->value : "";
}

/* Unreported numbers are distinguished by the process and by what they were bound through. */
static int compare_unnumbered(const struct binding *x, const struct binding *y)
{
	int order = compare_pids(x, y);

	return order ? order : strcmp(text_of(&x->through), text_of(&y->through));
}

static int compare_bindings(const void *a, const void *b)
{
	const struct binding *x = *(struct binding *const *)a;
	const struct binding *y = *(struct binding *const *)b;
	int order = diff_order(x->device, y->device);

	if (order)
		return order;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->lo ? 0 : compare_unnumbered(x, y);
}

static int compare_by_pid(const void *a, const void *b)
{
	const struct binding *x = *(struct binding *const *)a;
	const struct binding *y = *(struct binding *const *)b;
	int order = diff_order(x->device, y->device);

	if (order)
		return order;
	if (!x->lo != !y->lo)
		return x->lo ? 1 : -1;
	return compare_pids(x, y);
}

/* Openers (PASID_CLAIM_OPENER) are not bindings. */
static unsigned int believed(const struct diff_side *side)
{
	unsigned int sources = 0;

	for (unsigned int i = 0; i < side->reports.n; i++) {
		const struct pasid_report *report = &side->reports.v[i];

		if (report->status >= 0 && !report->source->openers)
			sources |= 1u << i;
	}
	return sources;
}

static int sort_bindings(const struct diff *diff, const struct diff_side *side, struct sorted *ret)
{
	const struct bindings *table = &side->pasids;

	ret->renamed = calloc(table->n + 1, sizeof(*ret->renamed));
	ret->v = calloc(table->n + 1, sizeof(struct binding *));
	ret->by_pid = calloc(table->n + 1, sizeof(struct binding *));
	if (!ret->renamed || !ret->v || !ret->by_pid)
		return -ENOMEM;
	for (size_t i = 0; i < table->n; i++) {
		ret->renamed[i] = table->v[i];
		if (side == diff->old)
			ret->renamed[i].device = diff_name(diff, table->v[i].device);
		ret->v[i] = ret->by_pid[i] = &ret->renamed[i];
	}
	ret->n = table->n;
	qsort(ret->v, ret->n, sizeof(*ret->v), compare_bindings);
	qsort(ret->by_pid, ret->n, sizeof(*ret->by_pid), compare_by_pid);
	ret->reports = &side->reports;
	ret->sources = believed(side);
	ret->hardware = side->reports.hardware_status == 1;
	return 0;
}

/*
 * Whether a number is reported may depend on what else is readable: does the other side have this
 * binding with its number reported, or this one without?
 */
static bool is_renumbered(const struct binding *binding, const struct sorted *other)
{
	const struct binding key = { .device = binding->device,
				     .lo = binding->lo ? 0 : 1,
				     .pid = binding->pid };
	const struct binding *at = &key;

	return binding->pid.status == 1 &&
	       bsearch(&at, other->by_pid, other->n, sizeof(at), compare_by_pid);
}

/* Would the other side have reported it if it existed? */
static bool is_settled(const struct binding *binding, const struct sorted *other)
{
	return binding->sources & other->sources ||
	       (other->hardware && binding->hardware.status != 0);
}

/* Why it would not. */
static int unsettled_error(const struct binding *binding, const struct sorted *other)
{
	for (unsigned int i = 0; i < other->reports->n; i++)
		if (binding->sources & 1u << i && other->reports->v[i].status < 0)
			return other->reports->v[i].status;
	return -EREMOTE;
}

static int flush(struct walk *walk)
{
	int r = 0;

	for (enum field i = 0; r == 0 && i < FIELDS; i++) {
		if (walk->holds[i])
			r = diff_tell(walk->diff, &walk->held[i]);
		walk->holds[i] = false;
	}
	return r;
}

/* The target is reported together with the owner. */
static bool is_same(struct diff_value a, struct diff_value b)
{
	bool same = diff_same_value(&a, &b);

	if (a.type == DIFF_TARGET)
		a.type = DIFF_OWNER;
	return same && diff_same_value(&a, &b);
}

static bool is_alike(const struct diff_change *a, const struct diff_change *b)
{
	return a->what == b->what && strcmp(a->object, b->object) == 0 && is_same(a->old, b->old) &&
	       is_same(a->new, b->new);
}

/* Held changes begin at the same number, so that they are reported in order. */
static bool begins_with(const struct walk *walk, const struct diff_change *change)
{
	for (enum field i = 0; i < FIELDS; i++)
		if (walk->holds[i] && (walk->held[i].lo != change->lo ||
				       strcmp(walk->held[i].object, change->object) != 0))
			return false;
	return true;
}

/* Reports CHANGE, or holds it back in case equal ones follow. */
static int hold(struct walk *walk, enum field field, const struct diff_change *change)
{
	struct diff_change *held = &walk->held[field];
	int r;

	if (walk->holds[field] && held->lo && held->hi + 1 == change->lo &&
	    is_alike(held, change)) {
		held->hi = change->hi;
		return 0;
	}
	r = walk->holds[field] || !begins_with(walk, change) ? flush(walk) : 0;
	*held = *change;
	walk->holds[field] = true;
	return r;
}

static struct diff_value binding_value(const struct binding *binding, enum diff_type type)
{
	return (struct diff_value){ .status = 1, .type = type, .object = binding };
}

/* PASIDs LO to HI of a range that the other side does not have. */
static int tell_one(struct walk *walk, const struct binding *binding, uint32_t lo, uint32_t hi,
		    bool came)
{
	const struct sorted *other = came ? &walk->old : &walk->new;
	struct diff_change change = {
		.what = came ? DIFF_ADDED : DIFF_REMOVED,
		.kind = DIFF_PASID,
		.object = binding->device,
		.lo = lo,
		.hi = hi,
		.devices = (char *const *)&binding->device,
		.n_devices = *binding->device != '\0',
	};

	if (is_renumbered(binding, other))
		return 0;
	*(came ? &change.new : &change.old) = binding_value(binding, DIFF_TARGET);
	if (!is_settled(binding, other)) {
		change.what = DIFF_UNREADABLE;
		(came ? &change.old : &change.new)->status = unsettled_error(binding, other);
	}
	return hold(walk, ITSELF, &change);
}

/* A fact that one side does not know has not changed: compares only what both know. */
static int compare_known(struct walk *walk, struct diff_change change, enum field field,
			 struct diff_value old, struct diff_value new)
{
	static const char *const names[] = {
		[KIND] = "kind", [TARGET] = "target", [OWNER] = "owner", [DOMAIN] = "domain"
	};
	struct diff_change told;
	int r;

	if (old.status == 0 || new.status == 0)
		return 0;
	change.field = names[field];
	change.old = old;
	change.new = new;
	r = diff_judge(walk->diff, &change, &told);
	return r == 1 ? hold(walk, field, &told) : r;
}

static struct diff_value kind_value(const struct binding *binding)
{
	return (struct diff_value){ .status = binding->kind != PASID_KIND_UNKNOWN,
				    .text = pasid_kind_name(binding->kind) };
}

/* The target, if more than its kind is known. */
static struct diff_value target_value(const struct binding *binding)
{
	struct diff_value value = binding_value(binding, DIFF_TARGET);

	value.status = binding->kind != PASID_KIND_UNKNOWN &&
		       (binding->through.status == 1 || binding->ioas.status == 1 ||
			binding->ioas_name.status == 1 || binding->hwpt.status == 1);
	return value;
}

static struct diff_value owner_value(const struct binding *binding)
{
	struct diff_value value = binding_value(binding, DIFF_OWNER);

	value.status = binding->context.status == 1 ? 1 : binding->pid.status;
	return value;
}

static int compare_binding(struct walk *walk, const struct binding *old, const struct binding *new,
			   uint32_t lo, uint32_t hi)
{
	const struct diff_change change = {
		.what = DIFF_CHANGED,
		.kind = DIFF_PASID,
		.object = new->device,
		.lo = lo,
		.hi = hi,
		.devices = (char *const *)&new->device,
		.n_devices = *new->device != '\0',
	};
	const struct diff_value was = target_value(old), is = target_value(new);
	int r;

	if (was.status && is.status)
		r = compare_known(walk, change, TARGET, was, is);
	else
		r = compare_known(walk, change, KIND, kind_value(old), kind_value(new));
	if (r == 0)
		r = compare_known(walk, change, OWNER, owner_value(old), owner_value(new));
	return r ? r
		 : compare_known(walk, change, DOMAIN, diff_number(&old->domain),
				 diff_number(&new->domain));
}

static void pass_old(struct walk *walk, uint32_t hi)
{
	const struct sorted *old = &walk->old;

	walk->old_at = hi + 1;
	if (hi >= old->v[walk->i]->hi && ++walk->i < old->n)
		walk->old_at = old->v[walk->i]->lo;
}

static void pass_new(struct walk *walk, uint32_t hi)
{
	const struct sorted *new = &walk->new;

	walk->new_at = hi + 1;
	if (hi >= new->v[walk->k]->hi && ++walk->k < new->n)
		walk->new_at = new->v[walk->k]->lo;
}

static int pass_one(struct walk *walk, uint32_t hi, bool came)
{
	const uint32_t lo = came ? walk->new_at : walk->old_at;
	const struct binding *binding = came ? walk->new.v[walk->k] : walk->old.v[walk->i];

	if (came)
		pass_new(walk, hi);
	else
		pass_old(walk, hi);
	return tell_one(walk, binding, lo, hi, came);
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Both sides have ranges of the device left. Handles the PASIDs up to where one begins or ends. */
static int step(struct walk *walk, const struct binding *old, const struct binding *new)
{
	const uint32_t lo = walk->old_at;
	uint32_t hi = lesser(old->hi, new->hi);
	int order = 0;

	if (!old->lo || !new->lo)
		order = old->lo ? 1 : new->lo ? -1 : compare_unnumbered(old, new);
	else if (walk->old_at != walk->new_at)
		order = walk->old_at < walk->new_at ? -1 : 1;
	if (order < 0)
		return pass_one(walk, new->lo ? lesser(old->hi, walk->new_at - 1) : old->hi, false);
	if (order > 0)
		return pass_one(walk, old->lo ? lesser(new->hi, walk->old_at - 1) : new->hi, true);
	pass_old(walk, hi);
	pass_new(walk, hi);
	return old->lo ? compare_binding(walk, old, new, lo, hi) : 0;
}

static int walk_bindings(struct walk *walk)
{
	int r = 0;

	walk->old_at = walk->old.n ? walk->old.v[0]->lo : 0;
	walk->new_at = walk->new.n ? walk->new.v[0]->lo : 0;
	while (r == 0 && (walk->i < walk->old.n || walk->k < walk->new.n)) {
		const struct binding *old = walk->i < walk->old.n ? walk->old.v[walk->i] : NULL;
		const struct binding *new = walk->k < walk->new.n ? walk->new.v[walk->k] : NULL;
		int order = !old ? 1 : !new ? -1 : diff_order(old->device, new->device);

		if (order == 0)
			r = step(walk, old, new);
		else
			r = pass_one(walk, order < 0 ? old->hi : new->hi, order > 0);
	}
	return r;
}

/* A source that is readable on one side only may have reported more on the other. */
static int compare_sources(struct diff *diff)
{
	const struct pasid_reports *old = &diff->old->reports, *new = &diff->new->reports;
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->n && i < new->n; i++) {
		const struct pasid_report *was = &old->v[i], *is = &new->v[i];
		const struct diff_change change = {
			.kind = DIFF_PASID,
			.field = was->source->name,
			.old = { was->status < 0 ? was->status : 1, DIFF_NUMBER, was->n_rows,
				 NULL },
			.new = { is->status < 0 ? is->status : 1, DIFF_NUMBER, is->n_rows, NULL },
		};

		/* If this kernel never has the source, it is not a difference. */
		if ((was->status >= 0 && is->status >= 0) ||
		    (was->status == -EOPNOTSUPP && is->status == -EOPNOTSUPP) ||
		    was->source->openers)
			continue;
		r = diff_compare(diff, &change);
	}
	return r;
}

int diff_pasids(struct diff *diff)
{
	_cleanup_(walk_done) struct walk walk = { .diff = diff };
	int r;

	r = compare_sources(diff);
	if (r == 0)
		r = sort_bindings(diff, diff->old, &walk.old);
	if (r == 0)
		r = sort_bindings(diff, diff->new, &walk.new);
	if (r == 0)
		r = walk_bindings(&walk);
	return r ? r : flush(&walk);
}
