/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system graph */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "app.h"
#include "cmd/nouns.h"
#include "cmd/system/internal.h"
#include "util/cleanup.h"
#include "util/spawn.h"

enum graph_format { GRAPH_DOT, GRAPH_SVG, GRAPH_MERMAID };

static const struct option_word formats[] = {
	{ "dot", GRAPH_DOT }, { "svg", GRAPH_SVG }, { "mermaid", GRAPH_MERMAID }, { 0 }
};

struct graph_args {
	struct topology_args topology;
	enum graph_format format;
};

/* Reports dot's exit status and its last message. Returns STATUS_FAILED. */
static int fail_dot(struct app *app, int status, FILE *errors)
{
	char said[200] = "", line[200];

	rewind(errors);
	while (fgets(line, sizeof(line), errors))
		snprintf(said, sizeof(said), ": %.*s", (int)strcspn(line, "\n"), line);
	if (WIFSIGNALED(status))
		return app_fail(app, STATUS_FAILED, "dot", "was killed by signal %d (%s)%s",
				WTERMSIG(status), strsignal(WTERMSIG(status)), said);
	return app_fail(app, STATUS_FAILED, "dot", "ended with status %d%s", WEXITSTATUS(status),
			said);
}

static int fail_spawn(struct app *app, int error)
{
	int status = STATUS_FAILED;

	if (error != -ENOENT)
		return app_fail_errno(app, error, "dot", "cannot be run");
	app_fail(app, STATUS_FAILED, "dot", "no such program: SVG is made by Graphviz");
	app_hint(
		app,
		"install the package graphviz, or run dot elsewhere on the output of --format dot");
	return status;
}

/* A file in memory, so that neither side blocks on the other. */
static FILE *memory_file(const char *name)
{
	_cleanup_close_ int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (f)
		TAKE_FD(fd);
	return f;
}

static int copy(FILE *from, FILE *to)
{
	char buf[65536];
	size_t n;

	rewind(from);
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			return 0; /* reported at the end, for all output */
	return ferror(from) ? -EIO : 0;
}

static int print_svg(struct app *app, const struct out_graph *graph)
{
	static const char *const argv[] = { "dot", "-Tsvg", NULL };
	_cleanup_fclose_ FILE *in = memory_file("in"), *out = memory_file("out"),
			      *errors = memory_file("errors");
	int r = in && out && errors ? out_graph_dot(graph, in) : -errno;
	int status = 0;

	if (r == 0 && (fflush(in) != 0 || lseek(fileno(in), 0, SEEK_SET) < 0))
		r = -errno;
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot draw");
	r = spawn_wait(argv, (const int[]){ fileno(in), fileno(out), fileno(errors) }, &status);
	if (r < 0)
		return fail_spawn(app, r);
	if (status)
		return fail_dot(app, status, errors);
	r = copy(out, stdout);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot read the output of dot") : 0;
}

static int print_graph(struct app *app, const struct out_graph *graph, enum graph_format format)
{
	int r;

	if (format == GRAPH_SVG)
		return print_svg(app, graph);
	r = format == GRAPH_DOT ? out_graph_dot(graph, stdout) : out_graph_mermaid(graph, stdout);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot print") : 0;
}

static int graph_run(struct app *app, const void *p)
{
	const struct graph_args *args = p;
	_cleanup_topology_session_ struct topology_session session = { 0 };
	_cleanup_out_graph_ struct out_graph graph = { 0 };
	struct graph_lack lack = { 0 };
	const struct sys_root *root;
	int r;

	r = app_root(app, &root);
	if (r == 0)
		r = topology_session_read(app, &args->topology, graph_build_need(), &session);
	if (r)
		return r;
	r = graph_build(&session.topology, &graph, &lack);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot draw");
	r = print_graph(app, &graph, args->format);
	if (r == 0 && lack.unreadable)
		app_note(app, "%zu label%s a ? for what could not be read: %s", lack.unreadable,
			 lack.unreadable == 1 ? " has" : "s have", out_reason(lack.error));
	return r == STATUS_DONE && session.partial ? STATUS_PARTIAL : r;
}

static const struct cmd_option graph_options[] = {
	{ "format", 0, "FORMAT", "dot (the default), svg or mermaid; svg needs Graphviz",
	  OPTION_WORD, offsetof(struct graph_args, format), .words = formats },
	SYSROOT_OPTION,
	ROWS_OF(struct graph_args, topology, topology_options),
	{ 0 },
};

static const struct graph_args graph_defaults = {
	.topology = { .operands = { .max = CMD_OPERANDS_MAX }, .depth = TOPOLOGY_PROCESS },
};

const struct cmd system_graph_cmd = {
	.name = "graph",
	.summary = "Draw what reaches memory through what",
	.example = "ioasidctl system graph --format mermaid eth1",
	.statuses = "1267",
	.options = graph_options,
	.takes = "[UNIT|GROUP|DEVICE...]",
	.doc = "Draw IOMMU units, their groups, bridges, devices, PASIDs and processes; with "
	       "operands, what is above and beneath these.",
	.operands = offsetof(struct graph_args, topology.operands),
	.defaults = &graph_defaults,
	.args_size = sizeof(graph_defaults),
	.run = graph_run,
};
