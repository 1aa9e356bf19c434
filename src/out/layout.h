/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where text stands on a terminal: columns of rows beneath headings, or one block a row. For out/ only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What becomes of a cell for which there is no room. */
enum layout_kind {
	LAYOUT_WHOLE, /* it is never cut: addresses, ids, numbers */
	LAYOUT_NAME,  /* shortened, with an ellipsis */
	LAYOUT_PROSE, /* wrapped at words */
};

struct layout_column {
	char heading[64];
	enum layout_kind kind;
	bool right;   /* the last characters stand beneath each other */
	size_t width; /* that it had in the part before */
	size_t least; /* that it can do with; see layout_flush() */
};

struct layout_cell {
	char *text;        /* lines; its own */
	const char *color; /* a sequence, or NULL */
	size_t depth;      /* of a node in a tree; 0 at its roots */
	size_t parent;     /* the row of the node above, where there is one */
};

#define LAYOUT_STEP 2 /* columns that a node is set in beneath the one above */

struct layout {
	FILE *f;
	size_t limit;  /* columns of the terminal; 0: as many as are needed */
	size_t indent; /* of every line */
	bool tree;     /* a row is one line, if that can be, and a node */
	bool ascii;    /* no lines in a tree but those of ASCII */
	size_t node;   /* the column of a tree's nodes */
	bool blocks;   /* one block a row, since rows do not fit */
	bool no_headings;
	size_t parts; /* printed before */
	struct layout_column *columns;
	size_t n;
	struct layout_cell *cells; /* N a row */
	size_t n_rows;
};

/* Frees what it has. */
void layout_done(struct layout *layout);

/* Returns 0 or -ENOMEM. */
int layout_add_column(struct layout *layout, const char *heading, enum layout_kind kind);

/* The cells of one row more, to be filled; NULL without memory. */
struct layout_cell *layout_add_row(struct layout *layout);

/*
 * Prints the rows that wait and forgets them, so that a list of any length needs little memory and
 * shows its first rows early. Later rows keep to the widths of the first as far as they fit.
 */
void layout_flush(struct layout *layout);

/*
 * "LABEL:  text", the text at column WIDTH of LABEL and wrapped there, in KIND's way: a name is
 * wrapped too, since there is room. Uses FIELD's f, limit and indent.
 */
void layout_field(const struct layout *layout, const char *label, size_t width,
		  const struct layout_cell *cell);
