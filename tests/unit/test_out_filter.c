/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *device;
	const char *driver;
	int error;
	struct strv names;
	bool up;
};

static void get_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct row *)p)->device);
}

static void get_driver(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	if (row->error)
		out_unreadable(ret, row->error);
	else
		out_string(ret, row->driver);
}

static void get_names(const void *p, struct out_value *ret)
{
	out_strv(ret, &((const struct row *)p)->names);
}

static void get_up(const void *p, struct out_value *ret)
{
	out_bool(ret, ((const struct row *)p)->up);
}

static const struct out_column columns[] = {
	{ "device", "", OUT_DEFAULT, 0, get_device },
	{ "driver_name", "", OUT_DEFAULT, 1, get_driver },
	{ "name", "", 0, 2, get_names },
	{ "up", "", 0, 4, get_up },
	{ 0 },
};

static char *some_names[] = { (char *)"Intel 82574L", (char *)"x,y", NULL };

static const struct row nic = {
	.device = "0000:00:03.0",
	.driver = "e1000e",
	.names = { some_names, 3 },
	.up = true,
};
static const struct row unbound = { .device = "0000:00:1F.2" };
static const struct row refused = { .device = "0000:00:05.0", .error = -EACCES };

static int wanted(const struct row *row, size_t n, const char *const *terms)
{
	_cleanup_filter_ struct out_filter *filter = NULL;
	char *bad = NULL;

	assert_int_equal(out_filter_new(columns, terms, n, &filter, &bad), 0);
	return out_filter_match(filter, row);
}

#define WANTED(row, ...) \
	wanted((row), sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), \
	       (const char *const[]){ __VA_ARGS__ })

static void no_terms(void **state)
{
	(void)state;
	assert_true(wanted(&nic, 0, NULL));
	assert_true(wanted(&refused, 0, NULL));
}

static void first_column(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "0000:00:03.0"));
	assert_true(WANTED(&nic, "*03.0"));
	assert_true(WANTED(&nic, "0000:??:[0-3]3.*"));
	assert_false(WANTED(&nic, "03.0"));
	assert_true(WANTED(&nic, "x,*03.0,y"));
	assert_true(WANTED(&unbound, "*1f.2"));
}

static void named_column(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "driver_name=e1000e"));
	assert_true(WANTED(&nic, "DRIVER-NAME=E1000*"));
	assert_false(WANTED(&nic, "driver_name=vfio-pci"));
	assert_true(WANTED(&nic, "driver_name=vfio-pci,e1000e"));
	assert_true(WANTED(&nic, "up=1"));
	assert_false(WANTED(&nic, "up=0"));
	assert_false(WANTED(&nic, "driver_name=a=b"));
}

static void all_terms(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "driver_name=e1000e", "up=1", "*"));
	assert_false(WANTED(&nic, "driver_name=e1000e", "up=0"));
	assert_false(WANTED(&nic, "x", "driver_name=e1000e"));
}

static void absent(void **state)
{
	(void)state;
	assert_true(WANTED(&unbound, "driver_name="));
	assert_false(WANTED(&nic, "driver_name="));
	assert_true(WANTED(&unbound, "driver_name=*"));
	/* One of several: either of them is meant. */
	assert_true(WANTED(&unbound, "driver_name=,e1000e"));
	assert_true(WANTED(&nic, "driver_name=,e1000e"));
	assert_true(WANTED(&nic, "driver_name=vfio-pci,,e1000e"));
	assert_true(WANTED(&unbound, "driver_name=vfio-pci,"));
	assert_true(WANTED(&unbound, "name="));
}

static void of_a_list_one_item(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "name=intel*"));
	assert_true(WANTED(&nic, "name=Intel 82574L"));
	assert_false(WANTED(&nic, "name=82574L"));
	assert_true(WANTED(&nic, "name=")); /* its third item is absent */
	assert_true(WANTED(&nic, "name=x?y"));
}

static void unreadable_decides_nothing(void **state)
{
	(void)state;
	assert_int_equal(WANTED(&refused, "driver_name=*"), -EACCES);
	assert_int_equal(WANTED(&refused, "driver_name="), -EACCES);
	/* What another term refuses is out all the same. */
	assert_int_equal(WANTED(&refused, "driver_name=*", "0000:00:06.0"), 0);
	assert_int_equal(WANTED(&refused, "0000:00:05.0"), 1);
}

static void what_is_needed(void **state)
{
	static const char *const terms[] = { "x", "driver_name=x", "up=1" };
	_cleanup_filter_ struct out_filter *filter = NULL, *none = NULL;
	char *bad = NULL;

	(void)state;
	assert_int_equal(out_filter_new(columns, terms, 3, &filter, &bad), 0);
	assert_int_equal(out_filter_need(filter), 1 | 4);
	assert_int_equal(out_filter_new(columns, NULL, 0, &none, &bad), 0);
	assert_int_equal(out_filter_need(none), 0);
}

static void unknown_column(void **state)
{
	static const char *const unknown[] = { "*", "drive=x" }, *const empty[] = { "=x" };
	_cleanup_filter_ struct out_filter *filter = NULL;
	_cleanup_free_ char *bad = NULL, *none = NULL;

	(void)state;
	assert_int_equal(out_filter_new(columns, unknown, 2, &filter, &bad), -EINVAL);
	assert_null(filter);
	assert_string_equal(bad, "drive");
	assert_int_equal(out_filter_new(columns, empty, 1, &filter, &none), -EINVAL);
	assert_string_equal(none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_terms),
		cmocka_unit_test(first_column),
		cmocka_unit_test(named_column),
		cmocka_unit_test(all_terms),
		cmocka_unit_test(absent),
		cmocka_unit_test(of_a_list_one_item),
		cmocka_unit_test(unreadable_decides_nothing),
		cmocka_unit_test(what_is_needed),
		cmocka_unit_test(unknown_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
