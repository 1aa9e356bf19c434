/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

void strv_done(struct strv *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct strv){ 0 };
}

int strv_take(struct strv *list, char *s)
{
	char **slot = s ? array_push(list->v, list->n) : NULL;

	if (!slot) {
		free(s);
		return -ENOMEM;
	}
	*slot = s;
	return 0;
}

int strv_push(struct strv *list, const char *s)
{
	return strv_take(list, strdup(s));
}

bool strv_has(const struct strv *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], s) == 0)
			return true;
	return false;
}

int str_compare(const char *a, const char *b)
{
	struct pci_address x, y;
	/* Most names are numbers, or have none of its colons. */
	bool a_pci = strchr(a, ':') && parse_pci_address(a, &x) == 0;
	bool b_pci = strchr(b, ':') && parse_pci_address(b, &y) == 0;
	uint64_t m, n;

	if (a_pci != b_pci)
		return a_pci ? -1 : 1;
	if (!a_pci)
		return strverscmp(a, b);
	m = (uint64_t)x.domain << 16 | (uint64_t)x.bus << 8 | (uint64_t)x.device << 3 | x.function;
	n = (uint64_t)y.domain << 16 | (uint64_t)y.bus << 8 | (uint64_t)y.device << 3 | y.function;
	return m < n ? -1 : m > n;
}

static int compare(const void *a, const void *b)
{
	return str_compare(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(list->v[0]), compare);
}

char *strv_join(const struct strv *list, const char *separator)
{
	size_t len = 1;
	char *joined, *end;

	for (size_t i = 0; i < list->n; i++)
		len += strlen(list->v[i]) + strlen(separator);
	joined = malloc(len);
	if (!joined)
		return NULL;
	end = joined;
	*end = '\0';
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			end = stpcpy(end, separator);
		end = stpcpy(end, list->v[i]);
	}
	return joined;
}

char str_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool str_same(const char *a, const char *b)
{
	while (*a && str_upper(*a) == str_upper(*b)) {
		a++;
		b++;
	}
	return str_upper(*a) == str_upper(*b);
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), tail = strlen(suffix);

	return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

int str_replace(char **s, const char *value)
{
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	free(*s);
	*s = copy;
	return 0;
}

/* Length of the valid UTF-8 sequence at S (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static bool is_control(const unsigned char *s, size_t len)
{
	/* C0, DEL, and C1, which is c2 80 .. c2 9f in UTF-8. */
	return (len == 1 && (s[0] < 0x20 || s[0] == 0x7f)) ||
	       (len == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

/* Length of the character at S, 0 if it must be escaped. */
static size_t safe_length(const unsigned char *s, const char *unsafe)
{
	size_t len;

	if (*s >= ' ' && *s <= '~')
		return !*unsafe || !strchr(unsafe, *s);
	len = utf8_length(s);
	return is_control(s, len) || strchr(unsafe, *s) ? 0 : len;
}

char *str_escape(const char *s, const char *unsafe)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len;
	char *safe, *end;

	while (*p && (len = safe_length(p, unsafe)))
		p += len;
	if (!*p)
		return strdup(s);
	safe = malloc(strlen(s) * 4 + 1);
	if (!safe)
		return NULL;
	end = safe;
	for (p = (const unsigned char *)s; *p; p += len ? len : 1) {
		len = safe_length(p, unsafe);
		if (len)
			end = mempcpy(end, p, len);
		else
			end += sprintf(end, "\\x%02x", *p);
	}
	*end = '\0';
	return safe;
}

char *str_printable(const char *s)
{
	return str_escape(s, "");
}

static bool is_plain(const char *s)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789%+,-./:=@_";

	return *s && s[strspn(s, safe)] == '\0';
}

char *str_quote(const char *s)
{
	char *quoted, *end;

	if (is_plain(s))
		return strdup(s);
	/* A single quote inside takes four bytes, the surrounding quotes and the NUL three. */
	quoted = malloc(strlen(s) * 4 + 3);
	if (!quoted)
		return NULL;
	end = quoted;
	*end++ = '\'';
	for (; *s; s++) {
		if (*s == '\'')
			end = stpcpy(end, "'\\''");
		else
			*end++ = *s;
	}
	*end++ = '\'';
	*end = '\0';
	return quoted;
}
