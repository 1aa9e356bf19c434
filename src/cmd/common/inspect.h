/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The beginning and end of all inspecting verbs. */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "out/filter.h"

struct inspection {
	struct out_view *view;
	struct out_filter *filter; /* NULL: every row is wanted */
	const struct sys_root *root;
	const char *rows;    /* what rows are; NULL: print nothing for an empty list */
	unsigned int need;   /* facts needed by the chosen columns and the filter */
	size_t undecided;    /* rows left out because the filter cannot be evaluated */
	int undecided_error; /* -errno of the last of those */
	bool partial;        /* a source of rows could not be read, which was reported */
};

void inspect_done(struct inspection *in);
#define _cleanup_inspection_ _cleanup_(inspect_done)

/* Creates the view and filter for ARGS and opens the machine. Returns 0 or a reported status. */
int inspect_open(struct app *app, const struct view_args *args, struct inspection *ret);

/* Does ROW match the filter? Counts rows for which that is unknown. */
bool inspect_wants(struct inspection *in, const void *row);

/* Prints ROW if it matches. Returns 0 or -ENOMEM. */
int inspect_row(struct inspection *in, const void *row);

/*
 * Ends the output; R is the result of the rows. Returns an enum status: STATUS_PARTIAL if rows may
 * be missing.
 */
int inspect_end(struct app *app, const struct inspection *in, int r);

/* Prints a single row and ends the output. Returns an enum status. */
int inspect_show(struct app *app, const struct inspection *in, const void *row);
