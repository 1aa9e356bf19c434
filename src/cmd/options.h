/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that many verbs share, as argp children with structs of their own. */
#pragma once

#include <argp.h>
#include <stdbool.h>

#include "app.h"
#include "cmd.h"
#include "out/filter.h"

/*
 * An inspecting verb: its output, and the operands it takes. Its defaults name the column table and
 * how many operands there may be.
 */
struct view_args {
	const struct out_column *columns;
	struct operands operands;
	bool single; /* a "show" */
	struct out_options out;
	const char *sysroot;
};

/* With --sysroot: for what can be read of a captured tree. */
extern const struct argp view_argp;
/* The children of a verb whose args are a struct view_args, or begin with one. */
extern const struct argp_child view_children[];

/* Without: for what only living holders tell. */
extern const struct argp live_view_argp;
extern const struct argp_child live_view_children[];

/*
 * Opens the view that ARGS ask for and turns to their sysroot. Returns 0 or a reported status.
 */
int view_open(struct app *app, const struct view_args *args, struct out_view **ret);

/* The filter that the operands make. Returns 0 or a reported status. */
int filter_open(struct app *app, const struct view_args *args, struct out_filter **ret);

/* One row, then the end, of a "show". Returns an enum status. */
int view_show(struct app *app, struct out_view *view, const void *row);

/* A verb that works in a context: which one, and the operands it takes, as above. */
struct context_args {
	const char *name;
	struct operands operands;
};

extern const struct argp context_argp;
extern const struct argp_child context_children[];
