/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/inspect.h"

#include <errno.h>

#include "cmd/common/internal.h"
#include "util/cleanup.h"

void inspect_done(struct inspection *in)
{
	out_view_free(&in->view);
	out_filter_free(&in->filter);
}

int inspect_open(struct app *app, const struct view_args *args, struct inspection *ret)
{
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_free_ char *bad = NULL;
	int r;

	r = out_view_new(args->columns, &args->out, args->single, stdout, &in.view, &bad);
	if (r == -EINVAL)
		return terms_fail_column(app, args->columns, bad);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot choose the columns");
	if (args->filtered)
		r = terms_parse(app, args, &in.filter);
	if (r == 0)
		r = app_root(app, &in.root);
	if (r)
		return r;
	in.need = out_view_need(in.view) | (in.filter ? out_filter_need(in.filter) : 0);
	in.rows = args->rows;
	*ret = in;
	in = (struct inspection){ 0 };
	return 0;
}

bool inspect_wants(struct inspection *in, const void *row)
{
	int r = in->filter ? out_filter_match(in->filter, row) : 1;

	if (r < 0) {
		in->undecided++;
		in->undecided_error = r;
	}
	return r > 0;
}

int inspect_row(struct inspection *in, const void *row)
{
	return inspect_wants(in, row) ? out_view_row(in->view, row) : 0;
}

int inspect_end(struct app *app, const struct inspection *in, int r)
{
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot print");
	r = app_view_end(app, in->view);
	/* Without a note they would seem not to match. */
	if (in->undecided)
		app_note(app, "%zu row%s left out, since a term's column could not be read: %s",
			 in->undecided, in->undecided == 1 ? " was" : "s were",
			 out_reason(in->undecided_error));
	/* A blank screen does not show that the list is empty. */
	if (r == STATUS_DONE && in->rows && !in->undecided && !in->partial &&
	    out_view_is_blank(in->view))
		app_note(app, "no %s%s", in->rows,
			 in->filter && out_filter_has_terms(in->filter) ? " that match" : "");
	return r == STATUS_DONE && (in->undecided || in->partial) ? STATUS_PARTIAL : r;
}

int inspect_show(struct app *app, const struct inspection *in, const void *row)
{
	return inspect_end(app, in, out_view_row(in->view, row));
}
