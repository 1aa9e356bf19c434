/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which driver printed a line, in which of its forms, and what the line says then. */
#pragma once

#include "model/log_pattern.h"

struct log_match {
	const struct log_source *source;
	const struct log_pattern *pattern; /* NULL: a form that is not known */
	struct log_span text;
};

/* False: it is not about faults. */
bool log_match_find(const struct log_line *line, struct log_match *match, struct log_fault *ret);

/* Is LINE a further one of what is held? RET is HELD's with what LINE adds. */
bool log_match_next(const struct log_held *held, const struct log_line *line,
		    struct log_match *match, struct log_fault *ret);

/* Does it say nothing but that there is no fault, or is it a further line of one? */
bool log_match_is_nothing(const struct log_match *match);

/* Do both names, where both are known, say the same? */
bool log_match_agree(const char *a, const char *b);

/* An empty one where it has not room enough; a NUL in it is a '?'. */
void log_span_copy(char *buf, size_t size, const struct log_span *span);
