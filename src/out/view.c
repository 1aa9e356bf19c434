/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/view.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "out/column.h"
#include "out/internal.h"
#include "out/tone.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/terminal.h"
#include "util/text.h"

#define COLUMNS_HELP 21  /* column of the help in --list-columns */
#define PART_ROWS    512 /* rows of an aligned table kept in memory */

static const struct out_style human_style = { .human = true, .separator = "\n", .unsafe = "" };
/* Rows of a tree are of different kinds, so most lack most columns: "-" would be everywhere. */
static const struct out_style tree_style = {
	.human = true, .sparse = true, .separator = ", ", .unsafe = ""
};
static const struct out_style inline_style = { .human = true, .separator = ", ", .unsafe = "" };

static const struct out_style *style_of(const struct out_view *view,
					const struct out_column *column)
{
	if (view->options.tree)
		return &tree_style;
	return column->flags & OUT_INLINE ? &inline_style : &human_style;
}

static int view_add(struct out_view *view, const struct out_column *column)
{
	const struct out_column **slot;

	for (size_t i = 0; i < view->n; i++)
		if (view->columns[i] == column)
			return 0;
	slot = array_push(view->columns, view->n);
	if (!slot)
		return -ENOMEM;
	*slot = column;
	return 0;
}

static int view_add_default(struct out_view *view, const struct out_column *columns, bool all)
{
	int r;

	for (; columns->key; columns++) {
		if (!all && !out_column_is_default(columns, view->options.defaults, view->single))
			continue;
		r = view_add(view, columns);
		if (r < 0)
			return r;
	}
	return 0;
}

static int view_choose(struct out_view *view, const struct out_column *columns, char **ret_bad)
{
	_cleanup_free_ char *copy = NULL;
	const char *list = view->options.columns;
	char *rest, *name;
	int r = 0;

	if (!list || *list == '+' || str_same(list, "all"))
		r = view_add_default(view, columns, list && *list != '+');
	if (r < 0 || !list || str_same(list, "all"))
		return r;
	copy = strdup(list + (*list == '+'));
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while ((name = strsep(&rest, ","))) {
		const struct out_column *column = out_column_find(columns, name);

		if (!column) {
			*ret_bad = strdup(name);
			return *ret_bad ? -EINVAL : -ENOMEM;
		}
		r = view_add(view, column);
		if (r < 0)
			return r;
	}
	return 0;
}

size_t out_view_tree_column(const struct out_view *view)
{
	for (size_t i = 0; i < view->n; i++)
		if (view->columns[i]->flags & OUT_TREE)
			return i;
	return 0;
}

/* How a column's cells are treated if they do not fit. */
static enum layout_kind kind_of(const struct out_view *view, size_t index)
{
	unsigned int flags = view->columns[index]->flags;

	/* A node of a tree has one line. */
	if (view->options.tree)
		return index == out_view_tree_column(view) ? LAYOUT_WHOLE : LAYOUT_NAME;
	if (flags & OUT_SHRINK)
		return LAYOUT_NAME;
	return flags & (OUT_PROSE | OUT_INLINE) ? LAYOUT_PROSE : LAYOUT_WHOLE;
}

static int table_open(struct out_view *view)
{
	for (size_t i = 0; i < view->n; i++) {
		char name[64];

		out_column_name(view->columns[i], name, sizeof(name));
		if (layout_add_column(&view->layout, name, kind_of(view, i)) < 0)
			return -ENOMEM;
		/* The first row, printed before the others are known, is to fit them. */
		for (size_t j = 0; view->options.stream && view->columns[i]->values &&
				   view->columns[i]->values[j];
		     j++)
			layout_widen(&view->layout, i, view->columns[i]->values[j]);
	}
	return 0;
}

int out_view_new(const struct out_column *columns, const struct out_options *options, bool single,
		 FILE *f, struct out_view **ret, char **ret_bad)
{
	_cleanup_view_ struct out_view *view = calloc(1, sizeof(*view));
	int r;

	if (!view)
		return -ENOMEM;
	view->options = *options;
	view->single = single;
	view->f = f;
	view->color = terminal_has_color(f);
	view->layout = (struct layout){ .f = f,
					.limit = terminal_width(f),
					.tree = options->tree,
					.no_headings = options->no_headings };
	r = view_choose(view, columns, ret_bad);
	if (r < 0)
		return r;
	if (options->format == OUT_FORMAT_TABLE && !single) {
		r = table_open(view);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(view);
	return 0;
}

void out_view_free(struct out_view **view)
{
	if (!*view)
		return;
	layout_done(&(*view)->layout);
	free((*view)->columns);
	free((*view)->unreadable);
	free(*view);
	*view = NULL;
}

unsigned int out_view_need(const struct out_view *view)
{
	unsigned int need = 0;

	for (size_t i = 0; i < view->n; i++)
		need |= view->columns[i]->need;
	return need;
}

/* Formats the text of a cell. Returns 0 or -ENOMEM. */
static int view_cell(struct out_view *view, const struct out_column *column,
		     const struct out_value *value, const struct out_style *style, char **ret)
{
	int r = 0;

	if (value->error < 0)
		r = out_view_note(view, column, value->error, 1);
	if (r == 0) {
		*ret = out_value_format(value, style);
		if (!*ret)
			r = -ENOMEM;
	}
	return r;
}

/* The same for people, with colour. */
static int view_paint(struct out_view *view, const struct out_column *column,
		      const struct out_value *value, struct layout_cell *ret)
{
	int r = view_cell(view, column, value, style_of(view, column), &ret->text);

	if (r == 0 && view->color && column->flags & OUT_RESULT)
		ret->color = out_tone_color(out_tone_of(ret->text));
	return r;
}

/* Numbers are right-aligned. */
static void table_align(struct out_view *view, size_t index, enum out_type type)
{
	if (view->columns[index]->flags & OUT_LEFT ||
	    (view->options.tree && index == out_view_tree_column(view)))
		return;
	if (type == OUT_NUMBER || type == OUT_SIZE)
		view->layout.columns[index].right = true;
}

int out_view_line(struct out_view *view, const void *row, struct layout_cell **ret)
{
	struct layout_cell *cells = layout_add_row(&view->layout);

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < view->n; i++) {
		struct out_value value = { 0 };
		int r;

		view->columns[i]->get(row, &value);
		r = view_paint(view, view->columns[i], &value, &cells[i]);
		if (r < 0)
			return r;
		table_align(view, i, value.type);
	}
	*ret = cells;
	return 0;
}

static int line_row(struct out_view *view, const void *row)
{
	bool pairs = view->options.format == OUT_FORMAT_PAIRS;
	/* Spaces would split a value in two; quotes and $ would not survive a shell's eval. */
	const struct out_style style = { .separator = ",", .unsafe = pairs ? "\"$`\\" : " \\" };

	for (size_t i = 0; i < view->n; i++) {
		struct out_value value = { 0 };
		_cleanup_free_ char *cell = NULL;
		char name[64];
		int r;

		view->columns[i]->get(row, &value);
		r = view_cell(view, view->columns[i], &value, &style, &cell);
		if (r < 0)
			return r;
		if (i)
			fputc(' ', view->f);
		if (!pairs) {
			fputs(cell, view->f);
			continue;
		}
		/* Must be valid in a shell: PASID_WIDTH, not PASID-WIDTH. */
		out_column_name(view->columns[i], name, sizeof(name));
		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : *c;
		fprintf(view->f, "%s=\"%s\"", name, cell);
	}
	fputc('\n', view->f);
	return 0;
}

static void raw_headings(struct out_view *view)
{
	char name[64];

	for (size_t i = 0; i < view->n; i++) {
		out_column_name(view->columns[i], name, sizeof(name));
		fprintf(view->f, "%s%s", i ? " " : "", name);
	}
	fputc('\n', view->f);
}

/* A table inside a "show", indented below its column's name. */
static int show_table(struct out_view *parent, const struct out_value *value)
{
	const struct out_options options = { .columns = "all" };
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_free_ char *bad = NULL;
	const char *row = value->table.rows;
	int r;

	r = out_view_new(value->table.columns, &options, false, parent->f, &view, &bad);
	if (r < 0)
		return r;
	view->layout.indent = parent->layout.indent + 4;
	for (size_t i = 0; r == 0 && i < value->table.n; i++, row += value->table.size)
		r = out_view_row(view, row);
	if (r == 0)
		r = out_view_end(view);
	for (size_t i = 0; r == 0 && i < view->unreadable_count; i++) {
		const struct out_unreadable *u = &view->unreadable[i];

		r = out_view_note(parent, u->column, u->error, u->rows);
	}
	return r;
}

static int show_column(struct out_view *view, const struct out_column *column, const void *row,
		       size_t width)
{
	struct out_value value = { 0 };
	struct layout_cell cell = { 0 };
	char name[64];
	int r;

	column->get(row, &value);
	out_column_name(column, name, sizeof(name));
	if (value.type == OUT_TABLE && value.table.n) {
		fprintf(view->f, "%s:\n", name);
		r = value.error < 0 ? out_view_note(view, column, value.error, 1) : 0;
		return r < 0 ? r : show_table(view, &value);
	}
	r = view_paint(view, column, &value, &cell);
	if (r == 0)
		layout_field(&view->layout, name, width, &cell);
	free(cell.text);
	return r;
}

static int show_row(struct out_view *view, const void *row)
{
	size_t width = 0;
	int r;

	for (size_t i = 0; i < view->n; i++)
		if (strlen(view->columns[i]->key) > width)
			width = strlen(view->columns[i]->key);
	for (size_t i = 0; i < view->n; i++) {
		r = show_column(view, view->columns[i], row, width);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_same(const struct out_column *column, const void *a, const void *b)
{
	const struct out_style style = { .separator = ",", .unsafe = "" };
	_cleanup_free_ char *x = NULL, *y = NULL;
	struct out_value one = { 0 }, two = { 0 };

	column->get(a, &one);
	x = out_value_format(&one, &style);
	column->get(b, &two);
	y = out_value_format(&two, &style);
	return one.type == two.type && one.error == two.error && x && y && strcmp(x, y) == 0;
}

bool out_view_same(const struct out_view *view, const void *a, const void *b, const char *but)
{
	for (size_t i = 0; i < view->n; i++)
		if (strcmp(view->columns[i]->key, but) != 0 && !is_same(view->columns[i], a, b))
			return false;
	return true;
}

static int put_row(struct out_view *view, const void *row)
{
	struct layout_cell *cells;
	size_t index = view->rows++;

	switch (view->options.format) {
	case OUT_FORMAT_JSON:
		if (!view->single && !view->options.stream)
			fputs(index ? ",\n  " : "[\n  ", view->f);
		return out_json_row(view->f, view->columns, view->n, row);
	case OUT_FORMAT_RAW:
		if (index == 0 && !view->options.no_headings)
			raw_headings(view);
		return line_row(view, row);
	case OUT_FORMAT_PAIRS:
		return line_row(view, row);
	case OUT_FORMAT_TABLE:
		break;
	}
	if (view->layout.n_rows == PART_ROWS)
		layout_flush(&view->layout);
	return view->single ? show_row(view, row) : out_view_line(view, row, &cells);
}

/* The end of a row that is not held back for others to come. */
static void finish_row(struct out_view *view)
{
	if (view->options.format == OUT_FORMAT_JSON)
		fputc('\n', view->f);
	if (view->layout.n_rows)
		layout_flush(&view->layout);
	fflush(view->f);
}

int out_view_row(struct out_view *view, const void *row)
{
	int r = put_row(view, row);

	if (r == 0 && view->options.stream)
		finish_row(view);
	return r;
}

bool out_view_is_blank(const struct out_view *view)
{
	return view->options.format == OUT_FORMAT_TABLE && !view->single && view->rows == 0 &&
	       view->layout.limit;
}

int out_view_end(struct out_view *view)
{
	switch (view->options.format) {
	case OUT_FORMAT_JSON:
		if (view->options.tree || view->options.stream)
			return 0;
		fputs(view->single ? "\n" : view->rows ? "\n]\n" : "[]\n", view->f);
		return 0;
	case OUT_FORMAT_TABLE:
		/* An empty table prints nothing, like lsblk(8). */
		if (view->layout.n_rows)
			layout_flush(&view->layout);
		return 0;
	default:
		return 0;
	}
}

void out_columns_print(const struct out_column *columns, const struct out_options *options,
		       bool single, FILE *f)
{
	size_t width = terminal_width(f), from = COLUMNS_HELP;

	for (; columns->key; columns++) {
		bool chosen = out_column_is_default(columns, options->defaults, single);
		_cleanup_free_ char *help = NULL;
		const char *rest;
		char name[64];

		if (asprintf(&help, "%s%s", columns->help, chosen ? " (default)" : "") < 0)
			return;
		out_column_name(columns, name, sizeof(name));
		fprintf(f, "%-*s ", (int)from - 1, name);
		for (rest = help; rest;) {
			const char *line = rest;
			int n = (int)text_line(&rest, width ? width - from : SIZE_MAX, ' ');

			fprintf(f, "%*s%.*s\n", line == help ? 0 : (int)from, "", n, line);
		}
	}
}
