/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as a terminal shows it: how many columns it takes, and where it may be broken. */
#pragma once

#include <stddef.h>

/* Columns that the first N bytes of S take; SIZE_MAX: all of it. A byte that is no character takes one. */
size_t text_width(const char *s, size_t n);

/* How many of the first N bytes of S are whole characters that fit in WIDTH columns. */
size_t text_fit(const char *s, size_t n, size_t width);

/* The ellipsis that the locale has, which takes text_width() of it. */
const char *text_ellipsis(void);

/*
 * The next line of what S points to: up to WIDTH columns, ended by a newline or broken at one of the
 * characters BREAK: at a blank, which is left out, or after another. A word that is longer stands
 * whole. Returns its length in bytes and moves S to the rest, NULL where there is none.
 */
size_t text_line(const char **s, size_t width, char break_at);

/* The columns of the longest word between those characters, or of the longest line for '\n'. */
size_t text_longest(const char *s, char break_at);
