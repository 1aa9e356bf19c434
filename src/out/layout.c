/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/text.h"

/* Minimum width of a name and of prose; if they do not fit, rows are shown as blocks. */
#define NAME_LEAST  12
#define PROSE_LEAST 20
#define TREE_LEAST  4 /* of any column in a tree; narrower ones become blocks */
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

void layout_widen(struct layout *layout, size_t index, const char *text)
{
	struct layout_column *column = &layout->columns[index];

	column->width = max(column->width, text_width(text, SIZE_MAX));
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

/* Prints LENGTH bytes of a cell's text from AT on, with its colour. */
static void put_piece(FILE *f, const struct layout_cell *cell, const char *at, size_t length)
{
	bool colored = cell->color && length;

	if (colored)
		fputs(cell->color, f);
	fwrite(at, 1, length, f);
	if (colored)
		fputs(COLOR_RESET, f);
}

/* Sets the minimum and the desired width of a column. */
static size_t measure(struct layout *layout, size_t index, size_t before)
{
	struct layout_column *column = &layout->columns[index];
	const char *shown = layout->no_headings || layout->parts ? "" : column->heading;
	size_t heading = text_width(shown, SIZE_MAX), parts = text_longest(shown, '-');
	size_t cells = before, word = 0, least;

	for (size_t i = 0; i < layout->n_rows; i++) {
		const struct layout_cell *cell = &layout->cells[i * layout->n + index];

		cells = max(cells, LAYOUT_STEP * cell->depth + text_longest(cell->text, '\n'));
		if (column->kind == LAYOUT_PROSE)
			word = max(word, text_longest(cell->text, ' '));
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
 * Narrows columns: first those with long headings, which then take another line, then the widest.
 */
static void shrink(struct layout *layout, size_t excess)
{
	for (size_t i = 0; i < layout->n && excess; i++) {
		struct layout_column *column = &layout->columns[i];

		if (column->kind != LAYOUT_WHOLE)
			continue;
		excess -= min(excess, column->width - column->least);
		column->width = column->least;
	}
	while (excess) {
		struct layout_column *widest = NULL;

		for (size_t i = 0; i < layout->n; i++) {
			struct layout_column *column = &layout->columns[i];

			if (column->width > column->least &&
			    (!widest || column->width > widest->width))
				widest = column;
		}
		if (!widest)
			return;
		widest->width--;
		excess--;
	}
}

/* Chooses the widths. BEFORE: keep those of the part before. Returns whether they fit. */
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

		/* A word that is too long gets its own line. */
		if (columns > room) {
			pad = layout->indent + 2;
			pad = limit > columns ? min(pad, limit - columns) : 0;
			if (first)
				fputc('\n', layout->f);
		}
		put_n(layout->f, ' ', length ? pad : 0);
		put_piece(layout->f, cell, start, length);
		fputc('\n', layout->f);
		first = false;
	}
}

static void put_blocks(struct layout *layout)
{
	const size_t indent = layout->indent;
	size_t width = 0;

	for (size_t i = 0; i < layout->n; i++)
		width = max(width, strlen(layout->columns[i].heading));
	for (size_t row = 0; row < layout->n_rows; row++) {
		if (row || layout->parts)
			fputc('\n', layout->f);
		layout->indent =
			indent + LAYOUT_STEP * layout->cells[row * layout->n + layout->node].depth;
		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_cell *cell = &layout->cells[row * layout->n + i];

			/* Rows of a tree are of different kinds, so most lack most columns. */
			if (*cell->text || !layout->tree)
				layout_field(layout, layout->columns[i].heading, width, cell);
		}
	}
	layout->indent = indent;
}

void layout_flush(struct layout *layout)
{
	layout->blocks = layout->blocks || (!arrange(layout, true) && !arrange(layout, false)) ||
			 grid_draw(layout) < 0;
	if (layout->blocks)
		put_blocks(layout);
	layout->parts++;
	forget_rows(layout);
}
