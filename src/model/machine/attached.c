/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/attached.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/cleanup.h"
#include "util/str.h"

#define GROUPS "sys/kernel/iommu_groups"

/* The devices of a group, and the processes that have one of them open through VFIO. */
struct members {
	struct device *const *v;
	size_t n;
	const struct device_opener *opener; /* the first */
	size_t n_openers;                   /* number of processes */
	int openers_status;                 /* 1; -errno: there may be more openers */
};

const char *const attached_kind_names[] = {
	[ATTACHED_DOMAIN - ATTACHED_DOMAIN] = "domain",
	[ATTACHED_IOAS - ATTACHED_DOMAIN] = "ioas",
	[ATTACHED_HWPT - ATTACHED_DOMAIN] = "hwpt",
	[ATTACHED_OPENER - ATTACHED_DOMAIN] = "opener",
	[ATTACHED_OPENER - ATTACHED_DOMAIN + 1] = NULL,
};

const char *attached_kind_name(enum attached_kind kind)
{
	return kind < ATTACHED_DOMAIN ? NULL : attached_kind_names[kind - ATTACHED_DOMAIN];
}

static bool has_vfio(const struct device *device)
{
	return device->vfio_cdev.status == 1 || device->vfio_group.status == 1;
}

bool attached_asks(struct device *const *devices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_vfio(devices[i]))
			return true;
	return false;
}

/* UIO does not change the domain. */
static bool opens_vfio(const struct device_opener *opener)
{
	return str_starts(opener->node, "/dev/vfio/");
}

static bool is_opener(const struct members *members, pid_t pid, size_t before)
{
	for (size_t i = 0; i < members->n && i <= before; i++)
		for (size_t k = 0; k < members->v[i]->n_openers; k++)
			if (members->v[i]->openers[k].pid == pid &&
			    opens_vfio(&members->v[i]->openers[k]))
				return true;
	return false;
}

static void find_openers(struct members *members)
{
	members->openers_status = 1;
	for (size_t i = 0; i < members->n; i++) {
		const struct device *device = members->v[i];

		if (device->openers_status < 0)
			members->openers_status = device->openers_status;
		for (size_t k = 0; k < device->n_openers; k++) {
			const struct device_opener *opener = &device->openers[k];
			bool counted = i && is_opener(members, opener->pid, i - 1);

			for (size_t m = 0; m < k; m++)
				counted = counted || (device->openers[m].pid == opener->pid &&
						      opens_vfio(&device->openers[m]));
			if (counted || !opens_vfio(opener))
				continue;
			if (members->n_openers++ == 0)
				members->opener = opener;
		}
	}
}

static bool is_member(const struct members *members, const char *id)
{
	for (size_t i = 0; i < members->n; i++)
		if (strcmp(members->v[i]->id, id) == 0)
			return true;
	return false;
}

/* A record of one device applies to the whole group. */
static const struct attached_record *find_record(const struct attached_query *query,
						 const struct members *members)
{
	const struct attached_record *found = NULL;

	for (size_t i = 0; i < query->n_records; i++) {
		const struct attached_record *record = &query->records[i];

		if (!record->bound || !is_member(members, record->device) ||
		    (members->openers_status == 1 && !is_opener(members, record->pid, members->n)))
			continue;
		if (record->attached)
			return record;
		found = record;
	}
	return found;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = ((const struct group *)b)->number;

	return x < y ? -1 : x > y;
}

/* The type of the group's default domain. */
static void set_domain(const struct attached_query *query, struct device *device)
{
	struct device_attached *attached = &device->attached;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	const struct group *group;
	char path[64];

	attached->kind = ATTACHED_DOMAIN;
	if (query->groups) {
		group = query->groups->n == 0
				? NULL
				: bsearch(&device->group.value, query->groups->v, query->groups->n,
					  sizeof(*group), compare_numbers);
		if (group && group->type.status == 1)
			gather_set(&attached->name, group->type.value);
		else if (group)
			attached->name.status = group->type.status;
	} else {
		snprintf(path, sizeof(path), GROUPS "/%" PRIu64, device->group.value);
		dir = sys_dir_open(query->root, path);
		gather_str(dir, "type", &attached->name);
	}
	if (attached->name.status < 0)
		*attached = (struct device_attached){ .error = attached->name.status };
}

static void set_record(const struct attached_record *record, struct device_attached *attached)
{
	gather_set(&attached->context, record->context);
	if (!record->attached) {
		attached->kind = ATTACHED_DOMAIN;
		gather_set(&attached->name, "blocked");
		return;
	}
	attached->kind = record->ioas.status == 1 ? ATTACHED_IOAS : ATTACHED_HWPT;
	attached->id = record->ioas.status == 1 ? record->ioas : record->hwpt;
	attached->hwpt = record->hwpt;
	if (record->ioas_name)
		gather_set(&attached->name, record->ioas_name);
}

static void set_opener(const struct members *members, struct device_attached *attached)
{
	attached->kind = ATTACHED_OPENER;
	attached->n_openers = members->n_openers;
	if (members->n_openers > 1)
		return;
	attached->id = field_u64((uint64_t)members->opener->pid);
	if (members->opener->comm)
		gather_set(&attached->name, members->opener->comm);
}

static void set_members(const struct attached_query *query, struct members *members)
{
	const struct attached_record *record = NULL;
	const bool vfio = attached_asks(members->v, members->n);

	if (vfio) {
		find_openers(members);
		record = find_record(query, members);
	}
	for (size_t i = 0; i < members->n; i++) {
		struct device_attached *attached = &members->v[i]->attached;

		if (record) {
			set_record(record, attached);
		} else if (vfio && members->n_openers) {
			set_opener(members, attached);
			attached->error = query->records_status < 0 ? query->records_status : 0;
		} else if (vfio && members->openers_status < 0) {
			attached->error = members->openers_status;
		} else {
			set_domain(query, members->v[i]);
		}
	}
}

static int compare_groups(const void *a, const void *b)
{
	const struct field_u64 *x = &(*(struct device *const *)a)->group;
	const struct field_u64 *y = &(*(struct device *const *)b)->group;

	if (x->status != y->status)
		return x->status < y->status ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

int attached_set(const struct attached_query *query, struct device *const *devices, size_t n)
{
	_cleanup_free_ struct device **sorted = calloc(n + 1, sizeof(*sorted));
	size_t end;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = devices[i];
	qsort(sorted, n, sizeof(*sorted), compare_groups);
	for (size_t i = 0; i < n; i = end) {
		const struct field_u64 *group = &sorted[i]->group;
		struct members members = { .v = &sorted[i] };

		for (end = i + 1;
		     end < n && group->status == 1 && field_u64_same(&sorted[end]->group, group);)
			end++;
		members.n = end - i;
		if (group->status == 1)
			set_members(query, &members);
		else
			sorted[i]->attached = (struct device_attached){
				.kind = group->status < 0 ? ATTACHED_UNKNOWN : ATTACHED_NOTHING,
				.error = group->status,
			};
	}
	return 0;
}
