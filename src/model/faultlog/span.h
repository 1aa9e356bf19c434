/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a text without terminating NUL, and functions that consume them from the front. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_span {
	const char *s, *end; /* END points past the last byte */
};

static inline size_t log_span_size(const struct log_span *span)
{
	return (size_t)(span->end - span->s);
}

/* Takes PREFIX off the front of SPAN. Returns whether it was there. */
bool log_span_skip(struct log_span *span, const char *prefix);
/* Skips spaces and tabs, including a tab as rsyslog ("#011") and /dev/kmsg ("\x09") write it. */
void log_span_skip_blanks(struct log_span *span);
bool log_span_is(const struct log_span *span, const char *text);
bool log_span_ends(const struct log_span *span, const char *text);
/* Case-insensitive. */
bool log_span_begins(const struct log_span *span, const char *part);
bool log_span_has(const struct log_span *span, const char *part);

/*
 * Takes the word at the front, up to a space, and the spaces after it off SPAN. Returns false if
 * there is none.
 */
bool log_span_take_word(struct log_span *span, struct log_span *ret);
/* Takes a decimal number off SPAN. */
bool log_span_take_number(struct log_span *span, uint64_t *ret);
/* Is SPAN made of digits only, at least MIN and at most MAX? */
bool log_span_all_digits(const struct log_span *span, size_t min, size_t max);
