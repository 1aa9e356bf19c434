/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares groups by their members. Devices that share a group on the old side and one on the new
 * side form a part. A group that is a single part is unchanged, whatever its number. Where groups
 * overlap otherwise, the largest parts keep the identity of their group, and the devices of the
 * other parts have moved.
 */
#include "model/diff/internal.h"

#include <errno.h>
#include <string.h>

#include "util/array.h"

/* A group of one side. */
struct side_group {
	uint64_t number;
	size_t members; /* number of all its members */
	size_t parts;
	bool crossed; /* shares the other side's group of one of its parts with other parts */
	bool taken;   /* one of its parts keeps its identity */
	bool told;    /* already reported as added or removed */
	struct diff_value type;
};

struct side_groups {
	struct side_group *v; /* sorted by number */
	size_t n;
};

/* A device that is in a group on both sides. */
struct member {
	size_t pair;
	size_t old, new; /* indices of its groups */
};

struct part {
	size_t first, n;     /* range of members */
	size_t old, new;     /* indices of groups */
	enum diff_what what; /* SPLIT, MERGED, MOVED, or CHANGED: it keeps its identity */
};

struct regroup {
	struct side_groups old, new;
	struct member *members; /* sorted by old group, new group, id */
	char **ids;             /* ids of the members, same order */
	size_t n_members;
	struct part *parts;
	size_t n_parts;
};

static void regroup_done(struct regroup *regroup)
{
	free(regroup->old.v);
	free(regroup->new.v);
	free(regroup->members);
	free(regroup->ids);
	free(regroup->parts);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct side_group *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Both lists are sorted by number. */
static void set_types(const struct group_list *list, struct side_groups *groups)
{
	size_t at = 0;

	for (size_t i = 0; i < groups->n; i++) {
		while (at < list->n && list->v[at].number < groups->v[i].number)
			at++;
		if (at < list->n && list->v[at].number == groups->v[i].number)
			groups->v[i].type = diff_text(&list->v[at].type);
	}
}

static int collect_groups(const struct diff_side *side, struct side_groups *ret)
{
	const struct device_list *devices = &side->devices;
	struct side_groups groups = { .v = calloc(devices->n + 1, sizeof(*groups.v)) };
	size_t n = 0;

	if (!groups.v)
		return -ENOMEM;
	for (size_t i = 0; i < devices->n; i++)
		if (devices->v[i].group.status == 1)
			groups.v[groups.n++].number = devices->v[i].group.value;
	qsort(groups.v, groups.n, sizeof(*groups.v), compare_numbers);
	for (size_t i = 0; i < groups.n; i++) {
		if (n == 0 || groups.v[n - 1].number != groups.v[i].number)
			groups.v[n++] = groups.v[i];
		groups.v[n - 1].members++;
	}
	groups.n = n;
	set_types(&side->groups, &groups);
	*ret = groups;
	return 0;
}

static struct side_group *group_of(const struct side_groups *groups, const struct device *device)
{
	const struct side_group key = { .number = device->group.value };

	return bsearch(&key, groups->v, groups->n, sizeof(key), compare_numbers);
}

/* Pairs are sorted by id, so comparing indices is enough. */
static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->old != y->old)
		return x->old < y->old ? -1 : 1;
	if (x->new != y->new)
		return x->new < y->new ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static int collect_members(const struct diff_pairs *pairs, struct regroup *regroup)
{
	regroup->members = calloc(pairs->n + 1, sizeof(*regroup->members));
	regroup->ids = calloc(pairs->n + 1, sizeof(*regroup->ids));
	if (!regroup->members || !regroup->ids)
		return -ENOMEM;
	for (size_t i = 0; i < pairs->n; i++) {
		const struct device *old = pairs->v[i].old, *new = pairs->v[i].new;

		if (!old || !new || old->group.status != 1 || new->group.status != 1)
			continue;
		regroup->members[regroup->n_members++] = (struct member){
			.pair = i,
			.old = (size_t)(group_of(&regroup->old, old) - regroup->old.v),
			.new = (size_t)(group_of(&regroup->new, new) - regroup->new.v),
		};
	}
	qsort(regroup->members, regroup->n_members, sizeof(*regroup->members), compare_members);
	for (size_t i = 0; i < regroup->n_members; i++)
		regroup->ids[i] = (char *)pairs->v[regroup->members[i].pair].name;
	return 0;
}

static int collect_parts(struct regroup *regroup)
{
	struct part *part = NULL;

	for (size_t i = 0; i < regroup->n_members; i++) {
		const struct member *member = &regroup->members[i];

		if (part && part->old == member->old && part->new == member->new) {
			part->n++;
			continue;
		}
		part = array_push(regroup->parts, regroup->n_parts);
		if (!part)
			return -ENOMEM;
		*part = (struct part){ i, 1, member->old, member->new, DIFF_CHANGED };
		regroup->old.v[part->old].parts++;
		regroup->new.v[part->new].parts++;
	}
	return 0;
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = *(struct part *const *)a, *y = *(struct part *const *)b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Largest first. If a part's group is already taken, its devices have moved. */
static void choose(struct regroup *regroup, struct part **parts, size_t n)
{
	qsort(parts, n, sizeof(*parts), compare_parts);
	for (size_t i = 0; i < n; i++) {
		struct side_group *old = &regroup->old.v[parts[i]->old];
		struct side_group *new = &regroup->new.v[parts[i]->new];

		if (old->taken || new->taken)
			parts[i]->what = DIFF_MOVED;
		else
			old->taken = new->taken = true;
	}
}

static int judge(struct regroup *regroup)
{
	_cleanup_free_ struct part **crossing = calloc(regroup->n_parts + 1, sizeof(struct part *));
	size_t n = 0;

	if (!crossing)
		return -ENOMEM;
	for (size_t i = 0; i < regroup->n_parts; i++) {
		struct side_group *old = &regroup->old.v[regroup->parts[i].old];
		struct side_group *new = &regroup->new.v[regroup->parts[i].new];

		old->crossed = old->crossed || new->parts > 1;
		new->crossed = new->crossed || old->parts > 1;
	}
	for (size_t i = 0; i < regroup->n_parts; i++) {
		struct part *part = &regroup->parts[i];
		const struct side_group *old = &regroup->old.v[part->old];
		const struct side_group *new = &regroup->new.v[part->new];

		if (old->parts > 1 && !old->crossed)
			part->what = DIFF_SPLIT;
		else if (new->parts > 1 && !new->crossed)
			part->what = DIFF_MERGED;
		else if (old->parts > 1 || new->parts > 1)
			crossing[n++] = part;
	}
	choose(regroup, crossing, n);
	return 0;
}

static void mark(const struct regroup *regroup, struct diff_pairs *pairs)
{
	for (size_t i = 0; i < regroup->n_parts; i++) {
		const struct part *part = &regroup->parts[i];

		if (part->what != DIFF_MOVED) {
			pairs->v[regroup->members[part->first].pair].part = i + 1;
			continue;
		}
		for (size_t k = 0; k < part->n; k++)
			pairs->v[regroup->members[part->first + k].pair].moved = true;
	}
}

static struct diff_value number_value(uint64_t number)
{
	return (struct diff_value){ .status = 1, .type = DIFF_NUMBER, .number = number };
}

static int tell_part(struct diff *diff, const struct regroup *regroup, const struct part *part)
{
	const struct side_group *old = &regroup->old.v[part->old];
	const struct side_group *new = &regroup->new.v[part->new];
	const bool same = old->members == part->n && new->members == part->n;
	struct diff_change change = {
		.what = part->what == DIFF_CHANGED && same ? DIFF_RENUMBERED : part->what,
		.kind = DIFF_GROUP,
		.object = regroup->ids[part->first],
		.field = "group",
		.old = number_value(old->number),
		.new = number_value(new->number),
		.devices = &regroup->ids[part->first],
		.n_devices = part->n,
	};
	int r = 0;

	if (part->what != DIFF_CHANGED || old->number != new->number)
		r = diff_tell(diff, &change);
	if (r || diff->old->groups_status < 0 || diff->new->groups_status < 0)
		return r;
	change.what = DIFF_CHANGED;
	change.field = "type";
	change.old = old->type;
	change.new = new->type;
	return diff_compare(diff, &change);
}

/*
 * A device that is in a group on one side only. If the group has parts, the device joined or left
 * it. If not, the whole group was added or removed, with its devices unless they exist on both
 * sides.
 */
static int tell_loner(struct diff *diff, const struct diff_pair *pair, struct side_group *group,
		      bool came)
{
	char *id = (char *)pair->name;
	struct diff_change change = {
		.what = came ? DIFF_JOINED : DIFF_LEFT,
		.kind = DIFF_GROUP,
		.object = id,
		.field = "group",
		.devices = &id,
		.n_devices = 1,
	};

	if (group->parts == 0 && (group->told || !pair->old || !pair->new))
		return 0;
	if (group->parts == 0)
		change.what = came ? DIFF_ADDED : DIFF_REMOVED;
	group->told = true;
	if (came)
		change.new = number_value(group->number);
	else
		change.old = number_value(group->number);
	return diff_tell(diff, &change);
}

static int tell_pair(struct diff *diff, struct regroup *regroup, const struct diff_pair *pair)
{
	static const struct field_u64 none = { 0 };
	const struct device *old = pair->old, *new = pair->new;
	const struct field_u64 *was = old ? &old->group : &none, *is = new ? &new->group : &none;
	char *id = (char *)pair->name;

	if (pair->part)
		return tell_part(diff, regroup, &regroup->parts[pair->part - 1]);
	if (was->status == 1 && is->status == 0)
		return tell_loner(diff, pair, group_of(&regroup->old, old), false);
	if (was->status == 0 && is->status == 1)
		return tell_loner(diff, pair, group_of(&regroup->new, new), true);
	if (!old || !new || (was->status >= 0 && is->status >= 0))
		return 0;
	return diff_compare(diff, &(struct diff_change){
					  .kind = DIFF_GROUP,
					  .object = id,
					  .field = "group",
					  .old = diff_number(was),
					  .new = diff_number(is),
					  .devices = &id,
					  .n_devices = 1,
				  });
}

int diff_groups(struct diff *diff, struct diff_pairs *pairs)
{
	_cleanup_(regroup_done) struct regroup regroup = { 0 };
	int r;

	r = collect_groups(diff->old, &regroup.old);
	if (r == 0)
		r = collect_groups(diff->new, &regroup.new);
	if (r == 0)
		r = collect_members(pairs, &regroup);
	if (r == 0)
		r = collect_parts(&regroup);
	if (r == 0)
		r = judge(&regroup);
	if (r < 0)
		return r;
	mark(&regroup, pairs);
	for (size_t i = 0; r == 0 && i < pairs->n; i++)
		r = tell_pair(diff, &regroup, &pairs->v[i]);
	return r;
}
