/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options that many verbs share, as argp children with structs of their own. */
#pragma once

#include <argp.h>
#include <stdbool.h>

#include "app.h"
#include "cmd.h"
#include "out/view.h"

/*
 * An inspecting verb: its output, and the operands it takes. Its defaults name the column table and
 * how many operands there may be.
 */
struct view_args {
	const struct out_column *columns;
	struct operands operands;
	const char
		*rows; /* what a list is of, "devices": said to a terminal where there are none */
	bool single;   /* a "show" */
	bool filtered; /* the operands are terms of a filter: see out_filter_new() */
	struct out_options out;
	const char *sysroot;
};

/* The options of all that looks, --sysroot among them. */
extern const struct argp view_argp;
/* The children of a verb whose args are a struct view_args, or begin with one. */
extern const struct argp_child view_children[];

/* An inspecting verb that may wake devices which sleep, since reading config space does. */
struct wake_args {
	struct view_args view;
	bool wake;
};

/* The children of a verb whose args are a struct wake_args, or begin with one: --wake and those above. */
extern const struct argp_child wake_children[];

/* A verb that works in a context: which one, and the operands it takes, as above. */
struct context_args {
	const char *name;
	bool dry_run;
	bool json;                        /* of what is created: see result.h */
	const struct out_column *created; /* the columns of that */
	struct operands operands;
};

/* For one that only looks. */
extern const struct argp context_argp;
/* For a list, which has what is in all contexts unless it is given one. */
extern const struct argp context_list_argp;
/* For one that changes something: with --dry-run. */
extern const struct argp_child context_children[];
/* For one that creates something and prints what: with --json too. */
extern const struct argp_child create_children[];
/* For those whose operand is the context: --dry-run alone, and with --json. */
extern const struct argp_child dry_run_children[];
extern const struct argp_child create_context_children[];
