/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hand-made tree as a capture file: it must be read as the directory is. */
#pragma once

#include "tree.h"

#include <dirent.h>
#include <limits.h>

#include "sys/archive.h"

static inline void tree_file_add(const char *place, const char *path, struct archive_writer *writer)
{
	struct archive_entry entry = { .path = path };
	_cleanup_free_ char *data = NULL;
	char target[PATH_MAX] = "";
	struct stat st;
	FILE *f;

	assert_int_equal(lstat(place, &st), 0);
	if (S_ISLNK(st.st_mode)) {
		assert_true(readlink(place, target, sizeof(target) - 1) > 0);
		entry.type = ARCHIVE_LINK;
		entry.target = target;
	} else if (S_ISREG(st.st_mode)) {
		f = fopen(place, "r");
		data = calloc(1, (size_t)st.st_size + 1);
		assert_true(f && data);
		assert_int_equal(fread(data, 1, (size_t)st.st_size, f), st.st_size);
		fclose(f);
		entry.type = ARCHIVE_FILE;
		entry.data = data;
		entry.size = (size_t)st.st_size;
	}
	assert_int_equal(archive_put(writer, &entry), 0);
}

/* PATH is "" for the tree itself. */
static inline void tree_file_walk(const struct tree *tree, const char *path,
				  struct archive_writer *writer)
{
	char place[PATH_MAX], below[PATH_MAX - 64];
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *found;

	snprintf(place, sizeof(place), "%s/%s", tree->path, path);
	dir = opendir(place);
	assert_non_null(dir);
	while ((found = readdir(dir))) {
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		assert_in_range(snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
					 found->d_name),
				1, sizeof(below) - 1);
		snprintf(place, sizeof(place), "%s/%s", tree->path, below);
		tree_file_add(place, below, writer);
		if (found->d_type == DT_DIR)
			tree_file_walk(tree, below, writer);
	}
}

/* Opens a capture file of what is in the tree now. */
static inline void tree_file_open(const struct tree *tree, struct sys_root *ret)
{
	static const char manifest[] = ARCHIVE_MAGIC "1\n";
	const struct archive_entry entry = { .type = ARCHIVE_FILE,
					     .path = ARCHIVE_MANIFEST,
					     .data = manifest,
					     .size = sizeof(manifest) - 1 };
	_cleanup_archive_writer_ struct archive_writer *writer = NULL;
	char path[] = "/tmp/ioasidctl-unit.XXXXXX";
	_cleanup_close_ int fd = mkstemp(path);

	assert_int_equal(archive_writer_open(fd, &writer), 0);
	assert_int_equal(archive_put(writer, &entry), 0);
	tree_file_walk(tree, "", writer);
	assert_int_equal(archive_finish(writer), 0);
	assert_int_equal(sys_root_open(path, ret, NULL), 0);
	assert_int_equal(unlink(path), 0);
}

/* CHECK, for the tree as a directory and as a file. */
static inline void tree_both(const struct tree *tree, void (*check)(const struct sys_root *root))
{
	struct sys_root file;

	check(&tree->root);
	tree_file_open(tree, &file);
	check(&file);
	sys_root_close(&file);
}
