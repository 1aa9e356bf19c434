/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/parse.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

#define UNTOUCHED UINT64_C(0x5555555555555555)

struct number_case {
	const char *text;
	int r;
	uint64_t value;
};

static void check_number(const struct number_case *c, int r, uint64_t value)
{
	if (r != c->r || value != (c->r ? UNTOUCHED : c->value))
		fail_msg("\"%s\": %d, %#llx", c->text, r, (unsigned long long)value);
}

static void u64(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "010", 0, 10 }, /* not octal: people write 010 for ten */
		{ "0x10", 0, 16 },
		{ "0XfF", 0, 255 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "0x10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "1\n", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "0x-1", -EINVAL, 0 },
		{ "0x 1", -EINVAL, 0 },
		{ "0x0x1", -EINVAL, 0 },
		{ "ff", -EINVAL, 0 },
		{ "1.5", -EINVAL, 0 },
		{ "1K", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* an Arabic digit */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = parse_u64(cases[i].text, UINT64_MAX, &value);

		check_number(&cases[i], r, value);
	}
}

static void u64_max(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(parse_u64("256", 255, &value), -ERANGE);
	assert_int_equal(parse_u64("0x100", 255, &value), -ERANGE);
	assert_int_equal(parse_u64("1", 0, &value), -ERANGE);
	assert_true(value == UNTOUCHED);
	assert_int_equal(parse_u64("255", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(parse_u64("0", 0, &value), 0);
	assert_int_equal(value, 0);
}

static void hex(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "10", 0, 16 },
		{ "0x10", 0, 16 },
		{ "0X1f", 0, 31 },
		{ "8086", 0, 0x8086 },
		{ "ffffffffffffffff", 0, UINT64_MAX },
		{ "10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "0x0x10", -EINVAL, 0 },
		{ "0x0x", -EINVAL, 0 },
		{ "x10", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "10g", -EINVAL, 0 },
		{ "10\n", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = parse_hex(cases[i].text, &value);

		check_number(&cases[i], r, value);
	}
}

static void size(void **state)
{
	static const struct number_case cases[] = {
		{ "0", 0, 0 },
		{ "4096", 0, 4096 },
		{ "0x1000", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4k", 0, 4096 },
		{ "2M", 0, UINT64_C(2) << 20 },
		{ "1g", 0, UINT64_C(1) << 30 },
		{ "3T", 0, UINT64_C(3) << 40 },
		{ "0x10K", 0, 0x4000 },
		{ "0K", 0, 0 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "16777215T", 0, UINT64_C(0xffffff) << 40 },
		{ "16777216T", -ERANGE, 0 },
		{ "18014398509481984K", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
		{ "4KB", -EINVAL, 0 },
		{ "4KiB", 0, 4096 },
		{ "2mib", 0, UINT64_C(2) << 20 },
		{ "0x1GiB", 0, UINT64_C(1) << 30 },
		{ "1.5M", 0, 1536 << 10 },
		{ "1.5GiB", 0, UINT64_C(1536) << 20 },
		{ "0.25K", 0, 256 },
		{ "2.0", 0, 2 },
		{ "16777215.5T", 0, (UINT64_C(0xffffff) << 40) + (UINT64_C(1) << 39) },
		{ "1.015625T", 0, (UINT64_C(1) << 40) + (UINT64_C(1) << 34) },
		{ "1.3K", -EINVAL, 0 }, /* 1331.2 bytes */
		{ "1.5", -EINVAL, 0 },
		{ "1.0156250T", -EINVAL, 0 }, /* too many digits */
		{ "1.M", -EINVAL, 0 },
		{ ".5M", -EINVAL, 0 },
		{ "1.-5M", -EINVAL, 0 },
		{ "1.5.5M", -EINVAL, 0 },
		{ "0x1.8M", -EINVAL, 0 },
		{ "4iB", -EINVAL, 0 },
		{ "4KiBs", -EINVAL, 0 },
		{ "4Ki", -EINVAL, 0 },
		{ "4 K", -EINVAL, 0 },
		{ "4P", -EINVAL, 0 },
		{ "4B", -EINVAL, 0 },
		{ "-4K", -EINVAL, 0 },
		{ "0x0xK", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t value = UNTOUCHED;
		int r = parse_size(cases[i].text, &value);

		check_number(&cases[i], r, value);
	}
}

static void names(void **state)
{
	static const char *const good[] = { "a", "vm1", "Guest-1.net_0", "_x", "Z9" };
	static const char *const bad[] = { "",      "1a",   "9",     "-a",  ".a",     "..",
					   ".",     "a/b",  "a b",   "a\n", "a\x1b[", "\xc3\xa9",
					   "a\x7f", "a%s",  "a=b",   "a,b", "a:b",    "@a",
					   "/etc",  "../a", "auto ", "a\\b" };
	char longest[NAME_LENGTH_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!parse_is_name(good[i]))
			fail_msg("\"%s\" is refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_is_name(bad[i]))
			fail_msg("\"%s\" is accepted", bad[i]);
	memset(longest, 'x', sizeof(longest));
	longest[NAME_LENGTH_MAX] = '\0';
	assert_true(parse_is_name(longest));
	longest[NAME_LENGTH_MAX] = 'x';
	longest[NAME_LENGTH_MAX + 1] = '\0';
	assert_false(parse_is_name(longest));
}

static void pci_addresses(void **state)
{
	static const struct {
		const char *text;
		struct pci_address address;
	} good[] = {
		{ "0000:03:00.0", { 0, 3, 0, 0 } },
		{ "03:00.0", { 0, 3, 0, 0 } },
		{ "ffff:ff:1f.7", { 0xffff, 0xff, 0x1f, 7 } },
		{ "FFFF:AB:1E.7", { 0xffff, 0xab, 0x1e, 7 } },
		{ "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 } }, /* behind a VMD */
		{ "c0ffee00:00:02.0", { 0xc0ffee00, 0, 2, 0 } },
	};
	static const char *const bad[] = {
		"",
		"0",
		"03",
		"03:00",
		"3:0.0",
		"03:00.8",
		"03:20.0",
		"03:00.00",
		"003:00.0",
		"000:03:00.0",
		"123456789:03:00.0",
		"0000:03:00.0 ",
		" 0000:03:00.0",
		"0000:03:00.",
		"0000:03.00.0",
		"0000:03:00:0",
		":03:00.0",
		"0000::00.0",
		"0x00:03:00.0",
		"0000:-3:00.0",
		"0000:03:00.0:",
		"0000:03:00.g",
		"0000:0g:00.0",
		"0000:03:00.0\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct pci_address a = { 0 };

		if (parse_pci_address(good[i].text, &a) < 0)
			fail_msg("\"%s\" is refused", good[i].text);
		assert_int_equal(a.domain, good[i].address.domain);
		assert_int_equal(a.bus, good[i].address.bus);
		assert_int_equal(a.device, good[i].address.device);
		assert_int_equal(a.function, good[i].address.function);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pci_address a = { 42, 42, 42, 42 };

		if (parse_pci_address(bad[i], &a) != -EINVAL || a.domain != 42 || a.bus != 42)
			fail_msg("\"%s\" is accepted, or touches the result", bad[i]);
	}
}

static void pci_operands(void **state)
{
	static const char *const good[] = { "0:10.0", "00:10.0", "0000:00:10.0", "0:0:10.0" };
	static const char *const bad[] = { "",        "0",        "10.0",
					   ":10.0",   "0:.0",     "0:10.",
					   "0:10.00", "000:10.0", "000000000:0:10.0",
					   "0:100.0" };
	struct pci_address a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		a = (struct pci_address){ 42, 42, 42, 42 };
		if (parse_pci_operand(good[i], &a) < 0 || a.domain || a.bus || a.device != 0x10 ||
		    a.function)
			fail_msg("\"%s\" is another, or refused", good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (parse_pci_operand(bad[i], &a) != -EINVAL)
			fail_msg("\"%s\" is accepted", bad[i]);
	assert_int_equal(parse_pci_operand("1:2:3.4", &a), 0);
	assert_int_equal(a.domain, 1);
	assert_int_equal(a.bus, 2);
	assert_int_equal(a.device, 3);
	assert_int_equal(a.function, 4);
}

static void check_format(const struct ranges *list, const char *expected)
{
	_cleanup_free_ char *text = ranges_format(list);

	assert_non_null(text);
	assert_string_equal(text, expected);
}

static void ranges_good(void **state)
{
	static const struct {
		const char *text, *expected;
		uint64_t count;
	} cases[] = {
		{ "0", "0", 1 },
		{ "42", "42", 1 },
		{ "0x2a", "42", 1 },
		{ "5-5", "5", 1 },
		{ "1-3", "1-3", 3 },
		{ "0x1-0x3", "1-3", 3 },
		{ "3,1,2", "1-3", 3 },
		{ "1,3", "1,3", 2 },
		{ "10-20,1-9", "1-20", 20 },
		{ "10-20,22,21", "10-22", 13 },
		{ "1,3,5,4,2", "1-5", 5 },
		{ "0-4294967295", "0-4294967295", UINT64_C(1) << 32 },
		{ "4294967295,0", "0,4294967295", 2 },
		{ "4294967294,4294967295", "4294967294-4294967295", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_ranges_ struct ranges list = { 0 };

		if (parse_ranges(cases[i].text, UINT32_MAX, &list) < 0)
			fail_msg("\"%s\" is refused", cases[i].text);
		check_format(&list, cases[i].expected);
		assert_true(ranges_count(&list) == cases[i].count);
	}
}

static void ranges_bad(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "", -EINVAL },
		{ ",", -EINVAL },
		{ "1,", -EINVAL },
		{ ",1", -EINVAL },
		{ "1,,2", -EINVAL },
		{ "-", -EINVAL },
		{ "1-", -EINVAL },
		{ "-1", -EINVAL },
		{ "1--2", -EINVAL },
		{ "3-1", -EINVAL },
		{ "1-2-3", -EINVAL },
		{ "1 2", -EINVAL },
		{ "1, 2", -EINVAL },
		{ "a", -EINVAL },
		{ "auto", -EINVAL },
		{ "1,1", -EEXIST },
		{ "1-5,3", -EEXIST },
		{ "3,1-5", -EEXIST },
		{ "1-5,5-9", -EEXIST },
		{ "1001", -ERANGE },
		{ "1-1001", -ERANGE },
		{ "1001-1", -ERANGE },
		{ "99999999999999999999", -ERANGE },
		{ "1-99999999999999999999", -ERANGE },
		{ "4294967296", -ERANGE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ranges list = { 0 };
		int r = parse_ranges(cases[i].text, 1000, &list);

		if (r != cases[i].r || list.v || list.n)
			fail_msg("\"%s\": %d", cases[i].text, r);
	}
}

static void ranges_empty(void **state)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct range next;

	(void)state;
	check_format(&list, "");
	assert_true(ranges_count(&list) == 0);
	assert_false(ranges_has(&list, 0));
	assert_false(ranges_next(&list, 0, &next));
	assert_int_equal(ranges_cut(&list, 0, 0), 0);
	assert_int_equal(ranges_add(&list, 7, 7), 0);
	assert_int_equal(ranges_cut(&list, 7, 7), 0);
	check_format(&list, "");
	assert_int_equal(ranges_add(&list, UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(ranges_add(&list, 0, 0), 0);
	check_format(&list, "0,4294967295");
	assert_int_equal(ranges_add(&list, 0, UINT32_MAX), 0);
	check_format(&list, "0-4294967295");
	assert_int_equal(ranges_cut(&list, 0, 0), 0);
	assert_int_equal(ranges_cut(&list, UINT32_MAX, UINT32_MAX), 0);
	assert_int_equal(ranges_cut(&list, 100, 100), 0);
	check_format(&list, "1-99,101-4294967294");
}

/* A simple reference implementation: one flag per number. */
#define MODEL 300

static void check_against_model(const struct ranges *list, const bool *model)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < MODEL; i++) {
		struct range next = { 0 };
		uint32_t first = i;

		count += model[i];
		assert_int_equal(ranges_has(list, i), model[i]);
		while (first < MODEL && !model[first])
			first++;
		assert_int_equal(ranges_next(list, i, &next), first < MODEL);
		if (first < MODEL)
			assert_true(next.hi >= i && next.lo <= first);
	}
	assert_true(ranges_count(list) == count);
	for (size_t i = 0; i < list->n; i++) {
		assert_true(list->v[i].lo <= list->v[i].hi);
		if (i)
			assert_true(list->v[i].lo > list->v[i - 1].hi + 1); /* merged */
	}
}

static void ranges_random(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20; round++) {
		_cleanup_ranges_ struct ranges list = { 0 };
		bool model[MODEL] = { false };

		for (int step = 0; step < 200; step++) {
			uint32_t lo = (uint32_t)rand_r(&seed) % MODEL;
			uint32_t hi = lo + (uint32_t)rand_r(&seed) % (round + 1);
			const struct range *v;

			if (hi >= MODEL)
				hi = MODEL - 1;
			assert_int_equal(ranges_reserve(&list), 0);
			v = list.v;
			if (rand_r(&seed) % 3) {
				assert_int_equal(ranges_add(&list, lo, hi), 0);
				memset(&model[lo], true, hi - lo + 1);
			} else {
				assert_int_equal(ranges_cut(&list, lo, hi), 0);
				memset(&model[lo], false, hi - lo + 1);
			}
			/* The room that was made is enough. */
			assert_ptr_equal(list.v, v);
			check_against_model(&list, model);
		}
	}
}

/* The formatted text can be parsed again. */
static void ranges_round_trip(void **state)
{
	unsigned int seed = 2;

	(void)state;
	for (int round = 0; round < 50; round++) {
		_cleanup_ranges_ struct ranges list = { 0 }, again = { 0 };
		_cleanup_free_ char *text = NULL;

		for (int i = 0; i <= round; i++) {
			uint32_t lo = (uint32_t)rand_r(&seed);

			assert_int_equal(ranges_add(&list, lo, lo + (uint32_t)rand_r(&seed) / 64),
					 0);
		}
		text = ranges_format(&list);
		assert_non_null(text);
		assert_int_equal(parse_ranges(text, UINT32_MAX, &again), 0);
		assert_int_equal(again.n, list.n);
		assert_memory_equal(again.v, list.v, list.n * sizeof(list.v[0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u64),           cmocka_unit_test(u64_max),
		cmocka_unit_test(hex),           cmocka_unit_test(size),
		cmocka_unit_test(names),         cmocka_unit_test(pci_addresses),
		cmocka_unit_test(pci_operands),  cmocka_unit_test(ranges_good),
		cmocka_unit_test(ranges_bad),    cmocka_unit_test(ranges_empty),
		cmocka_unit_test(ranges_random), cmocka_unit_test(ranges_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
