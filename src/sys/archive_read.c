/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file may be malicious: everything in it is checked before use. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "sys/archive.h"
#include "sys/internal.h"
#include "util/parse.h"
#include "util/str.h"

#define NAMES_MAX 16384 /* bytes of pax records for one entry */
/* What zlib takes at once: of damaged input gzread() drops all that it has taken. */
#define BUFFER_SIZE 8192

struct reader {
	gzFile gz;
	size_t size, entries;
	bool begun;    /* a valid header was read: it is a tar archive */
	bool manifest; /* the manifest was read: it is a capture */
	char path[ARCHIVE_PATH_MAX], target[ARCHIVE_PATH_MAX];
	bool long_path, long_target; /* set by a record for the next entry */
};

int archive_check(const char *text, size_t size)
{
	size_t len = strlen(ARCHIVE_MAGIC), line = strcspn(text, "\n");
	char number[16];
	uint64_t version;

	if (size <= len || memcmp(text, ARCHIVE_MAGIC, len) != 0 || line >= len + sizeof(number))
		return -EBADMSG;
	memcpy(number, text + len, line - len);
	number[line - len] = '\0';
	if (parse_u64(number, UINT32_MAX, &version) < 0 || version == 0)
		return -EBADMSG;
	return version > ARCHIVE_VERSION ? -EPROTONOSUPPORT : 0;
}

/* Returns 0 with all SIZE bytes, 1 at the end, -ENODATA if truncated. */
static int take(struct reader *reader, void *buf, size_t size)
{
	int n, error = Z_OK;

	if (size > ARCHIVE_SIZE_MAX - reader->size)
		return -EFBIG;
	reader->size += size;
	errno = 0;
	n = gzread(reader->gz, buf, (unsigned int)size);
	if (n == (int)size)
		return 0;
	gzerror(reader->gz, &error);
	if (error == Z_BUF_ERROR || (n > 0 && error == Z_OK))
		return -ENODATA;
	if (n == 0 && error == Z_OK)
		return 1;
	if (error == Z_MEM_ERROR)
		return -ENOMEM;
	return error == Z_ERRNO && errno ? -errno : -EPROTO;
}

/* Octal digits, followed by spaces or NULs. */
static bool take_octal(const char *field, size_t size, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < size && field[i] == ' ')
		i++;
	for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(field[i] - '0');
	for (; i < size; i++)
		if (field[i] && field[i] != ' ')
			return false;
	*ret = value;
	return true;
}

/* Returns 1 with a header, 0 at the end, or -errno. */
static int take_header(struct reader *reader, struct tar_header *ret)
{
	static const struct tar_header end;
	uint64_t sum;
	int r = take(reader, ret, sizeof(*ret));

	/* An archive ends with empty blocks. */
	if (r > 0)
		return reader->begun ? -ENODATA : -EBADMSG;
	if (r < 0)
		return !reader->begun && (r == -EPROTO || r == -ENODATA) ? -EBADMSG : r;
	if (memcmp(ret, &end, sizeof(end)) == 0)
		return reader->begun ? 0 : -EBADMSG;
	if (memcmp(ret->magic, "ustar", 5) != 0 ||
	    !take_octal(ret->checksum, sizeof(ret->checksum), &sum) || sum != tar_checksum(ret))
		return reader->begun ? -EPROTO : -EBADMSG;
	reader->begun = true;
	return 1;
}

/* The data after a header, without padding and NUL-terminated. */
static int take_data(struct reader *reader, const struct tar_header *header, size_t max, char **ret,
		     size_t *ret_size)
{
	_cleanup_free_ char *data = NULL;
	uint64_t size;
	size_t padded;
	int r;

	if (!take_octal(header->size, sizeof(header->size), &size))
		return -EPROTO;
	if (size > max)
		return -EFBIG;
	padded = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	/* Check the limits before allocating: a header costs an attacker nothing. */
	if (padded > ARCHIVE_SIZE_MAX - reader->size)
		return -EFBIG;
	data = malloc(padded + 1);
	if (!data)
		return -ENOMEM;
	r = padded ? take(reader, data, padded) : 0;
	if (r != 0)
		return r > 0 ? -ENODATA : r;
	data[size] = '\0';
	*ret = TAKE_PTR(data);
	*ret_size = size;
	return 0;
}

static int set_name(char *buf, const char *text, size_t size)
{
	if (size >= ARCHIVE_PATH_MAX)
		return -EFBIG;
	if (size == 0 || memchr(text, '\0', size))
		return -EPROTO;
	memcpy(buf, text, size);
	buf[size] = '\0';
	return 0;
}

/* Takes a pax record "LENGTH KEY=VALUE\n" at *AT. */
static int take_record(struct reader *reader, const char **at, const char *end)
{
	static const char path[] = "path=", link[] = "linkpath=";
	const char *start = *at, *key;
	size_t len = 0;

	for (; *at < end && **at >= '0' && **at <= '9' && len <= NAMES_MAX; (*at)++)
		len = len * 10 + (size_t)(**at - '0');
	if (len > (size_t)(end - start) || *at == end || **at != ' ' ||
	    len < (size_t)(*at - start) + 2 || start[len - 1] != '\n')
		return -EPROTO;
	key = *at + 1;
	*at = start + len;
	end = *at - 1;
	if ((size_t)(end - key) >= strlen(path) && memcmp(key, path, strlen(path)) == 0) {
		reader->long_path = true;
		return set_name(reader->path, key + strlen(path),
				(size_t)(end - key) - strlen(path));
	}
	if ((size_t)(end - key) >= strlen(link) && memcmp(key, link, strlen(link)) == 0) {
		reader->long_target = true;
		return set_name(reader->target, key + strlen(link),
				(size_t)(end - key) - strlen(link));
	}
	return 0;
}

/* Handles records for the next entry. Returns 1 if HEADER is one, 0, or -errno. */
static int take_names(struct reader *reader, const struct tar_header *header)
{
	_cleanup_free_ char *text = NULL;
	const char *at;
	size_t size;
	int r;

	if (!header->type || !strchr("xgLK", header->type))
		return 0;
	r = take_data(reader, header, NAMES_MAX, &text, &size);
	if (r < 0)
		return r;
	/* GNU's are NUL-terminated. */
	if (header->type == TAR_GNU_NAME) {
		reader->long_path = true;
		r = set_name(reader->path, text, strlen(text));
	} else if (header->type == TAR_GNU_LINK) {
		reader->long_target = true;
		r = set_name(reader->target, text, strlen(text));
	}
	at = text;
	while (r == 0 && header->type == TAR_PAX && at < text + size)
		r = take_record(reader, &at, text + size);
	return r < 0 ? r : 1;
}

/* Uses the header's names unless a record set longer ones. */
static int set_names(struct reader *reader, const struct tar_header *header)
{
	char text[sizeof(header->prefix) + sizeof(header->name) + 2];
	size_t prefix = strnlen(header->prefix, sizeof(header->prefix));
	size_t name = strnlen(header->name, sizeof(header->name));
	size_t target = strnlen(header->link, sizeof(header->link));
	int r = 0;

	/* GNU's format has other fields in place of the prefix. */
	if (header->magic[5] != '\0')
		prefix = 0;
	memcpy(text, header->prefix, prefix);
	text[prefix] = '/';
	memcpy(text + prefix + 1, header->name, name);
	if (!reader->long_path)
		r = set_name(reader->path, prefix ? text : text + 1,
			     name + (prefix ? prefix + 1 : 0));
	if (r == 0 && header->type == TAR_LINK && !reader->long_target)
		r = set_name(reader->target, header->link, target);
	reader->long_path = reader->long_target = false;
	return r;
}

/* Removes what tar(1) adds in front and behind. Returns 1, 0 for the root itself, -EPROTO. */
static int check_path(const char **path)
{
	char *text = (char *)(uintptr_t)*path;
	size_t len;

	while (str_starts(text, "./"))
		text += 2;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '/')
		text[--len] = '\0';
	*path = text;
	if (len == 0 || strcmp(text, ".") == 0)
		return 0;
	for (const char *part = text;; part++) {
		size_t n = strcspn(part, "/");

		if (n == 0 || n > NAME_MAX || (n == 1 && *part == '.') ||
		    (n == 2 && memcmp(part, "..", 2) == 0))
			return -EPROTO;
		part += n;
		if (!*part)
			return 1;
	}
}

static int take_entry(struct reader *reader, const struct tar_header *header,
		      int (*each)(const struct archive_entry *, void *), void *data)
{
	struct archive_entry entry = { .path = reader->path };
	_cleanup_free_ char *text = NULL;
	int r = set_names(reader, header), named;

	if (r == 0)
		r = take_data(reader, header, ARCHIVE_FILE_MAX, &text, &entry.size);
	if (r < 0)
		return r;
	if (++reader->entries > ARCHIVE_ENTRIES_MAX)
		return -EFBIG;
	named = check_path(&entry.path);
	if (named < 0)
		return named;
	if (header->type == TAR_FILE || header->type == '\0') {
		entry.type = ARCHIVE_FILE;
		entry.data = text;
	} else if (header->type == TAR_LINK && entry.size == 0) {
		entry.type = ARCHIVE_LINK;
		entry.target = reader->target;
	} else if (header->type != TAR_DIRECTORY || entry.size > 0) {
		return -EPROTO;
	}
	if (named == 0)
		return entry.type == ARCHIVE_DIRECTORY ? 0 : -EPROTO;
	if (entry.type == ARCHIVE_FILE && strcmp(entry.path, ARCHIVE_MANIFEST) == 0) {
		r = archive_check(entry.data, entry.size);
		if (r < 0)
			return r;
		reader->manifest = true;
	}
	return each(&entry, data);
}

/*
 * Reads to the end, so that zlib verifies its checksum. Skips tar(1)'s padding of the last record.
 */
static int take_rest(struct reader *reader)
{
	char block[TAR_BLOCK];
	int r = 0;

	while (r == 0)
		r = take(reader, block, sizeof(block));
	return r > 0 ? 0 : r;
}

static int read_all(struct reader *reader, int (*each)(const struct archive_entry *, void *),
		    void *data)
{
	struct tar_header header;
	int r;

	while ((r = take_header(reader, &header)) > 0) {
		r = take_names(reader, &header);
		if (r == 0)
			r = take_entry(reader, &header, each, data);
		else if (r > 0)
			r = 0;
		if (r != 0)
			return r;
	}
	if (r == 0)
		r = take_rest(reader);
	return r == 0 && !reader->manifest ? -EBADMSG : r;
}

int archive_read(int fd, int (*each)(const struct archive_entry *entry, void *data), void *data,
		 char **ret_place)
{
	_cleanup_free_ struct reader *reader = calloc(1, sizeof(*reader));
	int own, r;

	if (!reader)
		return -ENOMEM;
	own = dup(fd);
	if (own < 0)
		return -errno;
	/* Uncompressed data is passed through: a plain tar archive. */
	reader->gz = gzdopen(own, "rbe");
	if (!reader->gz) {
		close(own);
		return -ENOMEM;
	}
	r = gzbuffer(reader->gz, BUFFER_SIZE) < 0 ? -ENOMEM : read_all(reader, each, data);
	gzclose(reader->gz);
	if (r < 0 && ret_place && *reader->path)
		*ret_place = strdup(reader->path);
	return r;
}
