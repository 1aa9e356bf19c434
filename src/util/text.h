/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text on a terminal: its width in columns, and where it can be broken into lines. */
#pragma once

#include <stddef.h>

/* Width in columns of the first N bytes of S; SIZE_MAX: all. An invalid byte counts as one. */
size_t text_width(const char *s, size_t n);

/* How many of the first N bytes of S fit in WIDTH columns as whole characters. */
size_t text_fit(const char *s, size_t n, size_t width);

/* The ellipsis in the encoding of the locale. */
const char *text_ellipsis(void);

/*
 * Takes a line off *S: up to a newline, or broken to fit WIDTH columns at a character BREAK: at a
 * space, which is dropped, or after any other. A longer word is not broken. Returns the length in
 * bytes; *S becomes the rest, NULL at the end.
 */
size_t text_line(const char **s, size_t width, char break_at);

/* Width of the longest word between BREAK characters, or of the longest line for '\n'. */
size_t text_longest(const char *s, char break_at);
