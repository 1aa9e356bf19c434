/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options as rows of data: what each type takes and refuses, and where it is stored. */
#include "cmd_options.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/status.h"

struct app {
	const char *global;
	char said[256];
};

enum colour { NO_COLOUR, RED, GREEN, BLUE };

struct shared {
	bool loud;
	enum colour colour;
};

struct args {
	struct operands operands;
	bool flag, rival;
	const char *text;
	struct option_number number, bounded;
	enum colour word, single;
	int calls;
	struct shared shared; /* not at 0: its rows have places of their own */
};

static error_t count(void *p, struct argp_state *state)
{
	struct args *args = p;

	(void)state;
	args->calls++;
	return 0;
}

static error_t end(void *p, struct argp_state *state)
{
	(void)p;
	(void)state;
	return ECANCELED;
}

/* Reports, but does not say so. */
static error_t complain(void *p, struct argp_state *state)
{
	(void)p;
	argp_error(state, "no such secret");
	return 0;
}

static const struct option_word words[] = {
	{ "green", GREEN }, { "blue", BLUE }, { "red", RED }, { 0 }
};
static const struct option_word one_word[] = { { "red", RED }, { 0 } };

static const struct cmd_option colours[] = {
	{ "red", 'r', NULL, "Red", OPTION_VALUE, offsetof(struct shared, colour), .value = RED,
	  .conflict = "only one colour" },
	{ "green", 'g', NULL, "Green", OPTION_VALUE, offsetof(struct shared, colour),
	  .value = GREEN, .conflict = "only one colour" },
	/* The last one counts. */
	{ "blue", 0, NULL, "Blue", OPTION_VALUE, offsetof(struct shared, colour), .value = BLUE },
	{ 0 },
};

static const struct cmd_option shared_options[] = {
	{ "loud", 0, NULL, "Loud", OPTION_FLAG, offsetof(struct shared, loud) },
	{ .help = "Colours:", .type = OPTION_ROWS, .rows = colours },
	{ 0 },
};

static const struct cmd_option options[] = {
	{ "flag", 'f', NULL, "Set", OPTION_FLAG, offsetof(struct args, flag),
	  .conflict = "--flag and --rival cannot be combined",
	  .rival = offsetof(struct args, rival) },
	{ "rival", 0, NULL, "Set too", OPTION_FLAG, offsetof(struct args, rival) },
	{ "text", 't', "TEXT", "As written", OPTION_TEXT, offsetof(struct args, text) },
	{ "number", 'n', "N", "Any", OPTION_NUMBER, offsetof(struct args, number),
	  .what = "number" },
	{ "bounded", 0, "N", "Within bounds", OPTION_NUMBER, offsetof(struct args, bounded),
	  .min = 2, .max = 9, .what = "number of things" },
	{ "word", 0, "WORD", "One of three", OPTION_WORD, offsetof(struct args, word),
	  .words = words },
	{ "single", 0, "WORD", "One of one", OPTION_WORD, offsetof(struct args, single),
	  .words = one_word },
	{ "count", 0, NULL, "Count", OPTION_CALL, .call = count },
	{ "end", 0, NULL, "End", OPTION_CALL, .call = end },
	{ "secret", .type = OPTION_CALL, .call = complain },
	{ .type = OPTION_ROWS, .place = offsetof(struct args, shared), .rows = shared_options },
	{ "global", 0, "TEXT", "For all", OPTION_TEXT, offsetof(struct app, global), .of_app = true,
	  .last = true },
	{ 0 },
};

static int run(struct app *app, const void *p)
{
	const struct args *args = p;

	snprintf(app->said, sizeof(app->said),
		 "%d%d %s %s=%" PRIu64 " %s=%" PRIu64 " %u %u %d %d%u %s %u", args->flag,
		 args->rival, args->text ? args->text : "-",
		 args->number.text ? args->number.text : "-", args->number.value,
		 args->bounded.text ? args->bounded.text : "-", args->bounded.value, args->word,
		 args->single, args->calls, args->shared.loud, args->shared.colour,
		 app->global ? app->global : "-", args->operands.n);
	return STATUS_DONE;
}

static const struct args defaults = { .operands = { .max = 2 } };
static const struct cmd set_cmd = {
	.name = "set",
	.summary = "Set",
	.options = options,
	.takes = "[A [B]]",
	.doc = "Set things.",
	.operands = offsetof(struct args, operands),
	.defaults = &defaults,
	.args_size = sizeof(defaults),
	.run = run,
};

static int exec_run(struct app *app, const void *p)
{
	const struct operands *operands = p;
	size_t n = 0;

	while (operands->rest[n])
		n++;
	snprintf(app->said, sizeof(app->said), "%s %zu %s", operands->v[0], n,
		 operands->rest[n - 1]);
	return STATUS_DONE;
}

static const struct operands exec_defaults = { .min = 1, .max = 1, .command = true };
static const struct cmd exec_cmd = {
	.name = "exec",
	.summary = "Run a command line",
	.defaults = &exec_defaults,
	.args_size = sizeof(exec_defaults),
	.in_order = true,
	.run = exec_run,
};
static const struct cmd *const sub[] = { &set_cmd, &exec_cmd, NULL };
static const struct cmd root = { .name = "tool", .summary = "Tool", .sub = sub };

/* Runs "tool VERB" with the words of LINE, split at spaces, and returns what it printed. */
static char *run_line(const char *verb, const char *line, struct app *app, int *ret_status,
		      char **ret_errors)
{
	char *argv[32] = { (char *)"x", (char *)verb }, copy[256], *output = NULL;
	FILE *before_out = stdout, *before_err = stderr;
	size_t size, errors_size;
	int argc = 2;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word && argc < 31; word = strtok(NULL, " "))
		argv[argc++] = word;
	stdout = open_memstream(&output, &size);
	stderr = open_memstream(ret_errors, &errors_size);
	*ret_status = cmd_main(app, &root, argc, argv, ARGP_NO_EXIT);
	fclose(stdout);
	fclose(stderr);
	stdout = before_out;
	stderr = before_err;
	return output;
}

static void check(const char *verb, const char *line, const char *said, const char *errors)
{
	_cleanup_free_ char *text = NULL, *output = NULL;
	struct app app = { 0 };
	int status = -1;

	output = run_line(verb, line, &app, &status, &text);
	if (strcmp(app.said, said) != 0 || strcmp(text, errors) != 0)
		fail_msg("'%s' gives '%s', and reports '%s'", line, app.said, text);
	assert_int_equal(status, *errors ? STATUS_USAGE : STATUS_DONE);
	assert_string_equal(output, "");
}

static void takes(const char *line, const char *said)
{
	check("set", line, said, "");
}

static void refuses(const char *line, const char *message)
{
	char errors[300];

	snprintf(errors, sizeof(errors),
		 "tool: %s\nhint: 'tool set --help' shows its options and operands\n", message);
	check("set", line, "", errors);
}

static void nothing(void **state)
{
	(void)state;
	takes("", "00 - -=0 -=0 0 0 0 00 - 0");
	takes("a b", "00 - -=0 -=0 0 0 0 00 - 2");
	refuses("a b c", "unexpected operand 'c'");
}

static void flags(void **state)
{
	(void)state;
	takes("--flag", "10 - -=0 -=0 0 0 0 00 - 0");
	takes("-f -f a", "10 - -=0 -=0 0 0 0 00 - 1");
	takes("--loud", "00 - -=0 -=0 0 0 0 10 - 0");
	/* Only one of the two has the conflict, so that both orders are seen. */
	takes("--flag --rival", "11 - -=0 -=0 0 0 0 00 - 0");
	refuses("--rival --flag", "--flag and --rival cannot be combined");
	refuses("--flag=yes", "option '--flag' doesn't allow an argument");
}

static void values(void **state)
{
	(void)state;
	takes("-r", "00 - -=0 -=0 0 0 0 01 - 0");
	takes("-rr --red", "00 - -=0 -=0 0 0 0 01 - 0");
	takes("-g --blue", "00 - -=0 -=0 0 0 0 03 - 0");
	refuses("-rg", "only one colour");
	refuses("--blue --red", "only one colour");
}

static void texts(void **state)
{
	(void)state;
	takes("-t x --text=y", "00 y -=0 -=0 0 0 0 00 - 0");
	takes("--text=", "00  -=0 -=0 0 0 0 00 - 0");
	takes("--text --flag", "00 --flag -=0 -=0 0 0 0 00 - 0");
	takes("--global all", "00 - -=0 -=0 0 0 0 00 all 0");
	refuses("--text", "option '--text' requires an argument");
}

static void numbers(void **state)
{
	(void)state;
	takes("-n 0", "00 - 0=0 -=0 0 0 0 00 - 0");
	takes("--number=0x10", "00 - 0x10=16 -=0 0 0 0 00 - 0");
	takes("-n 18446744073709551615",
	      "00 - 18446744073709551615=18446744073709551615 -=0 0 0 0 00 - 0");
	refuses("-n 18446744073709551616", "18446744073709551616: is not a valid number");
	refuses("-n -1", "-1: is not a valid number");
	refuses("--number=", ": is not a valid number");
	refuses("-n 1K", "1K: is not a valid number");
	refuses("-n \x1b[31m", "\\x1b[31m: is not a valid number");
	takes("--bounded 2", "00 - -=0 2=2 0 0 0 00 - 0");
	takes("--bounded 9", "00 - -=0 9=9 0 0 0 00 - 0");
	refuses("--bounded 1", "1: is not a valid number of things: it must be 2 to 9");
	refuses("--bounded 10", "10: is not a valid number of things: it must be 2 to 9");
	refuses("--bounded x", "x: is not a valid number of things: it must be 2 to 9");
}

static void one_of(void **state)
{
	static const char three[] = "--word takes one of green, blue and red";

	(void)state;
	takes("--word green", "00 - -=0 -=0 2 0 0 00 - 0");
	takes("--word blue --word red", "00 - -=0 -=0 1 0 0 00 - 0");
	takes("--single red", "00 - -=0 -=0 0 1 0 00 - 0");
	refuses("--word gree", three);
	refuses("--word greener", three);
	refuses("--word GREEN", three);
	refuses("--word=", three);
	refuses("--single blue", "--single takes only red");
}

static void calls(void **state)
{
	(void)state;
	takes("--count --count", "00 - -=0 -=0 0 0 2 00 - 0");
	/* Ends the run. */
	takes("--end --nothing", "");
	refuses("--secret", "no such secret");
}

static void abbreviations(void **state)
{
	(void)state;
	takes("--fl --nu 1 --wo red", "10 - 1=1 -=0 1 0 0 00 - 0");
	takes("--lo --gl all", "00 - -=0 -=0 0 0 0 10 all 0");
	refuses("--s", "option '--s' is ambiguous; possibilities: '--single' '--secret'");
	refuses("--r", "option '--r' is ambiguous; possibilities: '--rival' '--red'");
	refuses("--nothing", "unrecognized option '--nothing'");
	refuses("-x", "invalid option -- 'x'");
}

/* The rest belongs to the command, its options included. */
static void command_lines(void **state)
{
	(void)state;
	check("exec", "name ls", "name 1 ls", "");
	check("exec", "name -- ls -l --help", "name 3 --help", "");
	check("exec", "-- name ls --", "name 2 --", "");
	check("exec", "name", "",
	      "tool: missing command\nhint: 'tool exec --help' shows its options and operands\n");
	check("exec", "", "",
	      "tool: missing command\nhint: 'tool exec --help' shows its options and operands\n");
}

static void help(void **state)
{
	_cleanup_free_ char *text = NULL, *output = NULL;
	struct app app = { 0 };
	int status;

	(void)state;
	setenv("ARGP_HELP_FMT", "rmargin=79", 1);
	output = run_line("set", "--help", &app, &status, &text);
	assert_int_equal(status, STATUS_DONE);
	assert_string_equal(text, "");
	assert_string_equal(output,
			    "Usage: tool set [OPTION...] [A [B]]\n"
			    "Set things.\n"
			    "\n"
			    "      --bounded=N            Within bounds\n"
			    "      --count                Count\n"
			    "      --end                  End\n"
			    "  -f, --flag                 Set\n"
			    "      --loud                 Loud\n"
			    "  -n, --number=N             Any\n"
			    "      --rival                Set too\n"
			    "      --single=WORD          One of one\n"
			    "  -t, --text=TEXT            As written\n"
			    "      --word=WORD            One of three\n"
			    "\n"
			    " Colours:\n"
			    "      --blue                 Blue\n"
			    "  -g, --green                Green\n"
			    "  -r, --red                  Red\n"
			    "\n"
			    "      --global=TEXT          For all\n"
			    "  -h, --help                 Show this help\n"
			    "      --usage                Show a short list of the options\n"
			    "\n"
			    "Exit status: 0 done.\n"
			    "Manual: man tool-set\n");
}

static void found_and_dumped(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_true(cmd_takes(&set_cmd, "global"));
	assert_true(cmd_takes(&set_cmd, "blue"));
	assert_true(cmd_takes(&set_cmd, "secret"));
	assert_false(cmd_takes(&set_cmd, "blu"));
	assert_false(cmd_takes(&set_cmd, "Colours:"));
	assert_ptr_equal(option_find(options, "red"), &colours[0]);
	option_dump(shared_options, "tool set", f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "tool set\t--loud\t\t-\tLoud\n"
				  "tool set\t--red\t\tr\tRed\n"
				  "tool set\t--green\t\tg\tGreen\n"
				  "tool set\t--blue\t\t-\tBlue\n");
}

/* One more than fits is an error, and no row is dropped. */
static void too_many(void **state)
{
	struct cmd_option rows[OPTION_SET_MAX + 2] = { 0 }, headings[OPTION_SETS_MAX + 1] = { 0 };
	struct option_sets sets;

	(void)state;
	for (size_t i = 0; i < OPTION_SET_MAX; i++)
		rows[i] = (struct cmd_option){ "same", .type = OPTION_FLAG };
	assert_int_equal(option_sets_init(rows, NULL, NULL, &sets), 0);
	assert_int_equal(sets.n, 1);
	assert_int_equal(sets.v[0].n, OPTION_SET_MAX);
	rows[OPTION_SET_MAX] = rows[0];
	assert_int_equal(option_sets_init(rows, NULL, NULL, &sets), -E2BIG);
	for (size_t i = 0; i + 1 < OPTION_SETS_MAX; i++)
		headings[i] = (struct cmd_option){
			.help = "Same:", .type = OPTION_ROWS, .rows = colours
		};
	assert_int_equal(option_sets_init(headings, NULL, NULL, &sets), 0);
	assert_int_equal(sets.n, OPTION_SETS_MAX);
	headings[OPTION_SETS_MAX - 1] = headings[0];
	assert_int_equal(option_sets_init(headings, NULL, NULL, &sets), -E2BIG);
	assert_int_equal(option_sets_init(NULL, NULL, NULL, &sets), 0);
	assert_int_equal(sets.n, 1);
	assert_int_equal(sets.v[0].n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),  cmocka_unit_test(flags),
		cmocka_unit_test(values),   cmocka_unit_test(texts),
		cmocka_unit_test(numbers),  cmocka_unit_test(one_of),
		cmocka_unit_test(calls),    cmocka_unit_test(abbreviations),
		cmocka_unit_test(help),     cmocka_unit_test(found_and_dumped),
		cmocka_unit_test(too_many), cmocka_unit_test(command_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
