/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/options.h"

#include <errno.h>

#include "cmd/nouns.h"
#include "out/schema.h"
#include "util/cleanup.h"

/* Prints the schema of --json. */
static error_t print_schema(struct out_schema schema, const struct argp_state *state)
{
	_cleanup_free_ char *title = NULL;

	if (asprintf(&title, "%s --json", cmd_name(state)) < 0)
		return ENOMEM;
	schema.title = title;
	return out_schema_print(&schema, stdout) < 0 ? ENOMEM : ECANCELED;
}

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
						 .single = args->single || args->out.stream,
						 .tree = args->out.tree },
			    state);
}

static const struct cmd_option view_rows[] = {
	ROWS_OF(struct view_args, out, output_options),
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

const struct cmd_option wake_options[] = {
	{ "wake", 0, NULL, "Read the capabilities of sleeping devices too: wakes them", OPTION_FLAG,
	  offsetof(struct wake_args, wake) },
	ROWS_OF(struct wake_args, view, view_options),
	{ 0 },
};

bool view_folds(const struct view_args *view, enum folding folding)
{
	return folding == FOLDING_ON ||
	       (folding == FOLDING_BY_FORMAT && view->out.format == OUT_FORMAT_TABLE);
}

static error_t created_schema(void *p, struct argp_state *state)
{
	const struct context_args *args = p;

	return print_schema(
		(struct out_schema){ .columns = args->created, .single = true, .whole = true },
		state);
}

/* What is not created is not printed either. */
#define CONFLICT(rival_) \
	.conflict = "--json and --dry-run cannot be combined", \
	.rival = offsetof(struct context_args, rival_)

const struct cmd_option dry_run_options[] = {
	DRY_RUN_OPTION(offsetof(struct context_args, dry_run), CONFLICT(json)),
	{ 0 },
};

const struct cmd_option create_context_options[] = {
	{ .type = OPTION_ROWS, .rows = dry_run_options },
	{ "json", 'j', NULL, "Print what was created as a JSON object", OPTION_FLAG,
	  offsetof(struct context_args, json), CONFLICT(dry_run) },
	{ "schema", .type = OPTION_CALL, .call = created_schema },
	{ 0 },
};

const struct cmd_option change_options[] = {
	CONTEXT_OPTION,
	{ .type = OPTION_ROWS, .rows = dry_run_options },
	{ 0 },
};

const struct cmd_option create_options[] = {
	CONTEXT_OPTION,
	{ .type = OPTION_ROWS, .rows = create_context_options },
	{ 0 },
};
