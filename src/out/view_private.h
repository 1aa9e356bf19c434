/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a view, only for out/view.c and out/tree.c. */
#pragma once

#include "out/layout.h"
#include "out/view.h"

struct out_unreadable;

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

/* Adds a row to the table; RET borrows its cells. Returns 0 or -ENOMEM. */
int out_view_line(struct out_view *view, const void *row, struct layout_cell **ret);

/* The column that shows the structure: the one with OUT_TREE, else the first. */
size_t out_view_tree_column(const struct out_view *view);
