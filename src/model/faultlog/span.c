/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/span.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool log_span_skip(struct log_span *span, const char *prefix)
{
	size_t len = strlen(prefix);

	if (log_span_size(span) < len || memcmp(span->s, prefix, len) != 0)
		return false;
	span->s += len;
	return true;
}

void log_span_skip_blanks(struct log_span *span)
{
	do
		while (span->s < span->end && (*span->s == ' ' || *span->s == '\t'))
			span->s++;
	while (log_span_skip(span, "#011") || log_span_skip(span, "\\x09"));
}

bool log_span_is(const struct log_span *span, const char *text)
{
	return log_span_size(span) == strlen(text) && memcmp(span->s, text, strlen(text)) == 0;
}

bool log_span_ends(const struct log_span *span, const char *text)
{
	size_t len = strlen(text);

	return log_span_size(span) >= len && memcmp(span->end - len, text, len) == 0;
}

bool log_span_begins(const struct log_span *span, const char *part)
{
	size_t len = strlen(part);

	return log_span_size(span) >= len && strncasecmp(span->s, part, len) == 0;
}

bool log_span_has(const struct log_span *span, const char *part)
{
	for (struct log_span rest = *span; rest.s < rest.end; rest.s++)
		if (log_span_begins(&rest, part))
			return true;
	return false;
}

bool log_span_take_word(struct log_span *span, struct log_span *ret)
{
	const char *s = span->s;

	while (s < span->end && *s != ' ' && *s != '\t')
		s++;
	if (s == span->s)
		return false;
	*ret = (struct log_span){ span->s, s };
	span->s = s;
	while (span->s < span->end && (*span->s == ' ' || *span->s == '\t'))
		span->s++;
	return true;
}

bool log_span_take_number(struct log_span *span, uint64_t *ret)
{
	const char *s = span->s;
	uint64_t value = 0;

	while (s < span->end && isdigit((unsigned char)*s) && value < UINT64_MAX / 16)
		value = value * 10 + (uint64_t)(*s++ - '0');
	if (s == span->s)
		return false;
	span->s = s;
	*ret = value;
	return true;
}

bool log_span_all_digits(const struct log_span *span, size_t min, size_t max)
{
	for (const char *s = span->s; s < span->end; s++)
		if (!isdigit((unsigned char)*s))
			return false;
	return log_span_size(span) >= min && log_span_size(span) <= max;
}
