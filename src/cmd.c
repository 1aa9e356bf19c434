/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_help.h"
#include "cmd_options.h"
#include "util/cleanup.h"
#include "util/closest.h"
#include "util/status.h"
#include "util/str.h"

enum { KEY_USAGE = 0x200 };

#define CMD_EARLY_MAX 16
#define CMD_SUB_MAX   32 /* commands of a group that a mistyped one is compared with */

/* An additional argp flag, passed on to the parsers. */
enum { FLAG_FALLBACK = 0x10000 };

/* Options of the command given before the noun, as words of argv. */
struct early {
	char *words[CMD_EARLY_MAX];
	int n;
};

/* What a level of the tree finds out while argp parses its part of argv. */
struct choice {
	const char *name; /* of the group: "tool noun" */
	const struct cmd *group, *root;
	struct option_sets sets; /* of the group's own options */
	struct early *early;
	const struct cmd *found;
	int index; /* index of FOUND's name in argv */
};

/*
 * One run of argp. Its output is captured, because messages have our own format. The argp comes
 * first: parsers find it in their state.
 */
struct walk {
	struct argp argp;
	const char *name; /* "tool noun verb", used in help; messages have the tool's name */
	const struct choice *choice; /* the group whose command it looks for or runs */
	FILE *errors;
	char *text, *hint; /* an error message and a suggestion */
	size_t size;
};

/* Prints the message without argp's "Try ..." after it. It may contain what the user typed, newlines included. */
static void print_wrong(struct walk *walk)
{
	_cleanup_free_ char *safe = NULL;
	char *end = strstr(walk->text, "\nTry ");

	if (!end)
		end = strrchr(walk->text, '\n');
	if (end)
		*end = '\0';
	safe = str_printable(walk->text);
	if (safe)
		fprintf(stderr, "%s\n", safe);
}

/*
 * Parses ARGV, which begins with the tool's name, and reports errors, with a hint that the help shows
 * WHAT. Returns what argp returns.
 */
static int walk_parse(struct walk *walk, int argc, char **argv, unsigned int flags, void *input,
		      const char *what)
{
	FILE *const own = stderr;
	int r;

	walk->errors = open_memstream(&walk->text, &walk->size);
	if (!walk->errors)
		return ENOMEM;
	/* getopt prints its own messages, without escaping what the user typed. */
	stderr = walk->errors;
	r = argp_parse(&walk->argp, argc, argv, flags | ARGP_NO_HELP | ARGP_NO_EXIT, NULL, input);
	stderr = own;
	fclose(walk->errors);
	/* argp_error() does not stop argp, so output means an error whatever it returned. */
	if (r == 0 && walk->size > 0)
		r = EINVAL;
	if (r && r != ECANCELED) {
		if (str_starts(walk->text, argv[0]))
			print_wrong(walk);
		if (walk->hint)
			fprintf(stderr, "hint: %s\n", walk->hint);
		else
			fprintf(stderr, "hint: '%s --help' shows its %s\n", walk->name, what);
	}
	free(walk->text);
	free(walk->hint);
	return r;
}

/* With ARGP_NO_HELP, root_argp is what was given to argp_parse(). */
static struct walk *walk_of(const struct argp_state *state)
{
	return (struct walk *)state->root_argp;
}

const char *cmd_name(const struct argp_state *state)
{
	return walk_of(state)->name;
}

/*
 * Replaces argp's own --help, which would add --HANG and --program-name. Also does not exit, so
 * that write errors are found when stdout is closed.
 */
static error_t help_parse(int key, char *arg, struct argp_state *state)
{
	const struct walk *walk = walk_of(state);

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = walk->errors;
		return 0;
	case 'h':
		state->name = (char *)cmd_name(state);
		argp_state_help(state, state->out_stream,
				ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
		return ECANCELED;
	case KEY_USAGE:
		state->name = (char *)cmd_name(state);
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE);
		return ECANCELED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option help_options[] = {
	{ "help", 'h', NULL, 0, "Show this help", -1 },
	{ "usage", KEY_USAGE, NULL, 0, "Show a short list of the options", -1 },
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

/* What ARG, which is not a command of the group, may mean: for "eth0" show, for "lst" list. */
static char *suggest(const struct choice *choice, const char *arg)
{
	const char *names[CMD_SUB_MAX], *closest;
	const struct cmd *show = cmd_find(choice->group, "show");
	_cleanup_free_ char *safe = str_printable(arg);
	char *text = NULL;
	size_t n = 0;

	for (const struct cmd *const *c = choice->group->sub; *c && n < CMD_SUB_MAX; c++)
		names[n++] = (*c)->name;
	closest = str_closest(arg, names, n);
	if (closest && asprintf(&text, "did you mean '%s %s'?", choice->name, closest) < 0)
		return NULL;
	if (!closest && show && safe &&
	    asprintf(&text, "did you mean '%s show %s'?", choice->name, safe) < 0)
		return NULL;
	return text;
}

/* An option before the noun that belongs to the verb. */
static error_t early_parse(struct choice *choice, int key, char *arg, struct argp_state *state)
{
	const struct cmd_option *o = choice->root->early;
	struct early *early = choice->early;
	char *word;

	while (o && o->type && o->letter != key)
		o++;
	if (!o || !o->type)
		return ARGP_ERR_UNKNOWN;
	if (early->n + 2 > CMD_EARLY_MAX) {
		argp_error(state, "too many options");
		return EINVAL;
	}
	if (asprintf(&word, "-%c%s", key, arg ? arg : "") < 0)
		return ENOMEM;
	early->words[early->n++] = word;
	return 0;
}

static error_t group_parse(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;
	_cleanup_free_ char *safe = NULL;

	switch (key) {
	case ARGP_KEY_INIT:
		option_sets_inputs(&choice->sets, state);
		return 0;
	case ARGP_KEY_ARG:
		choice->found = cmd_find(choice->group, arg);
		if (!choice->found) {
			safe = str_printable(arg);
			argp_error(state, "unknown command '%s'", safe ? safe : "");
			walk_of(state)->hint = suggest(choice, arg);
			return EINVAL;
		}
		choice->index = state->next - 1;
		state->next = state->argc; /* the rest belongs to the command */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "missing command");
		return EINVAL;
	default:
		return early_parse(choice, key, arg, state);
	}
}

static char *group_help(int key, const char *text, void *input)
{
	const struct choice *choice = input;

	if (key == ARGP_KEY_HELP_DUP_ARGS_NOTE)
		return NULL;
	if (key != ARGP_KEY_HELP_PRE_DOC || !choice)
		return (char *)text;
	return help_commands(choice->group);
}

static char *leaf_help(int key, const char *text, void *input)
{
	(void)input;
	/* Drop argp's note on mandatory arguments. A doc with only an end has no beginning. */
	if (key == ARGP_KEY_HELP_DUP_ARGS_NOTE ||
	    (key == ARGP_KEY_HELP_PRE_DOC && text && *text == '\v'))
		return NULL;
	return (char *)text;
}

/* "tool noun verb" for messages: argp takes the name from argv[0]. */
static char *child_name(const char *parent, const struct cmd *c)
{
	char *name;

	return asprintf(&name, "%s %s", parent, c->name) < 0 ? NULL : name;
}

bool cmd_takes(const struct cmd *c, const char *option)
{
	return option_find(c->options, option) != NULL;
}

static error_t take_operand(struct operands *operands, int key, char *arg, struct argp_state *state)
{
	_cleanup_free_ char *safe = NULL;

	switch (key) {
	case ARGP_KEY_ARG:
		/* A word after options: a term of the list, or a misplaced command? */
		if (state->flags & FLAG_FALLBACK) {
			safe = str_printable(arg);
			argp_error(state, "a verb must come before the options and '%s'",
				   safe ? safe : "");
			if (!walk_of(state)->hint)
				walk_of(state)->hint = suggest(walk_of(state)->choice, arg);
			return EINVAL;
		}
		if (operands->n == operands->max && operands->command) {
			operands->rest = &state->argv[state->next - 1];
			state->next = state->argc;
			return 0;
		}
		if (operands->n == operands->max) {
			safe = str_printable(arg);
			argp_error(state, "unexpected operand '%s'", safe ? safe : "");
			return EINVAL;
		}
		if (!*arg) {
			argp_error(state, "an operand is empty");
			return EINVAL;
		}
		operands->v[operands->n++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (operands->command && !operands->rest) {
			argp_error(state, "missing command");
			return EINVAL;
		}
		if (operands->n < operands->min) {
			argp_error(state, "missing operand");
			return EINVAL;
		}
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What the parsers of a command fill. */
struct leaf {
	struct option_sets sets;
	struct operands *operands;
};

static error_t leaf_parse(int key, char *arg, struct argp_state *state)
{
	struct leaf *leaf = state->input;

	if (key != ARGP_KEY_INIT)
		return take_operand(leaf->operands, key, arg, state);
	option_sets_inputs(&leaf->sets, state);
	return 0;
}

/* Parses ARGV into ARGS. Returns what argp returns. */
static int leaf_options(struct app *app, const struct choice *choice, const char *name, int argc,
			char **argv, unsigned int flags, void *args)
{
	const struct cmd *c = choice->found;
	struct argp_child children[OPTION_SETS_MAX + 2] = { 0 };
	_cleanup_free_ char *end = help_end(c, name);
	struct leaf leaf = { .operands = (void *)((char *)args + c->operands) };
	struct walk walk = {
		.argp = { .parser = leaf_parse,
			  .children = children,
			  .doc = end,
			  .help_filter = leaf_help },
		.name = name,
		.choice = choice,
	};

	if (option_sets_init(c->options, app, args, &leaf.sets) < 0)
		return E2BIG;
	leaf.sets.v[0].argp.args_doc = c->takes;
	leaf.sets.v[0].argp.doc = c->doc;
	children[option_sets_children(&leaf.sets, children)].argp = &help_argp;
	return walk_parse(&walk, argc, argv, flags, &leaf, "options and operands");
}

/* ARGV begins with the tool's name, followed by EARLY's words. */
static int leaf_run(struct app *app, const struct choice *choice, const char *name, int argc,
		    char **argv, unsigned int flags)
{
	const struct cmd *c = choice->found;
	const struct early *early = choice->early;
	_cleanup_free_ char **words = calloc((size_t)argc + CMD_EARLY_MAX + 1, sizeof(*words));
	_cleanup_free_ void *args = malloc(c->args_size);
	int r;

	if (!args || !words)
		return STATUS_FAILED;
	memcpy(args, c->defaults, c->args_size);
	words[0] = argv[0];
	memcpy(words + 1, early->words, (size_t)early->n * sizeof(*words));
	memcpy(words + 1 + early->n, argv + 1, (size_t)(argc - 1) * sizeof(*words));
	flags |= c->in_order ? ARGP_IN_ORDER : 0;
	r = leaf_options(app, choice, name, argc + early->n, words, flags, args);
	if (r)
		return r == ECANCELED ? STATUS_DONE : STATUS_USAGE;
	r = choice->root->check ? choice->root->check(app, c, name) : 0;
	return r ? r : c->run(app, args);
}

static bool asks_for_help(const char *arg)
{
	return strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0 || strcmp(arg, "--usage") == 0;
}

/* A noun without a verb, or only with options, means its fallback. */
static const struct cmd *group_fallback(const struct cmd *c, int argc, char **argv)
{
	if (argc < 2 || (argv[1][0] == '-' && argv[1][1] && !asks_for_help(argv[1])))
		return c->fallback;
	return NULL;
}

/* Finds the command named in argv. Returns what argp returns. */
static int group_choose(struct app *app, struct choice *choice, int argc, char **argv,
			unsigned int flags)
{
	const bool is_root = choice->group == choice->root;
	struct argp_child children[OPTION_SETS_MAX + 2] = { 0 };
	struct option_sets early;
	struct walk walk = {
		.argp = { .parser = group_parse,
			  .args_doc = "COMMAND [ARG...]",
			  .children = children,
			  .help_filter = group_help },
		.name = choice->name,
		.choice = choice,
	};

	if (option_sets_init(is_root ? choice->root->early : NULL, app, app, &early) < 0 ||
	    option_sets_init(choice->group->options, app, app, &choice->sets) < 0)
		return E2BIG;
	option_set_hide(&early.v[0]);
	walk.argp.options = early.v[0].argp.options;
	children[option_sets_children(&choice->sets, children)].argp = &help_argp;
	return walk_parse(&walk, argc, argv, flags | ARGP_IN_ORDER, choice, "commands");
}

static int group_run(struct app *app, struct choice *choice, int argc, char **argv,
		     unsigned int flags)
{
	const struct cmd *c = choice->group;
	_cleanup_free_ char *name = NULL;
	struct choice next;
	int r;

	choice->found = group_fallback(c, argc, argv);
	if (choice->found) {
		flags |= FLAG_FALLBACK;
	} else {
		r = group_choose(app, choice, argc, argv, flags);
		if (r)
			return r == ECANCELED ? STATUS_DONE : STATUS_USAGE;
	}
	name = child_name(choice->name, choice->found);
	if (!name)
		return STATUS_FAILED;
	argc -= choice->index;
	argv += choice->index;
	argv[0] = (char *)choice->root->name;
	if (!choice->found->sub)
		return leaf_run(app, choice, name, argc, argv, flags);
	next = (struct choice){
		.name = name, .group = choice->found, .root = choice->root, .early = choice->early
	};
	return group_run(app, &next, argc, argv, flags);
}

/* Turns "help NOUN VERB" into "NOUN VERB --help". */
static void help_words(const struct cmd *root, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "help") != 0 || cmd_find(root, "help"))
		return;
	for (int i = 1; i + 1 < argc; i++)
		argv[i] = argv[i + 1];
	argv[argc - 1] = (char *)"--help";
}

int cmd_main(struct app *app, const struct cmd *root, int argc, char **argv, unsigned int flags)
{
	struct early early = { 0 };
	struct choice choice = { .name = root->name, .group = root, .root = root, .early = &early };
	int status;

	argv[0] = (char *)root->name;
	help_margin();
	help_words(root, argc, argv);
	status = group_run(app, &choice, argc, argv, flags);
	for (int i = 0; i < early.n; i++)
		free(early.words[i]);
	return status;
}

static void dump_cmd(const struct cmd *c, const char *parent, FILE *out)
{
	_cleanup_free_ char *path = *parent ? child_name(parent, c) : strdup(c->name);

	if (!path)
		return;
	fprintf(out, "%s\t\t%s\t-\t%s\n", path, c->takes ? c->takes : "", c->summary);
	option_dump(c->options, path, out);
	for (const struct cmd *const *s = c->sub; s && *s; s++)
		dump_cmd(*s, path, out);
}

void cmd_dump(const struct cmd *root, FILE *out)
{
	dump_cmd(root, "", out);
}
