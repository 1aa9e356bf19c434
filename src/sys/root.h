/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that is looked at: this one, or a captured tree (--sysroot). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/str.h"

struct sys_root {
	int fd;        /* O_PATH on "/" or on the captured tree; every path hangs from it */
	bool captured; /* then no syscall but file reads may ask this machine anything */
	pid_t remover; /* of what a captured file was unpacked into; 0: none was */
	int guard;     /* it removes when this closes */
};

/*
 * PATH NULL opens this machine, a directory a captured tree, a file what "system capture" wrote: see
 * archive_read() for the errors of that. Returns 0 or -errno.
 */
int sys_root_open(const char *path, struct sys_root *ret);
void sys_root_close(struct sys_root *root);

/*
 * PATH is relative to the root ("sys/kernel/iommu_groups/3"); symbolic links stay inside the root
 * whatever a captured tree holds (openat2 RESOLVE_IN_ROOT). Returns an O_PATH directory fd or -errno.
 */
int sys_dir_open(const struct sys_root *root, const char *path);
/* The target of the link at PATH, as sys_link(); -EINVAL where it is no link. */
ssize_t sys_root_link(const struct sys_root *root, const char *path, char *buf, size_t size);

/*
 * PATH, from the root and with or without a leading "/", with all links in it followed, those of the
 * tree's own "/" included: "/sys/devices/...". Returns 0, -ELOOP, -ENAMETOOLONG, -errno.
 */
int sys_root_realpath(const struct sys_root *root, const char *path, char *buf, size_t size);

/* One write(2) of VALUE to the file at PATH. Returns 0; -EROFS for a captured tree; -errno. */
int sys_root_write(const struct sys_root *root, const char *path, const char *value);

/*
 * Reads below a directory fd: NAME is a file beneath it ("class", "power/control"), no component of
 * it a link; except that a capture stands for "could not be read" by a link to "errno:N" in the
 * place of a file or directory, which is returned as -N.
 */

/*
 * Without the last newline, NUL-terminated. Returns the length, -E2BIG if it does not fit, -errno. On
 * failure BUF holds the empty string.
 */
ssize_t sys_read(int dir, const char *name, char *buf, size_t size);
/* The whole file whatever its size, up to 64 MiB; also binary; a NUL follows it. */
int sys_read_all(int dir, const char *name, char **ret, size_t *ret_size);
/* Decimal or 0x. -EINVAL for what is no such number. */
int sys_read_u64(int dir, const char *name, uint64_t *ret);
/* An fd to read a file too large for one read. */
int sys_file_open(int dir, const char *name);
/* The link's target as it is. Returns the length, -ENAMETOOLONG if it does not fit, -errno. */
ssize_t sys_link(int dir, const char *name, char *buf, size_t size);
/* The last component of the link's target: the driver of "driver", the group of "iommu_group". */
int sys_read_link(int dir, const char *name, char *buf, size_t size);
/* Entries of directory NAME ("." for DIR itself) but . and .., sorted as str_compare() does. */
int sys_list(int dir, const char *name, struct strv *ret);

/*
 * The absolute path that a link in directory DIR ("/sys/class/net") with TARGET leads to, by text
 * alone: sysfs links lead from real directories to real directories. 0 or -ENAMETOOLONG.
 */
int sys_path_resolve(const char *dir, const char *target, char *buf, size_t size);
