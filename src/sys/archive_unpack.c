/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/archive.h"

struct unpacking {
	int dir;
	/* Entries are grouped by directory: keep the last one open. */
	char parent[ARCHIVE_PATH_MAX];
	int parent_fd;
};

/* Anything but a directory of the archive's own is refused, in particular a link. */
static int open_directory(int dir, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	long fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	if (fd >= 0)
		return (int)fd;
	return errno == ELOOP || errno == ENOTDIR || errno == EXDEV ? -EPROTO : -errno;
}

/* Opens the directory PATH, creating it and its parents. The fd belongs to UNPACKING. */
static int make_directory(struct unpacking *unpacking, const char *path)
{
	char part[ARCHIVE_PATH_MAX];
	int fd;

	if (unpacking->parent_fd >= 0 && strcmp(unpacking->parent, path) == 0)
		return unpacking->parent_fd;
	for (const char *end = path; *end;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		memcpy(part, path, (size_t)(end - path));
		part[end - path] = '\0';
		/* Safe by name: everything above PART was just opened without following links. */
		if (mkdirat(unpacking->dir, part, 0700) < 0 && errno != EEXIST)
			return errno == ENOTDIR ? -EPROTO : -errno;
		fd = open_directory(unpacking->dir, part);
		if (fd < 0)
			return fd;
		cleanup_close(&unpacking->parent_fd);
		unpacking->parent_fd = fd;
	}
	strcpy(unpacking->parent, path);
	return unpacking->parent_fd;
}

static int write_file(int dir, const char *name, const char *data, size_t size)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? -EPROTO : -errno;
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int unpack(const struct archive_entry *entry, void *data)
{
	struct unpacking *unpacking = data;
	char parent[ARCHIVE_PATH_MAX];
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	int dir = unpacking->dir;

	if (entry->type == ARCHIVE_DIRECTORY) {
		dir = make_directory(unpacking, entry->path);
		return dir < 0 ? dir : 0;
	}
	if (slash) {
		memcpy(parent, entry->path, (size_t)(slash - entry->path));
		parent[slash - entry->path] = '\0';
		dir = make_directory(unpacking, parent);
	}
	if (dir < 0)
		return dir;
	if (entry->type == ARCHIVE_FILE)
		return write_file(dir, name, entry->data, entry->size);
	if (symlinkat(entry->target, dir, name) < 0)
		return errno == EEXIST ? -EPROTO : -errno;
	return 0;
}

int archive_unpack(int fd, int dir, char **ret_place)
{
	struct unpacking unpacking = { .dir = dir, .parent_fd = -1 };
	int r = archive_read(fd, unpack, &unpacking, ret_place);

	cleanup_close(&unpacking.parent_fd);
	return r;
}
