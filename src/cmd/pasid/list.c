/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid list */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/nouns.h"
#include "cmd/common/records.h"
#include "cmd/common/session.h"
#include "cmd/pasid/columns.h"
#include "cmd/pasid/internal.h"
#include "util/cleanup.h"

struct list_args {
	struct view_args view;
	bool sources;
	enum folding folding;
};

/* The columns are then those of sources. */
static error_t set_sources(void *p, struct argp_state *state)
{
	struct list_args *args = p;

	(void)state;
	args->sources = true;
	args->view.columns = pasid_source_columns;
	return 0;
}

struct listing {
	struct inspection *in;
	bool fold;
	struct bindings held; /* the row held back in case equal ones follow; may be empty */
	struct range range;   /* its PASIDs */
};

static void listing_done(struct listing *listing)
{
	bindings_done(&listing->held);
}

/* Prints what waits. */
static int flush(struct listing *listing)
{
	struct pasid_scratch scratch = { .folded = listing->range };
	const struct pasid_row row = { .pasid = listing->range.lo,
				       .fold = true,
				       .binding = listing->held.v,
				       .scratch = &scratch };
	int r = listing->held.n ? out_view_row(listing->in->view, &row) : 0;

	bindings_done(&listing->held);
	return r;
}

/* Does ROW continue the row held back? An unreported number does not. */
static bool continues(const struct listing *listing, const struct pasid_row *row)
{
	const struct binding *held = listing->held.v;
	struct pasid_scratch scratch = { .folded = listing->range };

	return held && row->pasid && listing->range.hi + 1 == row->pasid &&
	       strcmp(held->device, row->binding->device) == 0 &&
	       out_view_same(listing->in->view,
			     &(struct pasid_row){ .pasid = listing->range.lo,
						  .fold = true,
						  .binding = held,
						  .scratch = &scratch },
			     row, "pasid");
}

static int fold_row(struct listing *listing, const struct pasid_row *row, bool *same)
{
	int r;

	if ((*same && listing->range.hi + 1 == row->pasid) || continues(listing, row)) {
		listing->range.hi = row->pasid;
		*same = true;
		return 0;
	}
	r = flush(listing);
	if (r == 0)
		r = bindings_add(&listing->held, row->binding);
	listing->range = (struct range){ row->pasid, row->pasid };
	*same = true;
	return r;
}

static int list_binding(const struct binding *binding, void *data)
{
	struct listing *listing = data;
	struct pasid_scratch scratch;
	struct pasid_row row = { .binding = binding, .scratch = &scratch };
	bool same = false; /* the row held back is of BINDING, or equal to it */
	int r = 0;

	for (uint64_t pasid = binding->lo; r == 0 && pasid <= binding->hi; pasid++) {
		row.pasid = (uint32_t)pasid;
		if (!inspect_wants(listing->in, &row))
			continue;
		r = listing->fold ? fold_row(listing, &row, &same)
				  : out_view_row(listing->in->view, &row);
	}
	return r;
}

/* Only the status of the sources is wanted, not the rows. */
static int count_binding(const struct binding *binding, void *data)
{
	(void)binding;
	(void)data;
	return 0;
}

static int list_bindings(struct app *app, const struct view_args *args, bool fold)
{
	_cleanup_pasid_records_ struct pasid_records records = { 0 };
	struct pasid_reports reports;
	struct pasid_query query;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_(listing_done) struct listing listing = { .in = &in, .fold = fold };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = pasid_records_read(app, in.root, &records);
	if (r)
		return r;
	query = pasid_records_query(&records, in.root, in.need);
	query.device = out_filter_only(in.filter, "device");
	r = pasid_walk(&query, list_binding, &listing, &reports);
	if (r == 0)
		r = flush(&listing);
	if (r == 0)
		in.partial = pasid_records_notes(app, &reports);
	/* "No PASIDs" is only certain if everything could be read. */
	if (records.status != 1 || reports.hardware_status < 0 || reports.process_status < 0)
		in.rows = NULL;
	return inspect_end(app, &in, r);
}

static int list_sources(struct app *app, struct view_args *args)
{
	_cleanup_pasid_records_ struct pasid_records records = { 0 };
	struct pasid_reports reports;
	struct pasid_query query;
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = pasid_records_read(app, in.root, &records);
	if (r)
		return r;
	query = pasid_records_query(&records, in.root, PASID_NEED_ALL);
	r = pasid_walk(&query, count_binding, NULL, &reports);
	for (size_t i = 0; r == 0 && i < reports.n; i++)
		r = inspect_row(&in, &reports.v[i]);
	return inspect_end(app, &in, r);
}

static int add_context(struct app *app, struct operands *operands, const char *context,
		       struct strv *ret)
{
	_cleanup_free_ char *reference = NULL;
	char term[NAME_LENGTH_MAX + 32];
	int r = session_find(app, context, &reference);

	if (r)
		return r;
	snprintf(term, sizeof(term), "context=%s", reference);
	if (strv_push(ret, term) < 0)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot read the terms");
	operands->v[operands->n++] = ret->v[ret->n - 1];
	return 0;
}

/* Adds the context that -c chose, if any, as a term to ARGS' operands, which then point into RET. */
static int add_terms(struct app *app, struct view_args *args, struct strv *ret)
{
	if (!app->context)
		return 0;
	if (args->operands.n == CMD_OPERANDS_MAX)
		return app_fail(app, STATUS_USAGE, app->context, "too many terms");
	return add_context(app, &args->operands, app->context, ret);
}

static int list_run(struct app *app, const void *p)
{
	struct list_args args = *(const struct list_args *)p;
	_cleanup_strv_ struct strv terms = { 0 };
	int r;

	if (args.sources && app->context)
		return app_fail(app, STATUS_USAGE, app->context,
				"--sources and -c cannot be combined");
	/* With --sources, terms refer to the columns of sources. */
	if (args.sources)
		return list_sources(app, &args.view);
	r = add_terms(app, &args.view, &terms);
	if (r)
		return r;
	if (args.view.out.format != OUT_FORMAT_TABLE)
		args.view.out.defaults = pasid_program_defaults;
	return list_bindings(app, &args.view, view_folds(&args.view, args.folding));
}

static const struct cmd_option list_options[] = {
	CONTEXT_LIST_OPTION,
	{ "sources", 0, NULL, "List the sources of the list and whether each could be read",
	  OPTION_CALL, .call = set_sources },
	FOLD_OPTION(offsetof(struct list_args, folding), "are alike in all columns"),
	EACH_OPTION(offsetof(struct list_args, folding)),
	ROWS_OF(struct list_args, view, view_options),
	{ 0 },
};

static const struct list_args list_defaults = {
	.view = { .columns = pasid_columns,
		  .rows = "PASIDs",
		  .operands = { .max = CMD_OPERANDS_MAX },
		  .filtered = true },
};

const struct cmd pasid_list_cmd = {
	.name = "list",
	.summary = "List PASIDs",
	.example = "ioasidctl pasid list state=not-recorded",
	.statuses = "267",
	.options = list_options,
	.takes = "[[COLUMN=]PATTERN[,PATTERN...]...]",
	.doc = "List the PASIDs bound on this machine, whoever bound them: the records of all "
	       "contexts, the drivers that bind processes (SVA), the processes that have devices "
	       "open, and the IOMMU's own tables, joined. With terms, those that match all of "
	       "them; with -c, those that the context holds.",
	.operands = offsetof(struct list_args, view.operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};
