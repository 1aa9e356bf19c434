/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/text.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void widths(void **state)
{
	(void)state;
	assert_int_equal(text_width("", SIZE_MAX), 0);
	assert_int_equal(text_width("abc", SIZE_MAX), 3);
	assert_int_equal(text_width("abc", 2), 2);
	assert_int_equal(text_width("Größe", SIZE_MAX), 5);
	assert_int_equal(text_width("日本", SIZE_MAX), 4);      /* two columns each */
	assert_int_equal(text_width("e\xcc\x81", SIZE_MAX), 1); /* a combining accent */
	assert_int_equal(text_width("a\xff"
				    "b",
				    SIZE_MAX),
			 3);                                    /* no character */
	assert_int_equal(text_width("a\xe6\x97", SIZE_MAX), 3); /* cut short */
}

static void fits(void **state)
{
	(void)state;
	assert_int_equal(text_fit("abc", SIZE_MAX, 3), 3);
	assert_int_equal(text_fit("abc", SIZE_MAX, 2), 2);
	assert_int_equal(text_fit("abc", 1, 3), 1);
	assert_int_equal(text_fit("abc", SIZE_MAX, 0), 0);
	assert_int_equal(text_fit("日本", SIZE_MAX, 3), 3); /* half a character does not fit */
	assert_int_equal(text_fit("日本", SIZE_MAX, 4), 6);
	assert_int_equal(text_fit("e\xcc\x81x", SIZE_MAX, 1), 3);
}

/* The lines of TEXT, each in brackets. */
static void check(const char *text, size_t width, char break_at, const char *expected)
{
	char lines[512] = "";

	for (const char *rest = text; rest;) {
		const char *line = rest;
		size_t n = text_line(&rest, width, break_at), used = strlen(lines);

		snprintf(lines + used, sizeof(lines) - used, "[%.*s]", (int)n, line);
	}
	assert_string_equal(lines, expected);
}

static void breaks_at_blanks(void **state)
{
	(void)state;
	check("", 5, ' ', "[]");
	check("one two", 7, ' ', "[one two]");
	check("one two", 6, ' ', "[one][two]");
	check("one two", 1, ' ', "[one][two]"); /* words stand whole */
	check("one  two", 8, ' ', "[one  two]");
	check("one   two", 8, ' ', "[one][two]");
	check("one ", 3, ' ', "[one][]");
	check("one\ntwo three\n\nfour", 5, ' ', "[one][two][three][][four]");
	check("über die Brücke", 8, ' ', "[über die][Brücke]");
	check("日本 語", 6, ' ', "[日本][語]");
	check("日本 語", 7, ' ', "[日本 語]");
}

static void breaks_after_hyphens(void **state)
{
	(void)state;
	check("DOMAINS-SUPPORTED", 17, '-', "[DOMAINS-SUPPORTED]");
	check("DOMAINS-SUPPORTED", 16, '-', "[DOMAINS-][SUPPORTED]");
	check("A-B-C", 4, '-', "[A-B-][C]");
	check("A-B-C", 3, '-', "[A-][B-C]");
	check("A B-C", 1, '-', "[A B-][C]");
	check("A-", 1, '-', "[A-]");
}

static void breaks_at_newlines_only(void **state)
{
	(void)state;
	check("one two\nthree", SIZE_MAX, '\n', "[one two][three]");
	check("one two\nthree", 1, '\n', "[one two][three]");
	check("one\n", 9, '\n', "[one][]");
}

static void longest(void **state)
{
	(void)state;
	assert_int_equal(text_longest("", ' '), 0);
	assert_int_equal(text_longest("one three two", ' '), 5);
	assert_int_equal(text_longest("one\nthree", ' '), 5);
	assert_int_equal(text_longest("DOMAINS-USED", '-'), 8);
	assert_int_equal(text_longest("one two\nthree", '\n'), 7);
	assert_int_equal(text_longest("größte", ' '), 6);
}

static void ellipsis(void **state)
{
	(void)state;
	assert_int_equal(text_width(text_ellipsis(), SIZE_MAX), 1);
	assert_non_null(setlocale(LC_CTYPE, "C"));
	assert_string_equal(text_ellipsis(), "...");
	assert_int_equal(text_width("\xc3\xb6", SIZE_MAX), 2);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(widths),
		cmocka_unit_test(fits),
		cmocka_unit_test(breaks_at_blanks),
		cmocka_unit_test(breaks_after_hyphens),
		cmocka_unit_test(breaks_at_newlines_only),
		cmocka_unit_test(longest),
		cmocka_unit_test(ellipsis),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
