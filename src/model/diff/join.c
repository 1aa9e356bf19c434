/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diff/changes.h"

#include <errno.h>
#include <string.h>

#include "model/diff/internal.h"
#include "util/array.h"

#define DEVICE_NEED \
	(DEVICE_NEED_GROUP | DEVICE_NEED_DRIVER | DEVICE_NEED_IDS | DEVICE_NEED_CLASS | \
	 DEVICE_NEED_OVERRIDE | DEVICE_NEED_IOMMU | DEVICE_NEED_SRIOV | DEVICE_NEED_CAPS | \
	 DEVICE_NEED_PATH | ATTACHED_NEED)

void diff_side_done(struct diff_side *side)
{
	device_list_done(&side->devices);
	group_list_done(&side->groups);
	iommu_list_done(&side->iommus);
	bindings_done(&side->pasids);
	for (size_t i = 0; i < side->n_contexts; i++)
		free(side->contexts[i].name);
	free(side->contexts);
	*side = (struct diff_side){ 0 };
}

void diff_gaps_done(struct diff_gaps *gaps)
{
	free(gaps->v);
	*gaps = (struct diff_gaps){ 0 };
}

void diff_pairs_done(struct diff_pairs *pairs)
{
	free(pairs->v);
	*pairs = (struct diff_pairs){ 0 };
}

const char *const diff_what_names[] = {
	[DIFF_ADDED] = "added",           [DIFF_REMOVED] = "removed",
	[DIFF_CHANGED] = "changed",       [DIFF_SWAPPED] = "swapped",
	[DIFF_MERGED] = "merged",         [DIFF_RENUMBERED] = "renumbered",
	[DIFF_SPLIT] = "split",           [DIFF_MOVED] = "moved",
	[DIFF_JOINED] = "joined",         [DIFF_LEFT] = "left",
	[DIFF_UNREADABLE] = "unreadable", [DIFF_UNREADABLE + 1] = NULL,
};

const char *diff_what_name(enum diff_what what)
{
	return diff_what_names[what];
}

const char *const diff_kind_names[] = {
	[DIFF_IOMMU] = "iommu",   [DIFF_CONTEXT] = "context", [DIFF_GROUP] = "group",
	[DIFF_DEVICE] = "device", [DIFF_PASID] = "pasid",     [DIFF_PASID + 1] = NULL,
};

const char *diff_kind_name(enum diff_kind kind)
{
	return diff_kind_names[kind];
}

static int status_of(int r)
{
	return r < 0 ? r : 1;
}

int diff_side_add_context(struct diff_side *side, const char *name, pid_t pid)
{
	struct diff_context *context = array_push(side->contexts, side->n_contexts);

	if (!context)
		return -ENOMEM;
	*context = (struct diff_context){ .name = strdup(name), .pid = field_u64((uint64_t)pid) };
	return context->name ? 0 : -ENOMEM;
}

static int read_attached(const struct attached_query *asked, struct diff_side *side)
{
	_cleanup_free_ struct device **devices = calloc(side->devices.n + 1, sizeof(*devices));
	struct attached_query query = *asked;

	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < side->devices.n; i++)
		devices[i] = &side->devices.v[i];
	query.groups = &side->groups;
	return attached_set(&query, devices, side->devices.n);
}

int diff_side_read(const struct pasid_query *query, const struct attached_query *attached,
		   bool wake, struct diff_side *ret)
{
	_cleanup_diff_side_ struct diff_side side = { 0 };
	const struct sys_root *root = query->root;
	unsigned int need = DEVICE_NEED;

	side.iommus_status = status_of(
		iommu_list(root, IOMMU_NEED_REGISTERS | IOMMU_NEED_ADDRESS, &side.iommus));
	side.groups_status = status_of(group_list(root, GROUP_NEED_TYPE, 0, &side.groups));
	/* In a capture, nothing sleeps any more. */
	if (wake || root->captured)
		need |= DEVICE_WAKE;
	side.devices_status = status_of(device_list(root, need, &side.devices));
	side.pasids_status = status_of(pasid_list(query, &side.pasids, &side.reports));
	side.contexts_status = query->contexts.status;
	if (read_attached(attached, &side) < 0 || side.iommus_status == -ENOMEM ||
	    side.groups_status == -ENOMEM || side.devices_status == -ENOMEM ||
	    side.pasids_status == -ENOMEM)
		return -ENOMEM;
	*ret = side;
	side = (struct diff_side){ 0 };
	return 0;
}

int diff_order(const char *a, const char *b)
{
	int order = str_compare(a, b);

	return order ? order : strcmp(a, b);
}

static int compare_pairs(const void *a, const void *b)
{
	return diff_order(((const struct diff_pair *)a)->name, ((const struct diff_pair *)b)->name);
}

static void add_names(const void *objects, size_t n, size_t size, bool old,
		      struct diff_pairs *pairs)
{
	for (size_t i = 0; i < n; i++) {
		const void *object = (const char *)objects + i * size;

		pairs->v[pairs->n++] = (struct diff_pair){
			.name = *(const char *const *)object,
			.old = old ? object : NULL,
			.new = old ? NULL : object,
		};
	}
}

int diff_pair_up(const void *old, size_t n_old, const void *new, size_t n_new, size_t size,
		 struct diff_pairs *ret)
{
	struct diff_pairs pairs = { .v = calloc(n_old + n_new + 1, sizeof(*pairs.v)) };
	size_t n = 0;

	if (!pairs.v)
		return -ENOMEM;
	add_names(old, n_old, size, true, &pairs);
	add_names(new, n_new, size, false, &pairs);
	qsort(pairs.v, pairs.n, sizeof(*pairs.v), compare_pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		struct diff_pair *last = n ? &pairs.v[n - 1] : NULL;

		/* Names are unique on each side. */
		if (!last || strcmp(last->name, pairs.v[i].name) != 0) {
			pairs.v[n++] = pairs.v[i];
			continue;
		}
		if (pairs.v[i].old)
			last->old = pairs.v[i].old;
		else
			last->new = pairs.v[i].new;
	}
	pairs.n = n;
	*ret = pairs;
	return 0;
}

int diff_tell(struct diff *diff, const struct diff_change *change)
{
	if (change->what == DIFF_UNREADABLE)
		diff->gaps.partial = true;
	return diff->each(change, diff->data);
}

static bool is_same_gap(const struct diff_gap *gap, const struct diff_change *change)
{
	if (gap->kind != change->kind || gap->error != change->new.status)
		return false;
	if (!gap->field || !change->field)
		return gap->field == change->field;
	return strcmp(gap->field, change->field) == 0;
}

static int add_gap(struct diff *diff, const struct diff_change *change)
{
	struct diff_gaps *gaps = &diff->gaps;
	struct diff_gap *slot;

	gaps->partial = true;
	/* Linear search: there are only as many gaps as fields and errors. */
	for (size_t i = 0; i < gaps->n; i++) {
		if (!is_same_gap(&gaps->v[i], change))
			continue;
		gaps->v[i].n++;
		return 0;
	}
	slot = array_push(gaps->v, gaps->n);
	if (!slot)
		return -ENOMEM;
	*slot = (struct diff_gap){ change->kind, change->field, change->new.status, 1 };
	return 0;
}

/* Compares by name if both have one, because numbers are reassigned. */
static bool same_named(const struct field_str *x, const struct field_u64 *a,
		       const struct field_str *y, const struct field_u64 *b)
{
	return x->status == 1 && y->status == 1 ? strcmp(x->value, y->value) == 0
						: x->status == y->status && field_u64_same(a, b);
}

static bool same_attached(const struct device_attached *a, const struct device_attached *b)
{
	return a->kind == b->kind && field_str_same(&a->context, &b->context) &&
	       (a->kind == ATTACHED_OPENER
			? field_u64_same(&a->id, &b->id) && a->n_openers == b->n_openers
			: same_named(&a->name, &a->id, &b->name, &b->id));
}

static bool same_target(const struct binding *a, const struct binding *b)
{
	return a->kind == b->kind && field_str_same(&a->through, &b->through) &&
	       same_named(&a->ioas_name, &a->ioas, &b->ioas_name, &b->ioas) &&
	       (a->ioas.status == 1 || field_u64_same(&a->hwpt, &b->hwpt));
}

/* A context is the same if it has the same name, whatever its process. */
static bool same_owner(const struct binding *a, const struct binding *b)
{
	if (a->context.status == 1 || b->context.status == 1)
		return field_str_same(&a->context, &b->context);
	return field_u64_same(&a->pid, &b->pid) && field_str_same(&a->command, &b->command);
}

bool diff_same_value(const struct diff_value *a, const struct diff_value *b)
{
	if (a->status != b->status || a->status == 0)
		return a->status == b->status;
	switch (a->type) {
	case DIFF_TEXT:
		return strcmp(a->text, b->text) == 0;
	case DIFF_NUMBER:
	case DIFF_ADDRESS:
	case DIFF_FLAG:
		break;
	case DIFF_TARGET:
		return same_target(a->object, b->object);
	case DIFF_OWNER:
		return same_owner(a->object, b->object);
	case DIFF_ATTACHED:
		return same_attached(a->object, b->object);
	case DIFF_HARDWARE:
	case DIFF_HOLDER:
		return a->object == b->object;
	}
	return a->number == b->number;
}

int diff_judge(struct diff *diff, const struct diff_change *change, struct diff_change *ret)
{
	if (change->old.status < 0 && change->new.status < 0)
		return add_gap(diff, change);
	*ret = *change;
	if (change->old.status < 0 || change->new.status < 0)
		ret->what = DIFF_UNREADABLE;
	else if (diff_same_value(&change->old, &change->new))
		return 0;
	return 1;
}

int diff_compare(struct diff *diff, const struct diff_change *change)
{
	struct diff_change told;
	int r = diff_judge(diff, change, &told);

	return r == 1 ? diff_tell(diff, &told) : r;
}

struct diff_value diff_text(const struct field_str *field)
{
	return (struct diff_value){ .status = field->status, .text = field->value };
}

struct diff_value diff_number(const struct field_u64 *field)
{
	return (struct diff_value){
		.status = field->status,
		.type = DIFF_NUMBER,
		.number = field->value,
	};
}

static const void *field_at(const void *object, size_t at)
{
	return (const char *)object + at;
}

static struct diff_value fact_value(const struct diff_fact *fact, const void *object)
{
	struct diff_value value;

	if (fact->type == DIFF_TEXT)
		return diff_text(field_at(object, fact->at));
	value = diff_number(field_at(object, fact->at));
	value.type = fact->type;
	return value;
}

/* Already reported by the fact it is under. */
static bool is_hidden(const struct diff_fact *fact, const void *object,
		      const struct diff_value *value)
{
	return fact->under && value->status < 0 &&
	       ((const struct field_u64 *)field_at(object, fact->under))->status < 0;
}

int diff_facts(struct diff *diff, const struct diff_fact *facts, size_t n, const void *old,
	       const void *new, struct diff_change change)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct diff_fact *fact = &facts[i];

		change.field = fact->field;
		change.old = fact_value(fact, old);
		change.new = fact_value(fact, new);
		if (!is_hidden(fact, old, &change.old) && !is_hidden(fact, new, &change.new))
			r = diff_compare(diff, &change);
	}
	return r;
}

/* Are the objects of KIND known on both sides? If only on one, notes how many that one has. */
static int compare_lists(struct diff *diff, enum diff_kind kind, const char *field, int old,
			 size_t n_old, int new, size_t n_new)
{
	const struct diff_change change = {
		.what = DIFF_UNREADABLE,
		.kind = kind,
		.field = field,
		.old = { .status = old, .type = DIFF_NUMBER, .number = n_old },
		.new = { .status = new, .type = DIFF_NUMBER, .number = n_new },
	};

	return old < 0 || new < 0 ? diff_compare(diff, &change) : 0;
}

static bool are_known(int old, int new)
{
	return old >= 0 && new >= 0;
}

static int join_devices(struct diff *diff)
{
	const struct diff_side *old = diff->old, *new = diff->new;
	_cleanup_diff_pairs_ struct diff_pairs pairs = { 0 };
	int r;

	r = compare_lists(diff, DIFF_GROUP, "type", old->groups_status, old->groups.n,
			  new->groups_status, new->groups.n);
	if (r == 0)
		r = compare_lists(diff, DIFF_DEVICE, NULL, old->devices_status, old->devices.n,
				  new->devices_status, new->devices.n);
	if (r || !are_known(old->devices_status, new->devices_status))
		return r;
	r = diff_pair_devices(diff, &pairs);
	if (r == 0)
		r = diff_groups(diff, &pairs);
	return r ? r : diff_devices(diff, &pairs);
}

int diff_join(const struct diff_side *old, const struct diff_side *new,
	      int (*each)(const struct diff_change *change, void *data), void *data,
	      struct diff_gaps *ret)
{
	struct diff diff = { .old = old, .new = new, .each = each, .data = data };
	int r;

	r = compare_lists(&diff, DIFF_IOMMU, NULL, old->iommus_status, old->iommus.n,
			  new->iommus_status, new->iommus.n);
	if (r == 0 && are_known(old->iommus_status, new->iommus_status))
		r = diff_iommus(&diff);
	if (r == 0)
		r = diff_contexts(&diff);
	if (r == 0)
		r = join_devices(&diff);
	if (r == 0)
		r = compare_lists(&diff, DIFF_PASID, NULL, old->pasids_status, old->pasids.n,
				  new->pasids_status, new->pasids.n);
	if (r == 0 && are_known(old->pasids_status, new->pasids_status))
		r = diff_pasids(&diff);
	free(diff.renames);
	if (r) {
		diff_gaps_done(&diff.gaps);
		return r;
	}
	*ret = diff.gaps;
	return 0;
}
