/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
	const char *device;
	uint64_t width, size, address; /* 0: none */
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

static void get_width(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	if (row->width)
		out_number(ret, row->width);
}

static void get_size(const void *p, struct out_value *ret)
{
	out_size(ret, ((const struct row *)p)->size);
}

static void get_address(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct row *)p)->address);
}

static const char *const drivers[] = { "e1000e", "vfio-pci", NULL };

static const struct out_column columns[] = {
	{ "device", "", OUT_DEFAULT | OUT_OF_DEVICE, 0, get_device },
	{ "driver_name", "", OUT_DEFAULT, 1, get_driver },
	{ "name", "", 0, 2, get_names },
	{ "up", "", OUT_IS_BOOL, 4, get_up },
	{ "width", "", OUT_IS_NUMBER | OUT_OF_GROUP, 8, get_width },
	{ "size", "", OUT_IS_SIZE, 8, get_size },
	{ "address", "", OUT_IS_ADDRESS, 8, get_address },
	{ "bound", "", 0, 8, get_driver, drivers },
	{ "open", "", OUT_OPEN, 8, get_driver, drivers },
	{ 0 },
};

static char *some_names[] = { (char *)"Intel 82574L", (char *)"x,y", NULL };

static const struct row nic = {
	.device = "0000:00:03.0",
	.driver = "e1000e",
	.names = { some_names, 3 },
	.width = 20,
	.size = 4096,
	.address = 0xfee00000,
	.up = true,
};
static const struct row unbound = { .device = "0000:00:1F.2" };
static const struct row refused = { .device = "0000:00:05.0", .error = -EACCES };

static int wanted(const struct row *row, size_t n, const char *const *terms)
{
	_cleanup_filter_ struct out_filter *filter = NULL;
	struct out_fault fault = { 0 };

	assert_int_equal(out_filter_new(columns, terms, n, NULL, &filter, &fault), 0);
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
	/* One of several values must match. */
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
	/* What another term rejects does not match anyway. */
	assert_int_equal(WANTED(&refused, "driver_name=*", "0000:00:06.0"), 0);
	assert_int_equal(WANTED(&refused, "0000:00:05.0"), 1);
}

static void what_is_needed(void **state)
{
	static const char *const terms[] = { "x", "driver_name=x", "up=1" };
	_cleanup_filter_ struct out_filter *filter = NULL, *none = NULL;
	struct out_fault fault = { 0 };

	(void)state;
	assert_int_equal(out_filter_new(columns, terms, 3, NULL, &filter, &fault), 0);
	assert_int_equal(out_filter_need(filter), 1 | 4);
	assert_int_equal(out_filter_new(columns, NULL, 0, NULL, &none, &fault), 0);
	assert_int_equal(out_filter_need(none), 0);
}

/* TERM is wrong in this way, and TEXT is the wrong part. */
static void check_fault(const char *term, enum out_fault_kind kind, const char *text)
{
	const char *const terms[] = { "*", term };
	_cleanup_filter_ struct out_filter *filter = NULL;
	struct out_fault fault = { 0 };

	assert_int_equal(out_filter_new(columns, terms, 2, NULL, &filter, &fault), -EINVAL);
	assert_null(filter);
	assert_int_equal(fault.kind, kind);
	assert_string_equal(fault.text, text);
	free(fault.text);
}

static void faults(void **state)
{
	(void)state;
	check_fault("drive=x", OUT_FAULT_COLUMN, "drive");
	check_fault("=x", OUT_FAULT_COLUMN, "");
	check_fault("drive!=x", OUT_FAULT_COLUMN, "drive");
	check_fault("up=maybe", OUT_FAULT_VALUE, "maybe");
	check_fault("up=1,2", OUT_FAULT_VALUE, "2");
	check_fault("width=abc", OUT_FAULT_VALUE, "abc");
	check_fault("width=9-5", OUT_FAULT_VALUE, "9-5");
	check_fault("width=4K", OUT_FAULT_VALUE, "4K");
	check_fault("size=4MB", OUT_FAULT_VALUE, "4MB");
	check_fault("address=fee00000", OUT_FAULT_VALUE, "fee00000");
	check_fault("bound=e1000", OUT_FAULT_VALUE, "e1000");
	check_fault("width<5,6", OUT_FAULT_ORDER, "width<5,6");
	check_fault("width<5-6", OUT_FAULT_ORDER, "width<5-6");
	check_fault("width>", OUT_FAULT_ORDER, "width>");
	check_fault("width>1*", OUT_FAULT_ORDER, "width>1*");
	check_fault("driver-name>5", OUT_FAULT_ORDER, "driver-name>5");
	check_fault("up>0", OUT_FAULT_ORDER, "up>0");
	check_fault("device,up", OUT_FAULT_OUTPUT, "device,up");
	check_fault("Driver-Name", OUT_FAULT_OUTPUT, "Driver-Name");
}

static void typed(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "up=yes"));
	assert_true(WANTED(&nic, "up=TRUE"));
	assert_false(WANTED(&nic, "up=no"));
	assert_true(WANTED(&nic, "up=no,yes"));
	assert_true(WANTED(&unbound, "up=false"));
	assert_true(WANTED(&nic, "up=*"));
	assert_true(WANTED(&nic, "width=20"));
	assert_true(WANTED(&nic, "width=0x14"));
	assert_true(WANTED(&nic, "width=1-8,16-20"));
	assert_false(WANTED(&nic, "width=21-30"));
	assert_true(WANTED(&nic, "width=2?"));
	assert_true(WANTED(&unbound, "width="));
	assert_true(WANTED(&nic, "size=4K"));
	assert_true(WANTED(&nic, "size=1K-1M"));
	assert_false(WANTED(&nic, "size=4M"));
	assert_true(WANTED(&nic, "address=0xFEE00000"));
	assert_true(WANTED(&nic, "address=0xfee00000-0xfeefffff"));
	assert_true(WANTED(&nic, "bound=E1000E"));
	assert_true(WANTED(&nic, "bound=e1000*"));
	assert_false(WANTED(&nic, "open=e1000"));
}

static void compared(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "width>19"));
	assert_false(WANTED(&nic, "width>20"));
	assert_true(WANTED(&nic, "width>=20"));
	assert_false(WANTED(&nic, "width>=21"));
	assert_true(WANTED(&nic, "width<21"));
	assert_false(WANTED(&nic, "width<20"));
	assert_true(WANTED(&nic, "width<=20"));
	assert_false(WANTED(&nic, "width<=19"));
	assert_true(WANTED(&nic, "width>8", "width<32"));
	assert_true(WANTED(&nic, "size>=4K"));
	assert_false(WANTED(&nic, "size>4K"));
	assert_true(WANTED(&nic, "address>0xfedfffff"));
	/* An absent value is neither less nor greater. */
	assert_false(WANTED(&unbound, "width<100"));
	assert_false(WANTED(&unbound, "width>0"));
}

static void negated(void **state)
{
	(void)state;
	assert_true(WANTED(&nic, "driver_name!=vfio-pci"));
	assert_false(WANTED(&nic, "driver_name!=vfio-pci,e1000e"));
	assert_true(WANTED(&unbound, "driver_name!=e1000e"));
	assert_false(WANTED(&unbound, "driver_name!="));
	assert_true(WANTED(&nic, "driver_name!="));
	assert_false(WANTED(&nic, "name!=intel*"));
	assert_true(WANTED(&nic, "name!=amd*"));
	assert_false(WANTED(&nic, "up!=yes"));
	assert_false(WANTED(&nic, "width!=16-20"));
	assert_true(WANTED(&nic, "width!=1"));
	assert_int_equal(WANTED(&refused, "driver_name!=x"), -EACCES);
}

static int resolve(void *data, const struct out_column *column, const char *text, bool bare,
		   char **ret)
{
	(void)data;
	if (strcmp(text, "gone") == 0)
		return 6;
	if (strcmp(text, "nic") == 0)
		*ret = strdup(column->flags & OUT_OF_GROUP ? "20" : "0000:00:03.0");
	else if (strcmp(text, "bare") == 0 && bare)
		*ret = strdup("0000:00:03.0");
	return 0;
}

static int resolved(const char *term)
{
	const struct out_resolver resolver = { resolve, NULL };
	_cleanup_filter_ struct out_filter *filter = NULL;
	struct out_fault fault = { 0 };
	int r = out_filter_new(columns, &term, 1, &resolver, &filter, &fault);

	free(fault.text);
	return r ? r : out_filter_match(filter, &nic);
}

static void names_are_looked_up(void **state)
{
	(void)state;
	assert_int_equal(resolved("nic"), 1);
	assert_int_equal(resolved("device=nic"), 1);
	assert_int_equal(resolved("device!=nic"), 0);
	assert_int_equal(resolved("x,nic"), 1);
	assert_int_equal(resolved("bare"), 1);
	assert_int_equal(resolved("device=bare"), 0);
	assert_int_equal(resolved("gone"), 6);
	assert_int_equal(resolved("nic,gone"), 6);
	/* Patterns name nothing; other columns are not resolved either. */
	assert_int_equal(resolved("gone*"), 0);
	assert_int_equal(resolved("driver_name=gone"), 0);
	assert_int_equal(resolved("width=nic"), 1);
	assert_int_equal(resolved("width=16-20"), 1);
	assert_int_equal(resolved("width=gone"), 6);
	assert_int_equal(resolved("width=other"), -EINVAL);
}

static const char *only(const char *term, char *buf, size_t size)
{
	_cleanup_filter_ struct out_filter *filter = NULL;
	struct out_fault fault = { 0 };
	const char *found;

	assert_int_equal(out_filter_new(columns, &term, 1, NULL, &filter, &fault), 0);
	found = out_filter_only(filter, "device");
	snprintf(buf, size, "%s", found ? found : "several");
	return buf;
}

static void one_value(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(only("device=x", buf, sizeof(buf)), "x");
	assert_string_equal(only("x", buf, sizeof(buf)), "x");
	assert_string_equal(only("x,y", buf, sizeof(buf)), "several");
	assert_string_equal(only("x*", buf, sizeof(buf)), "several");
	assert_string_equal(only("device!=x", buf, sizeof(buf)), "several");
	assert_string_equal(only("device=", buf, sizeof(buf)), "several");
	assert_string_equal(only("driver_name=x", buf, sizeof(buf)), "several");
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
		cmocka_unit_test(faults),
		cmocka_unit_test(typed),
		cmocka_unit_test(compared),
		cmocka_unit_test(negated),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(one_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
