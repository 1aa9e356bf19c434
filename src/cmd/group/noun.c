/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group list, group show */
#include <errno.h>

#include "app.h"
#include "cmd/nouns.h"
#include "cmd/common/operand.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/group/internal.h"
#include "model/machine/group.h"
#include "util/cleanup.h"

/*
 * Bits for the members are in the lower half of a column's need, those for the group in the upper.
 */
#define GROUP(need)  ((need) << 16)
#define MEMBER(need) (GROUP(GROUP_NEED_MEMBERS) | (need))

static unsigned int group_part(unsigned int need)
{
	return need >> 16;
}

static unsigned int member_part(unsigned int need)
{
	return need & 0xffff;
}

/* A group, with one text per member for columns about members. */
struct group_row {
	struct group group;
	char **texts; /* for one column at a time, as getters are called one after another */
};

static void group_row_done(struct group_row *row)
{
	group_done(&row->group);
	free(row->texts);
}

static void get_members(const void *p, struct out_value *ret,
			const struct field_str *(*field)(const struct device *))
{
	const struct group_row *row = p;

	if (row->group.members_status < 0) {
		out_unreadable(ret, row->group.members_status);
		return;
	}
	for (size_t i = 0; i < row->group.n_members; i++) {
		const struct field_str *text = field(&row->group.members[i]);

		if (text->status < 0) {
			out_unreadable(ret, text->status);
			return;
		}
		row->texts[i] = str_set(text->value) ? text->value : NULL;
	}
	out_strv(ret, &(struct strv){ row->texts, row->group.n_members });
}

#define GET_MEMBERS(name) \
	static const struct field_str *member_##name(const struct device *device) \
	{ \
		return &device->name; \
	} \
	static void get_##name(const void *row, struct out_value *ret) \
	{ \
		get_members(row, ret, member_##name); \
	}

GET_MEMBERS(class_name)
GET_MEMBERS(driver)
GET_MEMBERS(name)

static void get_group(const void *p, struct out_value *ret)
{
	const struct group_row *row = p;

	out_number(ret, row->group.number);
}

static void get_type(const void *p, struct out_value *ret)
{
	const struct group_row *row = p;

	out_field_string(ret, &row->group.type);
}

static void get_group_name(const void *p, struct out_value *ret)
{
	const struct group_row *row = p;

	out_field_string(ret, &row->group.name);
}

static void get_device(const void *p, struct out_value *ret)
{
	const struct group_row *row = p;

	if (row->group.members_status < 0) {
		out_unreadable(ret, row->group.members_status);
		return;
	}
	for (size_t i = 0; i < row->group.n_members; i++)
		row->texts[i] = row->group.members[i].id;
	out_strv(ret, &(struct strv){ row->texts, row->group.n_members });
}

/* All members of a group are behind one unit, so the first one with a unit decides. */
static void get_iommu(const void *p, struct out_value *ret)
{
	const struct group_row *row = p;

	for (size_t i = 0; ret->type == OUT_ABSENT && i < row->group.n_members; i++)
		out_field_string(ret, &row->group.members[i].iommu);
}

static void get_region_start(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct group_region *)p)->start);
}

static void get_region_end(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct group_region *)p)->end);
}

static void get_region_type(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct group_region *)p)->type);
}

/* From iommu_group_show_resv_regions(). */
static const char *const region_types[] = { "direct", "direct-relaxable", "reserved", "msi", NULL };

static const struct out_column region_columns[] = {
	{ "start", "First IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_region_start },
	{ "end", "Last IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_region_end },
	{ "type", "direct, direct-relaxable, reserved or msi", OUT_DEFAULT | OUT_OPEN | OUT_ALWAYS,
	  0, get_region_type, region_types },
	{ 0 },
};

static void get_regions(const void *p, struct out_value *ret)
{
	const struct group *group = &((const struct group_row *)p)->group;

	if (group->regions_status < 0)
		out_unreadable(ret, group->regions_status);
	else
		out_table(ret, region_columns, group->regions, group->n_regions,
			  sizeof(group->regions[0]));
}

static const struct out_column columns[] = {
	{ "group", "Number of the group", OUT_DEFAULT | OUT_IS_NUMBER | OUT_OF_GROUP | OUT_ALWAYS,
	  0, get_group },
	{ "type", "Type of the default domain: DMA, DMA-FQ, identity, ...", OUT_DEFAULT | OUT_OPEN,
	  GROUP(GROUP_NEED_TYPE), get_type, group_types },
	{ "iommu", "IOMMU unit", OUT_DEFAULT | OUT_OF_UNIT, MEMBER(DEVICE_NEED_IOMMU), get_iommu },
	{ "device", "Members", OUT_DEFAULT | OUT_IS_LIST | OUT_OF_DEVICE, MEMBER(0), get_device },
	{ "class", "Class of each member", OUT_SHRINK | OUT_IS_LIST | OUT_GAPS,
	  MEMBER(DEVICE_NEED_CLASS), get_class_name },
	{ "driver", "Driver of each member", OUT_DEFAULT | OUT_IS_LIST | OUT_GAPS,
	  MEMBER(DEVICE_NEED_DRIVER), get_driver },
	{ "name", "Name of each member", OUT_DEFAULT | OUT_SHRINK | OUT_IS_LIST | OUT_GAPS,
	  MEMBER(DEVICE_NEED_NAME), get_name },
	{ "group_name", "Name the kernel gave the group", OUT_SHRINK, GROUP(GROUP_NEED_NAME),
	  get_group_name },
	{ "reserved_region", "IOVAs where nothing may be mapped", OUT_IS_TABLE,
	  GROUP(GROUP_NEED_REGIONS), get_regions, NULL, OUT_INNER(region_columns) },
	{ 0 },
};

/* For group_each(). */
static int print_group(struct group *group, void *in)
{
	_cleanup_(group_row_done) struct group_row row = { .group = *group };

	*group = (struct group){ 0 };
	row.texts = calloc(row.group.n_members + 1, sizeof(*row.texts));
	if (!row.texts)
		return -ENOMEM;
	return inspect_row(in, &row);
}

static int list_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = group_each(in.root, group_part(in.need), member_part(in.need), print_group, &in);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the IOMMU groups");
	return inspect_end(app, &in, 0);
}

static const struct view_args list_defaults = {
	.columns = columns,
	.rows = "IOMMU groups",
	.operands = { .max = CMD_OPERANDS_MAX },
	.filtered = true,
};

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List IOMMU groups",
	.example = "ioasidctl group list driver=vfio-pci -o +class",
	.statuses = "267",
	.options = view_options,
	.takes = "[[COLUMN=]PATTERN[,PATTERN...]...]",
	.doc = "List the IOMMU groups with their members; with terms, those that match all of "
	       "them.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_(group_row_done) struct group_row row = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	const char *operand = args->operands.v[0];
	uint32_t number;
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = operand_group(app, in.root, operand, &number);
	if (r)
		return r;
	r = group_get(in.root, number, group_part(in.need), member_part(in.need), &row.group);
	if (r == -ENOENT)
		return app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU group");
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the IOMMU group");
	row.texts = calloc(row.group.n_members + 1, sizeof(*row.texts));
	if (!row.texts)
		return app_fail_errno(app, -ENOMEM, operand, "cannot print");
	return inspect_show(app, &in, &row);
}

static const struct view_args show_defaults = {
	.columns = columns,
	.operands = { .min = 1, .max = 1 },
	.single = true,
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one IOMMU group",
	.example = "ioasidctl group show eth1",
	.statuses = "26",
	.options = view_options,
	.takes = "GROUP|DEVICE",
	.doc = "Show one IOMMU group, named by its number or by a device in it.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

static const struct cmd *const sub[] = { &list_cmd, &show_cmd, &group_why_cmd, NULL };

const struct cmd group_cmd = {
	.name = "group",
	.summary = "IOMMU groups",
	.sub = sub,
	.fallback = &list_cmd,
};
