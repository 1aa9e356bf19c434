/* SPDX-License-Identifier: GPL-2.0-or-later */
/* context create, list, show, exec, destroy */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "cmd/context/internal.h"
#include "cmd/nouns.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/result.h"
#include "cmd/common/session.h"
#include "util/cleanup.h"
#include "util/str.h"

static void context_row_done(struct context_row *row)
{
	holder_context_done(&row->context);
}

struct context_verb_args {
	struct context_args context;
	bool foreground;
	bool force;
};

static int create_run(struct app *app, const void *p)
{
	const struct context_verb_args *args = p;
	const char *name = args->context.operands.v[0];
	_cleanup_holder_error_ struct holder_error error = { 0 };
	char what[NAME_LENGTH_MAX + 32];
	pid_t pid = 0;
	int r = session_require_live(app);

	if (r == 0)
		r = session_require_groups(app, name);
	if (r)
		return r;
	r = args->context.dry_run ? holder_create_plan(name, session_print_step, NULL, &error)
				  : holder_create(name, args->foreground, &pid, &error);
	if (r < 0)
		return session_fail(app, name, &error);
	if (args->foreground || args->context.dry_run)
		return STATUS_DONE;
	snprintf(what, sizeof(what), "context %s is created", name);
	return result_print(
		app, &args->context,
		&(struct result){ .id = name, .context = name, .pid = field_u64((uint64_t)pid) },
		what);
}

static const struct cmd_option create_rows[] = {
	{ "foreground", 0, NULL, "Stay in the foreground as the holder", OPTION_FLAG,
	  offsetof(struct context_verb_args, foreground) },
	ROWS_OF(struct context_verb_args, context, create_context_options),
	{ 0 },
};

static const struct context_verb_args create_defaults = {
	.context = { .operands = { .min = 1, .max = 1 }, .created = result_context },
};

static const struct cmd create_cmd = {
	.name = "create",
	.summary = "Create a context",
	.example = "ioasidctl context create lab",
	.statuses = "1245",
	.options = create_rows,
	.takes = "NAME",
	.doc = "Create a context, an open iommufd kept by a holder process until 'context "
	       "destroy', and print its name.",
	.operands = offsetof(struct context_verb_args, context.operands),
	.defaults = &create_defaults,
	.args_size = sizeof(create_defaults),
	.run = create_run,
};

static void row_describe(struct context_row *row)
{
	_cleanup_holder_client_ struct holder_client *client = NULL;
	int r = holder_connect_entry(row->entry, &client, NULL);

	if (r == 0)
		r = holder_describe(client, &row->context, NULL);
	row->described = r < 0 ? r : 1;
}

static void row_find_user(struct app *app, struct context_row *row)
{
	const uid_t uid = row->entry ? row->entry->uid : row->context.uid;

	if (app_user_name(app, uid, row->user, sizeof(row->user)) < 0)
		snprintf(row->user, sizeof(row->user), "%u", (unsigned int)uid);
}

static int list_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r == 0)
		r = session_list(app, &entries);
	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < entries.n; i++) {
		_cleanup_(context_row_done) struct context_row row = { .entry = &entries.v[i] };

		if (in.need & CONTEXT_NEED_USER)
			row_find_user(app, &row);
		if (in.need & CONTEXT_NEED_DESCRIBE && row.entry->status == HOLDER_LIVE)
			row_describe(&row);
		else if (row.entry->status == HOLDER_DENIED)
			row.described = -EACCES;
		r = inspect_row(&in, &row);
	}
	return inspect_end(app, &in, r);
}

static const struct view_args list_defaults = { .columns = context_columns, .rows = "contexts" };

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List contexts",
	.example = "ioasidctl context list -o +created",
	.statuses = "27",
	.options = view_options,
	.doc = "List the contexts that you may see: your own, or as root those of all users.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

/* Opens the context of the operand, else the selected one. */
static int open_named(struct app *app, const struct operands *operands, bool dry_run,
		      struct holder_client **ret)
{
	const struct context_args args = { .name = operands->n ? operands->v[0] : NULL,
					   .dry_run = dry_run };

	return session_open(app, &args, ret);
}

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *operand = args->operands.v[0];
	const struct context_args context = { .name = operand };
	_cleanup_(context_row_done) struct context_row row = { .described = 1 };
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	if (operand && app->context)
		return app_fail(app, STATUS_USAGE, operand, "NAME and -c cannot be combined");
	r = inspect_open(app, args, &in);
	if (r == 0)
		r = session_open_reading(app, &context, &client);
	if (r)
		return r;
	if (holder_describe(client, &row.context, &error) < 0)
		return session_fail(app, operand, &error);
	r = session_list(app, &entries);
	if (r)
		return r;
	for (size_t i = 0; i < entries.n; i++)
		if (strcmp(entries.v[i].reference, row.context.name) == 0)
			row.entry = &entries.v[i];
	row_find_user(app, &row);
	return inspect_show(app, &in, &row);
}

static const struct cmd_option show_options[] = {
	{ .type = OPTION_ROWS, .rows = view_options },
	CONTEXT_OPTION,
	{ 0 },
};

static const struct view_args show_defaults = {
	.columns = context_columns,
	.operands = { .max = 1 },
	.single = true,
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one context",
	.example = "ioasidctl context show lab",
	.statuses = "26",
	.options = show_options,
	.takes = "[NAME]",
	.doc = "Show one context: its devices, IOASes and hardware page tables.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

/*
 * LISTEN_FDNAMES is separated by colons, so those in a device's name become dashes: "0000-03-00.0".
 */
static char *fd_names(const struct holder_fds *fds)
{
	char *names = NULL;
	size_t len;
	FILE *f = open_memstream(&names, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < fds->n; i++) {
		if (i)
			fputc(':', f);
		for (const char *c = fds->v[i].name; *c; c++)
			fputc(*c == ':' ? '-' : *c, f);
	}
	if (fclose(f) != 0) {
		free(names);
		return NULL;
	}
	return names;
}

/* sd_listen_fds(3): consecutive from 3, without close-on-exec. */
#define LISTEN_FDS_START 3

static int place_fds(struct holder_fds *fds)
{
	int top = LISTEN_FDS_START + (int)fds->n;

	/*
	 * Move them out of the way first, so that dup2() does not close one that is still needed.
	 */
	for (size_t i = 0; i < fds->n; i++) {
		int moved = fcntl(fds->v[i].fd, F_DUPFD_CLOEXEC, top);

		if (moved < 0)
			return -errno;
		close(fds->v[i].fd);
		fds->v[i].fd = moved;
	}
	for (size_t i = 0; i < fds->n; i++)
		if (dup2(fds->v[i].fd, LISTEN_FDS_START + (int)i) < 0)
			return -errno;
	return 0;
}

/*
 * Variables from the caller's service manager, such as LISTEN_PIDFDID, do not apply to these fds.
 */
static void forget_listeners(void)
{
	static const char prefix[] = "LISTEN_";

	for (char **v = environ; *v;) {
		const size_t length = strcspn(*v, "=");
		_cleanup_free_ char *name = strndup(*v, length);

		if (name && (*v)[length] && str_starts(name, prefix) && unsetenv(name) == 0)
			v = environ;
		else
			v++;
	}
}

static int exec_environment(const char *context, const struct holder_fds *fds)
{
	_cleanup_free_ char *names = fd_names(fds);
	char number[24];

	forget_listeners();
	if (!names || setenv("LISTEN_FDNAMES", names, 1) < 0)
		return -ENOMEM;
	snprintf(number, sizeof(number), "%zu", fds->n);
	if (setenv("LISTEN_FDS", number, 1) < 0)
		return -ENOMEM;
	snprintf(number, sizeof(number), "%d", (int)getpid());
	if (setenv("LISTEN_PID", number, 1) < 0)
		return -ENOMEM;
	return setenv("IOASIDCTL_CONTEXT", context, 1) < 0 ? -ENOMEM : 0;
}

static int exec_run(struct app *app, const void *p)
{
	const struct operands *args = p;
	const char *name = args->v[0];
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_holder_fds_ struct holder_fds fds = { 0 };
	int r;

	r = open_named(app, args, false, &client);
	if (r)
		return r;
	if (holder_get_fds(client, &fds, &error) < 0)
		return session_fail(app, name, &error);
	/* Its socket could have the number that a device's fd needs. */
	holder_close(TAKE_PTR(client));
	r = place_fds(&fds);
	if (r == 0)
		r = exec_environment(name, &fds);
	if (r < 0)
		return app_fail_errno(app, r, name, "cannot hand over its fds");
	execvp(args->rest[0], args->rest);
	r = -errno;
	app_fail_errno(app, r, args->rest[0], "cannot run");
	return r == -ENOENT ? STATUS_NOT_FOUND : app_status(r);
}

static const struct operands exec_defaults = { .min = 1, .max = 1, .command = true };

static const struct cmd exec_cmd = {
	.name = "exec",
	.summary = "Run a command with the context's fds",
	.example = "ioasidctl context exec lab -- ./my-vmm",
	.statuses = "1246",
	.takes = "NAME -- COMMAND [ARG...]",
	.doc = "Run a command that inherits the context's iommufd and device fds, from fd 3 on, "
	       "named in LISTEN_FDS and LISTEN_FDNAMES as described in sd_listen_fds(3).",
	.defaults = &exec_defaults,
	.args_size = sizeof(exec_defaults),
	.in_order = true,
	.run = exec_run,
};

static int destroy_run(struct app *app, const void *p)
{
	const struct context_verb_args *verb = p;
	const struct context_args *args = &verb->context;
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_free_ char *left = NULL;
	int r;

	/* Of a killed holder, only the socket remains. */
	r = session_require_live(app);
	if (r == 0 && holder_connect(args->operands.v[0], &client, NULL) == -ECONNREFUSED) {
		int forgot = holder_forget(args->operands.v[0], args->dry_run, &left, &error);

		if (forgot == 0 && args->dry_run)
			printf("unlink %s\n", left);
		if (forgot == 0)
			return STATUS_DONE;
		if (forgot == -EBUSY)
			return session_fail(app, args->operands.v[0], &error);
	}
	holder_close(TAKE_PTR(client));
	if (r == 0)
		r = open_named(app, &args->operands, args->dry_run, &client);
	if (r)
		return r;
	if (holder_destroy(client, verb->force, &error) < 0)
		return session_fail(app, args->operands.v[0], &error);
	return STATUS_DONE;
}

static const struct cmd_option destroy_options[] = {
	{ "force", 0, NULL, "Even while processes live that were given its descriptors",
	  OPTION_FLAG, offsetof(struct context_verb_args, force) },
	ROWS_OF(struct context_verb_args, context, dry_run_options),
	{ 0 },
};

static const struct context_verb_args destroy_defaults = {
	.context.operands = { .min = 1, .max = 1 },
};

static const struct cmd destroy_cmd = {
	.name = "destroy",
	.summary = "Destroy a context",
	.example = "ioasidctl context destroy lab",
	.statuses = "12346",
	.options = destroy_options,
	.takes = "NAME",
	.doc = "Destroy a context: unbind, detach and free everything in it, and end its holder. "
	       "What a killed holder has left behind is removed.",
	.operands = offsetof(struct context_verb_args, context.operands),
	.defaults = &destroy_defaults,
	.args_size = sizeof(destroy_defaults),
	.run = destroy_run,
};

static const struct cmd *const sub[] = {
	&list_cmd, &show_cmd, &create_cmd, &exec_cmd, &context_monitor_cmd, &destroy_cmd, NULL
};

const struct cmd context_cmd = {
	.name = "context",
	.summary = "Contexts: iommufds with their devices and IOASes",
	.sub = sub,
	.fallback = &list_cmd,
};
