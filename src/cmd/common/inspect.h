/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all inspecting verbs do before they gather, and after. */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "out/filter.h"

struct inspection {
	struct out_view *view;
	struct out_filter *filter; /* NULL: every row is wanted */
	const struct sys_root *root;
	const char *rows;    /* what they are, NULL: no word of none */
	unsigned int need;   /* what the chosen columns and the filter need */
	size_t undecided;    /* rows left out since the filter's column is unreadable in them */
	int undecided_error; /* why, of the last one */
	bool partial;        /* a source of rows could not be read: said already */
};

void inspect_done(struct inspection *in);
#define _cleanup_inspection_ _cleanup_(inspect_done)

/* The view and filter that ARGS ask for, and the machine. Returns 0 or a reported status. */
int inspect_open(struct app *app, const struct view_args *args, struct inspection *ret);

/* Is ROW wanted? Counts those of which it cannot be said. */
bool inspect_wants(struct inspection *in, const void *row);

/* Prints ROW if it is wanted. Returns 0 or -ENOMEM. */
int inspect_row(struct inspection *in, const void *row);

/*
 * The end of the output, R being what the rows have led to. Returns an enum status: STATUS_PARTIAL
 * where rows may be missing.
 */
int inspect_end(struct app *app, const struct inspection *in, int r);

/* One row and the end. Returns an enum status. */
int inspect_show(struct app *app, const struct inspection *in, const void *row);
