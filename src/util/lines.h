/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a file or pipe, one after the other and in bounded memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_SIZE_MAX 65536

struct lines {
	int fd;         /* borrowed */
	bool records;   /* each read(2) is one line, as /dev/kmsg's are; -EAGAIN is the end */
	uint64_t long_; /* lines longer than LINES_SIZE_MAX: left out */
	bool end, skipping;
	size_t start, size; /* of what is in BUF and was not given yet */
	char buf[LINES_SIZE_MAX];
};

void lines_init(struct lines *lines, int fd, bool records);

/*
 * The next line, without its newline; RET is valid until the next call. Waits for it no longer than
 * TIMEOUT milliseconds, forever when that is negative. Returns 1, 0 at the end, -EAGAIN when the
 * time is over, -errno.
 */
int lines_next(struct lines *lines, int timeout, const char **ret, size_t *ret_size);

/* Is there a whole line in memory? Else lines_next() may wait. */
bool lines_ready(const struct lines *lines);
