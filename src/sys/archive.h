/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a captured machine: a gzip'ed tar of directories, files and links, which tar(1) lists and
 * makes as well. Its first entry, ARCHIVE_MANIFEST, says on its first line what it is: "ioasidctl-capture 1".
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

#define ARCHIVE_MANIFEST    "ioasidctl/capture"
#define ARCHIVE_MAGIC       "ioasidctl-capture "
#define ARCHIVE_VERSION     1
#define ARCHIVE_PATH_MAX    1024         /* of a path and of a link's target, with its NUL */
#define ARCHIVE_FILE_MAX    (64u << 20)  /* bytes of one file */
#define ARCHIVE_SIZE_MAX    (256u << 20) /* of all, unpacked */
#define ARCHIVE_ENTRIES_MAX (1u << 19)

enum archive_type { ARCHIVE_DIRECTORY, ARCHIVE_FILE, ARCHIVE_LINK };

struct archive_entry {
	enum archive_type type;
	const char *path;   /* "sys/class/iommu/dmar0": from the root, without "/" in front */
	const char *target; /* of a link */
	const char *data;   /* of a file; a NUL follows */
	size_t size;
};

struct archive_writer;

/* Writes to FD, borrowed. Returns 0 or -ENOMEM. */
int archive_writer_open(int fd, struct archive_writer **ret);
void archive_writer_close(struct archive_writer **writer);
#define _cleanup_archive_writer_ _cleanup_(archive_writer_close)

/*
 * Returns 0; -EFBIG, nothing then being written, for what would go beyond the bounds above; -ENAMETOOLONG;
 * -errno.
 */
int archive_put(struct archive_writer *writer, const struct archive_entry *entry);
/* What was put is whole after that. */
int archive_finish(struct archive_writer *writer);

/*
 * Calls EACH for all entries of the archive at FD, which is read from where it stands; what EACH returns
 * but 0 ends that and is returned. No path is absolute, has "." or ".." in it, or is longer than it may be;
 * links lead anywhere. Returns 0 or
 *   -EBADMSG          this is not an ioasidctl capture
 *   -EPROTONOSUPPORT  a newer version's
 *   -ENODATA          the file ends too early
 *   -EFBIG            beyond the bounds above
 *   -EPROTO           damaged, or holds what no capture does: devices, paths that lead outside
 *   -errno
 */
int archive_read(int fd, int (*each)(const struct archive_entry *entry, void *data), void *data);

/*
 * Makes the entries beneath the directory DIR, which is empty. Nothing is written through a link, or twice:
 * -EPROTO.
 */
int archive_unpack(int fd, int dir);

/* Of the text of ARCHIVE_MANIFEST: 0, -EBADMSG, -EPROTONOSUPPORT. */
int archive_check(const char *text, size_t size);
