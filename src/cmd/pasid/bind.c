/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid bind, unbind */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/common/operand.h"
#include "cmd/common/options.h"
#include "cmd/common/result.h"
#include "cmd/common/session.h"
#include "cmd/pasid/internal.h"
#include "model/pasid/walk.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/str.h"

struct bind_args {
	struct context_args context;
	struct option_number count;
	bool partial;
};

/* Reads a list of PASIDs, empty for WORD. Returns 0 or a reported status. */
static int read_pasids(struct app *app, const char *text, const char *word, struct ranges *ret)
{
	int r = strcmp(text, word) == 0 ? 0 : parse_ranges(text, PASID_MAX, ret);

	if (r == 0)
		return 0;
	if (r == -ERANGE)
		app_fail(app, STATUS_USAGE, text, "PASIDs have 20 bits at most");
	else if (r == -EEXIST)
		app_fail(app, STATUS_USAGE, text, "a PASID is in the list twice");
	else
		app_fail(app, STATUS_USAGE, text, "is not a valid list of PASIDs");
	app_hint(
		app,
		"PASIDs are a number, a range LO-HI, several of these separated by commas, or '%s'",
		word);
	return STATUS_USAGE;
}

/*
 * The kernel may return success without doing anything, so check the IOMMU's own table if it can be
 * read. Returns 0 or a reported status.
 */
static int confirm(struct app *app, const char *operand, const char *path,
		   const struct holder_bound *bound)
{
	uint32_t missing;
	int r;

	r = pasid_confirm(&app->root, path, &bound->pasid, &missing);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the IOMMU's table");
	return r ? 0
		 : app_fail(app, STATUS_FAILED, operand,
			    "the kernel accepted PASID %" PRIu32
			    ", but the IOMMU's table does not have it",
			    missing);
}

static int fail_partial(struct app *app, const char *operand, const struct holder_bound *bound)
{
	const struct holder_error *failure = &bound->failure;
	_cleanup_free_ char *pasid = ranges_format(&bound->pasid);
	_cleanup_free_ char *taken = ranges_format(&bound->taken);

	app_fail(app, STATUS_PARTIAL, operand, "bound in part, %" PRIu64 " of them (%s): %s%s",
		 bound->count, pasid ? pasid : "?", failure->holder ? "the holder says: " : "",
		 failure->message ? failure->message : strerror(failure->err));
	session_hint(app, operand, failure);
	if (bound->taken.n)
		app_note(app, "%s: already bound, and left out: %s", operand, taken ? taken : "?");
	return STATUS_PARTIAL;
}

static int print_bound(struct app *app, const struct bind_args *args,
		       const struct holder_client *client, const char *path,
		       const struct holder_bound *bound)
{
	_cleanup_free_ char *pasid = ranges_format(&bound->pasid), *what = NULL;
	struct result result = {
		.id = pasid,
		.context = holder_reference(client),
		.device = strrchr(path, '/') + 1,
		.ioas = field_u64(bound->ioas),
		.hwpt = field_u64(bound->hwpt),
		.pasid = bound->pasid, /* borrowed */
	};

	if (!pasid ||
	    asprintf(&what, "PASID %s of %s is bound", pasid, args->context.operands.v[0]) < 0) {
		what = NULL;
		return app_fail_errno(app, -ENOMEM, NULL, "cannot print");
	}
	return result_print(app, &args->context, &result, what);
}

/* The kernel allows attaching PASIDs there, but not the device's own requests. */
static void note_reserved(struct app *app, const char *operand, const char *target,
			  const struct holder_bound *bound)
{
	for (size_t i = 0; i < bound->reserved_n; i++) {
		const struct holder_reserved *r = &bound->reserved[i];
		_cleanup_free_ char *kind = str_printable(r->kind);

		app_note(app,
			 "%s: %s has a mapping at 0x%" PRIx64
			 ", in a reserved region of the device "
			 "(0x%" PRIx64 "-0x%" PRIx64
			 ", %s): its own requests cannot be attached to it",
			 operand, target, r->iova, r->first, r->last, kind ? kind : "?");
	}
}

/* Did the kernel refuse some of them, and were the others given back? */
static bool is_undone(const struct holder_error *error)
{
	return error->kind == HOLDER_ERROR_SYSTEM && !error->done &&
	       (error->pasid.status > 0 || (error->id && str_ends(error->id, ".PasidsBusy")));
}

static int bind_run(struct app *app, const void *p)
{
	const struct bind_args *args = p;
	const char *const *operand = args->context.operands.v;
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_(holder_bound_done) struct holder_bound bound = { 0 };
	_cleanup_ranges_ struct ranges pasid = { 0 };
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = read_pasids(app, operand[1], "auto", &pasid);
	if (r)
		return r;
	if (args->count.text && strcmp(operand[1], "auto") != 0)
		return app_fail(app, STATUS_USAGE, operand[1],
				"--count can only be combined with auto");
	r = session_open_device(app, &args->context, &path, &client);
	if (r)
		return r;
	if (holder_bind_pasids(client, path, pasid.n ? &pasid : NULL, (uint32_t)args->count.value,
			       operand[2], args->partial, &bound, &error) < 0) {
		r = session_fail(app, operand[0], &error);
		if (is_undone(&error))
			app_note(app, "%s: none of them is bound", operand[0]);
		return r;
	}
	note_reserved(app, operand[0], operand[2], &bound);
	if (!args->context.dry_run) {
		r = print_bound(app, args, client, path, &bound);
		if (r == 0)
			r = confirm(app, operand[0], path, &bound);
	}
	if (r == 0 && bound.failure.err)
		r = fail_partial(app, operand[0], &bound);
	return r;
}

static const struct cmd_option bind_options[] = {
	{ "partial", 0, NULL,
	  "Leave out what is already bound, and keep what was bound before a failure (exit "
	  "status 7)",
	  OPTION_FLAG, offsetof(struct bind_args, partial) },
	{ "count", 0, "N", "With auto: bind N PASIDs", OPTION_NUMBER,
	  offsetof(struct bind_args, count), .min = 1, .max = PASID_MAX,
	  .what = "number of PASIDs" },
	ROWS_OF(struct bind_args, context, create_options),
	{ 0 },
};

static const struct bind_args bind_defaults = {
	.context = { .operands = { .min = 3, .max = 3 }, .created = result_pasid },
};

const struct cmd pasid_bind_cmd = {
	.name = "bind",
	.summary = "Bind PASIDs to an IOAS or HWPT",
	.example = "ioasidctl pasid bind -c lab 0000:03:00.0 100-163 guest-ram",
	.statuses = "1234567",
	.options = bind_options,
	.takes = "DEVICE PASIDS TARGET",
	.doc = "Bind PASIDs of a device to an IOAS or HWPT of the context, and print them. PASIDS "
	       "is a number, LO-HI, a comma list, or auto for the lowest free one. All or "
	       "nothing, unless --partial is given.",
	.operands = offsetof(struct bind_args, context.operands),
	.defaults = &bind_defaults,
	.args_size = sizeof(bind_defaults),
	.run = bind_run,
};

static int unbind_run(struct app *app, const void *p)
{
	const struct context_args *args = p;
	const char *const *operand = args->operands.v;
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_ranges_ struct ranges pasid = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = read_pasids(app, operand[1], "all", &pasid);
	if (r == 0)
		r = session_open_device(app, args, &path, &client);
	if (r)
		return r;
	if (holder_unbind_pasids(client, path, pasid.n ? &pasid : NULL, NULL, &error) < 0)
		return session_fail(app, operand[0], &error);
	return STATUS_DONE;
}

static const struct context_args unbind_defaults = { .operands = { .min = 2, .max = 2 } };

const struct cmd pasid_unbind_cmd = {
	.name = "unbind",
	.summary = "Unbind PASIDs",
	.example = "ioasidctl pasid unbind -c lab 0000:03:00.0 100-163",
	.statuses = "1267",
	.options = change_options,
	.takes = "DEVICE PASIDS",
	.doc = "Unbind PASIDs of a device: numbers, ranges, lists, or all. Nothing is unbound when "
	       "one of them is not bound.",
	.operands = offsetof(struct context_args, operands),
	.defaults = &unbind_defaults,
	.args_size = sizeof(unbind_defaults),
	.run = unbind_run,
};
