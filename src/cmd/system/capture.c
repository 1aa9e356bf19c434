/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system capture */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "cmd/common/session.h"
#include "cmd/system/internal.h"
#include "model/capture/file.h"
#include "util/cleanup.h"

/* How many unreadable paths are named; the file has all of them. */
#define NOTES_MAX 8

struct capture_args {
	struct operands operands;
	enum capture_secrecy secrecy;
	bool force;
};

/* The output file, nameless until it is complete, so that no partial file is left behind. */
struct target {
	const char *name; /* as given; "-": standard output */
	char made[64];    /* a name of ours */
	int fd;
};

static void target_done(struct target *target)
{
	cleanup_close(&target->fd);
}

/*
 * Creates a file of mode 0600 next to NAME. Returns its fd with its name in RET (the caller frees
 * it), or -errno.
 */
static int create_beside(const char *name, char **ret)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s.XXXXXX", name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret = TAKE_PTR(path);
	return fd;
}

/* Blocks signals while the file has a temporary name, so that none is left behind. */
static sigset_t hold_signals(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	return before;
}

static int create_nameless(const char *name)
{
	_cleanup_free_ char *path = NULL;
	const sigset_t before = hold_signals();
	int fd = create_beside(name, &path);

	if (fd >= 0)
		(void)unlink(path);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

static int fail_exists(struct app *app, const char *name)
{
	app_fail(app, STATUS_UNSAFE, name, "the file exists");
	app_hint(app, "--force replaces it");
	return STATUS_UNSAFE;
}

static int open_stdout(struct app *app, struct target *target)
{
	if (isatty(STDOUT_FILENO)) {
		app_fail(app, STATUS_USAGE, "-", "refusing to write compressed data to a terminal");
		app_hint(app, "give a FILE, or omit it to get one in this directory");
		return STATUS_USAGE;
	}
	target->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	return target->fd < 0 ? app_fail_errno(app, -errno, "-", "cannot write") : 0;
}

static int target_open(struct app *app, const struct capture_args *args, struct target *target)
{
	time_t now = time(NULL);
	struct tm tm;

	if (args->operands.n)
		target->name = args->operands.v[0];
	else if (gmtime_r(&now, &tm) && strftime(target->made, sizeof(target->made),
						 "ioasidctl-%Y%m%dT%H%M%SZ.tar.gz", &tm))
		target->name = target->made;
	if (strcmp(target->name, "-") == 0)
		return open_stdout(app, target);
	/* Report it early; the rename checks again. */
	if (!args->force && faccessat(AT_FDCWD, target->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_exists(app, target->name);
	target->fd = create_nameless(target->name);
	return target->fd < 0 ? app_fail_errno(app, target->fd, target->name, "cannot create") : 0;
}

/* Copies everything from FROM to TO. Returns 0 or -errno. */
static int copy_whole(int from, int to)
{
	const off_t size = lseek(from, 0, SEEK_END);
	off_t at = 0;

	while (at < size) {
		ssize_t n = sendfile(to, from, &at, (size_t)(size - at));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return size < 0 ? -errno : 0;
}

/* Renames PATH to NAME. Without FORCE, does not replace a file created meanwhile. */
static int rename_to(const char *path, const char *name, bool force)
{
	int r = renameat2(AT_FDCWD, path, AT_FDCWD, name, force ? 0 : RENAME_NOREPLACE);

	/* RENAME_NOREPLACE is not supported by every file system. */
	if (r < 0 && errno == EINVAL && !force) {
		r = link(path, name);
		if (r == 0)
			(void)unlink(path);
	}
	return r < 0 ? -errno : 0;
}

static int write_file(const struct target *target, bool force)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = create_beside(target->name, &path);
	int r = fd < 0 ? fd : copy_whole(target->fd, fd);

	if (r == 0)
		r = rename_to(path, target->name, force);
	if (r < 0 && path)
		(void)unlink(path);
	return r;
}

static int target_finish(struct app *app, const struct target *target, bool force)
{
	_cleanup_free_ char *what = NULL;
	sigset_t before;
	int r;

	if (strcmp(target->name, "-") == 0)
		return 0;
	before = hold_signals();
	r = write_file(target, force);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r == -EEXIST ? fail_exists(app, target->name)
				    : app_fail_errno(app, r, target->name, "cannot create");
	if (asprintf(&what, "%s is written", target->name) < 0)
		what = NULL;
	app_changed(app, what ? what : target->name);
	puts(target->name);
	return 0;
}

/* Captures the holders' replies. A failure to list contexts is recorded, not shown as none. */
static int put_contexts(struct app *app, struct capture *capture, bool anonymous)
{
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_free_ char *text = NULL;
	int r;

	if (!session_tells(app))
		return 0;
	r = session_get(app, &entries);
	if (r < 0)
		return capture_put_error(capture, CAPTURE_CONTEXTS, r);
	r = holder_capture(&entries, anonymous, &text);
	return r < 0 ? r : capture_put_text(capture, CAPTURE_CONTEXTS, text);
}

/* Names them one by one, and those of which there may be many by their number. */
static void note_lacks(struct app *app, const struct capture *capture)
{
	const struct capture_lack *lacks;
	size_t n, asleep = 0, named = 0, others;

	lacks = capture_lacks(capture, &n);
	for (size_t i = 0; i < n; i++) {
		if (lacks[i].error == -EAGAIN)
			asleep++;
		else if (named < NOTES_MAX && ++named)
			app_note(app, "/%s could not be read: %s", lacks[i].path,
				 out_reason(lacks[i].error));
	}
	others = n - asleep - named;
	if (asleep)
		app_note(app,
			 "%zu device%s asleep: what waking %s would have shown is not in the file",
			 asleep, asleep == 1 ? " was" : "s were", asleep == 1 ? "it" : "them");
	if (others)
		app_note(app, "%zu more could not be read: see ioasidctl/unreadable in the file",
			 others);
	if (n > asleep && geteuid() != 0 && !app->sysroot)
		app_hint(app, "root can read more");
}

static int capture_run(struct app *app, const void *p)
{
	const struct capture_args *args = p;
	_cleanup_(target_done) struct target target = { .fd = -1 };
	_cleanup_capture_ struct capture *capture = NULL;
	const struct sys_root *root;
	int r = app_root(app, &root);

	if (r == 0)
		r = target_open(app, args, &target);
	if (r)
		return r;
	r = capture_open(root, target.fd, args->secrecy, &capture);
	if (r == 0)
		r = capture_machine(capture);
	if (r == 0)
		r = put_contexts(app, capture, args->secrecy == CAPTURE_ANONYMOUS);
	if (r == 0)
		r = capture_finish(capture);
	if (r < 0)
		return app_fail_errno(app, r, target.name, "cannot write");
	r = target_finish(app, &target, args->force);
	if (r)
		return r;
	note_lacks(app, capture);
	return STATUS_DONE;
}

#define SECRECY(secrecy_) \
	OPTION_VALUE, offsetof(struct capture_args, secrecy), \
		.value = (secrecy_), .conflict = "--anonymous and --arguments cannot be combined"

static const struct cmd_option capture_options[] = {
	{ "anonymous", 0, NULL,
	  "Omit anything that identifies the machine or its users: serial numbers, MAC "
	  "addresses, names of users, units, commands, contexts, volumes, files and mounts",
	  SECRECY(CAPTURE_ANONYMOUS) },
	{ "arguments", 0, NULL,
	  "Include the arguments of the commands that have a device open; they may contain secrets",
	  SECRECY(CAPTURE_ARGUMENTS) },
	{ "force", 0, NULL, "Replace FILE", OPTION_FLAG, offsetof(struct capture_args, force) },
	{ 0 },
};

static const struct capture_args capture_defaults = { .operands = { .max = 1 } };

const struct cmd system_capture_cmd = {
	.name = "capture",
	.summary = "Capture this machine in a file for --sysroot",
	.example = "ioasidctl system capture before.tree",
	.statuses = "12347",
	.options = capture_options,
	.takes = "[FILE|-]",
	.doc = "Write everything that the inspecting commands read on this machine into one "
	       "compressed file, and print its name: 'ioasidctl --sysroot FILE ...' then shows "
	       "on any machine what it would have shown here. The file is a tar archive of small "
	       "files: look at it before you pass it on. What could not be read is reported, and "
	       "is marked as unreadable in the file. Without FILE the file is named after the "
	       "time; - is standard output.",
	.operands = offsetof(struct capture_args, operands),
	.defaults = &capture_defaults,
	.args_size = sizeof(capture_defaults),
	.run = capture_run,
};
