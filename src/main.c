/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "cmd.h"
#include "cmd/nouns.h"

static const struct cmd *const root_sub[] = { &group_cmd,  &device_cmd, &iommu_cmd, &driver_cmd,
					      &pasid_cmd,  &ioas_cmd,   &hwpt_cmd,  &context_cmd,
					      &system_cmd, NULL };

static error_t show_version(void *p, struct argp_state *state)
{
	(void)p;
	(void)state;
	puts("ioasidctl " IOASIDCTL_VERSION);
	return ECANCELED;
}

static error_t dump(void *p, struct argp_state *state);

static const struct cmd_option root_options[] = {
	SYSROOT_OPTION,
	CONTEXT_OPTION,
	{ "version", 'V', NULL, "Show the version", OPTION_CALL, .call = show_version,
	  .last = true },
	/* For completions and checks. */
	{ "dump-commands", .type = OPTION_CALL, .call = dump },
	{ 0 },
};

/* -c means the same before the noun and after the verb. */
static int check(struct app *app, const struct cmd *found, const char *name)
{
	if (!app->context || cmd_takes(found, "context"))
		return 0;
	return app_fail(app, STATUS_USAGE, NULL, "'%s' does not take -c", name);
}

static const struct cmd root = {
	.name = "ioasidctl",
	.summary = "Inspect and change who may do DMA where: IOMMU groups, IOASIDs, PASIDs",
	.sub = root_sub,
	.options = root_options,
	.check = check,
	.early = output_options,
};

static error_t dump(void *p, struct argp_state *state)
{
	(void)p;
	(void)state;
	cmd_dump(&root, stdout);
	return ECANCELED;
}

/*
 * Why stdout could not be written to, an errno, 0 where that is not known: ERROR is what closing it has said.
 * Where only an earlier write failed its errno is long lost, and what was written has a hole: to add a newline to
 * that does no harm, and fails for the same reason.
 */
static int stdout_error(int fd, int error)
{
	struct pollfd p = { .fd = fd };

	if (error || fd < 0)
		return error;
	if (poll(&p, 1, 0) > 0 && p.revents & POLLERR)
		return EPIPE;
	return write(fd, "\n", 1) < 0 ? errno : 0;
}

/* A list that was not written is a failure, but a change that was made stays made. */
static int close_stdout(struct app *app, int status)
{
	const bool failed = ferror(stdout);
	const int fd = failed ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
	int error = fclose(stdout) ? errno : 0;

	if (!failed && !error)
		return status;
	error = stdout_error(fd, error);
	if (fd >= 0)
		close(fd);
	/* The reader closed the pipe because it has enough: head(1). */
	if (error == EPIPE && !app->changed)
		return status;
	app_fail(app, STATUS_FAILED, NULL, "cannot write to standard output%s%s", error ? ": " : "",
		 error ? strerror(error) : "");
	if (!app->changed)
		return STATUS_FAILED;
	app_note(app, "done all the same: %s", app->changed);
	return STATUS_PARTIAL;
}

/*
 * If stdin, stdout or stderr is closed, an opened file must not get its number. Writing to the
 * replacement of stdout fails as before.
 */
static bool open_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct app app = { .context_default = getenv("IOASIDCTL_CONTEXT") };
	int status;

	if (!open_standard_fds())
		return STATUS_FAILED;
	setlocale(LC_CTYPE, "");
	if (app.context_default && !*app.context_default)
		app.context_default = NULL;
	if (argc < 1)
		return STATUS_USAGE;
	status = cmd_main(&app, &root, argc, argv, 0);
	status = close_stdout(&app, status);
	app_done(&app);
	return status;
}
