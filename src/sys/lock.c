/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"

#define POLL_MS 50

/* "3: FLOCK  ADVISORY  WRITE 708 00:1a:4099 0 EOF"; waiters have "->" after the number. */
pid_t sys_lock_owner(const char *text, dev_t device, ino_t inode)
{
	for (const char *line = text; *line; line += *line == '\n') {
		unsigned int major, minor;
		unsigned long long node;
		int pid;

		if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%llu", &pid, &major, &minor, &node) ==
			    4 &&
		    makedev(major, minor) == device && node == inode)
			return pid;
		line += strcspn(line, "\n");
	}
	return 0;
}

static pid_t find_owner(const struct sys_root *root, int fd)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size;

	pid_t pid;

	if (dir.error < 0 || fstat(fd, &st) < 0 || sys_read_all(dir, "locks", &text, &size) < 0)
		return 0;
	pid = sys_lock_owner(text, st.st_dev, st.st_ino);
	/* The process that took it may have ended while another still has the fd. */
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH ? 0 : pid;
}

bool sys_lock_is_of(const struct sys_root *root, const char *path, int lock)
{
	struct stat st, own;

	return lock >= 0 && fstat(lock, &own) == 0 &&
	       fstatat(root->fd, path + strspn(path, "/"), &st, 0) == 0 &&
	       st.st_dev == own.st_dev && st.st_ino == own.st_ino;
}

int sys_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
	     pid_t *ret_pid)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	_cleanup_close_ int fd = -1;

	if (root->captured)
		return -EROFS;
	fd = openat(root->fd, path + strspn(path, "/"), O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	for (unsigned int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += POLL_MS) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (waited >= timeout_ms) {
			*ret_pid = find_owner(root, fd);
			return -EBUSY;
		}
		nanosleep(&pause, NULL);
	}
	*ret = TAKE_FD(fd);
	return 0;
}
