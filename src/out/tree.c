/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/tree.h"

#include <errno.h>
#include <langinfo.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out/json.h"
#include "out/view_private.h"
#include "util/cleanup.h"

/* The library's names; the terminal's own colours, all legible on black and on white. */
static const char *const colors[] = {
	[OUT_TONE_TITLE] = "bold",       [OUT_TONE_GROUP] = "cyan",
	[OUT_TONE_FAINT] = "halfbright", [OUT_TONE_BINDING] = "green",
	[OUT_TONE_PROCESS] = "magenta",  [OUT_TONE_WRONG] = "red",
};

/* https://no-color.org: set and not empty. */
static bool wants_color(FILE *f)
{
	const char *terminal = getenv("TERM");
	int fd = fileno(f);

	return !str_set(getenv("NO_COLOR")) && fd >= 0 && isatty(fd) && str_set(terminal) &&
	       strcmp(terminal, "dumb") != 0;
}

static bool wants_ascii(const struct out_options *options)
{
	return options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

static int set_tone(struct libscols_line *line, size_t column, enum out_tone tone)
{
	if (tone == OUT_TONE_PLAIN)
		return 0;
	return scols_cell_set_color(scols_line_get_cell(line, column), colors[tone]);
}

static int table_tree(struct out_view *view, const struct out_node *nodes, size_t n)
{
	_cleanup_free_ struct libscols_line **lines = calloc(n + 1, sizeof(struct libscols_line *));
	size_t column = out_view_tree_column(view);
	int r = 0;

	if (!lines)
		return -ENOMEM;
	scols_table_enable_colors(view->table, wants_color(view->f));
	scols_table_enable_ascii(view->table, wants_ascii(&view->options));
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool root = nodes[i].parent == OUT_NODE_ROOT;

		view->rows++;
		r = out_view_line(view, nodes[i].row, root ? NULL : lines[nodes[i].parent],
				  &lines[i]);
		if (r == 0)
			r = set_tone(lines[i], column, nodes[i].tone);
	}
	return r < 0 ? -ENOMEM : 0;
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
