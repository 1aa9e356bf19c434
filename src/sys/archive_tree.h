/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture file in memory, read once: directories, files and links, as in a file system. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/archive.h"
#include "util/cleanup.h"

struct archive_node {
	enum archive_type type;
	unsigned int number;                      /* unique in the tree; 0: its root */
	struct archive_node *parent;              /* of the root: the root */
	struct archive_node *first, *last, *next; /* a directory's entries, in the file's order */
	const char *text; /* of a file, or a link's target; followed by a NUL */
	size_t size;      /* of TEXT */
	uint64_t hash;
	struct archive_node *same; /* the next one of this hash */
	char name[];
};

struct archive_tree;

/*
 * Reads the archive at FD. Returns 0, or the errors of archive_read() with RET_PLACE; -EPROTO also
 * if a path is there twice, or below one that is not a directory.
 */
int archive_tree_open(int fd, struct archive_tree **ret, char **ret_place);
void archive_tree_close(struct archive_tree **tree);
#define _cleanup_archive_tree_ _cleanup_(archive_tree_close)

/* How links on a path are taken: as by openat2(2). */
enum archive_follow {
	ARCHIVE_FOLLOW_ALL, /* RESOLVE_IN_ROOT */
	ARCHIVE_FOLLOW_WAY, /* the same with O_NOFOLLOW: not the last component */
	ARCHIVE_FOLLOW_NONE, /* RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, O_NOFOLLOW: -ELOOP on the way */
};

/*
 * The node at PATH, relative to the directory FROM; NULL: to the root. Returns 0, -ENOENT,
 * -ENOTDIR, -ENAMETOOLONG, -ELOOP, -EXDEV, or the error of a link to "errno:N" (sys/root.h).
 */
int archive_tree_find(const struct archive_tree *tree, const struct archive_node *from,
		      const char *path, enum archive_follow follow,
		      const struct archive_node **ret);
