/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/closest.h"

#include <stdint.h>
#include <string.h>

#include "util/str.h"

#define LENGTH_MAX 48 /* longer words get no suggestion */

static char fold(char c)
{
	return c == '_' ? '-' : str_upper(c);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Damerau distance: letters to add, drop, replace or swap with a neighbour to turn A into B. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
	size_t rows[3][LENGTH_MAX + 1];

	for (size_t k = 0; k <= n; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= m; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= n; k++) {
			char x = fold(a[i - 1]), y = fold(b[k - 1]);

			row[k] = min3(above[k] + 1, row[k - 1] + 1, above[k - 1] + (x != y));
			if (i > 1 && k > 1 && x == fold(b[k - 2]) && fold(a[i - 2]) == y &&
			    before[k - 2] + 1 < row[k])
				row[k] = before[k - 2] + 1;
		}
	}
	return rows[m % 3][n];
}

const char *str_closest(const char *word, const char *const *words, size_t n)
{
	size_t length = strlen(word), least = SIZE_MAX;
	const char *found = NULL;

	if (length > LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = strlen(words[i]), longer = other > length ? other : length, d;

		if (other > LENGTH_MAX)
			continue;
		d = distance(word, length, words[i], other);
		/* At most one letter in three; words of two letters have no match. */
		if (d < least && (d == 0 || d * 3 <= longer)) {
			least = d;
			found = words[i];
		}
	}
	return found;
}
