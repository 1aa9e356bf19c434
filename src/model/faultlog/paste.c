/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/internal.h"

#include <ctype.h>
#include <string.h>

#include "util/cleanup.h"

/* Skips an escape sequence at the front of REST: colours, links. */
static const char *skip_escape(const struct log_span *rest)
{
	const char *s = rest->s + 1, *end = rest->end;

	if (s < end && *s == '[') {
		for (s++; s < end && ((unsigned char)*s < 0x40 || (unsigned char)*s > 0x7e); s++)
			;
		return s < end ? s + 1 : end;
	}
	if (s < end && *s == ']') {
		while (s < end && *s != '\a' && *s != '\033')
			s++;
		return s < end ? s + 1 : end;
	}
	return s < end ? s + 1 : end;
}

size_t log_paste_clean(const char *text, size_t size, char *buf)
{
	struct log_span rest = { text, text + size };
	size_t n = 0;

	(void)log_span_skip(&rest, "\xef\xbb\xbf");
	/* With "\n\r" line ends, the next line begins with the carriage return. */
	while (log_span_skip(&rest, "\r"))
		;
	while (rest.s < rest.end)
		if (*rest.s == '\033')
			rest.s = skip_escape(&rest);
		else if (log_span_skip(&rest, "\xc2\xa0") || log_span_skip(&rest, "\xe2\x80\xaf"))
			buf[n++] = ' ';
		else
			buf[n++] = *rest.s++;
	return n;
}

struct log_span log_paste_take_line(struct log_span *span, bool *ret_more)
{
	static const char *const newlines[] = { "\n", "#012", "\\x0a" };
	struct log_span line = { span->s, span->s };

	for (; line.end < span->end; line.end++) {
		struct log_span rest = { line.end, span->end };

		for (size_t i = 0; i < ARRAY_SIZE(newlines); i++)
			if (log_span_skip(&rest, newlines[i])) {
				*span = rest;
				*ret_more = true;
				return line;
			}
	}
	*ret_more = false;
	return line;
}

size_t log_paste_unquote(char *text, size_t size)
{
	static const struct {
		const char *quoted;
		char c;
	} marks[] = {
		{ "&gt;", '>' },   { "&lt;", '<' },    { "&amp;", '&' },   { "&quot;", '"' },
		{ "&#39;", '\'' }, { "&nbsp;", ' ' },  { "\\\"", '"' },    { "\\t", ' ' },
		{ "\\n", ' ' },    { "\\u003c", '<' }, { "\\u003e", '>' },
	};
	struct log_span rest = { text, text + size };
	size_t n = 0;

	while (rest.s < rest.end) {
		size_t i = 0;

		while (i < ARRAY_SIZE(marks) && !log_span_skip(&rest, marks[i].quoted))
			i++;
		text[n++] = i < ARRAY_SIZE(marks) ? marks[i].c : *rest.s++;
	}
	return n;
}

struct log_span log_paste_strip(const struct log_span *text)
{
	struct log_span rest = *text, number;
	uint64_t ignored;
	static const char *const tags[] = { "</code>", "</pre>", "<br>", "<br/>", "</p>", "</li>" };

	while (rest.s < rest.end && strchr(" \t>|`*+#-\r", *rest.s))
		rest.s++;
	/* "`message` and a comment": only what the backticks enclose */
	if (rest.s > text->s && rest.s[-1] == '`') {
		const char *close = memchr(rest.s, '`', log_span_size(&rest));

		rest.end = close ? close : rest.end;
	}
	number = rest;
	if (log_span_take_number(&number, &ignored) &&
	    (log_span_skip(&number, ". ") || log_span_skip(&number, ") ")))
		rest = number;
	for (const char *end = NULL; end != rest.end;) {
		end = rest.end;
		while (rest.end > rest.s && strchr(" \t|`*\"'\\,\r", rest.end[-1]))
			rest.end--;
		for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
			if (log_span_ends(&rest, tags[i]))
				rest.end -= strlen(tags[i]);
	}
	return rest;
}

bool log_paste_next_start(const struct log_span *text, size_t front, struct log_span *ret)
{
	const char *s = ret->s ? ret->s + 1 : text->s;

	for (; s < text->end && (size_t)(s - text->s) < front; s++)
		if ((isalnum((unsigned char)*s) || strchr("[<(", *s)) &&
		    (s == text->s || !isalnum((unsigned char)s[-1]))) {
			*ret = (struct log_span){ s, text->end };
			return true;
		}
	return false;
}

struct log_span log_paste_take_message(struct log_span *span)
{
	struct log_span message = *span, rest = *span, time = { span->s, span->s };
	bool stamped = rest.s < rest.end && log_time_take_bracket(&rest, &time);

	for (const char *s = rest.s + 2; stamped && s < span->end; s++) {
		rest = (struct log_span){ s, span->end };
		if (s[-2] == ' ' && s[-1] == ' ' && log_time_take_bracket(&rest, &time)) {
			message.end = s;
			break;
		}
	}
	span->s = message.end;
	return message;
}

bool log_paste_may_tell(const struct log_span *text)
{
	static const char *const words[] = { "fault",      "dmar",      "amd-vi",  "mmu", "vfio",
					     "idxd",       "pasid",     "dart",    "gpu", "zpci",
					     "suppressed", "cat error", "tegra-mc" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (log_span_has(text, words[i]))
			return true;
	return false;
}
