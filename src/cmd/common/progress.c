/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line on the terminal for changes that take longer. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/common/internal.h"
#include "util/terminal.h"

/* Shorter ones are not worth a line. */
#define PROGRESS_AFTER 1000 /* ms */

/* Bytes of a call's name, which is the holder's, so that the rest has room. */
#define CALL_MAX "60"

static void put_line(const struct holder_progress *progress, size_t width)
{
	char line[160];
	int n;

	n = snprintf(line, sizeof(line), "%s%." CALL_MAX "s",
		     progress->cancelled ? "undoing: " : "",
		     progress->call ? progress->call : "waiting for another change of the context");
	if (progress->call && progress->total.status > 0)
		n += snprintf(line + n, sizeof(line) - (size_t)n,
			      ", %" PRIu64 " of %" PRIu64 " PASIDs", progress->done,
			      progress->total.value);
	snprintf(line + n, sizeof(line) - (size_t)n, ", %" PRId64 " s", progress->elapsed / 1000);
	fprintf(stderr, "\r%.*s\033[K", (int)width - 1, line);
}

void session_progress(const struct holder_progress *progress, void *data)
{
	const size_t width = terminal_width(stderr);
	struct app *app = data;

	if (width && progress->elapsed > PROGRESS_AFTER && progress->ended)
		fputs("\r\033[K", stderr);
	else if (width && progress->elapsed > PROGRESS_AFTER)
		put_line(progress, width);
	fflush(stderr);
	if (progress->late)
		app_note(app, "it was done before the signal could stop it");
}
