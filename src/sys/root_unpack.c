/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture file is unpacked and then treated like a captured tree: in memory, which disappears
 * with the process. With TMPDIR, or where mounting is not allowed, it is a temporary directory with
 * mode 0700 and a child that removes it when this process ends for whatever reason, which closes
 * its end of a pipe.
 */
#include "sys/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/archive.h"

#define LEVELS_MAX 512 /* no more fit in ARCHIVE_PATH_MAX */

/* Removes NAME in DIR with all its contents. Links are removed, not followed. */
static void remove_tree(int dir, const char *name, int levels)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_close_ int fd = -1;

	if (unlinkat(dir, name, 0) == 0 || levels == 0)
		return;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && sys_list((struct sys_dir){ .fd = fd }, ".", &list) == 0)
		for (size_t i = 0; i < list.n; i++)
			remove_tree(fd, list.v[i], levels - 1);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

static _Noreturn void remove_in_the_end(int pipe, const char *path)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP };
	char nothing;

	/* Signals to the terminal's or job's processes are not meant for this one. */
	(void)setsid();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		(void)signal(signals[i], SIG_IGN);
	while (read(pipe, &nothing, 1) < 0 && errno == EINTR)
		;
	remove_tree(AT_FDCWD, path, LEVELS_MAX);
	/* Not exit(3): buffered output belongs to the parent. */
	for (;;)
		syscall(SYS_exit_group, 0);
}

/* Creates a directory and its remover. */
static int make_place(char *path, struct sys_root *ret)
{
	_cleanup_close_ int dir = -1, other = -1, guard = -1;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	other = ends[0];
	guard = ends[1];
	if (!mkdtemp(path))
		return -errno;
	child = fork();
	if (child == 0) {
		close(guard);
		remove_in_the_end(other, path);
	}
	if (child < 0) {
		int r = -errno;

		(void)rmdir(path);
		return r;
	}
	ret->remover = child;
	ret->guard = TAKE_FD(guard);
	dir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	ret->fd = TAKE_FD(dir);
	return 0;
}

/* Creates the place to unpack into: a chosen TMPDIR comes first. */
static int find_place(struct sys_root *ret)
{
	const char *parent = secure_getenv("TMPDIR");
	char path[4096];

	if (!parent || *parent != '/') {
		ret->fd = sys_root_memory_open();
		if (ret->fd >= 0)
			return 0;
		parent = "/tmp";
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/ioasidctl.XXXXXX", parent) >= sizeof(path))
		return -ENAMETOOLONG;
	return make_place(path, ret);
}

int sys_root_unpack(int fd, struct sys_root *ret, char **ret_place)
{
	struct sys_root root = { .fd = -1, .captured = true };
	int r = find_place(&root);

	if (r == 0)
		r = archive_unpack(fd, root.fd, ret_place);
	if (r < 0) {
		sys_root_close(&root);
		return r;
	}
	*ret = root;
	return 0;
}

void sys_root_remove(struct sys_root *root)
{
	if (root->remover <= 0)
		return;
	close(root->guard);
	while (waitpid(root->remover, NULL, 0) < 0 && errno == EINTR)
		;
	root->remover = 0;
}
