/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the driver and the pattern that a line matches, and extracts the fault from it. */
#pragma once

#include "model/faultlog/pattern.h"

struct log_match {
	const struct log_source *source;
	const struct log_pattern *pattern; /* NULL: no known form */
	struct log_span text;
};

/* Returns false if the line is not about faults. */
bool log_match_find(const struct log_line *line, struct log_match *match, struct log_fault *ret);

/* Does LINE continue the fault in HELD? If so, RET is that fault with the fields of LINE added. */
bool log_match_next(const struct log_held *held, const struct log_line *line,
		    struct log_match *match, struct log_fault *ret);

/* Does the line only say that there is no fault, or is it a continuation line? */
bool log_match_is_nothing(const struct log_match *match);

/* Are the names equal, or is one of them unknown? */
bool log_match_agree(const char *a, const char *b);

/* Copies SPAN, or "" if it does not fit; NUL bytes become '?'. */
void log_span_copy(char *buf, size_t size, const struct log_span *span);
