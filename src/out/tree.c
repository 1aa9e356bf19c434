/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/tree.h"

#include <errno.h>
#include <stdio.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "out/internal.h"
#include "util/cleanup.h"

static bool wants_ascii(const struct out_options *options)
{
	return options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static int table_tree(struct out_view *view, const struct out_node *nodes, size_t n)
{
	_cleanup_free_ size_t *depths = calloc(n + 1, sizeof(*depths));
	size_t column = out_view_tree_column(view);
	struct layout_cell *cells;
	int r = depths ? 0 : -ENOMEM;

	view->layout.node = column;
	view->layout.ascii = wants_ascii(&view->options);
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool root = nodes[i].parent == OUT_NODE_ROOT;

		view->rows++;
		r = out_view_line(view, nodes[i].row, &cells);
		if (r < 0)
			break;
		depths[i] = root ? 0 : depths[nodes[i].parent] + 1;
		cells[column].depth = depths[i];
		cells[column].parent = nodes[i].parent;
		if (view->color)
			cells[column].color = out_tone_color(nodes[i].tone);
	}
	return r;
}

int out_view_tree(struct out_view *view, const struct out_node *nodes, size_t n)
{
	int r = 0;

	if (view->options.format == OUT_FORMAT_TABLE)
		return table_tree(view, nodes, n);
	if (view->options.format == OUT_FORMAT_JSON)
		return out_json_tree(view->f, view->columns, view->n, nodes, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = out_view_row(view, nodes[i].row);
	return r;
}
