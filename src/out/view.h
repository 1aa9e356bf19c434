/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A view: chosen columns of a table in a chosen format, printed row by row. */
#pragma once

#include <stdio.h>

#include "out/value.h"
#include "util/cleanup.h"

enum out_format {
	OUT_FORMAT_TABLE,
	OUT_FORMAT_JSON,
	OUT_FORMAT_RAW, /* values separated by a space; a space inside is \x20, a backslash \x5c */
	OUT_FORMAT_PAIRS, /* KEY="value", safe for a shell's eval */
};

struct out_options {
	enum out_format format;
	bool no_headings;
	bool stream;          /* each row is written out at once; in JSON it is a line */
	bool tree;            /* rows are printed with out_view_tree() */
	bool ascii;           /* ASCII lines in a tree; also if the locale is not UTF-8 */
	const char *columns;  /* "COL,...", "+COL,...", "all", or NULL for the default */
	const char *defaults; /* "COL,..."; NULL: the columns with OUT_DEFAULT */
};

struct out_view;

/*
 * COLUMNS ends with a NULL key. SINGLE: a "show", which is one object in JSON and one line per
 * column for people. Returns 0, -ENOMEM, or -EINVAL with the unknown column's name in *RET_BAD (the
 * caller frees it). F is borrowed.
 */
int out_view_new(const struct out_column *columns, const struct out_options *options, bool single,
		 FILE *f, struct out_view **ret, char **ret_bad);
void out_view_free(struct out_view **view);
#define _cleanup_view_ _cleanup_(out_view_free)

/* The facts that the chosen columns need. */
unsigned int out_view_need(const struct out_view *view);

/* Are the values of all chosen columns equal, except column BUT (a key)? */
bool out_view_same(const struct out_view *view, const void *a, const void *b, const char *but);

/* Was nothing printed to a terminal, because there were no rows? */
bool out_view_is_blank(const struct out_view *view);

/* Returns 0 or -ENOMEM. Rows are printed immediately (programs) or at the end (aligned tables). */
int out_view_row(struct out_view *view, const void *row);
int out_view_end(struct out_view *view);

/*
 * Calls NOTE for what could not be read, once per reason and number of rows: "PID, UID could not be
 * read in 3 rows: Permission denied". Only for people: programs have the "unreadable" key.
 */
void out_view_notes(const struct out_view *view, void (*note)(void *data, const char *text),
		    void *data);

/* For --list-columns: one line per column with name, help, and whether it is a default. */
void out_columns_print(const struct out_column *columns, const struct out_options *options,
		       bool single, FILE *f);
