/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/internal.h"

#include <ctype.h>
#include <string.h>

struct output {
	char *buf;
	size_t n, size;
};

static void put(struct output *out, unsigned int c)
{
	if (out->n < out->size)
		out->buf[out->n++] = (char)c;
}

/* Encodes as UTF-8; surrogates become '?'. */
static void put_code(struct output *out, unsigned int code)
{
	if (code < 0x80) {
		put(out, code);
	} else if (code < 0x800) {
		put(out, 0xc0 | code >> 6);
		put(out, 0x80 | (code & 0x3f));
	} else if (code >= 0xd800 && code < 0xe000) {
		put(out, '?');
	} else {
		put(out, 0xe0 | code >> 12);
		put(out, 0x80 | (code >> 6 & 0x3f));
		put(out, 0x80 | (code & 0x3f));
	}
}

/* Takes what follows a backslash. */
static bool take_escape(struct log_span *text, struct output *out)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	unsigned int code = 0;
	const char *at;

	if (text->s == text->end)
		return false;
	if (*text->s != 'u') {
		at = *text->s ? strchr(escapes, *text->s) : NULL;
		if (!at)
			return false;
		put(out, (unsigned char)meanings[at - escapes]);
		text->s++;
		return true;
	}
	if (log_span_size(text) < 5)
		return false;
	for (int i = 1; i <= 4; i++) {
		int c = tolower((unsigned char)text->s[i]);

		if (!isxdigit(c))
			return false;
		code = code << 4 | (unsigned int)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	put_code(out, code);
	text->s += 5;
	return true;
}

static bool take_string(struct log_span *text, struct output *out)
{
	while (text->s < text->end) {
		char c = *text->s++;

		if (c == '"')
			return true;
		if (c != '\\')
			put(out, (unsigned char)c);
		else if (!take_escape(text, out))
			return false;
	}
	return false;
}

static void skip_space(struct log_span *text, const char *also)
{
	while (text->s < text->end && *text->s &&
	       (strchr(" \t\r", *text->s) || strchr(also, *text->s)))
		text->s++;
}

int log_json_next(struct log_span *text, char *buf, size_t size, struct log_json_token *ret)
{
	static const char marks[] = "{}[]";
	struct output out = { buf, 0, size };
	const char *mark;

	skip_space(text, ",");
	if (text->s == text->end)
		return 0;
	mark = *text->s ? strchr(marks, *text->s) : NULL;
	if (mark) {
		text->s++;
		*ret = (struct log_json_token){ .kind = (enum log_json_kind)(mark - marks) };
		return 1;
	}
	if (log_span_skip(text, "\"")) {
		if (!take_string(text, &out))
			return -1;
		skip_space(text, "");
		*ret = (struct log_json_token){ log_span_skip(text, ":") ? LOG_JSON_KEY
									 : LOG_JSON_STRING,
						{ buf, buf + out.n } };
		return 1;
	}
	*ret = (struct log_json_token){ LOG_JSON_OTHER, { text->s, text->s } };
	while (text->s < text->end &&
	       (isalnum((unsigned char)*text->s) || strchr("+-.", *text->s)) && *text->s)
		text->s++;
	ret->text.end = text->s;
	return ret->text.s < ret->text.end ? 1 : -1;
}
