/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/view.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#include "out/column.h"
#include "out/json.h"
#include "out/view_private.h"
#include "util/array.h"
#include "util/cleanup.h"

#define PART_ROWS 512 /* of an aligned table that are in memory at once */

struct out_unreadable {
	const struct out_column *column;
	int error;
	size_t rows;
};

static const struct out_style human_style = { .human = true, .separator = "\n", .unsafe = "" };
/* Rows of a tree are of several kinds, so that most lack most: "-" would stand everywhere. */
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

static int table_open(struct out_view *view)
{
	view->table = scols_new_table();
	if (!view->table)
		return -ENOMEM;
	scols_table_set_stream(view->table, view->f);
	scols_table_enable_noheadings(view->table, view->options.no_headings);
	for (size_t i = 0; i < view->n; i++) {
		struct libscols_column *column;
		char name[64];

		out_column_name(view->columns[i], name, sizeof(name));
		column = scols_table_new_column(view->table, name, 0, 0);
		if (!column)
			return -ENOMEM;
		/* Its own escaping would escape ours once more. */
		scols_column_set_safechars(column, "\n\\");
		scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk,
					  NULL);
		scols_column_set_flags(column, SCOLS_FL_WRAP);
		if (view->columns[i]->flags & OUT_SHRINK)
			scols_column_set_flags(column, SCOLS_FL_WRAP | SCOLS_FL_TRUNC);
		if (view->options.tree && i == out_view_tree_column(view))
			scols_column_set_flags(column, SCOLS_FL_TREE);
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
	scols_unref_table((*view)->table);
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

static int view_note(struct out_view *view, const struct out_column *column, int error, size_t rows)
{
	struct out_unreadable *slot;

	for (size_t i = 0; i < view->unreadable_count; i++) {
		slot = &view->unreadable[i];
		if (slot->column == column && slot->error == error) {
			slot->rows += rows;
			return 0;
		}
	}
	slot = array_push(view->unreadable, view->unreadable_count);
	if (!slot)
		return -ENOMEM;
	*slot = (struct out_unreadable){ column, error, rows };
	return 0;
}

/* The text of one cell. Returns 0 or -ENOMEM. */
static int view_cell(struct out_view *view, const struct out_column *column,
		     const struct out_value *value, const struct out_style *style, char **ret)
{
	int r = 0;

	if (value->error < 0)
		r = view_note(view, column, value->error, 1);
	if (r == 0) {
		*ret = out_value_format(value, style);
		if (!*ret)
			r = -ENOMEM;
	}
	return r;
}

/* Numbers stand with their last digits beneath each other. */
static void table_align(struct out_view *view, size_t index, enum out_type type)
{
	struct libscols_column *column = scols_table_get_column(view->table, index);

	if (view->columns[index]->flags & OUT_LEFT)
		return;
	if (type == OUT_NUMBER || type == OUT_SIZE)
		scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_RIGHT);
}

int out_view_line(struct out_view *view, const void *row, struct libscols_line *parent,
		  struct libscols_line **ret)
{
	struct libscols_line *line = scols_table_new_line(view->table, parent);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < view->n; i++) {
		struct out_value value = { 0 };
		_cleanup_free_ char *cell = NULL;
		int r;

		view->columns[i]->get(row, &value);
		r = view_cell(view, view->columns[i], &value, style_of(view, view->columns[i]),
			      &cell);
		if (r < 0)
			return r;
		if (!view->options.tree || i != out_view_tree_column(view))
			table_align(view, i, value.type);
		if (scols_line_refer_data(line, i, cell) < 0)
			return -ENOMEM;
		cell = NULL; /* now the line's */
	}
	*ret = line;
	return 0;
}

/*
 * Prints the rows that wait and forgets them, so that a list of any length needs little memory and
 * shows its first rows early. Later rows keep to the widths of the first; a cell that is wider than
 * its column pushes the others of its part aside.
 */
static int table_flush(struct out_view *view)
{
	if (scols_print_table(view->table) < 0)
		return -ENOMEM;
	/* The table has no newline after its last row. */
	if (view->parts++ == 0)
		scols_table_enable_noheadings(view->table, 1);
	for (size_t i = 0; i < view->n; i++) {
		struct libscols_column *column = scols_table_get_column(view->table, i);

		scols_column_set_whint(column, (double)scols_column_get_width(column));
	}
	scols_table_remove_lines(view->table);
	return 0;
}

static int line_row(struct out_view *view, const void *row)
{
	bool pairs = view->options.format == OUT_FORMAT_PAIRS;
	/* Blanks would part one value into two; quotes and $ would not survive a shell's eval. */
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
		/* A shell must be able to eval it: PASID_WIDTH, not PASID-WIDTH. */
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

/* A table inside a "show", set in beneath its column's name. */
static int show_table(struct out_view *parent, const struct out_value *value)
{
	const struct out_options options = { .columns = "all" };
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_free_ char *text = NULL, *bad = NULL;
	_cleanup_fclose_ FILE *memory = NULL;
	const char *row = value->table.rows;
	char *rest, *line;
	size_t len;
	int r;

	memory = open_memstream(&text, &len);
	if (!memory)
		return -ENOMEM;
	r = out_view_new(value->table.columns, &options, false, memory, &view, &bad);
	for (size_t i = 0; r == 0 && i < value->table.n; i++, row += value->table.size)
		r = out_view_row(view, row);
	if (r == 0)
		r = out_view_end(view);
	for (size_t i = 0; r == 0 && i < view->unreadable_count; i++) {
		const struct out_unreadable *u = &view->unreadable[i];

		r = view_note(parent, u->column, u->error, u->rows);
	}
	if (r < 0)
		return r;
	if (fflush(memory) != 0)
		return -ENOMEM;
	fputc('\n', parent->f);
	rest = text;
	while ((line = strsep(&rest, "\n")) && rest)
		fprintf(parent->f, "    %s\n", line);
	return 0;
}

static int show_column(struct out_view *view, const struct out_column *column, const void *row,
		       int width)
{
	_cleanup_free_ char *cell = NULL;
	struct out_value value = { 0 };
	char name[64], *rest, *line;
	int r;

	column->get(row, &value);
	out_column_name(column, name, sizeof(name));
	if (value.type == OUT_TABLE && value.table.n) {
		fprintf(view->f, "%s:", name);
		r = value.error < 0 ? view_note(view, column, value.error, 1) : 0;
		return r < 0 ? r : show_table(view, &value);
	}
	r = view_cell(view, column, &value, style_of(view, column), &cell);
	if (r < 0)
		return r;
	fprintf(view->f, "%s:%*s", name, width - (int)strlen(name), "");
	rest = cell;
	line = strsep(&rest, "\n");
	fprintf(view->f, " %s\n", line);
	while ((line = strsep(&rest, "\n")))
		fprintf(view->f, "%*s %s\n", width + 1, "", line);
	return 0;
}

static int show_row(struct out_view *view, const void *row)
{
	int width = 0, r;

	for (size_t i = 0; i < view->n; i++)
		if ((int)strlen(view->columns[i]->key) > width)
			width = (int)strlen(view->columns[i]->key);
	for (size_t i = 0; i < view->n; i++) {
		r = show_column(view, view->columns[i], row, width);
		if (r < 0)
			return r;
	}
	return 0;
}

int out_view_row(struct out_view *view, const void *row)
{
	struct libscols_line *line;
	size_t index = view->rows++;

	switch (view->options.format) {
	case OUT_FORMAT_JSON:
		if (!view->single)
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
	if (!view->single && scols_table_get_nlines(view->table) == PART_ROWS) {
		int r = table_flush(view);

		if (r < 0)
			return r;
	}
	return view->single ? show_row(view, row) : out_view_line(view, row, NULL, &line);
}

int out_view_end(struct out_view *view)
{
	switch (view->options.format) {
	case OUT_FORMAT_JSON:
		if (view->options.tree)
			return 0;
		fputs(view->single ? "\n" : view->rows ? "\n]\n" : "[]\n", view->f);
		return 0;
	case OUT_FORMAT_TABLE:
		/* An empty table prints nothing, as lsblk(8) does. */
		return view->table && view->rows ? table_flush(view) : 0;
	default:
		return 0;
	}
}

static bool same_note(const struct out_unreadable *a, const struct out_unreadable *b)
{
	return a->error == b->error && a->rows == b->rows;
}

/* Columns that have the reason and the number of rows of the one at FIRST in common share its note. */
static char *note_text(const struct out_view *view, size_t first)
{
	const struct out_unreadable *u = &view->unreadable[first];
	char *text = NULL, name[64];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = first; i < view->unreadable_count; i++) {
		if (!same_note(&view->unreadable[i], u))
			continue;
		out_column_name(view->unreadable[i].column, name, sizeof(name));
		fprintf(f, "%s%s", i > first ? ", " : "", name);
	}
	fputs(" could not be read", f);
	if (!view->single)
		fprintf(f, " in %zu row%s", u->rows, u->rows == 1 ? "" : "s");
	fprintf(f, ": %s", out_reason(u->error));
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

void out_view_notes(const struct out_view *view, void (*note)(void *data, const char *text),
		    void *data)
{
	for (size_t i = 0; i < view->unreadable_count; i++) {
		_cleanup_free_ char *text = NULL;
		bool shared = false;

		for (size_t k = 0; k < i && !shared; k++)
			shared = same_note(&view->unreadable[k], &view->unreadable[i]);
		if (!shared)
			text = note_text(view, i);
		if (text)
			note(data, text);
	}
}

void out_columns_print(const struct out_column *columns, const struct out_options *options,
		       bool single, FILE *f)
{
	for (; columns->key; columns++) {
		char name[64];

		out_column_name(columns, name, sizeof(name));
		fprintf(f, "%-20s %s%s\n", name, columns->help,
			out_column_is_default(columns, options->defaults, single) ? " (default)"
										  : "");
	}
}
