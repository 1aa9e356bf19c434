/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/status.h"

/* A tree like the program's, whose commands record what they were given. */
struct app {
	const char *ran;
	const char *global;
	char said[256]; /* options and operands that the command got */
	int status;     /* what the command returns */
};

struct args {
	struct operands operands;
	const char *output;
	int verbose;
};

static error_t say_more(void *p, struct argp_state *state)
{
	struct args *args = p;

	(void)state;
	args->verbose++;
	return 0;
}

/* A parser that continues after an error. */
static error_t find_secret(void *p, struct argp_state *state)
{
	(void)p;
	argp_error(state, "no such secret");
	return 0;
}

static const struct cmd_option output_options[] = {
	{ "output", 'o', "FILE", "Where to", OPTION_TEXT, offsetof(struct args, output) },
	{ 0 },
};
static const struct cmd_option options[] = {
	{ .type = OPTION_ROWS, .rows = output_options },
	{ "verbose", 'v', NULL, "Say more", OPTION_CALL, .call = say_more },
	{ "secret", .type = OPTION_CALL, .call = find_secret },
	{ 0 },
};

static int run(struct app *app, const char *name, const struct args *args)
{
	app->ran = name;
	snprintf(app->said, sizeof(app->said), "o=%s v=%d", args->output ? args->output : "",
		 args->verbose);
	for (unsigned int i = 0; i < args->operands.n; i++) {
		strcat(app->said, " ");
		strcat(app->said, args->operands.v[i]);
	}
	return app->status;
}

static int list_run(struct app *app, const void *args)
{
	return run(app, "list", args);
}

static int show_run(struct app *app, const void *args)
{
	return run(app, "show", args);
}

static int exec_run(struct app *app, const void *args)
{
	return run(app, "exec", args);
}

static const struct args list_defaults = { .output = "here" };
static const struct args show_defaults = { .operands = { .min = 1, .max = 2 } };
static const struct args exec_defaults = { .operands = { .min = 1, .max = CMD_OPERANDS_MAX } };

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List things",
	.example = "tool thing list -v",
	.statuses = "26",
	.options = options,
	.doc = "List things.",
	.operands = offsetof(struct args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};
static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show a thing",
	.options = options,
	.takes = "THING [OTHER]",
	.doc = "Show a thing.",
	.operands = offsetof(struct args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};
static const struct cmd exec_cmd = {
	.name = "exec",
	.summary = "Run a command",
	.options = options,
	.takes = "THING [OTHER]",
	.doc = "Show a thing.",
	.operands = offsetof(struct args, operands),
	.defaults = &exec_defaults,
	.args_size = sizeof(exec_defaults),
	.in_order = true,
	.run = exec_run,
};

static const struct cmd *const thing_sub[] = { &list_cmd, &show_cmd, &exec_cmd, NULL };
static const struct cmd thing_cmd = {
	.name = "thing",
	.summary = "Things",
	.sub = thing_sub,
	.fallback = &list_cmd,
};
static const struct cmd *const plain_sub[] = { &show_cmd, NULL };
static const struct cmd plain_cmd = { .name = "plain", .summary = "Plain", .sub = plain_sub };
static const struct cmd *const root_sub[] = { &thing_cmd, &plain_cmd, NULL };

static const struct cmd_option root_options[] = {
	{ "global", 'g', "VALUE", "For all", OPTION_TEXT, offsetof(struct app, global) },
	{ 0 },
};
static const struct cmd root = {
	.name = "tool",
	.early = output_options,
	.summary = "Does things.",
	.sub = root_sub,
	.options = root_options,
};

/* A run of LINE, split at spaces ('' is an empty word), and its output. */
struct result {
	struct app app;
	int status;
	char out[4096], err[4096];
};

static int split(char *line, char **argv, int max)
{
	int n = 0;

	for (char *word = strtok(line, " "); word && n < max; word = strtok(NULL, " "))
		argv[n++] = strcmp(word, "''") == 0 ? word + 2 : word;
	argv[n] = NULL;
	return n;
}

static void take_output(int stream, int memory, int saved, char *buf, size_t size)
{
	ssize_t len;

	assert_int_equal(dup2(saved, stream), stream);
	close(saved);
	len = pread(memory, buf, size - 1, 0);
	assert_true(len >= 0);
	buf[len] = '\0';
	close(memory);
}

static void run_with(const char *line, unsigned int flags, struct result *result)
{
	char *argv[32], copy[256];
	int out = memfd_create("out", 0), err = memfd_create("err", 0);
	int saved_out, saved_err, argc;

	strcpy(copy, line);
	argc = split(copy, argv, 31);
	fflush(stdout);
	saved_out = dup(STDOUT_FILENO);
	saved_err = dup(STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	result->status = cmd_main(&result->app, &root, argc, argv, flags);
	fflush(stdout);
	take_output(STDOUT_FILENO, out, saved_out, result->out, sizeof(result->out));
	take_output(STDERR_FILENO, err, saved_err, result->err, sizeof(result->err));
}

static void check_ran(const char *line, const char *ran, const char *said)
{
	struct result result = { .app.status = STATUS_PARTIAL };

	run_with(line, ARGP_NO_EXIT, &result);
	if (!result.app.ran)
		fail_msg("\"%s\" ran nothing: %s", line, result.err);
	assert_string_equal(result.app.ran, ran);
	assert_string_equal(result.app.said, said);
	assert_int_equal(result.status, STATUS_PARTIAL);
	assert_string_equal(result.out, "");
	assert_string_equal(result.err, "");
}

static void check_refused(const char *line, const char *message)
{
	struct result result = { .app.status = STATUS_DONE };

	run_with(line, ARGP_NO_EXIT, &result);
	if (result.app.ran)
		fail_msg("\"%s\" ran %s", line, result.app.ran);
	assert_int_equal(result.status, STATUS_USAGE);
	assert_string_equal(result.out, "");
	if (strncmp(result.err, message, strlen(message)) != 0)
		fail_msg("\"%s\" says: %s", line, result.err);
}

static void tree_walk(void **state)
{
	(void)state;
	check_ran("x thing list", "list", "o=here v=0");
	check_ran("x thing show a", "show", "o= v=0 a");
	check_ran("x plain show a b", "show", "o= v=0 a b");
	check_ran("x thing list -o there -v -v", "list", "o=there v=2");
	check_ran("x thing list --output=there --verbose", "list", "o=there v=1");
	check_ran("x thing show a -v b", "show", "o= v=1 a b");
	check_ran("x thing show -- -a -b", "show", "o= v=0 -a -b");
	check_ran("x -- thing show a", "show", "o= v=0 a");
}

static void root_options_come_first(void **state)
{
	struct result result = { 0 };

	(void)state;
	run_with("x -g G thing list -v", ARGP_NO_EXIT, &result);
	assert_string_equal(result.app.ran, "list");
	assert_string_equal(result.app.global, "G");
	check_refused("x thing list -g G", "tool: ");
	check_refused("x -v thing list", "tool: ");
}

/* A noun without verb, or only with options, means its fallback. */
static void fallback(void **state)
{
	(void)state;
	check_ran("x thing", "list", "o=here v=0");
	check_ran("x thing -v", "list", "o=here v=1");
	check_ran("x thing -o list", "list", "o=list v=0");
	check_ran("x thing --output there", "list", "o=there v=0");
	check_refused("x thing -v show a",
		      "tool: a verb must come before the options and 'show'\n");
	check_refused("x thing -- list", "tool: a verb must come before the options and 'list'\n");
	check_refused("x plain", "tool: missing command\n");
	check_refused("x plain -v", "tool: ");
	check_refused("x", "tool: missing command\n");
	check_refused("x -g G", "tool: missing command\n");
}

static void unknown(void **state)
{
	(void)state;
	check_refused("x nothing", "tool: unknown command 'nothing'\n");
	check_refused("x thing erase", "tool: unknown command 'erase'\n");
	check_refused("x thing lis", "tool: unknown command 'lis'\n");
	check_refused("x thi list", "tool: unknown command 'thi'\n");
	check_refused("x thing LIST", "tool: unknown command 'LIST'\n");
	check_refused("x ''", "tool: unknown command ''\n");
	check_refused("x thing ''", "tool: unknown command ''\n");
	check_refused("x thing -", "tool: unknown command '-'\n");
	check_refused("x \x1b[31m", "tool: unknown command '\\x1b[31m'\n");
	check_refused("x thing --nothing", "tool: unrecognized option '--nothing'\n");
	check_refused("x thing list --nothing", "tool: ");
	check_refused("x thing list -o", "tool: ");
	check_refused("x --nothing", "tool: ");
}

/* The second line has a suggestion, or where to look. */
static void hints(void **state)
{
	(void)state;
	check_refused("x thign",
		      "tool: unknown command 'thign'\nhint: did you mean 'tool thing'?\n");
	check_refused("x thing lst",
		      "tool: unknown command 'lst'\nhint: did you mean 'tool thing list'?\n");
	check_refused("x thing eth0",
		      "tool: unknown command 'eth0'\nhint: did you mean 'tool thing show eth0'?\n");
	check_refused("x other", "tool: unknown command 'other'\n"
				 "hint: 'tool --help' shows its commands\n");
	check_refused("x thing show",
		      "tool: missing operand\n"
		      "hint: 'tool thing show --help' shows its options and operands\n");
	check_refused("x help thign",
		      "tool: unknown command 'thign'\nhint: did you mean 'tool thing'?\n");
}

static void early_options(void **state)
{
	(void)state;
	check_ran("x -o early thing", "list", "o=early v=0");
	check_ran("x -o early thing list", "list", "o=early v=0");
	check_ran("x --output=early thing list -o late", "list", "o=late v=0");
	check_ran("x -g G -o early thing show -v a", "show", "o=early v=1 a");
	check_refused("x -o early plain", "tool: missing command\n");
	check_refused("x -v -o early thing list", "tool: invalid option -- 'v'\n");
	check_refused("x plain -o late show a", "tool: invalid option -- 'o'\n");
}

static void how_many_operands(void **state)
{
	(void)state;
	check_refused("x thing show", "tool: missing operand\n");
	check_refused("x thing show -v", "tool: missing operand\n");
	check_refused("x thing show ''", "tool: an operand is empty\n");
	check_refused("x thing show a ''", "tool: an operand is empty\n");
	check_refused("x thing show --secret a",
		      "tool: no such secret\nhint: 'tool thing show --help'");
	check_refused("x thing show a b c", "tool: unexpected operand 'c'\n");
	check_refused("x thing list a", "tool: unexpected operand 'a'\n");
	check_ran("x thing exec 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "exec",
		  "o= v=0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
	check_refused("x thing exec 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
		      "tool: unexpected operand '17'\n");
}

/* The operands of "exec" are another command line, with its own options. */
static void in_order(void **state)
{
	(void)state;
	check_ran("x thing exec -v name ls", "exec", "o= v=1 name ls");
	check_ran("x thing exec -v -- name ls -v", "exec", "o= v=1 name ls -v");
}

static void runs_share_nothing(void **state)
{
	(void)state;
	check_ran("x thing list -v -o there", "list", "o=there v=1");
	check_ran("x thing list", "list", "o=here v=0");
	check_ran("x thing show a b", "show", "o= v=0 a b");
	check_refused("x thing show", "tool: missing operand\n");
	check_ran("x thing show c", "show", "o= v=0 c");
}

static void check_help(const char *line, const char *first, const char *has)
{
	struct result result = { .app.status = STATUS_FAILED };

	run_with(line, ARGP_NO_EXIT, &result);
	assert_null(result.app.ran);
	assert_int_equal(result.status, STATUS_DONE);
	assert_string_equal(result.err, "");
	if (strncmp(result.out, first, strlen(first)) != 0 || !strstr(result.out, has))
		fail_msg("\"%s\" prints: %s", line, result.out);
	assert_null(strstr(result.out, "secret"));
	assert_null(strstr(result.out, "HANG"));
}

static void help(void **state)
{
	struct result result = { 0 };

	(void)state;
	check_help("x --help", "Usage: tool [OPTION...] COMMAND [ARG...]\nDoes things.\n",
		   "\n  thing      Things\n  plain      Plain\n");
	check_help("x -h", "Usage: tool ", "--global=VALUE");
	/* That of the commands is taken there too, but not shown. */
	run_with("x --help", ARGP_NO_EXIT, &result);
	assert_null(strstr(result.out, "--output"));
	check_help("x thing --help", "Usage: tool thing ",
		   "\n  list       List things (default)\n");
	check_help("x thing -h list", "Usage: tool thing ", "Show a thing\n");
	check_help("x thing list --help", "Usage: tool thing list ", "--output=FILE");
	check_help("x thing list --help", "Usage: tool thing list ",
		   "\n\nExample:\n  tool thing list -v\n\nExit status: 0 done, 2 wrong usage, 6 no "
		   "such "
		   "thing.\nManual: man tool-thing\n");
	check_help("x help thing list", "Usage: tool thing list ", "--output=FILE");
	check_help("x help", "Usage: tool [OPTION...] COMMAND [ARG...]\nDoes things.\n", "Things");
	check_help("x thing -v --help", "Usage: tool thing list ", "List things.");
	check_help("x thing show --help", "Usage: tool thing show [OPTION...] THING [OTHER]\n",
		   "Show a thing.");
	check_help("x thing show a b c --help", "Usage: tool thing show ", "");
	check_help("x plain --help", "Usage: tool plain ", "Show a thing\n");
	check_help("x --usage", "Usage: tool ", "[--global=VALUE]");
	check_help("x thing show --usage", "Usage: tool thing show ", "[--output=FILE]");
}

/* As in the program: argp exits by itself on wrong usage. */
static void exit_statuses(void **state)
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{ "x thing list", 42 },
		{ "x thing --help", 0 },
		{ "x --usage", 0 },
		{ "x", STATUS_USAGE },
		{ "x nothing", STATUS_USAGE },
		{ "x thing show", STATUS_USAGE },
		{ "x thing --x", STATUS_USAGE },
		{ "x thing list a", STATUS_USAGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct result result = { .app.status = 42 };
		int status;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			run_with(cases[i].line, 0, &result);
			_exit(result.status);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), cases[i].status);
	}
}

static void dump(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	cmd_dump(&root, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, "tool\t\t\t-\tDoes things.\n"
				  "tool\t--global\tVALUE\tg\tFor all\n"
				  "tool thing\t\t\t-\tThings\n"
				  "tool thing list\t\t\t-\tList things\n"
				  "tool thing list\t--output\tFILE\to\tWhere to\n"
				  "tool thing list\t--verbose\t\tv\tSay more\n"
				  "tool thing show\t\tTHING [OTHER]\t-\tShow a thing\n"
				  "tool thing show\t--output\tFILE\to\tWhere to\n"
				  "tool thing show\t--verbose\t\tv\tSay more\n"
				  "tool thing exec\t\tTHING [OTHER]\t-\tRun a command\n"
				  "tool thing exec\t--output\tFILE\to\tWhere to\n"
				  "tool thing exec\t--verbose\t\tv\tSay more\n"
				  "tool plain\t\t\t-\tPlain\n"
				  "tool plain show\t\tTHING [OTHER]\t-\tShow a thing\n"
				  "tool plain show\t--output\tFILE\to\tWhere to\n"
				  "tool plain show\t--verbose\t\tv\tSay more\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_walk),          cmocka_unit_test(root_options_come_first),
		cmocka_unit_test(fallback),           cmocka_unit_test(unknown),
		cmocka_unit_test(how_many_operands),  cmocka_unit_test(hints),
		cmocka_unit_test(early_options),      cmocka_unit_test(in_order),
		cmocka_unit_test(runs_share_nothing), cmocka_unit_test(help),
		cmocka_unit_test(exit_statuses),      cmocka_unit_test(dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
