/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the known word closest to a mistyped one. */
#pragma once

#include <stddef.h>

/*
 * The most similar of N WORDS: few letters missing, added, wrong or swapped relative to its length;
 * case-insensitive, with - and _ equal. The first of equally similar ones. Borrowed from WORDS;
 * NULL if none is similar.
 */
const char *str_closest(const char *word, const char *const *words, size_t n);
