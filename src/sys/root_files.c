/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading below a directory of a file system: this machine's "/", or a captured tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/internal.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define ENTRIES_MAX      (1u << 20)
#define ERRNO_MAX        4095
#define ERROR_LINK       "errno:"
#define OPENAT2_ATTEMPTS 128

#define BENEATH   (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
/* Opening must not block on a FIFO in a captured tree. */
#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int sys_files_guard(const char *dir)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NODEV };
	_cleanup_close_ int fd = -1;

	fd = open_tree(AT_FDCWD, dir, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0)
		return -errno;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/*
 * A ".." in the path fails with EAGAIN if anything on the machine was renamed or mounted meanwhile
 * (openat2(2)): retry.
 */
static int open_resolved(int dir, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)flags, .resolve = resolve };
	long fd = -1;

	for (int i = 0; i < OPENAT2_ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int sys_link_error(const char *target)
{
	uint64_t number;

	if (!str_starts(target, ERROR_LINK) ||
	    parse_u64(target + strlen(ERROR_LINK), ERRNO_MAX, &number) < 0)
		return 0;
	return -(int)number;
}

/* The error that is recorded in the link NAME, else FALLBACK. */
static int error_of_link(int dir, const char *name, int fallback)
{
	char target[32];
	ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);
	int error;

	if (len < 0)
		return fallback;
	target[len] = '\0';
	error = sys_link_error(target);
	return error < 0 ? error : fallback;
}

/* Nothing is outside of "/", so openat2, new in 5.6, is not needed. */
int sys_files_dir_from(int dir, const char *path)
{
	int fd = openat(dir, path, DIR_FLAGS);

	return fd < 0 ? -errno : fd;
}

int sys_files_dir(const struct sys_root *root, const char *path)
{
	char real[PATH_MAX];
	int fd, r;

	if (!root->captured)
		return sys_files_dir_from(root->fd, path);
	fd = open_resolved(root->fd, path, DIR_FLAGS, RESOLVE_IN_ROOT);
	/* Something on the way, or where a link leads to, may have been unreadable. */
	r = fd == -ENOENT ? sys_root_realpath(root, path, real, sizeof(real)) : 0;
	return r < 0 ? r : fd;
}

/* There is a link in NAME: does it record an error? */
static int error_on_way(int dir, const char *name, int fallback)
{
	_cleanup_free_ char *prefix = strdup(name);

	if (!prefix)
		return -ENOMEM;
	for (char *end = prefix; *end;) {
		_cleanup_close_ int fd = -1;
		char kept;
		int r;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		kept = *end;
		*end = '\0';
		fd = open_resolved(dir, prefix, O_PATH | O_NOFOLLOW | O_CLOEXEC, BENEATH);
		if (fd < 0)
			break;
		r = error_of_link(fd, "", 0);
		if (r < 0)
			return r;
		*end = kept;
	}
	return fallback;
}

/*
 * O_NOFOLLOW only applies to the last component, so a NAME with more takes openat2. On kernels
 * without it, sys_dir_open() has already refused captured trees.
 */
static int open_beneath(int dir, const char *name, int flags)
{
	int fd = -ENOSYS;

	if (strchr(name, '/'))
		fd = open_resolved(dir, name, flags, BENEATH);
	if (fd == -ENOSYS || fd == -EPERM) {
		fd = openat(dir, name, flags);
		if (fd < 0)
			fd = -errno;
	}
	/* With O_DIRECTORY, a link gives ENOTDIR instead of ELOOP. */
	if (fd == -ELOOP || (fd == -ENOTDIR && flags & O_DIRECTORY))
		return error_on_way(dir, name, fd);
	return fd;
}

int sys_files_dir_in(int dir, const char *name)
{
	return open_beneath(dir, name, DIR_FLAGS | O_NOFOLLOW);
}

int sys_files_open(int dir, const char *name)
{
	return open_beneath(dir, name, READ_FLAGS);
}

int sys_files_type(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISREG(st.st_mode)   ? SYS_FILE
	       : S_ISDIR(st.st_mode) ? SYS_DIRECTORY
	       : S_ISLNK(st.st_mode) ? SYS_LINK
				     : SYS_OTHER;
}

ssize_t sys_files_link(int dir, const char *name, char *buf, size_t size)
{
	ssize_t len = readlinkat(dir, name, buf, size);
	int error;

	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	buf[len] = '\0';
	error = sys_link_error(buf);
	return error < 0 ? error : len;
}

ssize_t sys_files_root_link(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	ssize_t len;

	if (!root->captured)
		return sys_files_link(root->fd, path, buf, size);
	fd = open_resolved(root->fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_IN_ROOT);
	if (fd < 0)
		return fd;
	len = sys_files_link(fd, "", buf, size);
	/* For what is not a link, readlinkat(2) of an fd returns ENOENT, of a path EINVAL. */
	return len == -ENOENT ? -EINVAL : len;
}

static int add_entries(const char *buf, ssize_t len, struct strv *list)
{
	for (ssize_t at = 0; at < len;) {
		const struct dirent64 *entry = (const struct dirent64 *)(const void *)(buf + at);
		int r;

		at += entry->d_reclen;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (list->n >= ENTRIES_MAX)
			return -E2BIG;
		r = strv_push(list, entry->d_name);
		if (r < 0)
			return r;
	}
	return 0;
}

int sys_files_list(int dir, const char *name, struct strv *list)
{
	_cleanup_close_ int fd = -1;
	/* getdents64 directly: opendir(3) takes additional system calls per directory. */
	char buf[16384] __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t len;
	int r;

	fd = open_beneath(dir, name, READ_FLAGS | O_DIRECTORY);
	if (fd < 0)
		return fd;
	while ((len = getdents64(fd, buf, sizeof(buf))) > 0) {
		r = add_entries(buf, len, list);
		if (r < 0)
			return r;
	}
	return len < 0 ? -errno : 0;
}
