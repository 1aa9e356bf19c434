/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a text that is not ended by a NUL, and what is taken off their front. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_span {
	const char *s, *end; /* END is past the last */
};

static inline size_t log_span_size(const struct log_span *span)
{
	return (size_t)(span->end - span->s);
}

/* Takes PREFIX off the front of SPAN, and says whether it was there. */
bool log_span_skip(struct log_span *span, const char *prefix);
/* Blanks and tabs, also as rsyslog and /dev/kmsg write a tab. */
void log_span_skip_blanks(struct log_span *span);
bool log_span_is(const struct log_span *span, const char *text);
bool log_span_ends(const struct log_span *span, const char *text);
/* Without regard to case. */
bool log_span_begins(const struct log_span *span, const char *part);
bool log_span_has(const struct log_span *span, const char *part);

/* The word at the front, up to a blank; SPAN then stands behind the blanks. False: there is none. */
bool log_span_take_word(struct log_span *span, struct log_span *ret);
/* A decimal number. */
bool log_span_take_number(struct log_span *span, uint64_t *ret);
/* Digits and nothing else, MIN of them at least and MAX at most? */
bool log_span_all_digits(const struct log_span *span, size_t min, size_t max);
