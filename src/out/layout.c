/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/layout.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/text.h"

/* Room that a name and prose must have before rows are rather shown as blocks. */
#define NAME_LEAST  12
#define PROSE_LEAST 20
#define TREE_LEAST  4 /* of any column in a tree, of which blocks show less */
#define COLOR_RESET "\033[0m"

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void forget_rows(struct layout *layout)
{
	for (size_t i = 0; i < layout->n_rows * layout->n; i++)
		free(layout->cells[i].text);
	layout->n_rows = 0;
}

void layout_done(struct layout *layout)
{
	forget_rows(layout);
	free(layout->cells);
	free(layout->columns);
	*layout = (struct layout){ 0 };
}

int layout_add_column(struct layout *layout, const char *heading, enum layout_kind kind)
{
	struct layout_column *column = array_push(layout->columns, layout->n);

	if (!column)
		return -ENOMEM;
	*column = (struct layout_column){ .kind = kind };
	snprintf(column->heading, sizeof(column->heading), "%s", heading);
	return 0;
}

struct layout_cell *layout_add_row(struct layout *layout)
{
	size_t size = layout->n * sizeof(*layout->cells);
	struct layout_cell *cells = array_grow(layout->cells, layout->n_rows, size);

	if (!cells)
		return NULL;
	layout->cells = cells;
	cells += layout->n_rows++ * layout->n;
	memset(cells, 0, size);
	return cells;
}

static void put_n(FILE *f, char c, size_t n)
{
	while (n--)
		fputc(c, f);
}

/* Prints LENGTH bytes of a cell's text from AT on, in its colour. */
static void put_piece(FILE *f, const struct layout_cell *cell, const char *at, size_t length,
		      bool cut)
{
	size_t plain = cell->plain > (size_t)(at - cell->text)
			       ? cell->plain - (size_t)(at - cell->text)
			       : 0;
	bool colored = cell->color && length > plain;

	plain = min(plain, length);
	fwrite(at, 1, plain, f);
	if (colored)
		fputs(cell->color, f);
	fwrite(at + plain, 1, length - plain, f);
	if (cut)
		fputs(text_ellipsis(), f);
	if (colored)
		fputs(COLOR_RESET, f);
}

/* What a column needs, and what it can do with. The widths are those wished for on return. */
static size_t measure(struct layout *layout, size_t index, size_t before)
{
	struct layout_column *column = &layout->columns[index];
	const char *shown = layout->no_headings || layout->parts ? "" : column->heading;
	size_t heading = text_width(shown, SIZE_MAX), parts = text_longest(shown, '-');
	size_t cells = before, word = 0, least;

	for (size_t i = 0; i < layout->n_rows; i++) {
		const char *text = layout->cells[i * layout->n + index].text;

		cells = max(cells, text_longest(text, '\n'));
		if (column->kind == LAYOUT_PROSE)
			word = max(word, text_longest(text, ' '));
	}
	if (column->kind == LAYOUT_NAME)
		least = min(cells, layout->tree ? TREE_LEAST : NAME_LEAST);
	else if (column->kind == LAYOUT_PROSE)
		least = min(cells, max(PROSE_LEAST, word));
	else
		least = cells;
	column->least = max(least, parts);
	column->width = max(cells, heading);
	return column->width;
}

/*
 * Takes from the columns that are wider than they must be: first from those whose heading alone is,
 * since it costs one line; then from each in proportion.
 */
static void shrink(struct layout *layout, size_t excess)
{
	size_t spare = 0;

	for (size_t i = 0; i < layout->n && excess; i++) {
		struct layout_column *column = &layout->columns[i];

		if (column->kind != LAYOUT_WHOLE)
			continue;
		excess -= min(excess, column->width - column->least);
		column->width = column->least;
	}
	for (size_t i = 0; i < layout->n; i++)
		spare += layout->columns[i].width - layout->columns[i].least;
	for (size_t i = 0; i < layout->n && excess; i++) {
		struct layout_column *column = &layout->columns[i];
		size_t own = column->width - column->least;
		/* Rounded up, so that nothing is left over at the end. */
		size_t part = own ? min(min(own, excess), (own * excess + spare - 1) / spare) : 0;

		column->width -= part;
		spare -= own;
		excess -= part;
	}
}

/* Chooses widths. BEFORE: those of the part before, which is to be kept to. Returns whether it fits. */
static bool arrange(struct layout *layout, bool before)
{
	size_t room = layout->limit > layout->indent ? layout->limit - layout->indent : 1;
	size_t wanted = layout->n - 1, least = layout->n - 1;

	for (size_t i = 0; i < layout->n; i++) {
		wanted += measure(layout, i, before ? layout->columns[i].width : 0);
		least += layout->columns[i].least;
	}
	if (!layout->limit || wanted <= room)
		return true;
	if (least > room)
		return false;
	shrink(layout, wanted - room);
	return true;
}

/* The next line of a cell in its column: its length, and whether it was CUT. */
static size_t cell_line(const struct layout_column *column, const char **at, bool *ret_cut)
{
	const char *s = *at;
	size_t length;

	*ret_cut = false;
	if (column->kind == LAYOUT_PROSE)
		return text_line(at, column->width, ' ');
	length = text_line(at, SIZE_MAX, '\n');
	if (column->kind == LAYOUT_NAME && text_width(s, length) > column->width) {
		size_t dots = text_width(text_ellipsis(), SIZE_MAX);

		*ret_cut = true;
		length = text_fit(s, length, column->width > dots ? column->width - dots : 0);
	}
	return length;
}

struct cursor {
	const char *at; /* the rest of the cell; NULL at its end */
};

/* One line of a row. AT are what is left of each cell. Returns whether there are more. */
static bool put_line(const struct layout *layout, const struct layout_cell *cells,
		     struct cursor *cursors)
{
	size_t owed = layout->indent;
	bool more = false;

	for (size_t i = 0; i < layout->n; i++) {
		const struct layout_column *column = &layout->columns[i];
		const char *at = cursors[i].at;
		size_t length = 0, width, pad;
		bool cut = false;

		if (at)
			length = cell_line(column, &cursors[i].at, &cut);
		more = more || cursors[i].at;
		width = at ? text_width(at, length) : 0;
		width += cut ? text_width(text_ellipsis(), SIZE_MAX) : 0;
		pad = column->width > width ? column->width - width : 0;
		/* No blanks at the end of a line. */
		if (length || cut) {
			put_n(layout->f, ' ', owed + (column->right ? pad : 0));
			put_piece(layout->f, &cells[i], at, length, cut);
			owed = 1 + (column->right ? 0 : pad);
		} else {
			owed += 1 + column->width;
		}
	}
	fputc('\n', layout->f);
	return more;
}

static void put_row(const struct layout *layout, const struct layout_cell *cells,
		    struct cursor *cursors)
{
	for (size_t i = 0; i < layout->n; i++)
		cursors[i].at = cells[i].text;
	while (put_line(layout, cells, cursors))
		;
}

/* How many lines a heading takes, broken after its hyphens. */
static size_t heading_lines(const struct layout_column *column)
{
	const char *at = column->heading;
	size_t n = 0;

	for (; at; n++)
		text_line(&at, column->width, '-');
	return n;
}

/* Headings stand on their rows: the shorter ones lower. */
static void put_headings(const struct layout *layout)
{
	size_t height = 1;

	for (size_t i = 0; i < layout->n; i++)
		height = max(height, heading_lines(&layout->columns[i]));
	for (size_t line = 0; line < height; line++) {
		size_t owed = layout->indent;

		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_column *column = &layout->columns[i];
			size_t above = height - heading_lines(column), length = 0, pad;
			const char *at = column->heading, *start = at;

			for (size_t k = above; k <= line; k++) {
				start = at;
				length = text_line(&at, column->width, '-');
			}
			pad = column->width > length ? column->width - length : 0;
			put_n(layout->f, ' ', length ? owed + (column->right ? pad : 0) : 0);
			fwrite(start, 1, length, layout->f);
			owed = length ? 1 + (column->right ? 0 : pad) : owed + 1 + column->width;
		}
		fputc('\n', layout->f);
	}
}

void layout_field(const struct layout *layout, const char *label, size_t width,
		  const struct layout_cell *cell)
{
	size_t from = layout->indent + width + 2, limit = layout->limit;
	size_t room = limit > from ? limit - from : limit ? 1 : SIZE_MAX;
	const char *at = cell->text;
	bool first = true;

	put_n(layout->f, ' ', layout->indent);
	fprintf(layout->f, "%s:", label);
	while (at) {
		const char *start = at;
		size_t length = text_line(&at, room, ' '), columns = text_width(start, length);
		size_t pad = first ? from - layout->indent - strlen(label) - 1 : from;

		/* A word that is too long for its place has a line of its own. */
		if (columns > room) {
			pad = layout->indent + 2;
			pad = limit > columns ? min(pad, limit - columns) : 0;
			if (first)
				fputc('\n', layout->f);
		}
		put_n(layout->f, ' ', length ? pad : 0);
		put_piece(layout->f, cell, start, length, false);
		fputc('\n', layout->f);
		first = false;
	}
}

static void put_blocks(struct layout *layout)
{
	size_t width = 0;

	for (size_t i = 0; i < layout->n; i++)
		width = max(width, strlen(layout->columns[i].heading));
	for (size_t row = 0; row < layout->n_rows; row++) {
		if (row || layout->parts)
			fputc('\n', layout->f);
		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_cell *cell = &layout->cells[row * layout->n + i];

			/* Of a tree's rows, which are of several kinds, most lack most. */
			if (*cell->text || !layout->tree)
				layout_field(layout, layout->columns[i].heading, width, cell);
		}
	}
}

void layout_flush(struct layout *layout)
{
	struct cursor *cursors = calloc(layout->n, sizeof(*cursors));

	layout->blocks = layout->blocks || !cursors ||
			 (!arrange(layout, layout->parts > 0) && !arrange(layout, false));
	if (layout->blocks)
		put_blocks(layout);
	else if (layout->parts == 0 && !layout->no_headings)
		put_headings(layout);
	for (size_t i = 0; !layout->blocks && i < layout->n_rows; i++)
		put_row(layout, &layout->cells[i * layout->n], cursors);
	free(cursors);
	layout->parts++;
	forget_rows(layout);
}
