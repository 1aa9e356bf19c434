/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings, and lists of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct strv {
	char **v;
	size_t n;
};

void strv_done(struct strv *list);
#define _cleanup_strv_ _cleanup_(strv_done)

/* Appends a copy of S. Returns 0 or -ENOMEM. */
int strv_push(struct strv *list, const char *s);
/* Appends S and takes it over, also on failure; NULL is -ENOMEM. Returns 0 or -ENOMEM. */
int strv_take(struct strv *list, char *s);
bool strv_has(const struct strv *list, const char *s);
/*
 * Natural order: vfio2 before vfio10; PCI addresses first, by their hexadecimal numbers. Returns
 * like strcmp(3).
 */
int str_compare(const char *a, const char *b);
/* Sorts by str_compare(). */
void strv_sort(struct strv *list);
/* The items joined with SEPARATOR, a new string; NULL if out of memory. */
char *strv_join(const struct strv *list, const char *separator);

/* ASCII only, independent of the locale. */
char str_upper(char c);
bool str_same(const char *a, const char *b); /* case-insensitive */
/* Either may be NULL, which only NULL equals. */
static inline bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_set(const char *s)
{
	return s && *s;
}

/*
 * Frees *S and replaces it by a copy of VALUE (may be NULL). Returns 0, or -ENOMEM with *S
 * untouched.
 */
int str_replace(char **s, const char *value);

/*
 * A copy of S that is safe to print on a terminal: control characters and invalid UTF-8 become
 * \xNN, because names come from devices, processes and other users. NULL if out of memory.
 */
char *str_printable(const char *s);

/*
 * The same with the ASCII characters in UNSAFE escaped too. printf(1) %b restores S only if UNSAFE
 * contains the backslash.
 */
char *str_escape(const char *s, const char *unsafe);

/*
 * S quoted as one shell word, for commands in messages: unchanged if nothing in it is special to a
 * shell, else in single quotes. NULL if out of memory.
 */
char *str_quote(const char *s);
