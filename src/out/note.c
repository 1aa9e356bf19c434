/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a view could not show, because it could not be read. */
#include <errno.h>
#include <stdlib.h>

#include "out/column.h"
#include "out/internal.h"
#include "util/array.h"
#include "util/cleanup.h"

int out_view_note(struct out_view *view, const struct out_column *column, int error, size_t rows)
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

static bool same_note(const struct out_unreadable *a, const struct out_unreadable *b)
{
	return a->error == b->error && a->rows == b->rows;
}

/* A note lists all columns with the same reason and number of rows as the one at FIRST. */
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
