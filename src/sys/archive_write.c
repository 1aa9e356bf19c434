/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Not with libarchive: linking with it makes every start of the program several milliseconds
 * slower, and little of tar is needed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "sys/archive.h"
#include "sys/internal.h"

#define GZREAD_BUFFER 16384 /* zlib's default, of unpacked data */

struct archive_writer {
	gzFile gz;
	size_t size; /* bytes written, before compression */
	size_t entries;
	time_t now;
};

int archive_writer_open(int fd, struct archive_writer **ret)
{
	_cleanup_archive_writer_ struct archive_writer *writer = calloc(1, sizeof(*writer));
	int own;

	if (!writer)
		return -ENOMEM;
	own = dup(fd);
	if (own < 0)
		return -errno;
	writer->gz = gzdopen(own, "wbe");
	if (!writer->gz) {
		close(own);
		return -ENOMEM;
	}
	writer->now = time(NULL);
	*ret = TAKE_PTR(writer);
	return 0;
}

void archive_writer_close(struct archive_writer **writer)
{
	if (!*writer)
		return;
	if ((*writer)->gz)
		gzclose((*writer)->gz);
	free(*writer);
	*writer = NULL;
}

static int error_of(gzFile gz)
{
	int error = Z_OK, saved = errno;

	gzerror(gz, &error);
	return error == Z_ERRNO && saved ? -saved : error == Z_MEM_ERROR ? -ENOMEM : -EIO;
}

static int put_bytes(struct archive_writer *writer, const void *data, size_t size)
{
	errno = 0;
	if (size > 0 && gzwrite(writer->gz, data, (unsigned int)size) != (int)size)
		return error_of(writer->gz);
	writer->size += size;
	return 0;
}

/* A name that fills its field has no NUL. */
static void set_name(char *field, size_t size, const char *text)
{
	memcpy(field, text, strnlen(text, size));
}

static int put_block(struct archive_writer *writer, const struct archive_entry *entry, char type)
{
	static const char zeros[TAR_BLOCK];
	struct tar_header header = {
		.mode = "0000644",
		.uid = "0000000",
		.gid = "0000000",
		.type = type,
		.magic = "ustar",
		.version = { '0', '0' },
		.user = "root",
		.group = "root",
	};
	size_t padding = (TAR_BLOCK - entry->size % TAR_BLOCK) % TAR_BLOCK;
	int r;

	set_name(header.name, sizeof(header.name), entry->path);
	if (entry->target)
		set_name(header.link, sizeof(header.link), entry->target);
	if (type == TAR_DIRECTORY)
		memcpy(header.mode, "0000755", sizeof(header.mode));
	snprintf(header.size, sizeof(header.size), "%011zo", entry->size);
	snprintf(header.mtime, sizeof(header.mtime), "%011llo", (unsigned long long)writer->now);
	snprintf(header.checksum, sizeof(header.checksum), "%06o", tar_checksum(&header));
	header.checksum[7] = ' ';
	r = put_bytes(writer, &header, sizeof(header));
	if (r == 0)
		r = put_bytes(writer, entry->data, entry->size);
	return r == 0 ? put_bytes(writer, zeros, padding) : r;
}

/* "LENGTH KEY=VALUE\n", where LENGTH includes itself. */
static size_t add_record(char *buf, size_t size, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, len = rest + 1;

	for (size_t digits = 10; len >= digits; digits *= 10)
		len = rest + (size_t)snprintf(NULL, 0, "%zu", len);
	return (size_t)snprintf(buf, size, "%zu %s=%s\n", len, key, value);
}

static int put_long_names(struct archive_writer *writer, const struct archive_entry *entry)
{
	const struct tar_header *header = NULL;
	char text[2 * ARCHIVE_PATH_MAX + 64];
	struct archive_entry records = { .path = "names", .data = text };

	if (strlen(entry->path) > sizeof(header->name))
		records.size += add_record(text, sizeof(text), "path", entry->path);
	if (entry->target && strlen(entry->target) > sizeof(header->link))
		records.size += add_record(text + records.size, sizeof(text) - records.size,
					   "linkpath", entry->target);
	return records.size ? put_block(writer, &records, TAR_PAX) : 0;
}

int archive_put(struct archive_writer *writer, const struct archive_entry *entry)
{
	static const char types[] = { [ARCHIVE_DIRECTORY] = TAR_DIRECTORY,
				      [ARCHIVE_FILE] = TAR_FILE,
				      [ARCHIVE_LINK] = TAR_LINK };
	int r;

	if (strlen(entry->path) >= ARCHIVE_PATH_MAX ||
	    (entry->target && strlen(entry->target) >= ARCHIVE_PATH_MAX))
		return -ENAMETOOLONG;
	/* Allow for headers, padding and the end of the archive. */
	if (entry->size > ARCHIVE_FILE_MAX || writer->entries >= ARCHIVE_ENTRIES_MAX ||
	    writer->size + entry->size + 16 * TAR_BLOCK > ARCHIVE_SIZE_MAX)
		return -EFBIG;
	r = put_long_names(writer, entry);
	if (r == 0)
		r = put_block(writer, entry, types[entry->type]);
	writer->entries++;
	return r;
}

int archive_finish(struct archive_writer *writer)
{
	static const char end[2 * TAR_BLOCK];
	int r = put_bytes(writer, end, sizeof(end)), error;

	/*
	 * gzread(3) does not detect a missing checksum if the data ends at the end of its buffer.
	 */
	if (r == 0 && writer->size % GZREAD_BUFFER == 0)
		r = put_bytes(writer, end, sizeof(end));

	errno = 0;
	error = gzclose(TAKE_PTR(writer->gz));
	if (r == 0 && error != Z_OK)
		r = error == Z_ERRNO && errno ? -errno : -EIO;
	return r;
}
