/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/options.h"

#include <errno.h>

#include "cmd/nouns.h"
#include "out/schema.h"
#include "util/cleanup.h"

enum { KEY_LIST_COLUMNS = 0x400, KEY_SYSROOT, KEY_WAKE, KEY_DRY_RUN, KEY_SCHEMA };

/* Refuses a second format: which one was meant is unknown. */
static error_t set_format(struct view_args *args, enum out_format format, struct argp_state *state)
{
	if (args->out.format != OUT_FORMAT_TABLE && args->out.format != format) {
		argp_error(state, "-j, -r and -P cannot be combined");
		return EINVAL;
	}
	args->out.format = format;
	return 0;
}

#define SCHEMA_OPTION \
	{ \
		"schema", KEY_SCHEMA, NULL, OPTION_HIDDEN, NULL, 0 \
	}

/* Prints the schema of --json. */
static error_t print_schema(struct out_schema schema, const struct argp_state *state)
{
	_cleanup_free_ char *title = NULL;

	if (asprintf(&title, "%s --json", cmd_name(state)) < 0)
		return ENOMEM;
	schema.title = title;
	return out_schema_print(&schema, stdout) < 0 ? ENOMEM : ECANCELED;
}

static error_t view_parse(int key, char *arg, struct argp_state *state)
{
	struct view_args *args = state->input;

	switch (key) {
	case 'j':
		return set_format(args, OUT_FORMAT_JSON, state);
	case 'r':
		return set_format(args, OUT_FORMAT_RAW, state);
	case 'P':
		return set_format(args, OUT_FORMAT_PAIRS, state);
	case 'n':
		args->out.no_headings = true;
		return 0;
	case 'o':
		args->out.columns = arg;
		return 0;
	case KEY_SYSROOT:
		args->sysroot = arg;
		return 0;
	case KEY_LIST_COLUMNS:
		out_columns_print(args->columns, &args->out, args->single, stdout);
		return ECANCELED;
	case KEY_SCHEMA:
		return print_schema((struct out_schema){ .columns = args->columns,
							 .single = args->single,
							 .tree = args->out.tree },
				    state);
	default:
		return cmd_operands(&args->operands, key, arg, state);
	}
}

static const struct argp_option view_argp_options[] = {
	{ "json", 'j', NULL, 0, "Print JSON", 0 },
	{ "raw", 'r', NULL, 0, "Print values separated by one space", 0 },
	{ "pairs", 'P', NULL, 0, "Print NAME=\"value\" pairs", 0 },
	{ "no-headings", 'n', NULL, 0, "Print no headings", 0 },
	{ "output", 'o', "COL,...", 0,
	  "Columns to print; +COL,... adds to the default; 'all' prints every column", 0 },
	{ "list-columns", KEY_LIST_COLUMNS, NULL, 0, "List the columns and what they mean", 0 },
	OPTION_SYSROOT(KEY_SYSROOT),
	SCHEMA_OPTION,
	{ 0 },
};

/* Which format was meant is unknown. */
#define FORMAT_OPTION(name, letter, help, format_) \
	{ \
		name, letter, NULL, help, OPTION_VALUE, offsetof(struct out_options, format), \
			.value = (format_), .conflict = "-j, -r and -P cannot be combined" \
	}

const struct cmd_option output_options[] = {
	FORMAT_OPTION("json", 'j', "Print JSON", OUT_FORMAT_JSON),
	FORMAT_OPTION("raw", 'r', "Print values separated by one space", OUT_FORMAT_RAW),
	FORMAT_OPTION("pairs", 'P', "Print NAME=\"value\" pairs", OUT_FORMAT_PAIRS),
	{ "no-headings", 'n', NULL, "Print no headings", OPTION_FLAG,
	  offsetof(struct out_options, no_headings) },
	{ "output", 'o', "COL,...",
	  "Columns to print; +COL,... adds to the default; 'all' prints every column", OPTION_TEXT,
	  offsetof(struct out_options, columns) },
	{ 0 },
};

static error_t list_columns(void *p, struct argp_state *state)
{
	const struct view_args *args = p;

	(void)state;
	out_columns_print(args->columns, &args->out, args->single, stdout);
	return ECANCELED;
}

static error_t view_schema(void *p, struct argp_state *state)
{
	const struct view_args *args = p;

	return print_schema((struct out_schema){ .columns = args->columns,
						 .single = args->single,
						 .tree = args->out.tree },
			    state);
}

static const struct cmd_option view_rows[] = {
	{ .type = OPTION_ROWS, .place = offsetof(struct view_args, out), .rows = output_options },
	{ "list-columns", 0, NULL, "List the columns and what they mean", OPTION_CALL,
	  .call = list_columns },
	SYSROOT_OPTION,
	{ "schema", .type = OPTION_CALL, .call = view_schema },
	{ 0 },
};

const struct cmd_option view_options[] = {
	{ .help = "Output:", .type = OPTION_ROWS, .rows = view_rows },
	{ 0 },
};

const struct argp view_argp = { .options = view_argp_options, .parser = view_parse };
const struct argp_child view_children[] = { { &view_argp, 0, "Output:", 1 }, { 0 } };

static error_t wake_parse(int key, char *arg, struct argp_state *state)
{
	struct wake_args *args = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->view;
		return 0;
	case KEY_WAKE:
		args->wake = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option wake_options[] = {
	{ "wake", KEY_WAKE, NULL, 0, "Read the capabilities of sleeping devices too: wakes them",
	  0 },
	{ 0 },
};

static const struct argp wake_argp = {
	.options = wake_options,
	.parser = wake_parse,
	.children = view_children,
};
const struct argp_child wake_children[] = { { &wake_argp, 0, NULL, 0 }, { 0 } };

static error_t context_parse(int key, char *arg, struct argp_state *state)
{
	struct context_args *args = state->input;

	switch (key) {
	case 'c':
		args->name = arg;
		return 0;
	case KEY_DRY_RUN:
		args->dry_run = true;
		return 0;
	case 'j':
		args->json = true;
		return 0;
	case KEY_SCHEMA:
		return print_schema((struct out_schema){ .columns = args->created,
							 .single = true,
							 .whole = true },
				    state);
	case ARGP_KEY_END:
		if (args->json && args->dry_run) {
			argp_error(state, "--json and --dry-run cannot be combined");
			return EINVAL;
		}
		return cmd_operands(&args->operands, key, arg, state);
	default:
		return cmd_operands(&args->operands, key, arg, state);
	}
}

#define CONTEXT_OPTION_OLD \
	{ \
		"context", 'c', "NAME", 0, "The context to work in (default: $IOASIDCTL_CONTEXT)", \
			0 \
	}
#define DRY_RUN_OPTION \
	{ \
		"dry-run", KEY_DRY_RUN, NULL, 0, "Print each ioctl without doing it", 0 \
	}

#define CREATED_OPTION \
	{ \
		"json", 'j', NULL, 0, "Print what was created as a JSON object", 0 \
	}

static const struct argp_option context_options[] = { CONTEXT_OPTION_OLD, { 0 } };
const struct argp context_argp = { .options = context_options, .parser = context_parse };

static const struct argp_option context_list_options[] = {
	{ "context", 'c', "NAME", 0, "List only what is in this context", 0 },
	{ 0 },
};
const struct argp context_list_argp = { .options = context_list_options, .parser = context_parse };

static const struct argp_option change_options[] = { CONTEXT_OPTION_OLD, DRY_RUN_OPTION, { 0 } };
static const struct argp change_argp = { .options = change_options, .parser = context_parse };
const struct argp_child context_children[] = { { &change_argp, 0, NULL, 0 }, { 0 } };

static const struct argp_option create_options[] = {
	CONTEXT_OPTION_OLD, DRY_RUN_OPTION, CREATED_OPTION, SCHEMA_OPTION, { 0 }
};
static const struct argp create_argp = { .options = create_options, .parser = context_parse };
const struct argp_child create_children[] = { { &create_argp, 0, NULL, 0 }, { 0 } };

static const struct argp_option create_context_options[] = {
	DRY_RUN_OPTION, CREATED_OPTION, SCHEMA_OPTION, { 0 }
};
static const struct argp create_context_argp = { .options = create_context_options,
						 .parser = context_parse };
const struct argp_child create_context_children[] = { { &create_context_argp, 0, NULL, 0 }, { 0 } };

static const struct argp_option dry_run_options[] = { DRY_RUN_OPTION, { 0 } };
static const struct argp dry_run_argp = { .options = dry_run_options, .parser = context_parse };
const struct argp_child dry_run_children[] = { { &dry_run_argp, 0, NULL, 0 }, { 0 } };
