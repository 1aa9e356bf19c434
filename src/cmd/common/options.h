/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options shared by many verbs, as rows for OPTION_ROWS, each with its own struct. */
#pragma once

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
};

/* The options of all inspecting verbs, including --sysroot. */
extern const struct cmd_option view_options[];

/* Arguments of an inspecting verb that may read config space, which wakes sleeping devices. */
struct wake_args {
	struct view_args view;
	bool wake;
};

/* --wake and those above. */
extern const struct cmd_option wake_options[];

/* --fold and --each: one row for PASIDs that are alike, or one for each. */
enum folding { FOLDING_BY_FORMAT, FOLDING_ON, FOLDING_OFF };

#define FOLD_OPTION(place, alike) \
	{ \
		"fold", 0, NULL, \
			"One row for consecutive PASIDs that " alike " (the default of a table)", \
			OPTION_VALUE, place, .value = FOLDING_ON \
	}
#define EACH_OPTION(place) \
	{ \
		"each", 0, NULL, "One row for each PASID (the default of JSON, -r and -P)", \
			OPTION_VALUE, place, .value = FOLDING_OFF \
	}

/* Are rows folded in the format of VIEW? */
bool view_folds(const struct view_args *view, enum folding folding);

/* Arguments of a verb in a context: operands as above. */
struct context_args {
	const char *name; /* given as an operand; NULL: the one that -c chooses */
	bool dry_run;
	bool json;                        /* for verbs that create something: see result.h */
	const struct out_column *created; /* the columns of the object that is created */
	struct operands operands;
};

/* For verbs that change something. */
#define DRY_RUN_OPTION(...) /* the place, and further members */ \
	{ \
		"dry-run", 0, NULL, "Print each step without doing it", OPTION_FLAG, __VA_ARGS__ \
	}

/* -c and --dry-run. */
extern const struct cmd_option change_options[];
/* For verbs that create something and print it: also --json. */
extern const struct cmd_option create_options[];
/* For verbs whose operand is the context: only --dry-run, and also --json. */
extern const struct cmd_option dry_run_options[];
extern const struct cmd_option create_context_options[];
