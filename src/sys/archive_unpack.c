/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/archive.h"

#define LEVELS_MAX (ARCHIVE_PATH_MAX / 2)

/* Entries are grouped by directory: the last one stays open, with all above it. */
struct unpacking {
	char parent[ARCHIVE_PATH_MAX];
	size_t n_levels, n_created;
	struct {
		int fd;
		size_t end;       /* of its path in PARENT */
	} levels[LEVELS_MAX + 1]; /* the first is the root */
};

static void close_levels(struct unpacking *unpacking, size_t keep)
{
	while (unpacking->n_levels > keep)
		close(unpacking->levels[--unpacking->n_levels].fd);
}

/* Closes the open directories that do not lead to PATH. */
static void leave_directories(struct unpacking *unpacking, const char *path, size_t len)
{
	size_t keep = 1;

	for (; keep < unpacking->n_levels; keep++) {
		size_t start = unpacking->levels[keep - 1].end;
		size_t end = unpacking->levels[keep].end;

		if (end > len || (end < len && path[end] != '/') ||
		    memcmp(unpacking->parent + start, path + start, end - start) != 0)
			break;
	}
	close_levels(unpacking, keep);
}

/* Creates NAME if necessary. Anything but a directory is refused, in particular a link. */
static int enter_directory(struct unpacking *unpacking, int dir, const char *name)
{
	int fd;

	if (mkdirat(dir, name, 0700) < 0) {
		if (errno != EEXIST)
			return -errno;
	} else if (++unpacking->n_created > ARCHIVE_DIRECTORIES_MAX) {
		/* One entry may need hundreds of them. */
		return -EFBIG;
	}
	fd = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR ? -EPROTO : -errno;
	return fd;
}

/* Opens the first LEN bytes of PATH, creating what is missing. The fd belongs to UNPACKING. */
static int make_directory(struct unpacking *unpacking, const char *path, size_t len)
{
	char *parent = unpacking->parent;

	leave_directories(unpacking, path, len);
	memcpy(parent, path, len);
	parent[len] = '\0';
	for (;;) {
		size_t at = unpacking->levels[unpacking->n_levels - 1].end, end;
		int fd = unpacking->levels[unpacking->n_levels - 1].fd;

		if (at == len)
			return fd;
		at += parent[at] == '/';
		end = at + strcspn(parent + at, "/");
		parent[end] = '\0';
		fd = enter_directory(unpacking, fd, parent + at);
		if (fd < 0)
			return fd;
		if (end < len)
			parent[end] = '/';
		unpacking->levels[unpacking->n_levels].fd = fd;
		unpacking->levels[unpacking->n_levels++].end = end;
	}
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
	const char *slash = strrchr(entry->path, '/');
	const char *name = slash ? slash + 1 : entry->path;
	bool directory = entry->type == ARCHIVE_DIRECTORY;
	size_t len = slash ? (size_t)(slash - entry->path) : 0;
	int dir = make_directory(data, entry->path, directory ? strlen(entry->path) : len);

	if (dir < 0)
		return dir;
	if (directory)
		return 0;
	if (entry->type == ARCHIVE_FILE)
		return write_file(dir, name, entry->data, entry->size);
	if (symlinkat(entry->target, dir, name) < 0)
		return errno == EEXIST ? -EPROTO : -errno;
	return 0;
}

int archive_unpack(int fd, int dir, char **ret_place)
{
	struct unpacking unpacking = { .n_levels = 1, .levels[0].fd = dir };
	int r = archive_read(fd, unpack, &unpacking, ret_place);

	close_levels(&unpacking, 1);
	return r;
}
