/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/internal.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

static void unref_table(struct libscols_table **table)
{
	scols_unref_table(*table);
}

/* The next line of a cell in its column: returns its length, and whether it was CUT. */
static size_t cell_line(const struct layout_column *column, size_t width, const char **at,
			bool *ret_cut)
{
	const char *s = *at;
	size_t length;

	*ret_cut = false;
	if (column->kind == LAYOUT_PROSE)
		return text_line(at, width, ' ');
	length = text_line(at, SIZE_MAX, '\n');
	if (column->kind == LAYOUT_NAME && text_width(s, length) > width) {
		size_t dots = text_width(text_ellipsis(), SIZE_MAX);

		*ret_cut = true;
		length = text_fit(s, length, width > dots ? width - dots : 0);
	}
	return length;
}

/* The lines of a cell in its column, separated by newlines; NULL if out of memory. */
static char *cell_lines(const struct layout_column *column, const struct layout_cell *cell)
{
	const size_t lead = LAYOUT_STEP * cell->depth;
	const size_t width = column->width > lead ? column->width - lead : 0;
	const char *at = cell->text;
	char *text = NULL;
	size_t size;
	FILE *f;

	/* Most cells fit as they are. */
	if (!strchr(at, '\n') &&
	    (column->kind == LAYOUT_WHOLE || text_width(at, SIZE_MAX) <= width))
		return strdup(at);
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	while (at) {
		const char *start = at;
		bool cut = false;
		size_t length = cell_line(column, width, &at, &cut);

		fwrite(start, 1, length, f);
		if (cut)
			fputs(text_ellipsis(), f);
		if (at)
			fputc('\n', f);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int add_columns(const struct layout *layout, struct libscols_table *table)
{
	for (size_t i = 0; i < layout->n; i++) {
		const struct layout_column *column = &layout->columns[i];
		bool node = layout->tree && i == layout->node;
		struct libscols_column *drawn =
			scols_table_new_column(table, NULL, (double)column->width,
					       (column->right ? SCOLS_FL_RIGHT : 0) |
						       (node ? SCOLS_FL_TREE : SCOLS_FL_WRAP));

		if (!drawn)
			return -ENOMEM;
		/* Keep libsmartcols from escaping our escapes again. */
		scols_column_set_safechars(drawn, "\n\\");
		if (!node)
			scols_column_set_wrapfunc(drawn, scols_wrapnl_chunksize,
						  scols_wrapnl_nextchunk, NULL);
	}
	return 0;
}

/* The number of lines of a heading, broken after hyphens. */
static size_t heading_lines(const struct layout_column *column)
{
	const char *at = column->heading;
	size_t n = 0;

	for (; at; n++)
		text_line(&at, column->width, '-');
	return n;
}

/*
 * Adds the part of a heading in line LINE of HEIGHT; shorter headings are bottom-aligned. NULL:
 * none.
 */
static int add_heading(struct libscols_line *drawn, size_t index,
		       const struct layout_column *column, size_t line, size_t height)
{
	size_t above = height - heading_lines(column), length = 0;
	const char *at = column->heading, *start = at;
	char *text;

	for (size_t k = above; k <= line; k++) {
		start = at;
		length = text_line(&at, column->width, '-');
	}
	text = strndup(start, length);
	return text && scols_line_refer_data(drawn, index, text) == 0 ? 0 : -ENOMEM;
}

/* libsmartcols only has headings of one line. */
static int add_headings(const struct layout *layout, struct libscols_table *table)
{
	size_t height = 1;

	for (size_t i = 0; i < layout->n; i++) {
		size_t lines = heading_lines(&layout->columns[i]);

		height = lines > height ? lines : height;
	}
	for (size_t line = 0; line < height; line++) {
		struct libscols_line *drawn = scols_table_new_line(table, NULL);

		for (size_t i = 0; i < layout->n; i++)
			if (!drawn || add_heading(drawn, i, &layout->columns[i], line, height) < 0)
				return -ENOMEM;
	}
	return 0;
}

static int add_row(const struct layout *layout, const struct layout_cell *cells,
		   struct libscols_line *drawn)
{
	for (size_t i = 0; i < layout->n; i++) {
		char *text = cell_lines(&layout->columns[i], &cells[i]);

		if (!text || scols_line_refer_data(drawn, i, text) < 0)
			return -ENOMEM;
		if (cells[i].color &&
		    scols_cell_set_color(scols_line_get_cell(drawn, i), cells[i].color) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int add_rows(const struct layout *layout, struct libscols_table *table)
{
	_cleanup_free_ struct libscols_line **lines = calloc(layout->n_rows, sizeof(*lines));

	for (size_t i = 0; i < layout->n_rows; i++) {
		const struct layout_cell *cells = &layout->cells[i * layout->n];
		const struct layout_cell *node = &cells[layout->node];

		if (!lines)
			return -ENOMEM;
		lines[i] = scols_table_new_line(table, node->depth ? lines[node->parent] : NULL);
		if (!lines[i] || add_row(layout, cells, lines[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Indents each line and removes trailing spaces. */
static void put_lines(const struct layout *layout, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) && (text || *line)) {
		size_t length = strlen(line);

		while (length && line[length - 1] == ' ')
			length--;
		fprintf(layout->f, "%*s%.*s\n", length ? (int)layout->indent : 0, "", (int)length,
			line);
	}
}

int grid_draw(const struct layout *layout)
{
	_cleanup_(unref_table) struct libscols_table *table = scols_new_table();
	_cleanup_free_ char *text = NULL;
	bool headings = layout->parts == 0 && !layout->no_headings;

	if (!table || add_columns(layout, table) < 0 ||
	    (headings && add_headings(layout, table) < 0) || add_rows(layout, table) < 0)
		return -ENOMEM;
	scols_table_enable_noheadings(table, 1);
	scols_table_enable_colors(table, 1);
	scols_table_enable_ascii(table, layout->ascii);
	/* The widths are already chosen: do not use the terminal's. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	if (scols_print_table_to_string(table, &text) < 0)
		return -ENOMEM;
	put_lines(layout, text);
	return 0;
}
