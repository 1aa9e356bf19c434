/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file format of a capture: a gzip-compressed tar of directories, files and links, readable and
 * writable with tar(1). The first line of its first entry, ARCHIVE_MANIFEST, is "ioasidctl-capture
 * 1".
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

#define ARCHIVE_MANIFEST        "ioasidctl/capture"
#define ARCHIVE_MAGIC           "ioasidctl-capture "
#define ARCHIVE_VERSION         1
#define ARCHIVE_PATH_MAX        1024         /* of a path or link target, including NUL */
#define ARCHIVE_FILE_MAX        (64u << 20)  /* bytes per file */
#define ARCHIVE_SIZE_MAX        (256u << 20) /* unpacked, in total */
#define ARCHIVE_ENTRIES_MAX     (1u << 19)
#define ARCHIVE_DIRECTORIES_MAX (1u << 17) /* also those without an entry */

enum archive_type { ARCHIVE_DIRECTORY, ARCHIVE_FILE, ARCHIVE_LINK };

struct archive_entry {
	enum archive_type type;
	const char *path;   /* "sys/class/iommu/dmar0": without the leading "/" */
	const char *target; /* of a link */
	const char *data;   /* of a file; followed by a NUL */
	size_t size;
};

struct archive_writer;

/* Writes to FD, which stays the caller's. Returns 0 or -ENOMEM. */
int archive_writer_open(int fd, struct archive_writer **ret);
void archive_writer_close(struct archive_writer **writer);
#define _cleanup_archive_writer_ _cleanup_(archive_writer_close)

/*
 * Returns 0; -EFBIG without writing anything if a limit above would be exceeded; -ENAMETOOLONG;
 * another -errno.
 */
int archive_put(struct archive_writer *writer, const struct archive_entry *entry);
/* Completes the archive. */
int archive_finish(struct archive_writer *writer);

/*
 * Calls EACH for all entries of the archive at FD, from the current offset. A non-zero return of
 * EACH ends it and is returned. Paths are relative, without "." or "..", and within the limits;
 * link targets can be anything. Returns 0 or
 *  -EBADMSG          not an ioasidctl capture
 *  -EPROTONOSUPPORT  from a newer version
 *  -ENODATA          the file is truncated
 *  -EFBIG            exceeds a limit above
 *  -EPROTO           damaged, or has entries that no capture has: devices, paths outside the root
 *  -errno
 * and then sets RET_PLACE (may be NULL, must be NULL before) to the path of the last entry that was begun, where
 * there is one: what is wrong is in it or after it. To be freed.
 */
int archive_read(int fd, int (*each)(const struct archive_entry *entry, void *data), void *data,
		 char **ret_place);

/* Checks the text of ARCHIVE_MANIFEST: 0, -EBADMSG, -EPROTONOSUPPORT. */
int archive_check(const char *text, size_t size);
