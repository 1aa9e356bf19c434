/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings, and lists of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct strv {
	char **v;
	size_t n;
};

void strv_done(struct strv *list);
#define _cleanup_strv_ _cleanup_(strv_done)

/* Appends a copy of S. Returns 0 or -ENOMEM. */
int strv_push(struct strv *list, const char *s);
bool strv_has(const struct strv *list, const char *s);
/*
 * The order that people expect: vfio2 before vfio10; PCI addresses, which are hexadecimal, by their
 * numbers and before all else. Returns as strcmp(3) does.
 */
int str_compare(const char *a, const char *b);
/* By str_compare(). */
void strv_sort(struct strv *list);
/* A new string with SEPARATOR between the items; NULL without memory. */
char *strv_join(const struct strv *list, const char *separator);

/* ASCII alone, so that no locale changes what a name is. */
char str_upper(char c);
bool str_same(const char *a, const char *b); /* without regard to case */

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
static inline bool str_set(const char *s)
{
	return s && *s;
}

/* Frees *S and puts a copy of VALUE (may be NULL) there. Returns 0 or -ENOMEM, *S then untouched. */
int str_replace(char **s, const char *value);

/*
 * A copy of S, fit for a terminal: control characters and bytes that are not UTF-8 are written
 * as \xNN, since names come from devices, processes and other users. NULL without memory.
 */
char *str_printable(const char *s);

/*
 * The same with the ASCII characters in UNSAFE escaped too. With the backslash among them, and only
 * then, printf(1) %b gives back S.
 */
char *str_escape(const char *s, const char *unsafe);

/*
 * S as a shell takes it for one word, for a command that a message shows: as it is where nothing in it
 * means anything to a shell, else in single quotes. NULL without memory.
 */
char *str_quote(const char *s);
