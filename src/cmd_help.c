/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_help.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/terminal.h"
#include "util/text.h"

#define HELP_FROM      13 /* column of the commands' summaries */
#define HELP_WIDTH     80 /* width if stdout is not a terminal */
#define HELP_WIDTH_MIN 40

/* The width that argp uses: it leaves the last two columns free. */
static size_t help_width(void)
{
	size_t width = terminal_width(stdout);

	return width ? width : HELP_WIDTH;
}

/*
 * argp has a margin, but does not ask the terminal. The user's own ARGP_HELP_FMT is appended and so
 * has precedence.
 */
void help_margin(void)
{
	const char *format = getenv("ARGP_HELP_FMT");
	_cleanup_free_ char *text = NULL;
	size_t width = help_width();

	/* With less, argp has no room for descriptions and complains. */
	if (width < HELP_WIDTH_MIN)
		width = HELP_WIDTH_MIN;
	if (asprintf(&text, "rmargin=%zu%s%s", width - 1, format ? "," : "", format ? format : "") <
	    0) {
		text = NULL;
		return;
	}
	setenv("ARGP_HELP_FMT", text, 1);
}

/* A command with its summary wrapped below itself; argp would wrap it to the margin. */
static void print_command(FILE *f, const struct cmd *c, bool fallback)
{
	size_t width = help_width();
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "%s%s", c->summary, fallback ? " (default)" : "") < 0)
		return;
	fprintf(f, "  %-10s ", c->name);
	for (const char *rest = text; rest;) {
		const char *line = rest;
		int n = (int)text_line(&rest, width - HELP_FROM - 2, ' ');

		fprintf(f, "%*s%.*s\n", line == text ? 0 : HELP_FROM, "", n, line);
	}
}

char *help_commands(const struct cmd *group)
{
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	if (!f)
		return NULL;
	fprintf(f, "%s\n\nCommands:\n", group->summary);
	for (const struct cmd *const *c = group->sub; *c; c++)
		print_command(f, *c, *c == group->fallback);
	fclose(f);
	return buf;
}

static const char *const status_words[] = {
	"done",          "refused by the kernel or the system",
	"wrong usage",   "refused by a safety check",
	"not permitted", "this kernel or hardware cannot do it",
	"no such thing", "done or shown in part",
};

char *help_end(const struct cmd *c, const char *name)
{
	const char *noun = strchr(name, ' ');
	char *buf = NULL;
	size_t len;
	FILE *f = open_memstream(&buf, &len);

	if (!f)
		return NULL;
	fputc('\v', f);
	if (c->example)
		fprintf(f, "Example:\n  %s\n\n", c->example);
	fputs("Exit status: 0 done", f);
	for (const char *digit = c->statuses; digit && *digit; digit++)
		fprintf(f, ", %c %s", *digit, status_words[*digit - '0']);
	if (noun)
		fprintf(f, ".\nManual: man %.*s-%.*s\n", (int)(noun - name), name,
			(int)strcspn(noun + 1, " "), noun + 1);
	fclose(f);
	return buf;
}
