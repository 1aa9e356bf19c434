/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a file or pipe line by line in bounded memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_SIZE_MAX 65536

struct lines {
	int fd;         /* borrowed */
	bool records;   /* each read(2) returns one record, as from /dev/kmsg; -EAGAIN is the end */
	uint64_t long_; /* number of lines longer than LINES_SIZE_MAX, which are skipped */
	bool end, skipping;
	size_t start, size; /* the unread part of BUF */
	char buf[LINES_SIZE_MAX];
};

void lines_init(struct lines *lines, int fd, bool records);

/*
 * The next line, without its newline; RET is valid until the next call. Waits up to TIMEOUT
 * milliseconds, forever if negative. Returns 1, 0 at the end, -EAGAIN on timeout, another -errno.
 */
int lines_next(struct lines *lines, int timeout, const char **ret, size_t *ret_size);

/* Is a complete line in the buffer? If not, lines_next() may wait. */
bool lines_ready(const struct lines *lines);
