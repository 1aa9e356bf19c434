/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/tree.h"

#include <errno.h>
#include <stdio.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

#include "out/json.h"
#include "out/view_private.h"
#include "util/cleanup.h"

static bool wants_ascii(const struct out_options *options)
{
	return options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

struct branches {
	const char *child, *last, *past, *none;
};

static const struct branches lines = { "├─", "└─", "│ ", "  " };
static const struct branches ascii_lines = { "|-", "`-", "| ", "  " };

/* The lines that a node's children have before their own, from those above; NULL without memory. */
static char *trunk_new(const struct branches *drawn, const char *above, bool root, bool last)
{
	char *text;

	return asprintf(&text, "%s%s", above,
			root   ? ""
			: last ? drawn->none
			       : drawn->past) < 0
		       ? NULL
		       : text;
}

/* Puts the lines that lead to it before the text of a node's cell. */
static int put_branch(struct layout_cell *cell, const char *above, const char *own)
{
	char *text;

	if (asprintf(&text, "%s%s%s", above, own, cell->text) < 0)
		return -ENOMEM;
	free(cell->text);
	cell->text = text;
	cell->plain = strlen(above) + strlen(own);
	return 0;
}

static int tree_node(struct out_view *view, const struct out_node *nodes, const size_t *last,
		     char **trunks, size_t index)
{
	const struct branches *drawn = wants_ascii(&view->options) ? &ascii_lines : &lines;
	const struct out_node *node = &nodes[index];
	bool root = node->parent == OUT_NODE_ROOT, ends = !root && last[node->parent] == index;
	const char *above = root ? "" : trunks[node->parent];
	struct layout_cell *cells;
	int r;

	view->rows++;
	r = out_view_line(view, node->row, &cells);
	if (r < 0)
		return r;
	cells += out_view_tree_column(view);
	if (view->color)
		cells->color = out_tone_color(node->tone);
	trunks[index] = trunk_new(drawn, above, root, ends);
	if (!trunks[index])
		return -ENOMEM;
	return put_branch(cells, above, root ? "" : ends ? drawn->last : drawn->child);
}

static int table_tree(struct out_view *view, const struct out_node *nodes, size_t n)
{
	_cleanup_strv_ struct strv trunks = { calloc(n + 1, sizeof(char *)), n };
	_cleanup_free_ size_t *last = calloc(n + 1, sizeof(*last));
	int r = trunks.v && last ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (nodes[i].parent != OUT_NODE_ROOT)
			last[nodes[i].parent] = i;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tree_node(view, nodes, last, trunks.v, i);
	if (!trunks.v)
		trunks.n = 0;
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
