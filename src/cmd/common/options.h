/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options shared by many verbs, as argp children, each with its own struct. */
#pragma once

#include <argp.h>
#include <stdbool.h>

#include "app.h"
#include "cmd.h"
#include "out/view.h"

/*
 * Arguments of an inspecting verb: output options and operands. The defaults set the column table
 * and the number of operands.
 */
struct view_args {
	const struct out_column *columns;
	struct operands operands;
	const char *rows; /* what a list contains, "devices": for "no devices" on a terminal */
	bool single;      /* a "show" */
	bool filtered;    /* the operands are terms of a filter: see out_filter_new() */
	struct out_options out;
	const char *sysroot;
};

/* The options of all inspecting verbs, including --sysroot; places are in a struct view_args. */
extern const struct cmd_option view_options[];
extern const struct argp view_argp;
/* Children of a verb whose args are, or begin with, a struct view_args. */
extern const struct argp_child view_children[];

/* Arguments of an inspecting verb that may read config space, which wakes sleeping devices. */
struct wake_args {
	struct view_args view;
	bool wake;
};

/* Children of a verb whose args are, or begin with, a struct wake_args: --wake and those above. */
extern const struct argp_child wake_children[];

/* Arguments of a verb in a context: the context, and operands as above. */
struct context_args {
	const char *name;
	bool dry_run;
	bool json;                        /* for verbs that create something: see result.h */
	const struct out_column *created; /* the columns of the object that is created */
	struct operands operands;
};

/* For verbs that only read. */
extern const struct argp context_argp;
/* For lists, which cover all contexts unless one is given. */
extern const struct argp context_list_argp;
/* For verbs that change something: also --dry-run. */
extern const struct argp_child context_children[];
/* For verbs that create something and print it: also --json. */
extern const struct argp_child create_children[];
/* For verbs whose operand is the context: only --dry-run, and also --json. */
extern const struct argp_child dry_run_children[];
extern const struct argp_child create_context_children[];
