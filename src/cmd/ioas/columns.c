/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ioas/internal.h"

#include <errno.h>

static void get_context(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct ioas_row *)row)->context);
}

static void get_ioas(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct ioas_row *)row)->ioas->id);
}

static void get_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct ioas_row *)row)->ioas->name);
}

static void get_mapped(const void *row, struct out_value *ret)
{
	out_size(ret, ((const struct ioas_row *)row)->ioas->mapped);
}

static void get_mapping_count(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct ioas_row *)row)->ioas->mapping_count);
}

static void get_user_count(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct ioas_row *)row)->ioas->user_count);
}

const struct out_column ioas_list_columns[] = {
	{ "context", "Context it is in", OUT_DEFAULT | OUT_OF_CONTEXT | OUT_ALWAYS, 0,
	  get_context },
	{ "ioas", "Its number, the IOASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_ioas },
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_name },
	{ "mapped", "Bytes mapped", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_mapped },
	{ "mapping_count", "Number of mappings", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_mapping_count },
	{ "user_count", "How many devices, PASIDs and HWPTs use it",
	  OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_user_count },
	{ 0 },
};

static void get_info_ioas(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct holder_ioas_info *)row)->id);
}

static void get_info_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct holder_ioas_info *)row)->name);
}

static void get_alignment(const void *row, struct out_value *ret)
{
	const struct field_u64 *alignment = &((const struct holder_ioas_info *)row)->alignment;

	if (alignment->status == 1)
		out_size(ret, alignment->value);
	else
		out_unreadable(ret, -ENODATA);
}

static void get_user_kind(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct ioas_user *)row)->kind);
}

static void get_user_id(const void *row, struct out_value *ret)
{
	out_field_number(ret, &((const struct ioas_user *)row)->id);
}

static void get_user_name(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct ioas_user *)row)->name);
}

static void get_user_device(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct ioas_user *)row)->device);
}

static void get_user_lo(const void *row, struct out_value *ret)
{
	const struct ioas_user *user = row;

	if (user->id.status == 0)
		out_number(ret, user->pasid.lo);
}

static void get_user_hi(const void *row, struct out_value *ret)
{
	const struct ioas_user *user = row;

	if (user->id.status == 0)
		out_number(ret, user->pasid.hi);
}

static const char *const user_kinds[] = { "device", "pasid", "hwpt", NULL };

static const struct out_column user_columns[] = {
	{ "kind", "device (its own requests), pasid or hwpt", OUT_DEFAULT | OUT_ALWAYS, 0,
	  get_user_kind, user_kinds },
	{ "id", "Number of the device or HWPT", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_user_id },
	{ "name", "Name of the HWPT", OUT_DEFAULT | OUT_SHRINK, 0, get_user_name },
	{ "device", "The device, or the one that the HWPT was allocated for",
	  OUT_DEFAULT | OUT_OF_DEVICE, 0, get_user_device },
	{ "lo", "First PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID, 0, get_user_lo },
	{ "hi", "Last PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID, 0, get_user_hi },
	{ 0 },
};

static void get_users(const void *row, struct out_value *ret)
{
	const struct ioas_show *show = row;

	out_table(ret, user_columns, show->user, show->n_users, sizeof(*show->user));
}

static void get_range_start(const void *row, struct out_value *ret)
{
	out_address(ret, ((const struct holder_iova_range *)row)->first);
}

static void get_range_end(const void *row, struct out_value *ret)
{
	out_address(ret, ((const struct holder_iova_range *)row)->last);
}

static const struct out_column range_columns[] = {
	{ "start", "First IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_range_start },
	{ "end", "Last IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_range_end },
	{ 0 },
};

static void get_ranges(const void *row, struct out_value *ret)
{
	const struct holder_ioas_info *info = row;

	if (info->range_known)
		out_table(ret, range_columns, info->range, info->range_n, sizeof(*info->range));
	else
		out_unreadable(ret, -ENODATA);
}

static void get_mapping_iova(const void *row, struct out_value *ret)
{
	out_address(ret, ((const struct holder_mapping *)row)->iova);
}

static void get_mapping_size(const void *row, struct out_value *ret)
{
	out_size(ret, ((const struct holder_mapping *)row)->length);
}

static void get_mapping_access(const void *row, struct out_value *ret)
{
	const struct holder_mapping *mapping = row;

	out_text(ret, "%s%s", mapping->read ? "r" : "", mapping->write ? "w" : "");
}

static void get_mapping_kind(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct holder_mapping *)row)->kind);
}

static const char *const accesses[] = { "r", "w", "rw", NULL };

static const struct out_column mapping_columns[] = {
	{ "iova", "First IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_mapping_iova },
	{ "size", "Size in bytes", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_mapping_size },
	{ "access", "r: devices may read, w: write", OUT_DEFAULT, 0, get_mapping_access, accesses },
	{ "kind", "What is mapped", OUT_DEFAULT, 0, get_mapping_kind },
	{ 0 },
};

static void get_mappings(const void *row, struct out_value *ret)
{
	const struct holder_ioas_info *info = row;

	out_table(ret, mapping_columns, info->mapping, info->mapping_n, sizeof(*info->mapping));
}

const struct out_column ioas_show_columns[] = {
	{ "ioas", "Its number, the IOASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_info_ioas },
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_info_name },
	{ "alignment", "IOVAs and sizes must be multiples of it", OUT_DEFAULT | OUT_IS_SIZE, 0,
	  get_alignment },
	{ "iova_range", "Where mappings may be", OUT_DEFAULT | OUT_IS_TABLE, 0, get_ranges, NULL,
	  OUT_INNER(range_columns) },
	{ "mapping", "What is mapped", OUT_DEFAULT | OUT_IS_TABLE | OUT_ALWAYS, 0, get_mappings,
	  NULL, OUT_INNER(mapping_columns) },
	{ "user", "What is attached to it", OUT_DEFAULT | OUT_IS_TABLE | OUT_ALWAYS, 0, get_users,
	  NULL, OUT_INNER(user_columns) },
	{ 0 },
};
