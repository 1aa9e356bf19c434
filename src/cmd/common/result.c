/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/result.h"

#include <stdio.h>

static const struct result *result_of(const void *row)
{
	return row;
}

static void get_context(const void *row, struct out_value *ret)
{
	out_string(ret, result_of(row)->context);
}

static void get_pid(const void *row, struct out_value *ret)
{
	out_field_number(ret, &result_of(row)->pid);
}

static void get_device(const void *row, struct out_value *ret)
{
	out_string(ret, result_of(row)->device);
}

static void get_device_id(const void *row, struct out_value *ret)
{
	out_field_number(ret, &result_of(row)->device_id);
}

static void get_ioas(const void *row, struct out_value *ret)
{
	out_field_number(ret, &result_of(row)->ioas);
}

static void get_name(const void *row, struct out_value *ret)
{
	out_string(ret, result_of(row)->name);
}

static void get_hwpt(const void *row, struct out_value *ret)
{
	out_field_number(ret, &result_of(row)->hwpt);
}

static void get_iova(const void *row, struct out_value *ret)
{
	out_field_address(ret, &result_of(row)->iova);
}

static void get_size(const void *row, struct out_value *ret)
{
	out_size(ret, result_of(row)->size.value);
}

static void get_lo(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct range *)row)->lo);
}

static void get_hi(const void *row, struct out_value *ret)
{
	out_number(ret, ((const struct range *)row)->hi);
}

static const struct out_column range_columns[] = {
	{ "lo", "First PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_lo },
	{ "hi", "Last PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get_hi },
	{ 0 },
};

static void get_pasid(const void *row, struct out_value *ret)
{
	const struct ranges *list = &result_of(row)->pasid;

	out_table(ret, range_columns, list->v, list->n, sizeof(list->v[0]));
}

#define CONTEXT \
	{ \
		"context", "Name of its context, as -c takes it", OUT_DEFAULT | OUT_ALWAYS, 0, \
			get_context \
	}
#define DEVICE \
	{ \
		"device", "Device", OUT_DEFAULT | OUT_ALWAYS, 0, get_device \
	}
#define IOAS \
	{ \
		"ioas", "Number of the IOAS", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, \
			get_ioas \
	}

const struct out_column result_context[] = {
	CONTEXT,
	{ "pid", "Process id of its holder", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_pid },
	{ 0 },
};

const struct out_column result_device[] = {
	CONTEXT,
	DEVICE,
	{ "id", "Its number in the iommufd", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_device_id },
	{ 0 },
};

const struct out_column result_ioas[] = {
	CONTEXT,
	IOAS,
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_name },
	{ 0 },
};

const struct out_column result_hwpt[] = {
	CONTEXT,
	{ "hwpt", "Number of the HWPT", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_hwpt },
	{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_name },
	{ 0 },
};

const struct out_column result_mapping[] = {
	CONTEXT,
	{ "iova", "First IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_iova },
	{ "size", "Size in bytes", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_size },
	{ 0 },
};

const struct out_column result_pasid[] = {
	CONTEXT,
	DEVICE,
	{ "pasid", "What is bound", OUT_DEFAULT | OUT_IS_TABLE | OUT_ALWAYS | OUT_FILLED, 0,
	  get_pasid, NULL, OUT_INNER(range_columns) },
	IOAS,
	{ "hwpt", "The page table", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_hwpt },
	{ 0 },
};

int result_print(struct app *app, const struct context_args *args, const struct result *result,
		 const char *what)
{
	const struct out_options options = { .format = OUT_FORMAT_JSON };
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_free_ char *bad = NULL;
	int r;

	app_changed(app, what);
	if (!args->json) {
		if (result->id)
			puts(result->id);
		return STATUS_DONE;
	}
	r = out_view_new(args->created, &options, true, stdout, &view, &bad);
	if (r == 0)
		r = out_view_row(view, result);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot print") : app_view_end(app, view);
}
