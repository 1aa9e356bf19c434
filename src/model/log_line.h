/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands before and around a kernel message, in all the ways that logs are shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/field.h"

struct log_span {
	const char *s, *end; /* END is past the last */
};

struct log_line {
	struct log_span time;   /* empty where there is none */
	struct field_u64 usec;  /* the same, where it is in microseconds since boot */
	struct log_span driver; /* "vfio-pci" of "vfio-pci 0000:03:00.0: text", else empty */
	struct log_span device; /* "0000:03:00.0" */
	struct log_span body;   /* the message, without the two */
	struct log_span whole;  /* the message, with them */
};

/* False for what is no line of the kernel's: another program's, or one of /dev/kmsg's details. */
bool log_line_split(const char *text, size_t size, struct log_line *ret);

static inline size_t log_span_size(const struct log_span *span)
{
	return (size_t)(span->end - span->s);
}

/* Takes PREFIX off the front of SPAN, and says whether it was there. */
bool log_span_skip(struct log_span *span, const char *prefix);
bool log_span_is(const struct log_span *span, const char *text);
/* Without regard to case. */
bool log_span_begins(const struct log_span *span, const char *part);
bool log_span_has(const struct log_span *span, const char *part);
