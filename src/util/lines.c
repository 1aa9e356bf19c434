/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void lines_init(struct lines *lines, int fd, bool records)
{
	lines->fd = fd;
	lines->records = records;
	lines->long_ = 0;
	lines->end = false;
	lines->skipping = false;
	lines->start = 0;
	lines->size = 0;
}

static int wait_for(int fd, int timeout)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r = poll(&p, 1, timeout);

	return r < 0 ? -errno : r == 0 ? -EAGAIN : 0;
}

/* Reads more bytes after those in the buffer. Returns their number, 0 at the end, or -errno. */
static ssize_t fill(struct lines *lines)
{
	ssize_t n;

	if (lines->start && lines->size)
		memmove(lines->buf, lines->buf + lines->start, lines->size);
	lines->start = 0;
	do
		n = read(lines->fd, lines->buf + lines->size, sizeof(lines->buf) - lines->size);
	/* /dev/kmsg: older records were overwritten in the meantime. */
	while (n < 0 && (errno == EINTR || (lines->records && errno == EPIPE)));
	if (n < 0)
		return lines->records && errno == EAGAIN ? 0 : -errno;
	lines->size += (size_t)n;
	return n;
}

/* Returns the line at the front, LEN bytes long, and skips the MORE bytes after it. */
static void give(struct lines *lines, size_t len, size_t more, const char **ret, size_t *ret_size)
{
	*ret = lines->buf + lines->start;
	*ret_size = len;
	lines->start += len + more;
	lines->size -= len + more;
}

static const char *newline(const struct lines *lines)
{
	return lines->size ? memchr(lines->buf + lines->start, '\n', lines->size) : NULL;
}

bool lines_ready(const struct lines *lines)
{
	return newline(lines);
}

/*
 * Takes a complete line from the buffer. The continuation lines of a record are returned as lines.
 */
static bool take(struct lines *lines, const char **ret, size_t *ret_size)
{
	const char *end = newline(lines);

	if (!end)
		return false;
	give(lines, (size_t)(end - (lines->buf + lines->start)), 1, ret, ret_size);
	return true;
}

/* The buffer is full without a newline: the line is too long. */
static void skip(struct lines *lines)
{
	if (!lines->skipping)
		lines->long_++;
	lines->skipping = true;
	lines->start = 0;
	lines->size = 0;
}

/* Returns a complete line, or the rest at the end. */
static bool next(struct lines *lines, const char **ret, size_t *ret_size)
{
	while (take(lines, ret, ret_size)) {
		if (!lines->skipping)
			return true;
		lines->skipping = false;
	}
	if (!lines->end || lines->size == 0)
		return false;
	give(lines, lines->size, 0, ret, ret_size);
	return !lines->skipping;
}

int lines_next(struct lines *lines, int timeout, const char **ret, size_t *ret_size)
{
	while (!next(lines, ret, ret_size)) {
		ssize_t n = 0;

		if (lines->end)
			return 0;
		if (lines->size == sizeof(lines->buf))
			skip(lines);
		if (timeout >= 0)
			n = wait_for(lines->fd, timeout);
		if (n == 0)
			n = fill(lines);
		if (n < 0)
			return (int)n;
		lines->end = n == 0;
	}
	return 1;
}
