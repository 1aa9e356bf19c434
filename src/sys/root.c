/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/internal.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FILE_SIZE_MAX    (64u << 20)
#define ENTRIES_MAX      (1u << 20)
#define ERRNO_MAX        4095
#define ERROR_LINK       "errno:"
#define OPENAT2_ATTEMPTS 128
#define LINKS_MAX        40 /* as path_resolution(7) */

/* Opening must not block on a FIFO in a captured tree. */
#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define DIR_FLAGS  (O_PATH | O_DIRECTORY | O_CLOEXEC)

/*
 * A tree may contain device nodes, and opening one can have effects. With CAP_SYS_ADMIN, open the
 * tree through a nodev mount; without, return -errno.
 */
static int open_without_devices(const char *dir)
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
 * Reopens for reading once it is known to be a regular file: a FIFO would block, a device could do
 * anything.
 */
static int open_file(int fd, struct sys_root *ret, char **ret_place)
{
	_cleanup_close_ int file = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return file < 0 ? -errno : sys_root_unpack(file, ret, ret_place);
}

int sys_root_open(const char *path, struct sys_root *ret, char **ret_place)
{
	_cleanup_close_ int fd = -1;
	_cleanup_close_ int guarded = -1;
	struct stat st;

	fd = open(path ? path : "/", O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		return open_file(fd, ret, ret_place);
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (path)
		guarded = open_without_devices(path);
	*ret = (struct sys_root){ .captured = path != NULL };
	ret->fd = guarded >= 0 ? TAKE_FD(guarded) : TAKE_FD(fd);
	return 0;
}

void sys_root_close(struct sys_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
	sys_root_remove(root);
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

/* N of "errno:N" as -N, else FALLBACK. */
static int error_of_link(int dir, const char *name, int fallback)
{
	char target[32];
	uint64_t number;
	ssize_t len;

	len = readlinkat(dir, name, target, sizeof(target) - 1);
	if (len < 0)
		return fallback;
	target[len] = '\0';
	if (!str_starts(target, ERROR_LINK))
		return fallback;
	if (parse_u64(target + strlen(ERROR_LINK), ERRNO_MAX, &number) < 0 || number == 0)
		return fallback;
	return -(int)number;
}

/* PATH does not exist: was a directory on the way unreadable when it was captured? */
static int error_on_way(const struct sys_root *root, const char *path)
{
	_cleanup_free_ char *prefix = strdup(path);

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
		fd = open_resolved(root->fd, prefix, O_PATH | O_NOFOLLOW | O_CLOEXEC,
				   RESOLVE_IN_ROOT);
		if (fd < 0)
			break;
		r = error_of_link(fd, "", 0);
		if (r < 0)
			return r;
		*end = kept;
	}
	return -ENOENT;
}

/* FD or -errno. */
static struct sys_dir dir_of(int fd)
{
	return (struct sys_dir){ .fd = fd < 0 ? -1 : fd, .error = fd < 0 ? fd : 0 };
}

struct sys_dir sys_dir_open(const struct sys_root *root, const char *path)
{
	int fd;

	/* Nothing is outside of "/", so openat2, new in 5.6, is not needed. */
	if (!root->captured) {
		fd = openat(root->fd, path, DIR_FLAGS);
		return dir_of(fd < 0 ? -errno : fd);
	}
	fd = open_resolved(root->fd, path, DIR_FLAGS, RESOLVE_IN_ROOT);
	return dir_of(fd == -ENOENT ? error_on_way(root, path) : fd);
}

void sys_dir_close(struct sys_dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	*dir = SYS_DIR_NONE;
}

static ssize_t read_link(int dir, const char *name, char *buf, size_t size)
{
	ssize_t len;
	int r;

	len = readlinkat(dir, name, buf, size);
	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	buf[len] = '\0';
	if (str_starts(buf, ERROR_LINK)) {
		r = error_of_link(dir, name, 0);
		if (r < 0)
			return r;
	}
	return len;
}

ssize_t sys_root_link(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	ssize_t len;

	if (!root->captured)
		return read_link(root->fd, path, buf, size);
	fd = open_resolved(root->fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, RESOLVE_IN_ROOT);
	if (fd < 0)
		return fd;
	len = read_link(fd, "", buf, size);
	/* For what is not a link, readlinkat(2) of an fd returns ENOENT, of a path EINVAL. */
	return len == -ENOENT ? -EINVAL : len;
}

int sys_root_realpath(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	char rest[PATH_MAX] = "", target[PATH_MAX], next[PATH_MAX], done[PATH_MAX] = "";
	int r, links = 0;

	if ((size_t)snprintf(rest, sizeof(rest), "%s", path) >= sizeof(rest))
		return -ENAMETOOLONG;
	for (char *at = rest + strspn(rest, "/"); *at; at += strspn(at, "/")) {
		char part[NAME_MAX + 1];
		size_t len = strcspn(at, "/");
		ssize_t n;

		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		snprintf(part, sizeof(part), "%.*s", (int)len, at);
		at += len;
		r = sys_path_resolve(done, part, next, sizeof(next));
		if (r < 0)
			return r;
		n = *next ? sys_root_link(root, next + 1, target, sizeof(target)) : -EINVAL;
		if (n == -EINVAL) {
			memcpy(done, next, sizeof(done));
			continue;
		}
		if (n < 0 || ++links > LINKS_MAX)
			return n < 0 ? (int)n : -ELOOP;
		/* The target's components are resolved before the remaining ones. */
		if (*target == '/')
			*done = '\0';
		if ((size_t)snprintf(next, sizeof(next), "%s/%s", target, at) >= sizeof(next))
			return -ENAMETOOLONG;
		memcpy(rest, next, sizeof(rest));
		at = rest;
	}
	if ((size_t)snprintf(buf, size, "%s", *done ? done : "/") >= size)
		return -ENAMETOOLONG;
	return 0;
}

int sys_root_write(const struct sys_root *root, const char *path, const char *value)
{
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (root->captured)
		return -EROFS;
	fd = openat(root->fd, path + strspn(path, "/"), O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = write(fd, value, strlen(value));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(value) ? 0 : -EIO;
}

/*
 * O_NOFOLLOW only applies to the last component, so a NAME with more takes openat2. On kernels
 * without it, sys_dir_open() has already refused captured trees.
 */
static int open_beneath(struct sys_dir dir, const char *name, int flags)
{
	int fd = -ENOSYS;

	if (dir.error < 0)
		return dir.error;
	if (strchr(name, '/'))
		fd = open_resolved(dir.fd, name, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd == -ENOSYS || fd == -EPERM) {
		fd = openat(dir.fd, name, flags);
		if (fd < 0)
			fd = -errno;
	}
	/* With O_DIRECTORY, a link gives ENOTDIR instead of ELOOP. */
	if (fd == -ELOOP || (fd == -ENOTDIR && flags & O_DIRECTORY))
		return error_of_link(dir.fd, name, fd);
	return fd;
}

struct sys_dir sys_dir_open_in(struct sys_dir dir, const char *name)
{
	return dir_of(open_beneath(dir, name, DIR_FLAGS | O_NOFOLLOW));
}

int sys_file_open(struct sys_dir dir, const char *name)
{
	return open_beneath(dir, name, READ_FLAGS);
}

ssize_t sys_read(struct sys_dir dir, const char *name, char *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	ssize_t len;

	/* Callers that ignore the error must not read an unterminated text. */
	*buf = '\0';
	fd = sys_file_open(dir, name);
	if (fd < 0)
		return fd;
	/* Attributes of sysfs and files of /proc/PID are returned whole by one read. */
	len = read(fd, buf, size);
	if (len < 0 || (size_t)len == size) {
		*buf = '\0';
		return len < 0 ? -errno : -E2BIG;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

int sys_read_all(struct sys_dir dir, const char *name, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	_cleanup_close_ int fd = -1;
	size_t len = 0, room = 0;
	ssize_t n;

	fd = sys_file_open(dir, name);
	if (fd < 0)
		return fd;
	do {
		if (len + 1 >= room) {
			char *grown;

			if (room > FILE_SIZE_MAX)
				return -E2BIG;
			room = room ? room * 2 : 8192;
			grown = realloc(data, room);
			if (!grown)
				return -ENOMEM;
			data = grown;
		}
		n = read(fd, data + len, room - len - 1);
		if (n < 0)
			return -errno;
		len += (size_t)n;
	} while (n > 0);
	if (len > FILE_SIZE_MAX)
		return -E2BIG;
	data[len] = '\0';
	*ret = TAKE_PTR(data);
	*ret_size = len;
	return 0;
}

int sys_read_u64(struct sys_dir dir, const char *name, uint64_t *ret)
{
	char text[64];
	ssize_t len;

	len = sys_read(dir, name, text, sizeof(text));
	if (len < 0)
		return (int)len;
	return parse_u64(text, UINT64_MAX, ret);
}

ssize_t sys_link(struct sys_dir dir, const char *name, char *buf, size_t size)
{
	return dir.error < 0 ? dir.error : read_link(dir.fd, name, buf, size);
}

int sys_read_link(struct sys_dir dir, const char *name, char *buf, size_t size)
{
	char target[PATH_MAX];
	const char *last;
	ssize_t len;

	len = sys_link(dir, name, target, sizeof(target));
	if (len < 0)
		return (int)len;
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return -EBADMSG;
	if (strlen(last) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, last);
	return 0;
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

int sys_list(struct sys_dir dir, const char *name, struct strv *ret)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_close_ int fd = -1;
	/* getdents64 directly: opendir(3) takes additional system calls per directory. */
	char buf[16384] __attribute__((aligned(__alignof__(struct dirent64))));
	ssize_t len;
	int r;

	fd = open_beneath(dir, name, READ_FLAGS | O_DIRECTORY);
	if (fd < 0)
		return fd;
	while ((len = getdents64(fd, buf, sizeof(buf))) > 0) {
		r = add_entries(buf, len, &list);
		if (r < 0)
			return r;
	}
	if (len < 0)
		return -errno;
	strv_sort(&list);
	*ret = list;
	list = (struct strv){ 0 };
	return 0;
}

int sys_path_resolve(const char *dir, const char *target, char *buf, size_t size)
{
	size_t len = *target == '/' ? 0 : strlen(dir);

	if (len >= size)
		return -ENAMETOOLONG;
	memmove(buf, dir, len);
	while (*target) {
		size_t part = strcspn(target, "/");

		if (part == 2 && strncmp(target, "..", 2) == 0) {
			while (len > 0 && buf[--len] != '/')
				;
		} else if (part > 0 && !(part == 1 && *target == '.')) {
			if (len + 1 + part >= size)
				return -ENAMETOOLONG;
			buf[len++] = '/';
			memcpy(buf + len, target, part);
			len += part;
		}
		target += part;
		target += strspn(target, "/");
	}
	buf[len] = '\0';
	return 0;
}
