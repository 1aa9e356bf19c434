/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"
#include "util/parse.h"
#include "util/str.h"

#define DIRECTORY "ioasidctl"
#define BACKLOG   64

/* Checks that only UID and root can create or replace anything in it. */
static int check_owner(int fd, uid_t uid)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == uid && !(st.st_mode & (S_IWGRP | S_IWOTH)) ? 0 : -EPERM;
}

int runtime_open_user(const char *path, uid_t uid, int *ret_fd)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	r = check_owner(fd, uid);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int runtime_path(char **ret)
{
	const char *parent = getenv("XDG_RUNTIME_DIR");
	_cleanup_close_ int fd = -1;
	int r;

	if (geteuid() == 0) {
		*ret = strdup(RUNTIME_ROOT);
		return *ret ? 0 : -ENOMEM;
	}
	if (!str_set(parent))
		return -ENXIO;
	if (parent[0] != '/')
		return -EINVAL;
	r = runtime_open_user(parent, geteuid(), &fd);
	if (r < 0)
		return r;
	return asprintf(ret, "%s/" DIRECTORY, parent) < 0 ? -ENOMEM : 0;
}

/* Regardless of the umask, which is tight in a holder; a confined one cannot call chmod(2). */
static int make_directory(const char *path)
{
	mode_t mask = umask(geteuid() == 0 ? 022 : 077);
	int r = mkdir(path, 0777) < 0 && errno != EEXIST ? -errno : 0;

	umask(mask);
	return r;
}

int runtime_open(bool create, char **ret_path, int *ret_fd)
{
	_cleanup_free_ char *path = NULL;
	int r;

	r = runtime_path(&path);
	if (r == 0 && create)
		r = make_directory(path);
	if (r == 0)
		r = runtime_open_user(path, geteuid(), ret_fd);
	if (r < 0)
		return r;
	*ret_path = TAKE_PTR(path);
	return 0;
}

char *runtime_socket_name(const char *name)
{
	char *file;

	return asprintf(&file, "%s.sock", name) < 0 ? NULL : file;
}

static int stream_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int check_peer(int fd, uid_t uid, pid_t *ret_pid)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	if (peer.uid != uid)
		return -EPERM;
	*ret_pid = peer.pid;
	return 0;
}

/* DEAF: the peer cannot send anything. */
static int connect_to(int dir, const char *file, uid_t uid, bool deaf, pid_t *ret_pid, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int inode = -1, fd = -1;
	struct stat st;
	int r;

	inode = openat(dir, file, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (inode < 0)
		return -errno;
	if (fstat(inode, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	/* This path refers to the inode just checked, and its length is bounded. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", inode);
	fd = stream_socket();
	if (fd < 0)
		return -errno;
	/* unix_stream_sendmsg() refuses with EPIPE then; before connect(2), as after it would be too late. */
	if (deaf && shutdown(fd, SHUT_RD) < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = check_peer(fd, uid, ret_pid);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int runtime_connect(int dir, const char *file, uid_t uid, int *ret_fd)
{
	pid_t pid;

	return connect_to(dir, file, uid, false, &pid, ret_fd);
}

int runtime_probe(int dir, const char *file, uid_t uid, pid_t *ret_pid)
{
	_cleanup_close_ int fd = -1;

	return connect_to(dir, file, uid, true, ret_pid, &fd);
}

int runtime_forget(int dir, const char *file, bool dry)
{
	pid_t pid;
	int r;

	r = runtime_probe(dir, file, geteuid(), &pid);
	if (r == 0 || r == -EAGAIN)
		return -EEXIST;
	if (r != -ECONNREFUSED)
		return r;
	return !dry && unlinkat(dir, file, 0) < 0 ? -errno : 0;
}

int runtime_listen(int dir, const char *path, const char *file, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	mode_t mask;
	int r;

	r = runtime_forget(dir, file, false);
	if (r < 0 && r != -ENOENT)
		return r;
	/*
	 * Prefer the plain path, which others see in /proc/net/unix; too long a path needs the
	 * detour.
	 */
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", path, file) >=
	    sizeof(address.sun_path))
		snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir,
			 file);
	fd = stream_socket();
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	umask(mask);
	if (r == 0 && listen(fd, BACKLOG) < 0) {
		r = -errno;
		unlinkat(dir, file, 0);
	}
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int runtime_lock(int dir, int ms, int *ret_fd)
{
	const int64_t end = clock_ms() + ms;
	_cleanup_close_ int fd = -1;

	fd = openat(dir, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_ms() >= end)
			return -EBUSY;
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	/* For processes waiting for the lock. */
	if (ftruncate(fd, 0) == 0)
		(void)!dprintf(fd, "%d\n", (int)getpid());
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void runtime_unlock(int *fd)
{
	/* Else it would be attributed to the next owner. */
	if (*fd >= 0)
		(void)!ftruncate(*fd, 0);
	cleanup_close(fd);
	*fd = -1;
}

int runtime_lock_owner(int dir, pid_t *ret)
{
	_cleanup_close_ int fd = openat(dir, ".lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[16] = "";
	uint64_t pid;
	ssize_t n;

	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[strcspn(text, "\n")] = '\0';
	if (parse_u64(text, INT32_MAX, &pid) < 0 || pid == 0 || flock(fd, LOCK_SH | LOCK_NB) == 0)
		return -ESRCH;
	*ret = (pid_t)pid;
	return 0;
}
