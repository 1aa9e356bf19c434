/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/status.h"
#include "util/str.h"
#include "util/terminal.h"
#include "util/text.h"

enum { KEY_USAGE = 0x200 };

#define HELP_FROM      13 /* where what commands do begins */
#define HELP_WIDTH     80 /* where help is not printed to a terminal */
#define HELP_WIDTH_MIN 40

/* One more of argp's flags, which hands those that it does not know on to parsers. */
enum { FLAG_FALLBACK = 0x10000 };

/* What one level of the tree learns while argp walks its part of argv. */
struct choice {
	const struct cmd *group;
	void *args; /* input of the group's own options */
	const struct cmd *found;
	int index; /* where FOUND's name stands in argv */
};

/*
 * Stands in for argp's own --help, which brings --HANG and --program-name along. It does not exit
 * either: what could not be written is found out where stdout is closed.
 */
static error_t help_parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;

	switch (key) {
	case 'h':
		argp_state_help(state, state->out_stream,
				ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
		return ECANCELED;
	case KEY_USAGE:
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE);
		return ECANCELED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option help_options[] = {
	{ "help", 'h', NULL, 0, "Show this help", -1 },
	{ "usage", KEY_USAGE, NULL, 0, "Show the options in short", -1 },
	{ 0 },
};

static const struct argp help_argp = { .options = help_options, .parser = help_parse };

static const struct cmd *cmd_find(const struct cmd *group, const char *name)
{
	for (const struct cmd *const *c = group->sub; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static error_t group_parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	_cleanup_free_ char *safe = NULL;

	switch (key) {
	case ARGP_KEY_INIT:
		if (choice->group->argp) /* else there is no second child */
			state->child_inputs[1] = choice->args;
		return 0;
	case ARGP_KEY_ARG:
		choice->found = cmd_find(choice->group, arg);
		if (!choice->found) {
			safe = str_printable(arg);
			argp_error(state, "unknown command '%s'", safe ? safe : "");
			return EINVAL;
		}
		choice->index = state->next - 1;
		state->next = state->argc; /* the rest belongs to the command */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "missing command");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The width that argp fills: it leaves the last two columns free. */
static size_t help_width(void)
{
	size_t width = terminal_width(stdout);

	return width ? width : HELP_WIDTH;
}

/*
 * argp knows a margin, but not the terminal's width. What a user has set of it counts more, since it
 * comes later.
 */
static void help_margin(void)
{
	const char *format = getenv("ARGP_HELP_FMT");
	_cleanup_free_ char *text = NULL;
	size_t width = help_width();

	/* In less argp has no room for what options mean, and says so. */
	if (width < HELP_WIDTH_MIN)
		width = HELP_WIDTH_MIN;
	if (asprintf(&text, "rmargin=%zu%s%s", width - 1, format ? "," : "", format ? format : "") <
	    0) {
		text = NULL;
		return;
	}
	setenv("ARGP_HELP_FMT", text, 1);
}

/* One of the list, wrapped at words beneath its text: argp would wrap it to the margin. */
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

/* The list of commands comes from the table, so it cannot go stale. argp frees it. */
static char *group_help(int key, const char *text, void *input)
{
	const struct choice *choice = input;
	char *buf = NULL;
	size_t len;
	FILE *f;

	if (key == ARGP_KEY_HELP_DUP_ARGS_NOTE)
		return NULL;
	if (key != ARGP_KEY_HELP_PRE_DOC || !choice)
		return (char *)text;
	f = open_memstream(&buf, &len);
	if (!f)
		return (char *)text;
	fprintf(f, "%s\n\nCommands:\n", choice->group->summary);
	for (const struct cmd *const *c = choice->group->sub; *c; c++)
		print_command(f, *c, *c == choice->group->fallback);
	fclose(f);
	return buf;
}

/* argp's note on mandatory arguments of options is noise. */
static char *leaf_help(int key, const char *text, void *input)
{
	(void)input;

	return key == ARGP_KEY_HELP_DUP_ARGS_NOTE ? NULL : (char *)text;
}

/* "tool noun verb" in every message: argp takes the name from argv[0]. */
static char *child_name(const char *parent, const struct cmd *c)
{
	char *name;

	return asprintf(&name, "%s %s", parent, c->name) < 0 ? NULL : name;
}

static bool argp_takes(const struct argp *argp, const char *option)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
		if (o->name && strcmp(o->name, option) == 0)
			return true;
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		if (argp_takes(child->argp, option))
			return true;
	return false;
}

bool cmd_takes(const struct cmd *c, const char *option)
{
	return c->argp && argp_takes(c->argp, option);
}

static int leaf_run(struct app *app, const struct cmd *root, const struct cmd *c, int argc,
		    char **argv, unsigned int flags)
{
	const struct argp_child children[] = { { c->argp, 0, NULL, 0 },
					       { &help_argp, 0, NULL, 0 },
					       { 0 } };
	/* Without a parser of its own an argp hands its input to its first child. */
	const struct argp argp = { .children = children, .help_filter = leaf_help };
	_cleanup_free_ void *args = malloc(c->args_size);
	int r;

	if (!args)
		return STATUS_FAILED;
	memcpy(args, c->defaults, c->args_size);
	if (c->in_order)
		flags |= ARGP_IN_ORDER;
	r = argp_parse(&argp, argc, argv, flags | ARGP_NO_HELP, NULL, args);
	if (r)
		return r == ECANCELED ? STATUS_DONE : STATUS_USAGE;
	r = root->check ? root->check(app, c, argv[0]) : 0;
	return r ? r : c->run(app, args);
}

static bool asks_for_help(const char *arg)
{
	return strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0 || strcmp(arg, "--usage") == 0;
}

/* A noun alone, or a noun with options only, means its fallback. */
static const struct cmd *group_fallback(const struct cmd *c, int argc, char **argv)
{
	if (argc < 2 || (argv[1][0] == '-' && argv[1][1] && !asks_for_help(argv[1])))
		return c->fallback;
	return NULL;
}

static int group_run(struct app *app, void *args, const struct cmd *root, const struct cmd *c,
		     int argc, char **argv, unsigned int flags)
{
	const struct argp_child children[] = { { &help_argp, 0, NULL, 0 },
					       { c->argp, 0, NULL, 0 },
					       { 0 } };
	const struct argp argp = { .parser = group_parse,
				   .args_doc = "COMMAND [ARG...]",
				   .children = children,
				   .help_filter = group_help };
	struct choice choice = { .group = c, .args = args };
	_cleanup_free_ char *name = NULL;
	int r;

	choice.found = group_fallback(c, argc, argv);
	if (choice.found) {
		flags |= FLAG_FALLBACK;
	} else {
		r = argp_parse(&argp, argc, argv, flags | ARGP_NO_HELP | ARGP_IN_ORDER, NULL,
			       &choice);
		if (r)
			return r == ECANCELED ? STATUS_DONE : STATUS_USAGE;
	}
	name = child_name(argv[0], choice.found);
	if (!name)
		return STATUS_FAILED;
	argc -= choice.index;
	argv += choice.index;
	argv[0] = name;
	if (choice.found->sub)
		return group_run(app, NULL, root, choice.found, argc, argv, flags);
	return leaf_run(app, root, choice.found, argc, argv, flags);
}

error_t cmd_operands(struct operands *operands, int key, char *arg, struct argp_state *state)
{
	_cleanup_free_ char *safe = NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		/* Options, and then a word: a term of the list, or a command that comes too late? */
		if (state->flags & FLAG_FALLBACK) {
			safe = str_printable(arg);
			argp_error(state, "no command comes before the options and '%s'",
				   safe ? safe : "");
			return EINVAL;
		}
		if (operands->n == operands->max)
			return ARGP_ERR_UNKNOWN; /* argp says "Too many arguments" */
		if (!*arg) {
			argp_error(state, "an operand is empty");
			return EINVAL;
		}
		operands->v[operands->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (operands->n < operands->min) {
			argp_error(state, "missing operand");
			return EINVAL;
		}
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_main(struct app *app, void *root_args, const struct cmd *root, int argc, char **argv,
	     unsigned int flags)
{
	argp_err_exit_status = STATUS_USAGE;
	argv[0] = (char *)root->name;
	help_margin();
	return group_run(app, root_args, root, root, argc, argv, flags);
}

static void dump_options(const struct argp *argp, const char *path, FILE *out)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key || o->doc); o++)
		if (o->name && !(o->flags & (OPTION_DOC | OPTION_HIDDEN)))
			fprintf(out, "%s\t--%s\t%s\t%c\t%s\n", path, o->name, o->arg ? o->arg : "",
				o->key > 0 && o->key < 128 && isprint(o->key) ? o->key : '-',
				o->doc);
	for (const struct argp_child *child = argp->children; child && child->argp; child++)
		dump_options(child->argp, path, out);
}

static void dump_cmd(const struct cmd *c, const char *parent, FILE *out)
{
	_cleanup_free_ char *path = *parent ? child_name(parent, c) : strdup(c->name);

	if (!path)
		return;
	fprintf(out, "%s\t\t%s\t-\t%s\n", path,
		!c->sub && c->argp && c->argp->args_doc ? c->argp->args_doc : "", c->summary);
	if (c->argp)
		dump_options(c->argp, path, out);
	for (const struct cmd *const *s = c->sub; s && *s; s++)
		dump_cmd(*s, path, out);
}

void cmd_dump(const struct cmd *root, FILE *out)
{
	dump_cmd(root, "", out);
}
