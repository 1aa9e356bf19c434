/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/archive_tree.h"
#include "sys/internal.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define FILE_SIZE_MAX (64u << 20)
#define LINKS_MAX     40 /* as path_resolution(7) */

/*
 * Reopens for reading once it is known to be a regular file: a FIFO would block, a device could do
 * anything.
 */
static int open_file(int fd, struct sys_root *ret, char **ret_place)
{
	struct sys_root root = { .fd = -1, .captured = true };
	_cleanup_close_ int file = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r = file < 0 ? -errno : archive_tree_open(file, &root.tree, ret_place);
	if (r < 0)
		return r;
	*ret = root;
	return 0;
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
		guarded = sys_files_guard(path);
	*ret = (struct sys_root){ .captured = path != NULL };
	ret->fd = guarded >= 0 ? TAKE_FD(guarded) : TAKE_FD(fd);
	return 0;
}

void sys_root_close(struct sys_root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
	archive_tree_close(&root->tree);
}

/* FD or -errno. */
static struct sys_dir dir_of(int fd)
{
	return (struct sys_dir){ .fd = fd < 0 ? -1 : fd, .error = fd < 0 ? fd : 0 };
}

/* Returns 0 if NODE is of this type, else the error that is recorded in it, or OTHER. */
static int is_a(const struct archive_node *node, enum archive_type type, int other)
{
	int error = node->type == ARCHIVE_LINK ? sys_link_error(node->text) : 0;

	return node->type == type ? 0 : error < 0 ? error : other;
}

static struct sys_dir find_dir(const struct archive_tree *tree, const struct archive_node *from,
			       const char *path, enum archive_follow follow)
{
	const struct archive_node *node;
	int r = archive_tree_find(tree, from, path, follow, &node);

	if (r == 0)
		r = is_a(node, ARCHIVE_DIRECTORY, -ENOTDIR);
	if (r < 0)
		return SYS_DIR_FAILED(r);
	return (struct sys_dir){ .fd = -1, .tree = tree, .node = node };
}

struct sys_dir sys_dir_open(const struct sys_root *root, const char *path)
{
	if (root->tree)
		return find_dir(root->tree, NULL, path, ARCHIVE_FOLLOW_ALL);
	return dir_of(sys_files_dir(root, path));
}

struct sys_dir sys_dir_open_from(const struct sys_root *root, struct sys_dir base, size_t length,
				 const char *path)
{
	/* In a captured tree a link may lead out of BASE, but not out of the root. */
	if (root->captured || base.fd < 0)
		return sys_dir_open(root, path);
	return dir_of(sys_files_dir_from(base.fd, path + length + 1));
}

struct sys_dir sys_dir_open_in(struct sys_dir dir, const char *name)
{
	if (dir.error < 0)
		return dir;
	if (dir.tree)
		return find_dir(dir.tree, dir.node, name, ARCHIVE_FOLLOW_NONE);
	return dir_of(sys_files_dir_in(dir.fd, name));
}

void sys_dir_close(struct sys_dir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	*dir = SYS_DIR_NONE;
}

static ssize_t find_link(const struct archive_tree *tree, const struct archive_node *from,
			 const char *path, char *buf, size_t size)
{
	const struct archive_node *node;
	int r = archive_tree_find(tree, from, path, ARCHIVE_FOLLOW_WAY, &node);

	if (r == 0)
		r = node->type == ARCHIVE_LINK ? sys_link_error(node->text) : -EINVAL;
	if (r < 0)
		return r;
	if (node->size >= size)
		return -ENAMETOOLONG;
	memcpy(buf, node->text, node->size + 1);
	return (ssize_t)node->size;
}

ssize_t sys_root_link(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	if (root->tree)
		return find_link(root->tree, NULL, path, buf, size);
	return sys_files_root_link(root, path, buf, size);
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

static int find_file(struct sys_dir dir, const char *name, const struct archive_node **ret)
{
	const struct archive_node *node;
	int r = archive_tree_find(dir.tree, dir.node, name, ARCHIVE_FOLLOW_NONE, &node);

	if (r == 0)
		r = is_a(node, ARCHIVE_FILE, node->type == ARCHIVE_LINK ? -ELOOP : -EISDIR);
	if (r < 0)
		return r;
	*ret = node;
	return 0;
}

int sys_type(struct sys_dir dir, const char *name)
{
	static const enum sys_type types[] = { [ARCHIVE_DIRECTORY] = SYS_DIRECTORY,
					       [ARCHIVE_FILE] = SYS_FILE,
					       [ARCHIVE_LINK] = SYS_LINK };
	const struct archive_node *node;
	int r;

	if (dir.error < 0)
		return dir.error;
	if (!dir.tree)
		return sys_files_type(dir.fd, name);
	r = archive_tree_find(dir.tree, dir.node, name, ARCHIVE_FOLLOW_WAY, &node);
	return r < 0 ? r : (int)types[node->type];
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

int sys_file_open(struct sys_dir dir, const char *name)
{
	_cleanup_close_ int fd = -1;
	const struct archive_node *node;
	int r;

	if (dir.error < 0)
		return dir.error;
	if (!dir.tree)
		return sys_files_open(dir.fd, name);
	r = find_file(dir, name, &node);
	if (r < 0)
		return r;
	fd = memfd_create(node->name, MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_all(fd, node->text, node->size);
	return r < 0 ? r : TAKE_FD(fd);
}

ssize_t sys_read_bytes(struct sys_dir dir, const char *name, void *buf, size_t size)
{
	_cleanup_close_ int fd = -1;
	const struct archive_node *node;
	ssize_t len;
	int r;

	if (dir.error < 0)
		return dir.error;
	if (dir.tree) {
		r = find_file(dir, name, &node);
		if (r < 0)
			return r;
		len = (ssize_t)(node->size < size ? node->size : size);
		memcpy(buf, node->text, (size_t)len);
		return len;
	}
	fd = sys_files_open(dir.fd, name);
	if (fd < 0)
		return fd;
	/* Attributes of sysfs and files of /proc/PID are returned whole by one read. */
	len = read(fd, buf, size);
	return len < 0 ? -errno : len;
}

ssize_t sys_read(struct sys_dir dir, const char *name, char *buf, size_t size)
{
	ssize_t len = sys_read_bytes(dir, name, buf, size);

	if (len < 0 || (size_t)len == size) {
		/* Callers that ignore the error must not read an unterminated text. */
		*buf = '\0';
		return len < 0 ? len : -E2BIG;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

static int copy_all(struct sys_dir dir, const char *name, char **ret, size_t *ret_size)
{
	const struct archive_node *node;
	int r = find_file(dir, name, &node);
	char *data;

	if (r < 0)
		return r;
	data = malloc(node->size + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data, node->text, node->size + 1);
	*ret = data;
	*ret_size = node->size;
	return 0;
}

int sys_read_all(struct sys_dir dir, const char *name, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	_cleanup_close_ int fd = -1;
	size_t len = 0, room = 0;
	ssize_t n;

	if (dir.tree)
		return copy_all(dir, name, ret, ret_size);
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
	if (dir.error < 0)
		return dir.error;
	if (dir.tree)
		return find_link(dir.tree, dir.node, name, buf, size);
	return sys_files_link(dir.fd, name, buf, size);
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

static int list_node(struct sys_dir dir, const char *name, struct strv *list)
{
	const struct archive_node *node;
	int r = archive_tree_find(dir.tree, dir.node, name, ARCHIVE_FOLLOW_NONE, &node);

	if (r == 0)
		r = is_a(node, ARCHIVE_DIRECTORY, -ENOTDIR);
	if (r < 0)
		return r;
	for (node = node->first; r == 0 && node; node = node->next)
		r = strv_push(list, node->name);
	return r;
}

int sys_list(struct sys_dir dir, const char *name, struct strv *ret)
{
	_cleanup_strv_ struct strv list = { 0 };
	int r = dir.error;

	if (r == 0)
		r = dir.tree ? list_node(dir, name, &list) : sys_files_list(dir.fd, name, &list);
	if (r < 0)
		return r;
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
