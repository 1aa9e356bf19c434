/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file to be mapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/ioas/internal.h"
#include "util/cleanup.h"

static int fail_open(struct app *app, const char *path, bool write, int err)
{
	const int status = app_fail_errno(app, -err, path, "cannot open it%s",
					  write ? " for devices to write" : "");

	if (write && (err == EACCES || err == EROFS))
		app_hint(app, "with --read and without --write, devices can only read it");
	return status;
}

int ioas_file_open(struct app *app, const char *path, bool read, bool write, int *ret)
{
	const int how = read && write ? O_RDWR : write ? O_WRONLY : O_RDONLY;
	_cleanup_close_ int place = open(path, O_PATH | O_CLOEXEC);
	char link[32];
	struct stat st;
	int fd;

	if (place < 0)
		return fail_open(app, path, false, errno);
	/* To open a device or a FIFO can wait, or do something. */
	if (fstat(place, &st) < 0)
		return fail_open(app, path, false, errno);
	if (!S_ISREG(st.st_mode))
		return app_fail(app, STATUS_USAGE, path, "is not a regular file");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	fd = open(link, how | O_CLOEXEC);
	if (fd < 0)
		return fail_open(app, path, write, errno);
	*ret = fd;
	return 0;
}
