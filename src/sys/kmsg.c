/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/cleanup.h"

/* The captured lines. Only a regular file: the tree may contain anything. */
static int captured_open(const struct sys_root *root)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "dev");
	_cleanup_close_ int fd = sys_file_open(dir, "kmsg");
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT || fd == -EISDIR ? -EREMOTE : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EREMOTE;
}

int sys_kmsg_open(const struct sys_root *root)
{
	int fd;

	if (root->captured)
		return captured_open(root);
	fd = openat(root->fd, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
