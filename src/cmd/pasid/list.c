/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid list */
#include <string.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/nouns.h"
#include "cmd/pasid/query.h"
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
	struct pasid_table held; /* the row held back in case equal ones follow; may be empty */
	struct range range;      /* its PASIDs */
};

static void listing_done(struct listing *listing)
{
	pasid_table_done(&listing->held);
}

/* Prints what waits. */
static int flush(struct listing *listing)
{
	struct pasid_scratch scratch = { .folded = listing->range };
	const struct pasid_row row = { .pasid = listing->range.lo,
				       .fold = true,
				       .range = listing->held.v,
				       .scratch = &scratch };
	int r = listing->held.n ? out_view_row(listing->in->view, &row) : 0;

	pasid_table_done(&listing->held);
	return r;
}

/* Does ROW continue the row held back? An unreported number does not. */
static bool continues(const struct listing *listing, const struct pasid_row *row)
{
	const struct pasid_range *held = listing->held.v;
	struct pasid_scratch scratch = { .folded = listing->range };

	return held && row->pasid && listing->range.hi + 1 == row->pasid &&
	       strcmp(held->device, row->range->device) == 0 &&
	       out_view_same(listing->in->view,
			     &(struct pasid_row){ .pasid = listing->range.lo,
						  .fold = true,
						  .range = held,
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
		r = pasid_table_add(&listing->held, row->range);
	listing->range = (struct range){ row->pasid, row->pasid };
	*same = true;
	return r;
}

static int list_range(const struct pasid_range *range, void *data)
{
	struct listing *listing = data;
	struct pasid_scratch scratch;
	struct pasid_row row = { .range = range, .scratch = &scratch };
	bool same = false; /* the row held back is of RANGE, or equal to it */
	int r = 0;

	for (uint64_t pasid = range->lo; r == 0 && pasid <= range->hi; pasid++) {
		row.pasid = (uint32_t)pasid;
		if (!inspect_wants(listing->in, &row))
			continue;
		r = listing->fold ? fold_row(listing, &row, &same)
				  : out_view_row(listing->in->view, &row);
	}
	return r;
}

/* Only the status of the sources is wanted, not the rows. */
static int count_range(const struct pasid_range *range, void *data)
{
	(void)range;
	(void)data;
	return 0;
}

static int list_bindings(struct app *app, const struct view_args *args, bool fold)
{
	_cleanup_pasid_session_ struct pasid_session session = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_(listing_done) struct listing listing = { .in = &in, .fold = fold };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = pasid_session_open(app, in.root, in.need, &session);
	if (r)
		return r;
	session.query.device = out_filter_only(in.filter, "device");
	r = pasid_walk(&session.query, list_range, &listing, &session.reports);
	if (r == 0)
		r = flush(&listing);
	if (r == 0)
		in.partial = pasid_session_notes(app, &session);
	/* "No PASIDs" is only certain if everything could be read. */
	if (session.query.records_status != 1 || session.reports.hardware_status < 0 ||
	    session.reports.process_status < 0)
		in.rows = NULL;
	return inspect_end(app, &in, r);
}

static int list_sources(struct app *app, struct view_args *args)
{
	_cleanup_pasid_session_ struct pasid_session session = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = pasid_session_open(app, in.root, PASID_NEED_ALL, &session);
	if (r)
		return r;
	r = pasid_walk(&session.query, count_range, NULL, &session.reports);
	for (size_t i = 0; r == 0 && i < session.reports.n; i++)
		r = inspect_row(&in, &session.reports.v[i]);
	return inspect_end(app, &in, r);
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
	r = pasid_terms(app, &args.view, &terms);
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
