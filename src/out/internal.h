/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "out/graph.h"
#include "out/tree.h"
#include "out/value.h"
#include "out/view.h"

/* Shared by the graph languages. */

/* How a language writes boxes and frames. Each function returns 0 or -ENOMEM. */
struct out_graph_syntax {
	int (*box)(const struct out_graph *graph, size_t i, FILE *f);
	int (*open)(const struct out_graph *graph, size_t frame,
		    FILE *f); /* up to the end of the line */
	const char *close;
};

/* Writes all boxes and frames, indented. Returns 0 or -ENOMEM. */
int out_graph_put(const struct out_graph *graph, const struct out_graph_syntax *syntax, FILE *f);

/*
 * A printable copy of TEXT, also without the two non-control characters that XML forbids. NULL if
 * out of memory.
 */
char *out_graph_text(const char *text);

struct out_graph_paint {
	const char *name, *fill, *line;
};

#define OUT_TONES (OUT_TONE_WRONG + 1)

/* Colours on which black is legible, and that colour-blind people can distinguish. */
const struct out_graph_paint *out_graph_paint(enum out_tone tone);

/* Prints one row as a JSON object, without a newline. Returns 0 or -ENOMEM. */
int out_json_row(FILE *f, const struct out_column *const *columns, size_t n, const void *row);

/* Prints N nodes as an array of nested objects with "children". Returns 0 or -ENOMEM. */
int out_json_tree(FILE *f, const struct out_column *const *columns, size_t n_columns,
		  const struct out_node *nodes, size_t n);

/*
 * Layout of text on a terminal: rows in columns below headings, or one block per row. Only for
 * out/.
 */

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
	size_t width; /* width in the part before; see layout_widen() */
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

/* Room for TEXT in the column, if it fits. */
void layout_widen(struct layout *layout, size_t index, const char *text);

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

/* Draws a layout's rows in columns of the chosen widths. Only for out/. */

/* Prints nothing on failure. Returns 0 or -ENOMEM. */
int grid_draw(const struct layout *layout);

/* The parts of a view, only for out/view.c, note.c and tree.c. */

struct out_unreadable {
	const struct out_column *column;
	int error;
	size_t rows;
};

struct out_view {
	const struct out_column **columns;
	size_t n;
	struct out_options options;
	bool single;
	FILE *f;
	size_t rows;
	bool color;
	struct layout layout; /* rows of aligned output, held back to find the widths */
	struct out_unreadable *unreadable;
	size_t unreadable_count;
};

/* Counts ROWS in which COLUMN could not be read. Returns 0 or -ENOMEM. */
int out_view_note(struct out_view *view, const struct out_column *column, int error, size_t rows);

/* Adds a row to the table; RET borrows its cells. Returns 0 or -ENOMEM. */
int out_view_line(struct out_view *view, const void *row, struct layout_cell **ret);

/* The column that shows the structure: the one with OUT_TREE, else the first. */
size_t out_view_tree_column(const struct out_view *view);
