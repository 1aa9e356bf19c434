/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "out/column.h"
#include "out/view.h"
#include "util/cleanup.h"

static const struct out_style for_people = { .human = true, .separator = "|", .unsafe = "" };
static const struct out_style for_programs = { .separator = ",", .unsafe = " \\" };

static void check(const struct out_value *value, const char *people, const char *programs)
{
	_cleanup_free_ char *human = out_value_format(value, &for_people);
	_cleanup_free_ char *raw = out_value_format(value, &for_programs);

	assert_non_null(human);
	assert_non_null(raw);
	assert_string_equal(human, people);
	assert_string_equal(raw, programs);
}

static void absent_and_unreadable(void **state)
{
	struct out_value value = { 0 };

	(void)state;
	check(&value, "-", "");
	out_unreadable(&value, -EACCES);
	check(&value, "?", "?");
}

static void booleans(void **state)
{
	struct out_value value = { 0 };

	(void)state;
	out_bool(&value, true);
	check(&value, "yes", "1");
	out_bool(&value, false);
	check(&value, "no", "0");
}

static void numbers(void **state)
{
	struct out_value value = { 0 };

	(void)state;
	out_number(&value, 0);
	check(&value, "0", "0");
	out_number(&value, UINT64_MAX);
	check(&value, "18446744073709551615", "18446744073709551615");
	out_address(&value, 0);
	check(&value, "0x0", "0x0");
	out_address(&value, 0xfee00000);
	check(&value, "0xfee00000", "0xfee00000");
	out_address(&value, UINT64_MAX);
	check(&value, "0xffffffffffffffff", "0xffffffffffffffff");
}

/* Only exact multiples are shortened. */
static void sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *people, *programs;
	} cases[] = {
		{ 0, "0", "0" },
		{ 1023, "1023", "1023" },
		{ 1024, "1K", "1024" },
		{ 1025, "1025", "1025" },
		{ 1536, "1536", "1536" },
		{ 3 << 20, "3M", "3145728" },
		{ UINT64_C(1) << 30, "1G", "1073741824" },
		{ UINT64_C(5) << 40, "5T", "5497558138880" },
		{ UINT64_C(2048) << 40, "2048T", "2251799813685248" },
		{ UINT64_MAX, "18446744073709551615", "18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct out_value value = { 0 };

		out_size(&value, cases[i].bytes);
		check(&value, cases[i].people, cases[i].programs);
	}
}

static void strings(void **state)
{
	struct out_value value = { 0 };

	(void)state;
	out_string(&value, NULL);
	check(&value, "-", "");
	out_string(&value, "");
	check(&value, "-", "");
	out_string(&value, "plain text, \\ and |");
	check(&value, "plain text, \\ and |", "plain\\x20text,\\x20\\x5c\\x20and\\x20|");
	out_string(&value, "\x1b]0;x\a\n\xff");
	check(&value, "\\x1b]0;x\\x07\\x0a\\xff", "\\x1b]0;x\\x07\\x0a\\xff");
}

static void times(void **state)
{
	struct out_value value = { 0 };

	(void)state;
	out_time(&value, 0);
	check(&value, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z");
	out_time(&value, UINT64_C(253402300799));
	check(&value, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
	value = (struct out_value){ 0 };
	out_time(&value, UINT64_C(253402300800));
	assert_int_equal(value.type, OUT_ABSENT);
	out_time(&value, UINT64_MAX);
	assert_int_equal(value.type, OUT_ABSENT);
}

static void texts(void **state)
{
	struct out_value value = { 0 };
	char longest[sizeof(value.text)];

	(void)state;
	out_text(&value, "%04x:%04x", 0x8086, 0xd3);
	check(&value, "8086:00d3", "8086:00d3");
	value = (struct out_value){ 0 };
	out_text(&value, "%s", "");
	check(&value, "-", "");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	out_text(&value, "%syz", longest);
	check(&value, longest, longest);
}

static void lists(void **state)
{
	char *items[] = { (char *)"a", NULL, (char *)"b,c|\x1b" };
	struct out_value value = { 0 };

	(void)state;
	out_strv(&value, &(struct strv){ items, 3 });
	check(&value, "a|-|b,c|\\x1b", "a,,b\\x2cc|\\x1b");
	out_strv(&value, &(struct strv){ items, 1 });
	check(&value, "a", "a");
	out_strv(&value, &(struct strv){ NULL, 0 });
	check(&value, "-", "");
}

struct inner {
	const char *name;
	int error;
};

static void get_name(const void *row, struct out_value *ret)
{
	const struct inner *inner = row;

	if (inner->error)
		out_unreadable(ret, inner->error);
	else
		out_string(ret, inner->name);
}

static const struct out_column inner_columns[] = {
	{ "pasid_width", "Bits", OUT_DEFAULT, 0, get_name },
	{ "name", "Name", 0, 0, get_name },
	{ 0 },
};

static void tables(void **state)
{
	const struct inner rows[] = { { "o,e", 0 }, { NULL, 0 }, { NULL, -EIO } };
	struct out_value value = { 0 };

	(void)state;
	out_table(&value, inner_columns, rows, ARRAY_SIZE(rows), sizeof(rows[0]));
	check(&value, "o,e|-|?", "o\\x2ce,,?");
	out_table(&value, inner_columns, NULL, 0, sizeof(rows[0]));
	check(&value, "-", "");
}

static void fields(void **state)
{
	const struct field_u64 known = field_u64(7), absent = { 0 };
	const struct field_u64 refused = field_u64_error(-EPERM);
	const struct field_str text = { (char *)"x", 1 }, no_text = { 0 },
			       bad_text = { NULL, -EIO };
	struct out_value value = { 0 };

	(void)state;
	out_field_number(&value, &absent);
	out_field_address(&value, &absent);
	out_field_bool(&value, &absent);
	out_field_string(&value, &no_text);
	assert_int_equal(value.type, OUT_ABSENT);
	out_field_number(&value, &known);
	check(&value, "7", "7");
	out_field_address(&value, &known);
	check(&value, "0x7", "0x7");
	out_field_bool(&value, &known);
	check(&value, "yes", "1");
	out_field_string(&value, &text);
	check(&value, "x", "x");
	out_field_number(&value, &refused);
	assert_int_equal(value.type, OUT_UNREADABLE);
	assert_int_equal(value.error, -EPERM);
	out_field_address(&value, &refused);
	assert_int_equal(value.type, OUT_UNREADABLE);
	out_field_bool(&value, &refused);
	assert_int_equal(value.type, OUT_UNREADABLE);
	out_field_string(&value, &bad_text);
	assert_int_equal(value.type, OUT_UNREADABLE);
	assert_int_equal(value.error, -EIO);
}

static void reasons(void **state)
{
	(void)state;
	assert_string_equal(out_reason(-EACCES), "Permission denied");
	assert_string_equal(out_reason(-EAGAIN), "the device is asleep");
	assert_string_equal(out_reason(-EREMOTE), "not part of the capture");
	assert_string_equal(out_reason(-ENODATA), "can be probed only with a device");
}

static void columns_by_name(void **state)
{
	char name[64], cut[6];

	(void)state;
	out_column_name(&inner_columns[0], name, sizeof(name));
	assert_string_equal(name, "PASID-WIDTH");
	out_column_name(&inner_columns[0], cut, sizeof(cut));
	assert_string_equal(cut, "PASID");
	assert_ptr_equal(out_column_find(inner_columns, "PASID-WIDTH"), &inner_columns[0]);
	assert_ptr_equal(out_column_find(inner_columns, "pasid_width"), &inner_columns[0]);
	assert_ptr_equal(out_column_find(inner_columns, "Pasid-Width"), &inner_columns[0]);
	assert_ptr_equal(out_column_find(inner_columns, "NAME"), &inner_columns[1]);
	assert_null(out_column_find(inner_columns, "nam"));
	assert_null(out_column_find(inner_columns, "names"));
	assert_null(out_column_find(inner_columns, ""));
}

static void check_listed(const char *defaults, bool single, const char *expected)
{
	const struct out_options options = { .defaults = defaults };
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	out_columns_print(inner_columns, &options, single, f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
}

static void columns_listed(void **state)
{
	(void)state;
	check_listed(NULL, false,
		     "PASID-WIDTH          Bits (default)\nNAME                 Name\n");
	check_listed(NULL, true,
		     "PASID-WIDTH          Bits (default)\nNAME                 Name (default)\n");
	check_listed("name", false,
		     "PASID-WIDTH          Bits\nNAME                 Name (default)\n");
	check_listed("pasid_widths,nam", false,
		     "PASID-WIDTH          Bits\nNAME                 Name\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absent_and_unreadable),
		cmocka_unit_test(booleans),
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes),
		cmocka_unit_test(strings),
		cmocka_unit_test(times),
		cmocka_unit_test(texts),
		cmocka_unit_test(lists),
		cmocka_unit_test(tables),
		cmocka_unit_test(fields),
		cmocka_unit_test(reasons),
		cmocka_unit_test(columns_by_name),
		cmocka_unit_test(columns_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
