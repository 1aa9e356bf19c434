/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout of text on a terminal: rows in columns below headings, or one block per row. Only for
 * out/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* How a cell is treated if it does not fit. */
enum layout_kind {
	LAYOUT_WHOLE, /* never cut: addresses, ids, numbers */
	LAYOUT_NAME,  /* shortened with an ellipsis */
	LAYOUT_PROSE, /* wrapped at words */
};

struct layout_column {
	char heading[64];
	enum layout_kind kind;
	bool right;   /* right-aligned */
	size_t width; /* width in the part before */
	size_t least; /* minimum width; see layout_flush() */
};

struct layout_cell {
	char *text;        /* lines; its own */
	const char *color; /* escape sequence, or NULL */
	size_t depth;      /* of a node in a tree; 0 for roots */
	size_t parent;     /* row of the parent node, if any */
};

#define LAYOUT_STEP 2 /* indentation per level of a tree */

struct layout {
	FILE *f;
	size_t limit;  /* width of the terminal; 0: unlimited */
	size_t indent; /* of every line */
	bool tree;     /* rows are nodes, with one line each if possible */
	bool ascii;    /* ASCII lines in a tree */
	size_t node;   /* the column with the tree's nodes */
	bool blocks;   /* rows do not fit: one block per row */
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

/* Adds a row and returns its cells to be filled; NULL if out of memory. */
struct layout_cell *layout_add_row(struct layout *layout);

/*
 * Prints the rows so far and frees them, so that a list of any length needs little memory and its
 * first rows appear early. Later parts keep the widths of the first if they fit.
 */
void layout_flush(struct layout *layout);

/*
 * Prints "LABEL:  text", with the text at column WIDTH and wrapped there as for KIND, names
 * included. Uses FIELD's f, limit and indent.
 */
void layout_field(const struct layout *layout, const char *label, size_t width,
		  const struct layout_cell *cell);
