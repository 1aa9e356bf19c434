/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view: chosen columns of a table in a chosen format, printed row by row. */
#pragma once

#include <stdio.h>

#include "out/value.h"
#include "util/cleanup.h"

enum out_format {
	OUT_FORMAT_TABLE,
	OUT_FORMAT_JSON,
	OUT_FORMAT_RAW, /* values separated by one space; a space inside is \x20, a backslash \x5c */
	OUT_FORMAT_PAIRS, /* KEY="value", fit for a shell's eval */
};

struct out_options {
	enum out_format format;
	bool no_headings;
	bool tree;  /* the rows come by out_view_tree() */
	bool ascii; /* no lines in a tree but those of ASCII; so too where the locale has no UTF-8 */
	const char *columns;  /* "COL,...", "+COL,...", "all", or NULL for the default */
	const char *defaults; /* "COL,...", or NULL for those that are OUT_DEFAULT */
};

struct out_view;

/*
 * COLUMNS ends with a NULL key. SINGLE is a "show": one object in JSON, one line a column for
 * people. Returns 0, -ENOMEM, or -EINVAL with *RET_BAD (a part of options->columns, to be freed)
 * the name of the unknown column. F is borrowed.
 */
int out_view_new(const struct out_column *columns, const struct out_options *options, bool single,
		 FILE *f, struct out_view **ret, char **ret_bad);
void out_view_free(struct out_view **view);
#define _cleanup_view_ _cleanup_(out_view_free)

/* The bits of what the chosen columns need. */
unsigned int out_view_need(const struct out_view *view);

/* Are the values of all chosen columns the same, but for the column BUT (a key)? */
bool out_view_same(const struct out_view *view, const void *a, const void *b, const char *but);

/* A terminal has got nothing, since there were no rows. */
bool out_view_is_blank(const struct out_view *view);

/* Returns 0 or -ENOMEM. Rows may appear at once (programs) or at the end (aligned tables). */
int out_view_row(struct out_view *view, const void *row);
int out_view_end(struct out_view *view);

/*
 * What could not be read, once for each reason and number of rows: "PID, UID could not be read in 3
 * rows: Permission denied".
 * Calls NOTE for each. For people only: a program has the rows' "unreadable" key.
 */
void out_view_notes(const struct out_view *view, void (*note)(void *data, const char *text),
		    void *data);

/* For --list-columns: name, help, and whether it is a default, one a line. */
void out_columns_print(const struct out_column *columns, const struct out_options *options,
		       bool single, FILE *f);
