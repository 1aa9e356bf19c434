/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the known word that is closest to a mistyped one. */
#pragma once

#include <stddef.h>

/*
 * The one of the N WORDS that WORD most likely stands for: few letters missing, too many, wrong or
 * swapped for its length, without regard to case and with - and _ taken as the same; of equally close
 * ones the first. Borrowed from WORDS; NULL where none is close.
 */
const char *str_closest(const char *word, const char *const *words, size_t n);
