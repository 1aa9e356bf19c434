/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/group.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/array.h"
#include "util/parse.h"

#define GROUPS "sys/kernel/iommu_groups"

const char *const group_types[] = { "DMA",     "DMA-FQ",  "identity", "unmanaged",
				    "blocked", "unknown", NULL };

void group_done(struct group *group)
{
	field_str_done(&group->type);
	field_str_done(&group->name);
	for (size_t i = 0; i < group->n_members; i++)
		device_done(&group->members[i]);
	free(group->members);
	for (size_t i = 0; i < group->n_regions; i++)
		free(group->regions[i].type);
	free(group->regions);
	*group = (struct group){ 0 };
}

void group_list_done(struct group_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		group_done(&list->v[i]);
	free(list->v);
	*list = (struct group_list){ 0 };
}

/* "0x00000000fee00000 0x00000000feefffff msi" (iommu_group_show_resv_regions()) */
static int parse_region(const char *line, struct group *group)
{
	struct group_region region, *slot;
	char type[64];
	int end = 0;

	if (sscanf(line, "%18" SCNx64 " %18" SCNx64 " %63s%n", &region.start, &region.end, type,
		   &end) != 3 ||
	    line[end])
		return -EBADMSG;
	region.type = strdup(type);
	slot = region.type ? array_push(group->regions, group->n_regions) : NULL;
	if (!slot) {
		free(region.type);
		return -ENOMEM;
	}
	*slot = region;
	return 0;
}

int group_parse_regions(char *text, struct group *group)
{
	char *save = NULL;
	int r;

	group->regions_status = 1;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		r = parse_region(line, group);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			group->regions_status = r;
	}
	return 0;
}

static int read_regions(struct sys_dir groups, const char *number, struct group *group)
{
	char name[64], text[4096];
	ssize_t len;

	snprintf(name, sizeof(name), "%s/reserved_regions", number);
	len = sys_read(groups, name, text, sizeof(text));
	if (len >= 0)
		return group_parse_regions(text, group);
	group->regions_status = (int)len;
	return 0;
}

static int read_members(struct gather *gather, struct sys_dir groups, const char *number,
			struct group *group)
{
	const struct field_u64 known = field_u64(group->number);
	_cleanup_strv_ struct strv list = { 0 };
	char name[64], link[512];
	int r;

	snprintf(name, sizeof(name), "%s/devices", number);
	r = sys_list(groups, name, &list);
	group->members_status = r < 0 ? r : 1;
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	group->members = calloc(list.n + 1, sizeof(group->members[0]));
	if (!group->members)
		return -ENOMEM;
	gather->base = groups;
	gather->base_length = strlen(GROUPS);
	for (; group->n_members < list.n; group->n_members++) {
		const char *id = list.v[group->n_members];

		snprintf(link, sizeof(link), GROUPS "/%s/%s", name, id);
		r = gather_device(gather, link, id, &known, &group->members[group->n_members]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_group(struct gather *gather, unsigned int need, struct sys_dir groups,
		      const char *number, struct group *ret)
{
	_cleanup_group_ struct group group = { 0 };
	uint64_t value;
	char name[64];
	int r;

	r = parse_u64(number, UINT32_MAX, &value);
	if (r < 0)
		return r;
	group.number = (uint32_t)value;
	if (need & GROUP_NEED_TYPE) {
		snprintf(name, sizeof(name), "%s/type", number);
		gather_str(groups, name, &group.type);
	}
	if (need & GROUP_NEED_NAME) {
		snprintf(name, sizeof(name), "%s/name", number);
		gather_str(groups, name, &group.name);
	}
	if (need & GROUP_NEED_REGIONS)
		r = read_regions(groups, number, &group);
	if (r == 0 && need & GROUP_NEED_MEMBERS)
		r = read_members(gather, groups, number, &group);
	if (r < 0)
		return r;
	*ret = group;
	group = (struct group){ 0 };
	return 0;
}

/* Walks the processes once for the members of all groups. */
static int read_openers(const struct gather *gather, const struct group_list *list)
{
	_cleanup_free_ struct device **devices = NULL;
	size_t n = 0, at = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].n_members;
	devices = calloc(n + 1, sizeof(struct device *));
	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->v[i].n_members; k++)
			devices[at++] = &list->v[i].members[k];
	return gather_openers(gather, devices, n);
}

/* Names are sorted, and with them the numbers. */
static int each_group(struct gather *gather, unsigned int need, group_each_fn *each, void *data)
{
	_cleanup_strv_ struct strv names = { 0 };
	_cleanup_sys_dir_ struct sys_dir groups = SYS_DIR_NONE;
	int r;

	groups = sys_dir_open(gather->root, GROUPS);
	r = sys_list(groups, ".", &names);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < names.n; i++) {
		_cleanup_group_ struct group group = { 0 };

		r = read_group(gather, need, groups, names.v[i], &group);
		if (r == -ENOMEM)
			return r;
		/* Entries that are not numbers are not groups. */
		if (r < 0)
			continue;
		r = each(&group, data);
		if (r)
			return r;
	}
	return 0;
}

int group_each(const struct sys_root *root, unsigned int need, unsigned int device_need,
	       group_each_fn *each, void *data)
{
	_cleanup_gather_ struct gather gather = { 0 };
	int r = gather_open(root, need & GROUP_NEED_MEMBERS ? device_need : 0, &gather);

	return r < 0 ? r : each_group(&gather, need, each, data);
}

static int add_group(struct group *group, void *data)
{
	struct group_list *list = data;
	struct group *slot = array_push(list->v, list->n);

	if (!slot)
		return -ENOMEM;
	*slot = *group;
	*group = (struct group){ 0 };
	return 0;
}

int group_list(const struct sys_root *root, unsigned int need, unsigned int device_need,
	       struct group_list *ret)
{
	_cleanup_group_list_ struct group_list list = { 0 };
	_cleanup_gather_ struct gather gather = { 0 };
	int r;

	r = gather_open(root, need & GROUP_NEED_MEMBERS ? device_need : 0, &gather);
	if (r == 0)
		r = each_group(&gather, need, add_group, &list);
	if (r == 0)
		r = read_openers(&gather, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct group_list){ 0 };
	return 0;
}

int group_get(const struct sys_root *root, uint32_t number, unsigned int need,
	      unsigned int device_need, struct group *ret)
{
	_cleanup_group_list_ struct group_list list = { 0 };
	_cleanup_gather_ struct gather gather = { 0 };
	_cleanup_sys_dir_ struct sys_dir groups = SYS_DIR_NONE;
	_cleanup_sys_dir_ struct sys_dir group = SYS_DIR_NONE;
	char text[64];
	int r;

	snprintf(text, sizeof(text), GROUPS "/%" PRIu32, number);
	group = sys_dir_open(root, text);
	if (group.error < 0)
		return group.error;
	groups = sys_dir_open(root, GROUPS);
	if (groups.error < 0)
		return groups.error;
	r = gather_open(root, need & GROUP_NEED_MEMBERS ? device_need : 0, &gather);
	if (r < 0)
		return r;
	list.v = calloc(1, sizeof(list.v[0]));
	if (!list.v)
		return -ENOMEM;
	snprintf(text, sizeof(text), "%" PRIu32, number);
	r = read_group(&gather, need, groups, text, &list.v[0]);
	if (r < 0)
		return r;
	list.n = 1;
	r = read_openers(&gather, &list);
	if (r < 0)
		return r;
	*ret = list.v[0];
	list.v[0] = (struct group){ 0 };
	return 0;
}

bool group_region_is_direct(const struct group_region *region)
{
	return strcmp(region->type, "direct") == 0;
}

bool group_is_direct(const struct group *group)
{
	for (size_t i = 0; i < group->n_regions; i++)
		if (group_region_is_direct(&group->regions[i]))
			return true;
	return false;
}
