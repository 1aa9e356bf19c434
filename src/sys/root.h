/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that is inspected: this one, or a captured tree (--sysroot). */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/cleanup.h"
#include "util/str.h"

struct archive_tree;
struct archive_node;

struct sys_root {
	int fd;        /* O_PATH on "/" or on the captured tree; all paths are relative to it */
	bool captured; /* then this machine may only be asked by reading files below the root */
	struct archive_tree *tree; /* a capture file, in place of `fd` */
};

/*
 * PATH is NULL for this machine, a directory for a captured tree, or a file from "system capture",
 * for which errors and RET_PLACE are as in archive_read(). Returns 0 or -errno.
 */
int sys_root_open(const char *path, struct sys_root *ret, char **ret_place);
void sys_root_close(struct sys_root *root);

/*
 * A directory below the root, passed by value. One that could not be opened is as good as any other
 * to the functions that read below it: they return its error.
 */
struct sys_dir {
	int fd;                          /* O_PATH; -1: none */
	int error;                       /* 0 or -errno */
	const struct archive_tree *tree; /* of a capture file, and the directory in it */
	const struct archive_node *node;
};

#define SYS_DIR_FAILED(error_) ((struct sys_dir){ .fd = -1, .error = (error_) })
#define SYS_DIR_NONE           SYS_DIR_FAILED(-EBADF)

/*
 * Opens PATH, relative to the root ("sys/kernel/iommu_groups/3"). Symbolic links cannot leave the
 * root (openat2 RESOLVE_IN_ROOT).
 */
struct sys_dir sys_dir_open(const struct sys_root *root, const char *path);
/*
 * The same, for a PATH that begins with that of BASE, LENGTH bytes and a slash: on this machine it
 * is opened from there, which is faster. BASE need not be open.
 */
struct sys_dir sys_dir_open_from(const struct sys_root *root, struct sys_dir base, size_t length,
				 const char *path);
/* The same for the directory NAME in DIR, which may not be a link. */
struct sys_dir sys_dir_open_in(struct sys_dir dir, const char *name);
void sys_dir_close(struct sys_dir *dir);
#define _cleanup_sys_dir_ _cleanup_(sys_dir_close)

/* The target of the link at PATH, as sys_link(); -EINVAL if it is not a link. */
ssize_t sys_root_link(const struct sys_root *root, const char *path, char *buf, size_t size);

/*
 * Resolves all links in PATH, including those of the tree's own "/": "/sys/devices/...". PATH may
 * begin with "/". Returns 0, -ELOOP, -ENAMETOOLONG or another -errno.
 */
int sys_root_realpath(const struct sys_root *root, const char *path, char *buf, size_t size);

/*
 * Writes VALUE to the file at PATH with one write(2). Returns 0; -EROFS for a captured tree;
 * another -errno.
 */
int sys_root_write(const struct sys_root *root, const char *path, const char *value);

/*
 * Reading below a directory. NAME is a file below it ("class", "power/control") without symlinks
 * in its path. A capture records "could not be read" as a symlink to "errno:N" in place of a file
 * or directory; -N is then returned.
 */

/*
 * Reads NAME without its last newline, NUL-terminated. Returns the length, -E2BIG if it does not
 * fit, or another -errno. On failure BUF is the empty string.
 */
ssize_t sys_read(struct sys_dir dir, const char *name, char *buf, size_t size);

enum sys_type { SYS_FILE, SYS_DIRECTORY, SYS_LINK, SYS_OTHER };
/* What NAME is; a link is not followed. Returns an enum sys_type or -errno. */
int sys_type(struct sys_dir dir, const char *name);
/* Up to SIZE bytes of a file, as they are. Returns how many, or -errno. */
ssize_t sys_read_bytes(struct sys_dir dir, const char *name, void *buf, size_t size);
/* Reads the whole file, up to 64 MiB, text or binary, and appends a NUL. */
int sys_read_all(struct sys_dir dir, const char *name, char **ret, size_t *ret_size);
/* Reads a decimal or 0x number; -EINVAL for anything else. */
int sys_read_u64(struct sys_dir dir, const char *name, uint64_t *ret);
/* Opens a file that is too large for one read. Returns an fd or -errno. */
int sys_file_open(struct sys_dir dir, const char *name);
/*
 * The link's target, unresolved. Returns the length, -ENAMETOOLONG if it does not fit, or another
 * -errno.
 */
ssize_t sys_link(struct sys_dir dir, const char *name, char *buf, size_t size);
/* The last component of the link's target: the driver of "driver", the group of "iommu_group". */
int sys_read_link(struct sys_dir dir, const char *name, char *buf, size_t size);
/* Entries of directory NAME ("." for DIR itself) without . and .., sorted by str_compare(). */
int sys_list(struct sys_dir dir, const char *name, struct strv *ret);

/*
 * The absolute path of TARGET, a link's target, in directory DIR ("/sys/class/net"), computed
 * without reading: sysfs links lead from real directories to real directories. Returns 0 or
 * -ENAMETOOLONG.
 */
int sys_path_resolve(const char *dir, const char *target, char *buf, size_t size);
