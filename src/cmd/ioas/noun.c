/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ioas alloc, free, list, show, map, unmap */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "cmd/ioas/internal.h"
#include "cmd/nouns.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/result.h"
#include "cmd/common/session.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/str.h"

static const struct cmd_option list_options[] = {
	{ .type = OPTION_ROWS, .rows = view_options },
	CONTEXT_LIST_OPTION,
	{ 0 },
};

static const struct cmd_option show_options[] = {
	{ .type = OPTION_ROWS, .rows = view_options },
	CONTEXT_OPTION,
	{ 0 },
};

static int list_context(struct holder_client *client, struct holder_context *context,
			struct holder_error *error, void *data)
{
	struct inspection *in = data;
	int r = 0;

	(void)client;
	(void)error;
	for (size_t i = 0; r == 0 && i < context->ioas_n; i++) {
		const struct ioas_row row = { context->name, &context->ioas[i] };

		r = inspect_row(in, &row);
	}
	return r;
}

static int list_run(struct app *app, const void *args)
{
	return session_view(app, args, list_context);
}

static const struct view_args list_defaults = { .columns = ioas_list_columns, .rows = "IOASes" };

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List IOASes",
	.example = "ioasidctl ioas list -c lab",
	.statuses = "267",
	.options = list_options,
	.doc = "List the IOASes of all contexts that you may see; with -c, of that one.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

static int add_user(struct ioas_show *show, struct ioas_user user)
{
	struct ioas_user *slot = array_push(show->user, show->n_users);

	if (!slot)
		return -ENOMEM;
	*slot = user;
	return 0;
}

/* Finds the IOAS's users in the description of its context. */
static int find_users(const struct holder_context *context, const struct holder_bindings *bindings,
		      struct ioas_show *show)
{
	const uint32_t ioas = show->info.id;
	int r = 0;

	for (size_t i = 0; r == 0 && i < context->device_n; i++) {
		const struct holder_device *device = &context->device[i];

		if (device->attached && device->target.ioas == ioas)
			r = add_user(show,
				     (struct ioas_user){
					     "device", device->device, NULL, device->id, { 0 } });
	}
	for (size_t i = 0; r == 0 && i < bindings->n; i++) {
		const struct holder_binding *binding = &bindings->v[i];

		if (binding->ioas == ioas)
			r = add_user(show,
				     (struct ioas_user){ .kind = "pasid",
							 .device = binding->device,
							 .pasid = { binding->lo, binding->hi } });
	}
	for (size_t i = 0; r == 0 && i < context->hwpt_n; i++) {
		const struct holder_hwpt *hwpt = &context->hwpt[i];

		if (!hwpt->automatic && hwpt->ioas == ioas)
			r = add_user(show, (struct ioas_user){ "hwpt",
							       hwpt->device,
							       hwpt->name,
							       field_u64(hwpt->id),
							       { 0 } });
	}
	return r;
}

static void show_done(struct ioas_show *show)
{
	holder_ioas_info_done(&show->info);
	free(show->user);
}

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *operand = args->operands.v[0];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_context_ struct holder_context context = { 0 };
	_cleanup_holder_bindings_ struct holder_bindings bindings = { 0 };
	_cleanup_(show_done) struct ioas_show show = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = session_open_reading(app, &(struct context_args){ 0 }, &client);
	if (r)
		return r;
	if (holder_show_ioas(client, operand, &show.info, &error) < 0 ||
	    holder_describe(client, &context, &error) < 0 ||
	    holder_list_bindings(client, NULL, &bindings, &error) < 0)
		return session_fail(app, operand, &error);
	if (find_users(&context, &bindings, &show) < 0)
		return app_fail_errno(app, -ENOMEM, operand, "cannot show it");
	return inspect_show(app, &in, &show);
}

static const struct view_args show_defaults = {
	.columns = ioas_show_columns,
	.operands = { .min = 1, .max = 1 },
	.single = true,
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one IOAS",
	.example = "ioasidctl ioas show -c lab guest-ram",
	.statuses = "26",
	.options = show_options,
	.takes = "IOAS",
	.doc = "Show one IOAS: its IOVA ranges, alignment, mappings and users.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

struct change_args {
	struct context_args context;
	const char *name;
	struct option_number iova;
	bool read, write;
	const char *file, *offset;
	bool all;
};

static int alloc_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	const char *operand = args->context.operands.v[0], *name = operand ? operand : args->name;
	char number[16], what[64];
	uint32_t ioas;
	int r;

	if (operand && args->name)
		return app_fail(app, STATUS_USAGE, operand, "NAME and --name cannot be combined");
	r = session_open(app, &args->context, &client);
	if (r)
		return r;
	if (holder_alloc_ioas(client, name, &ioas, &error) < 0)
		return session_fail(app, name, &error);
	if (args->context.dry_run)
		return STATUS_DONE;
	snprintf(number, sizeof(number), "%" PRIu32, ioas);
	snprintf(what, sizeof(what), "IOAS %s is allocated", number);
	return result_print(app, &args->context,
			    &(struct result){ .id = number,
					      .context = holder_reference(client),
					      .ioas = field_u64(ioas),
					      .name = name },
			    what);
}

static const struct cmd_option alloc_options[] = {
	{ "name", 0, "NAME", "Name it; the same as the operand NAME", OPTION_TEXT,
	  offsetof(struct change_args, name) },
	ROWS_OF(struct change_args, context, create_options),
	{ 0 },
};

static const struct change_args alloc_defaults = { .context.operands = { .max = 1 },
						   .context.created = result_ioas };

static const struct cmd alloc_cmd = {
	.name = "alloc",
	.summary = "Allocate an IOAS",
	.example = "ioasidctl ioas alloc -c lab --name guest-ram",
	.statuses = "1256",
	.options = alloc_options,
	.takes = "[NAME]",
	.doc = "Allocate an IOAS in the context and print its number.",
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
	int r;

	r = session_open(app, &args->context, &client);
	if (r)
		return r;
	if (holder_free_ioas(client, operand, &error) < 0)
		return session_fail(app, operand, &error);
	return STATUS_DONE;
}

static const struct cmd_option free_options[] = {
	ROWS_OF(struct change_args, context, change_options), { 0 }
};

static const struct change_args free_defaults = { .context.operands = { .min = 1, .max = 1 } };

static const struct cmd free_cmd = {
	.name = "free",
	.summary = "Free an IOAS",
	.example = "ioasidctl ioas free -c lab guest-ram",
	.statuses = "1236",
	.options = free_options,
	.takes = "IOAS",
	.doc = "Free an IOAS and its mappings. Refused while it has users.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &free_defaults,
	.args_size = sizeof(free_defaults),
	.run = free_run,
};

#define A_NUMBER_OF_BYTES "a number of bytes, or one with K, M, G or T for powers of 1024"
#define A_SIZE            "size: " A_NUMBER_OF_BYTES

static int fail_number(struct app *app, const char *text, const char *what)
{
	return app_fail(app, STATUS_USAGE, text, "is not a valid %s", what);
}

/* The operand that a failure is about, as the user typed it. */
static const char *typed(const struct holder_error *error, const char *ioas, const char *size,
			 const char *iova)
{
	const char *parameter = error->parameter ? error->parameter : "";

	if (size && (strcmp(parameter, "size") == 0 || strcmp(parameter, "length") == 0 ||
		     (error->id && str_ends(error->id, ".NotEnoughMemory"))))
		return size;
	return iova && strcmp(parameter, "iova") == 0 ? iova : ioas;
}

/* The same for map, which may be of a file. */
static const char *typed_map(const struct holder_error *error, const struct change_args *args)
{
	if (args->file && error->id && str_ends(error->id, ".UnfitFile"))
		return args->file;
	if (args->offset && error->parameter && strcmp(error->parameter, "offset") == 0)
		return args->offset;
	return typed(error, args->context.operands.v[0], args->context.operands.v[1],
		     args->iova.text);
}

/* Opens the file, if there is one. Returns 0 or a reported status. */
static int map_file(struct app *app, const struct change_args *args, struct holder_file *file)
{
	const bool both = !args->read && !args->write;

	if (args->offset && !args->file)
		return app_fail(app, STATUS_USAGE, NULL, "--offset is only for --file");
	if (args->offset && parse_size(args->offset, &file->offset) < 0)
		return fail_number(app, args->offset, "offset: " A_NUMBER_OF_BYTES);
	return args->file ? ioas_file_open(app, args->file, both || args->read, both || args->write,
					   &file->fd)
			  : 0;
}

static int map_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	const char *operand = args->context.operands.v[0], *size_text = args->context.operands.v[1];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_(holder_file_done) struct holder_file file = { .fd = -1 };
	bool both = !args->read && !args->write;
	char number[24], what[80];
	uint64_t size, iova = args->iova.value;
	int r;

	if (parse_size(size_text, &size) < 0 || size == 0)
		return fail_number(app, size_text, A_SIZE);
	r = map_file(app, args, &file);
	if (r == 0)
		r = session_open(app, &args->context, &client);
	if (r)
		return r;
	if (holder_map_ioas(client, operand, args->file ? &file : NULL, size,
			    args->iova.text ? &iova : NULL, both || args->read, both || args->write,
			    &iova, &error) < 0)
		return session_fail(app, typed_map(&error, args), &error);
	if (args->context.dry_run)
		return STATUS_DONE;
	snprintf(number, sizeof(number), "0x%" PRIx64, iova);
	snprintf(what, sizeof(what), "%" PRIu64 " bytes are mapped at %s", size, number);
	return result_print(app, &args->context,
			    &(struct result){ .id = number,
					      .context = holder_reference(client),
					      .iova = field_u64(iova),
					      .size = field_u64(size) },
			    what);
}

static const struct cmd_option map_options[] = {
	{ "iova", 0, "IOVA", "IOVA to map at (default: the kernel chooses)", OPTION_NUMBER,
	  offsetof(struct change_args, iova), .what = "IOVA" },
	{ "file", 0, "FILE", "Map FILE, which is on tmpfs or hugetlbfs, in place of new memory",
	  OPTION_TEXT, offsetof(struct change_args, file) },
	{ "offset", 0, "OFFSET", "Begin at this offset in FILE (default: 0)", OPTION_TEXT,
	  offsetof(struct change_args, offset) },
	{ "read", 0, NULL, "Let devices read; without --write: read-only", OPTION_FLAG,
	  offsetof(struct change_args, read) },
	{ "write", 0, NULL, "Let devices write; without --read: write-only", OPTION_FLAG,
	  offsetof(struct change_args, write) },
	ROWS_OF(struct change_args, context, create_options),
	{ 0 },
};

static const struct change_args map_defaults = { .context.operands = { .min = 2, .max = 2 },
						 .context.created = result_mapping };

static const struct cmd map_cmd = {
	.name = "map",
	.summary = "Map memory into an IOAS",
	.example = "ioasidctl ioas map -c lab guest-ram 2M --iova 0x10000000",
	.statuses = "12456",
	.options = map_options,
	.takes = "IOAS SIZE",
	.doc = "Map SIZE bytes of zeroed memory, held by the context, or of a file, and print their "
	       "IOVA. SIZE and OFFSET take K, M, G, T.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &map_defaults,
	.args_size = sizeof(map_defaults),
	.run = map_run,
};

/* Parses the IOVA and SIZE operands of unmap. Returns 0 or a reported status. */
static int unmap_where(struct app *app, const struct change_args *args, uint64_t *iova,
		       uint64_t *size)
{
	const struct operands *operands = &args->context.operands;

	*size = 0;
	if (args->all == (operands->n > 1))
		return app_fail(app, STATUS_USAGE, NULL, "give either an IOVA or --all");
	if (operands->n > 1 && parse_u64(operands->v[1], UINT64_MAX, iova) < 0)
		return fail_number(app, operands->v[1], "IOVA");
	if (operands->n > 2 && (parse_size(operands->v[2], size) < 0 || *size == 0))
		return fail_number(app, operands->v[2], A_SIZE);
	return 0;
}

static int unmap_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	const struct operands *operands = &args->context.operands;
	const char *operand = operands->v[0];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	uint64_t iova = 0, size, length;
	int r;

	r = unmap_where(app, args, &iova, &size);
	if (r == 0)
		r = session_open(app, &args->context, &client);
	if (r)
		return r;
	r = args->all ? holder_unmap_ioas_all(client, operand, &length, &error)
		      : holder_unmap_ioas(client, operand, iova, size, &length, &error);
	if (r < 0)
		return session_fail(app,
				    typed(&error, operand, operands->n > 2 ? operands->v[2] : NULL,
					  operands->n > 1 ? operands->v[1] : NULL),
				    &error);
	return STATUS_DONE;
}

static const struct cmd_option unmap_options[] = {
	{ "all", 0, NULL, "Unmap everything", OPTION_FLAG, offsetof(struct change_args, all) },
	ROWS_OF(struct change_args, context, change_options),
	{ 0 },
};

static const struct change_args unmap_defaults = { .context.operands = { .min = 1, .max = 3 } };

static const struct cmd unmap_cmd = {
	.name = "unmap",
	.summary = "Unmap memory from an IOAS",
	.example = "ioasidctl ioas unmap -c lab guest-ram 0x10000000",
	.statuses = "126",
	.options = unmap_options,
	.takes = "IOAS [IOVA [SIZE]]",
	.doc = "Unmap the mapping that begins at IOVA, with SIZE every mapping inside, with --all "
	       "every one.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &unmap_defaults,
	.args_size = sizeof(unmap_defaults),
	.run = unmap_run,
};

static const struct cmd *const sub[] = { &list_cmd, &show_cmd,  &alloc_cmd, &free_cmd,
					 &map_cmd,  &unmap_cmd, NULL };

const struct cmd ioas_cmd = {
	.name = "ioas",
	.summary = "I/O address spaces of a context",
	.sub = sub,
	.fallback = &list_cmd,
};
