/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/text.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

/* Length of the character at S, of N bytes left; RET_WIDTH is its width in columns. */
static size_t text_char(const char *s, size_t n, size_t *ret_width)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t len;
	int width;

	*ret_width = 1;
	/* ASCII in any locale; mbrtowc(3) takes long. */
	if (*s >= ' ' && *s <= '~')
		return 1;
	len = mbrtowc(&c, s, n, &state);
	if (len == 0 || len > n)
		return 1;
	width = wcwidth(c);
	if (width >= 0)
		*ret_width = (size_t)width;
	return len;
}

size_t text_width(const char *s, size_t n)
{
	size_t width = 0, length = strnlen(s, n);

	for (size_t i = 0, one; i < length; width += one)
		i += text_char(s + i, length - i, &one);
	return width;
}

size_t text_fit(const char *s, size_t n, size_t width)
{
	size_t length = strnlen(s, n), i = 0, one;

	while (i < length) {
		size_t len = text_char(s + i, length - i, &one);

		if (one > width)
			break;
		width -= one;
		i += len;
	}
	return i;
}

const char *text_ellipsis(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "\xe2\x80\xa6" : "...";
}

/* Length of the word at S, including the character that ends it unless that is a space. */
static size_t word_length(const char *s, char break_at)
{
	const char stops[] = { break_at, '\n', '\0' };
	size_t n = strcspn(s, stops);

	return s[n] == break_at && break_at != ' ' && break_at != '\n' ? n + 1 : n;
}

static size_t blanks(const char *s, char break_at)
{
	return break_at == ' ' ? strspn(s, " ") : 0;
}

size_t text_line(const char **s, size_t width, char break_at)
{
	const char *start = *s;
	size_t length = blanks(start, break_at), next = length;

	/* Keeps the indentation, but puts at least a word on the first line. */
	next += word_length(start + next, break_at);
	length = next;
	while (start[next] && start[next] != '\n') {
		size_t gap = blanks(start + next, break_at);
		size_t end = next + gap + word_length(start + next + gap, break_at);

		if (text_width(start, end) > width) {
			*s = start + next + gap;
			return length;
		}
		next = length = end;
	}
	*s = start[next] == '\n' ? start + next + 1 : NULL;
	return length;
}

size_t text_longest(const char *s, char break_at)
{
	size_t longest = 0;

	while (*s) {
		size_t n = word_length(s, break_at), width = text_width(s, n);

		if (width > longest)
			longest = width;
		s += n;
		if (n == 0)
			s++;
	}
	return longest;
}
