/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands path patterns to entries: each symlink on the way, and its target at its own path. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <search.h>
#include <string.h>

#include "model/capture/internal.h"
#include "model/machine/gather.h"
#include "util/parse.h"

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_device(struct capture *capture, const char *path)
{
	char *copy;

	if (tfind(path, &capture->devices, compare))
		return 0;
	copy = strdup(path);
	return copy && tsearch(copy, &capture->devices, compare) ? 0 : -ENOMEM;
}

static bool is_owned(const struct capture *capture, const char *path)
{
	char text[ARCHIVE_PATH_MAX];
	char *slash;

	if ((size_t)snprintf(text, sizeof(text), "%s", path) >= sizeof(text))
		return false;
	while (!tfind(text, &capture->devices, compare)) {
		slash = strrchr(text, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

static int is_missing(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ESRCH;
}

static int put_lack(struct capture *capture, const char *path, int error)
{
	return is_missing(error) ? 0 : capture_put_error(capture, path, error);
}

/* Takes the next word of a space-separated list. Returns false at its end. */
static bool next_word(const char **at, char *buf, size_t size)
{
	size_t len;

	*at += strspn(*at, " ");
	len = strcspn(*at, " ");
	if (len == 0 || len >= size)
		return false;
	memcpy(buf, *at, len);
	buf[len] = '\0';
	*at += len;
	return true;
}

/* Position in a pattern: DIR is the directory at PATH, which has no symlinks. */
struct place {
	struct sys_dir dir;
	const char *path;
};

static int walk(struct capture *capture, const char *path, const char *pattern, bool names,
		const struct capture_item *item);

static int put_directory(struct capture *capture, const char *path)
{
	const struct archive_entry entry = { .type = ARCHIVE_DIRECTORY, .path = path };

	return capture_put(capture, &entry);
}

/* The directory's pattern ends here: continue with the names. */
static int end_directory(struct capture *capture, const char *path, const struct capture_item *item)
{
	const char *at = item->names;
	char name[256];
	int r = 0;

	if (item->flags & CAPTURE_DEVICE)
		r = add_device(capture, path);
	if (r == 0 && !*at) {
		_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(capture->root, path);

		return dir.error < 0 ? put_lack(capture, path, dir.error)
				     : put_directory(capture, path);
	}
	while (r == 0 && next_word(&at, name, sizeof(name)))
		r = walk(capture, path, name, true, item);
	return r;
}

static int put_leaf(struct capture *capture, const struct place *place, const char *name,
		    const char *path, const struct capture_item *item)
{
	struct archive_entry node = { .type = ARCHIVE_FILE, .path = path, .data = "" };
	int type = sys_type(place->dir, name);

	if (type < 0)
		return put_lack(capture, path, type);
	if (type == SYS_DIRECTORY)
		return put_directory(capture, path);
	/* Only the name of a device node matters, and opening it can have effects. */
	if (type != SYS_FILE || str_starts(path, "dev/") || item->flags & CAPTURE_NAME)
		return capture_put(capture, &node);
	return capture_put_file(capture, place->dir, name, path, item);
}

static int follow(struct capture *capture, const char *directory, const char *target,
		  const char *rest, const struct capture_item *item)
{
	char absolute[ARCHIVE_PATH_MAX], real[ARCHIVE_PATH_MAX];

	snprintf(absolute, sizeof(absolute), "/%s", directory);
	if (sys_path_resolve(absolute, target, real, sizeof(real)) < 0)
		return 0;
	return *rest ? walk(capture, real + 1, rest, false, item)
		     : end_directory(capture, real + 1, item);
}

/* Returns 1 if the target is not wanted. */
static int put_link(struct capture *capture, const struct place *place, const char *path,
		    const char *target, bool owned)
{
	const struct archive_entry link = { .type = ARCHIVE_LINK, .path = path, .target = target };
	char absolute[ARCHIVE_PATH_MAX], real[ARCHIVE_PATH_MAX];

	snprintf(absolute, sizeof(absolute), "/%s", place->path);
	if (owned && (sys_path_resolve(absolute, target, real, sizeof(real)) < 0 ||
		      !is_owned(capture, real + 1)))
		return 1;
	return capture_put(capture, &link);
}

/*
 * An entry of a directory. NAMES: from the pattern of names, where final symlinks are not followed.
 */
static int step(struct capture *capture, const struct place *place, const char *name,
		const char *rest, bool names, const struct capture_item *item)
{
	char path[ARCHIVE_PATH_MAX], target[PATH_MAX];
	bool last = names && !*rest;
	ssize_t len;
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", place->path, *place->path ? "/" : "",
			     name) >= sizeof(path))
		return 0;
	len = sys_link(place->dir, name, target, sizeof(target));
	if (len >= 0) {
		r = put_link(capture, place, path, target, !last && item->flags & CAPTURE_OWNED);
		if (r != 0 || last)
			return r < 0 ? r : 0;
		return follow(capture, place->path, target, rest, item);
	}
	if (len != -EINVAL)
		return put_lack(capture, path, (int)len);
	if (*rest)
		return walk(capture, path, rest, names, item);
	return names ? put_leaf(capture, place, name, path, item)
		     : end_directory(capture, path, item);
}

static int walk_matches(struct capture *capture, const struct place *place, const char *part,
			const char *rest, bool names, const struct capture_item *item)
{
	_cleanup_strv_ struct strv list = { 0 };
	int r = sys_list(place->dir, ".", &list);

	if (r < 0)
		return put_lack(capture, place->path, r);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (fnmatch(part, list.v[i], FNM_PERIOD) == 0)
			r = step(capture, place, list.v[i], rest, names, item);
	return r;
}

/* Expands PATTERN below the directory PATH. */
static int walk(struct capture *capture, const char *path, const char *pattern, bool names,
		const struct capture_item *item)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(capture->root, *path ? path : ".");
	const struct place place = { dir, path };
	size_t len = strcspn(pattern, "/");
	char part[NAME_MAX + 1];
	const char *rest;

	if (dir.error < 0)
		return put_lack(capture, path, dir.error);
	if (len >= sizeof(part))
		return 0;
	memcpy(part, pattern, len);
	part[len] = '\0';
	rest = pattern + len + (pattern[len] == '/');
	if (strpbrk(part, "*?["))
		return walk_matches(capture, &place, part, rest, names, item);
	return step(capture, &place, part, rest, names, item);
}

int capture_walk(struct capture *capture, const struct capture_item *item)
{
	return walk(capture, "", item->directory, false, item);
}
