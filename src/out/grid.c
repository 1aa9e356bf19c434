/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/internal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

struct grid {
	const struct layout *layout;
	const char **rests; /* for each column, what is left of the row's cell; NULL: nothing */
	size_t *last;       /* in a tree: for each row, the last of its children */
	size_t blanks;      /* wait for text after them, as no line ends with blanks */
};

/* A line of a cell. */
struct piece {
	const char *text;
	size_t length; /* bytes */
	size_t width;  /* columns, the ellipsis included */
	bool cut;      /* followed by an ellipsis */
};

static void put_blanks(struct grid *grid)
{
	for (; grid->blanks; grid->blanks--)
		fputc(' ', grid->layout->f);
}

static void put_piece(struct grid *grid, const struct piece *piece, const char *color)
{
	FILE *f = grid->layout->f;
	size_t length = piece->length;

	while (!piece->cut && length && piece->text[length - 1] == ' ')
		length--;
	if (length || piece->cut) {
		put_blanks(grid);
		if (color)
			fputs(color, f);
		fwrite(piece->text, 1, length, f);
		if (piece->cut)
			fputs(text_ellipsis(), f);
		if (color)
			fputs(LAYOUT_COLOR_RESET, f);
	}
	grid->blanks += piece->length - length;
}

/* Puts PIECE, aligned, into ROOM columns. */
static void put_aligned(struct grid *grid, const struct piece *piece, size_t room, bool right,
			const char *color)
{
	size_t pad = room > piece->width ? room - piece->width : 0;

	grid->blanks += right ? pad : 0;
	put_piece(grid, piece, color);
	grid->blanks += right ? 0 : pad;
}

/* Lines that lead to ROW from its ancestors, or HERE only past it. */
static void put_branches(struct grid *grid, size_t row, bool here)
{
	const struct layout *layout = grid->layout;
	const struct layout_cell *node = &layout->cells[row * layout->n + layout->node];
	bool last;

	if (!node->depth)
		return;
	put_branches(grid, node->parent, false);
	last = grid->last[node->parent] == row;
	if (!here && last) {
		grid->blanks += LAYOUT_STEP;
		return;
	}
	put_blanks(grid);
	if (here && last)
		fputs(layout->ascii ? "`-" : "└─", layout->f);
	else if (here)
		fputs(layout->ascii ? "|-" : "├─", layout->f);
	else
		fputs(layout->ascii ? "|" : "│", layout->f);
	grid->blanks = here ? 0 : LAYOUT_STEP - 1;
}

/* Takes the next line off a cell in ROOM columns. */
static struct piece next_piece(enum layout_kind kind, size_t room, const char **at)
{
	struct piece piece = { .text = *at };
	size_t dots;

	piece.length =
		kind == LAYOUT_PROSE ? text_line(at, room, ' ') : text_line(at, SIZE_MAX, '\n');
	piece.width = text_width(piece.text, piece.length);
	if (kind == LAYOUT_NAME && piece.width > room) {
		dots = text_width(text_ellipsis(), SIZE_MAX);
		piece.cut = true;
		piece.length = text_fit(piece.text, piece.length, room > dots ? room - dots : 0);
		piece.width = text_width(piece.text, piece.length) + dots;
	}
	return piece;
}

static void put_row(struct grid *grid, size_t row)
{
	const struct layout *layout = grid->layout;
	const struct layout_cell *cells = &layout->cells[row * layout->n];
	bool first = true, more = true;

	for (size_t i = 0; i < layout->n; i++)
		grid->rests[i] = cells[i].text;
	for (; more; first = false) {
		more = false;
		grid->blanks = layout->indent;
		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_column *column = &layout->columns[i];
			size_t lead = LAYOUT_STEP * cells[i].depth;
			size_t room = column->width > lead ? column->width - lead : 0;
			struct piece piece = { .text = "" };

			if (grid->rests[i])
				piece = next_piece(column->kind, room, &grid->rests[i]);
			if (cells[i].depth)
				put_branches(grid, row, first);
			put_aligned(grid, &piece, room, column->right, cells[i].color);
			grid->blanks++;
			more = more || grid->rests[i];
		}
		fputc('\n', layout->f);
	}
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

/* Line LINE of a heading; empty above the first. */
static struct piece heading_piece(const struct layout_column *column, size_t line, size_t above)
{
	struct piece piece = { .text = "" };
	const char *at = column->heading;

	for (size_t i = above; i <= line; i++) {
		piece.text = at;
		piece.length = text_line(&at, column->width, '-');
	}
	piece.width = text_width(piece.text, piece.length);
	return piece;
}

/* Headings end in the same line. */
static void put_headings(struct grid *grid)
{
	const struct layout *layout = grid->layout;
	size_t height = 1;

	for (size_t i = 0; i < layout->n; i++) {
		size_t lines = heading_lines(&layout->columns[i]);

		height = lines > height ? lines : height;
	}
	for (size_t line = 0; line < height; line++) {
		grid->blanks = layout->indent;
		for (size_t i = 0; i < layout->n; i++) {
			const struct layout_column *column = &layout->columns[i];
			size_t above = height - heading_lines(column);
			struct piece piece = heading_piece(column, line, above);

			put_aligned(grid, &piece, column->width, column->right, NULL);
			grid->blanks++;
		}
		fputc('\n', layout->f);
	}
}

int grid_draw(const struct layout *layout)
{
	_cleanup_free_ const char **rests = calloc(layout->n, sizeof(*rests));
	_cleanup_free_ size_t *last = layout->tree ? calloc(layout->n_rows, sizeof(*last)) : NULL;
	struct grid grid = { .layout = layout, .rests = rests, .last = last };

	if (!rests || (layout->tree && !last))
		return -ENOMEM;
	for (size_t i = 0; layout->tree && i < layout->n_rows; i++) {
		const struct layout_cell *node = &layout->cells[i * layout->n + layout->node];

		if (node->depth)
			last[node->parent] = i;
	}
	if (layout->parts == 0 && !layout->no_headings)
		put_headings(&grid);
	for (size_t i = 0; i < layout->n_rows; i++)
		put_row(&grid, i);
	return 0;
}
