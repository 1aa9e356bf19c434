/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hwpt alloc, free, list, show: page tables of contexts, by number or name. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "client/holder.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/result.h"
#include "cmd/common/session.h"
#include "cmd/nouns.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

/* What is attached to an HWPT: a device's own requests, or consecutive PASIDs of a device. */
struct hwpt_user {
	const char *device;
	struct range pasid; /* hi 0: its own requests */
};

struct hwpt_row {
	const char *context;
	const struct holder_hwpt *hwpt;
	struct hwpt_user *user; /* only in a "show" */
	size_t n_users;
};

static const struct holder_hwpt *hwpt_of(const void *row)
{
	return ((const struct hwpt_row *)row)->hwpt;
}

static void get_context(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct hwpt_row *)row)->context);
}

static void get_hwpt(const void *row, struct out_value *ret)
{
	out_number(ret, hwpt_of(row)->id);
}

static void get_name(const void *row, struct out_value *ret)
{
	out_string(ret, hwpt_of(row)->name);
}

static void get_ioas(const void *row, struct out_value *ret)
{
	out_number(ret, hwpt_of(row)->ioas);
}

static void get_device(const void *row, struct out_value *ret)
{
	out_string(ret, hwpt_of(row)->device);
}

static void get_pasid_capable(const void *row, struct out_value *ret)
{
	out_bool(ret, hwpt_of(row)->pasid);
}

static void get_automatic(const void *row, struct out_value *ret)
{
	out_bool(ret, hwpt_of(row)->automatic);
}

static void get_user_count(const void *row, struct out_value *ret)
{
	out_number(ret, hwpt_of(row)->user_count);
}

#define COLUMNS \
	{ "context", "Context it is in", OUT_DEFAULT | OUT_OF_CONTEXT | OUT_ALWAYS, 0, \
	  get_context }, \
		{ "hwpt", "Its number", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_hwpt }, \
		{ "name", "Its name", OUT_DEFAULT | OUT_SHRINK, 0, get_name }, \
		{ "ioas", "IOAS whose mappings it has", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, \
		  0, get_ioas }, \
		{ "device", "Device it was allocated for, which may be gone", \
		  OUT_DEFAULT | OUT_OF_DEVICE | OUT_ALWAYS, 0, get_device }, \
		{ "pasid_capable", "Whether PASIDs may be attached", \
		  OUT_DEFAULT | OUT_IS_BOOL | OUT_ALWAYS, 0, get_pasid_capable }, \
		{ "automatic", "Whether the holder made it, and frees it with its last user", \
		  OUT_DEFAULT | OUT_IS_BOOL | OUT_ALWAYS, 0, get_automatic }, \
	{ \
		"user_count", "How many devices and PASIDs are attached to it", \
			OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_user_count \
	}

static const struct out_column list_columns[] = { COLUMNS, { 0 } };

static void get_user_kind(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct hwpt_user *)row)->pasid.hi ? "pasid" : "device");
}

static void get_user_device(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct hwpt_user *)row)->device);
}

static void get_user_lo(const void *row, struct out_value *ret)
{
	const struct hwpt_user *user = row;

	if (user->pasid.hi)
		out_number(ret, user->pasid.lo);
}

static void get_user_hi(const void *row, struct out_value *ret)
{
	const struct hwpt_user *user = row;

	if (user->pasid.hi)
		out_number(ret, user->pasid.hi);
}

static const struct out_column user_columns[] = {
	{ "kind", "device, for its own requests, or pasid", OUT_DEFAULT | OUT_ALWAYS, 0,
	  get_user_kind },
	{ "device", "The device", OUT_DEFAULT | OUT_OF_DEVICE | OUT_ALWAYS, 0, get_user_device },
	{ "lo", "First PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID, 0, get_user_lo },
	{ "hi", "Last PASID", OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID, 0, get_user_hi },
	{ 0 },
};

static void get_users(const void *p, struct out_value *ret)
{
	const struct hwpt_row *row = p;

	out_table(ret, user_columns, row->user, row->n_users, sizeof(*row->user));
}

static const struct out_column show_columns[] = {
	COLUMNS,
	{ "user", "What is attached to it", OUT_DEFAULT | OUT_IS_TABLE | OUT_ALWAYS, 0, get_users,
	  NULL, OUT_INNER(user_columns) },
	{ 0 },
};

static int list_context(struct holder_client *client, struct holder_context *context,
			struct holder_error *error, void *data)
{
	struct inspection *in = data;
	int r = 0;

	(void)client;
	(void)error;
	for (size_t i = 0; r == 0 && i < context->hwpt_n; i++) {
		const struct hwpt_row row = { .context = context->name, .hwpt = &context->hwpt[i] };

		r = inspect_row(in, &row);
	}
	return r;
}

static int list_run(struct app *app, const void *args)
{
	return session_view(app, args, list_context);
}

static const struct cmd_option list_options[] = {
	{ .type = OPTION_ROWS, .rows = view_options },
	CONTEXT_LIST_OPTION,
	{ 0 },
};

static const struct view_args list_defaults = { .columns = list_columns, .rows = "HWPTs" };

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List HWPTs",
	.example = "ioasidctl hwpt list -c lab",
	.statuses = "267",
	.options = list_options,
	.doc = "List the page tables of all contexts that you may see; with -c, of that one.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

/* By number, else by name. */
static const struct holder_hwpt *find(const struct holder_context *context, const char *text)
{
	uint64_t id = 0;
	const bool number = parse_u64(text, UINT32_MAX, &id) == 0;

	for (size_t i = 0; i < context->hwpt_n; i++) {
		const struct holder_hwpt *hwpt = &context->hwpt[i];

		if (number ? hwpt->id == id : hwpt->name && strcmp(hwpt->name, text) == 0)
			return hwpt;
	}
	return NULL;
}

static int add_user(struct hwpt_row *row, const char *device, struct range pasid)
{
	struct hwpt_user *user = array_push(row->user, row->n_users);

	if (!user)
		return -ENOMEM;
	*user = (struct hwpt_user){ device, pasid };
	return 0;
}

static int find_users(const struct holder_context *context, const struct holder_bindings *bindings,
		      struct hwpt_row *row)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < context->device_n; i++) {
		const struct holder_device *device = &context->device[i];

		if (device->attached && device->target.hwpt.status > 0 &&
		    device->target.hwpt.value == row->hwpt->id)
			r = add_user(row, device->device, (struct range){ 0 });
	}
	for (size_t i = 0; r == 0 && i < bindings->n; i++) {
		const struct holder_binding *binding = &bindings->v[i];

		if (binding->hwpt == row->hwpt->id)
			r = add_user(row, binding->device,
				     (struct range){ binding->lo, binding->hi });
	}
	return r;
}

static void row_done(struct hwpt_row *row)
{
	free(row->user);
}

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *operand = args->operands.v[0];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_context_ struct holder_context context = { 0 };
	_cleanup_holder_bindings_ struct holder_bindings bindings = { 0 };
	_cleanup_(row_done) struct hwpt_row row = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r = inspect_open(app, args, &in);

	if (r == 0)
		r = session_open_reading(app, &(struct context_args){ 0 }, &client);
	if (r)
		return r;
	if (holder_describe(client, &context, &error) < 0 ||
	    holder_list_bindings(client, NULL, &bindings, &error) < 0)
		return session_fail(app, operand, &error);
	row.context = context.name;
	row.hwpt = find(&context, operand);
	if (!row.hwpt) {
		app_fail(app, STATUS_NOT_FOUND, operand, "there is no such HWPT in the context");
		app_hint(app, "'ioasidctl hwpt list' shows the HWPTs");
		return STATUS_NOT_FOUND;
	}
	if (find_users(&context, &bindings, &row) < 0)
		return app_fail_errno(app, -ENOMEM, operand, "cannot show it");
	return inspect_show(app, &in, &row);
}

static const struct cmd_option show_options[] = {
	{ .type = OPTION_ROWS, .rows = view_options },
	CONTEXT_OPTION,
	{ 0 },
};

static const struct view_args show_defaults = {
	.columns = show_columns,
	.operands = { .min = 1, .max = 1 },
	.single = true,
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one HWPT",
	.example = "ioasidctl hwpt show -c lab tables",
	.statuses = "26",
	.options = show_options,
	.takes = "HWPT",
	.doc = "Show one HWPT, and what is attached to it.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

struct change_args {
	struct context_args context;
	const char *name;
	bool pasid;
};

static int alloc_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	const char *ioas = args->context.operands.v[1];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_free_ char *path = NULL;
	char number[16], what[64];
	uint32_t hwpt;
	int r = session_open_device(app, &args->context, &path, &client);

	if (r)
		return r;
	if (holder_alloc_hwpt(client, path, ioas, args->name, args->pasid, &hwpt, &error) < 0)
		return session_fail(app, args->context.operands.v[0], &error);
	if (args->context.dry_run)
		return STATUS_DONE;
	snprintf(number, sizeof(number), "%" PRIu32, hwpt);
	snprintf(what, sizeof(what), "HWPT %s is allocated", number);
	return result_print(app, &args->context,
			    &(struct result){ .id = number,
					      .context = holder_reference(client),
					      .hwpt = field_u64(hwpt),
					      .name = args->name },
			    what);
}

static const struct cmd_option alloc_options[] = {
	{ "name", 0, "NAME", "Name it", OPTION_TEXT, offsetof(struct change_args, name) },
	{ "pasid", 0, NULL, "Fit for PASIDs, and for a device that has some bound", OPTION_FLAG,
	  offsetof(struct change_args, pasid) },
	ROWS_OF(struct change_args, context, create_options),
	{ 0 },
};

static const struct change_args alloc_defaults = {
	.context = { .operands = { .min = 2, .max = 2 }, .created = result_hwpt },
};

static const struct cmd alloc_cmd = {
	.name = "alloc",
	.summary = "Allocate an HWPT",
	.example = "ioasidctl hwpt alloc -c lab --pasid --name tables 0000:03:00.0 guest-ram",
	.statuses = "1256",
	.options = alloc_options,
	.takes = "DEVICE IOAS",
	.doc = "Allocate a page table for DEVICE with the mappings of IOAS, and print its number.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &alloc_defaults,
	.args_size = sizeof(alloc_defaults),
	.run = alloc_run,
};

static int free_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	const char *operand = args->context.operands.v[0];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	int r = session_open(app, &args->context, &client);

	if (r)
		return r;
	if (holder_free_hwpt(client, operand, &error) < 0)
		return session_fail(app, operand, &error);
	return STATUS_DONE;
}

static const struct cmd_option free_options[] = {
	ROWS_OF(struct change_args, context, change_options), { 0 }
};

static const struct change_args free_defaults = { .context.operands = { .min = 1, .max = 1 } };

static const struct cmd free_cmd = {
	.name = "free",
	.summary = "Free an HWPT",
	.example = "ioasidctl hwpt free -c lab tables",
	.statuses = "1236",
	.options = free_options,
	.takes = "HWPT",
	.doc = "Free a page table. Refused while devices or PASIDs are attached to it.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &free_defaults,
	.args_size = sizeof(free_defaults),
	.run = free_run,
};

static const struct cmd *const sub[] = { &list_cmd, &show_cmd, &alloc_cmd, &free_cmd, NULL };

const struct cmd hwpt_cmd = {
	.name = "hwpt",
	.summary = "Hardware page tables of a context",
	.sub = sub,
	.fallback = &list_cmd,
};
