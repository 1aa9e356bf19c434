/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record: lookups, PASIDs as ranges, users, mappings. */
#include "holder/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

#define _cleanup_record_ _cleanup_(record_done)

static struct record_device *add(struct record *record, const char *path, const char *cdev,
				 uint32_t id, unsigned int width, int64_t group)
{
	const struct record_device entry = {
		.path = (char *)path,
		.cdev = (char *)cdev,
		.group = group,
		.fd = -1,
		.request = -1,
		.bound = id != 0,
		.id = id,
		.pasid_width = width,
	};
	struct record_device *device = record_device_add(record, &entry);

	assert_non_null(device);
	return device;
}

static void find_devices(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	const struct record_device *device;

	(void)state;
	add(&record, "/sys/devices/a/0000:00:03.0", "vfio0", 1, 20, 3);
	add(&record, "/sys/devices/a/0000:00:04.0", "vfio1", 0, 0, -1);
	add(&record, "/sys/devices/p/same", "vfio2", 2, 0, -1);
	add(&record, "/sys/devices/q/same", "vfio10", 7, 0, -1);
	assert_string_equal(record_device_find(&record, "0000:00:03.0")->cdev, "vfio0");
	assert_string_equal(record_device_find(&record, "vfio1")->name, "0000:00:04.0");
	assert_string_equal(record_device_find(&record, "/sys/devices/q/same")->cdev, "vfio10");
	assert_string_equal(record_device_find(&record, "7")->cdev, "vfio10");
	assert_string_equal(record_device_find(&record, "0x7")->cdev, "vfio10");
	/* Ambiguous; not bound and so without id; unknown. */
	assert_null(record_device_find(&record, "same"));
	assert_null(record_device_find(&record, "0"));
	assert_null(record_device_find(&record, "0000:00:05.0"));
	assert_null(record_device_find(&record, ""));
	/* Serials are not reused, so that a cursor does not mistake a new device for an old one. */
	record_device_drop(&record, record_device_find(&record, "vfio0"));
	add(&record, "/sys/devices/a/0000:00:03.0", "vfio0", 1, 20, 3);
	assert_null(record_device_by_serial(&record, 1));
	assert_int_equal(record_device_from(&record, 1)->serial, 2);
	device = record_device_from(&record, 5);
	assert_string_equal(device->cdev, "vfio0");
	assert_null(record_device_from(&record, 6));
}

static void find_objects(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	const struct record_hwpt hwpt = { .id = 9, .name = (char *)"table", .ioas = 4 };

	(void)state;
	assert_non_null(record_ioas_add(&record, 4, "guest"));
	assert_non_null(record_ioas_add(&record, 5, NULL));
	assert_non_null(record_hwpt_add(&record, &hwpt));
	assert_int_equal(record_ioas_find(&record, "guest")->id, 4);
	assert_int_equal(record_ioas_find(&record, "5")->id, 5);
	assert_null(record_ioas_find(&record, "9"));
	assert_null(record_ioas_find(&record, "table"));
	assert_int_equal(record_hwpt_find(&record, "table")->id, 9);
	assert_int_equal(record_hwpt_find(&record, "9")->ioas, 4);
	assert_true(record_name_used(&record, "guest"));
	assert_true(record_name_used(&record, "table"));
	assert_false(record_name_used(&record, "other"));
}

static void expect_bindings(const struct record_device *device, const char *expected)
{
	char text[256] = "", *end = text;
	struct range range;
	uint32_t hwpt;

	for (uint32_t from = 0; record_pasid_next(device, from, &range, &hwpt); from = range.hi + 1)
		end += sprintf(end, "%u-%u:%u ", range.lo, range.hi, hwpt);
	assert_string_equal(text, expected);
}

static void pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);

	(void)state;
	expect_bindings(device, "");
	for (uint32_t p = 100; p <= 163; p++)
		assert_int_equal(record_pasid_bind(device, p, 7), 0);
	for (uint32_t p = 164; p <= 170; p++)
		assert_int_equal(record_pasid_bind(device, p, 8), 0);
	assert_int_equal(record_pasid_bind(device, 42, 7), 0);
	assert_int_equal(record_pasid_bind(device, PASID_MAX, 8), 0);
	expect_bindings(device, "42-42:7 100-163:7 164-170:8 1048575-1048575:8 ");
	assert_int_equal(record_device_pasids(device), 73);
	assert_int_equal(record_pasid_hwpt(device, 163), 7);
	assert_int_equal(record_pasid_hwpt(device, 164), 8);
	assert_int_equal(record_pasid_hwpt(device, 99), 0);
	assert_int_equal(record_hwpt_users(&record, 7), 65);
	record_pasid_unbind(device, 120);
	record_pasid_unbind(device, 99);
	expect_bindings(device, "42-42:7 100-119:7 121-163:7 164-170:8 1048575-1048575:8 ");
	assert_true(record_pasid_serves(device, 8));
	for (uint32_t p = 164; p <= 170; p++)
		record_pasid_unbind(device, p);
	record_pasid_unbind(device, PASID_MAX);
	assert_false(record_pasid_serves(device, 8));
	expect_bindings(device, "42-42:7 100-119:7 121-163:7 ");
}

/* The part of an unbind that needs memory, and its reversal: neither changes what is bound. */
static void split_and_join(void **state)
{
	static const uint32_t pasids[] = { 10, 11, 15, 19, 20, 30 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pasids); i++) {
		_cleanup_record_ struct record record = { 0 };
		struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);
		size_t n;

		for (uint32_t p = 10; p <= 20; p++)
			assert_int_equal(record_pasid_bind(device, p, 7), 0);
		assert_int_equal(record_pasid_bind(device, 30, 7), 0);
		assert_int_equal(record_pasid_split(device, pasids[i]), 0);
		assert_int_equal(record_pasid_hwpt(device, pasids[i]), 7);
		assert_int_equal(record_device_pasids(device), 12);
		/* In a range of its own, or the last one of a range. */
		n = device->binding[0].pasid.n;
		assert_int_equal(n, pasids[i] > 10 && pasids[i] < 20 ? 3 : 2);
		record_pasid_join(device, pasids[i]);
		expect_bindings(device, "10-20:7 30-30:7 ");
		assert_int_equal(record_pasid_split(device, pasids[i]), 0);
		record_pasid_unbind(device, pasids[i]);
		assert_int_equal(record_pasid_hwpt(device, pasids[i]), 0);
		assert_int_equal(record_device_pasids(device), 11);
		/* PASIDs that are not bound are ignored. */
		assert_int_equal(record_pasid_split(device, 9), 0);
		record_pasid_join(device, 9);
		record_pasid_unbind(device, 9);
		assert_int_equal(record_device_pasids(device), 11);
	}
}

/* A million PASIDs take one range, and every second one of them half a million ranges. */
static void many_pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);

	(void)state;
	for (uint32_t p = 1; p <= PASID_MAX; p++)
		assert_int_equal(record_pasid_bind(device, p, 7), 0);
	expect_bindings(device, "1-1048575:7 ");
	assert_int_equal(record_pasid_free(&record, device, 1), 0);
	for (uint32_t p = 2; p <= PASID_MAX; p += 2)
		record_pasid_unbind(device, p);
	assert_int_equal(record_device_pasids(device), (PASID_MAX + 1) / 2);
}

static void free_pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device, *sibling;

	(void)state;
	add(&record, "/sys/devices/a", "vfio0", 1, 3, 5);
	add(&record, "/sys/devices/b", "vfio1", 2, 20, 5);
	add(&record, "/sys/devices/c", "vfio2", 3, 20, 6);
	device = record_device_find(&record, "a");
	sibling = record_device_find(&record, "b");
	assert_int_equal(record_pasid_free(&record, device, 0), 1);
	assert_int_equal(record_pasid_bind(device, 1, 7), 0);
	assert_int_equal(record_pasid_bind(device, 3, 7), 0);
	/* PASIDs belong to the group. */
	assert_int_equal(record_pasid_bind(sibling, 2, 7), 0);
	assert_int_equal(record_pasid_bind(record_device_find(&record, "c"), 4, 7), 0);
	assert_int_equal(record_pasid_free(&record, device, 1), 4);
	assert_int_equal(record_pasid_free(&record, device, 6), 6);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	assert_int_equal(record_pasid_count_free(&record, sibling), PASID_MAX - 3);
	/* A wider sibling's PASIDs beyond this device's width, and at its limit. */
	assert_int_equal(record_pasid_bind(sibling, 8, 7), 0);
	assert_int_equal(record_pasid_bind(sibling, 100, 7), 0);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	assert_int_equal(record_pasid_count_free(&record, sibling), PASID_MAX - 5);
	record_pasid_unbind(sibling, 8);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	/* Three bits: 7 is the last. */
	for (uint32_t p = 4; p <= 7; p++)
		assert_int_equal(record_pasid_bind(device, p, 7), 0);
	assert_int_equal(record_pasid_free(&record, device, 1), 0);
	assert_int_equal(record_pasid_free(&record, sibling, 1), 8);
}

static void groups(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	const struct record_hwpt entry = {
		.id = 7,
		.ioas = 4,
		.device = (char *)"/sys/devices/a",
		.group = 5,
		.pasid = true,
		.automatic = true,
	};
	struct record_device *a, *b, *c, *d;

	(void)state;
	add(&record, "/sys/devices/a", "vfio0", 1, 20, 5);
	add(&record, "/sys/devices/b", "vfio1", 2, 20, 5);
	add(&record, "/sys/devices/c", "vfio2", 3, 20, -1);
	add(&record, "/sys/devices/d", "vfio3", 4, 20, -1);
	a = record_device_find(&record, "a");
	b = record_device_find(&record, "b");
	c = record_device_find(&record, "c");
	d = record_device_find(&record, "d");
	assert_non_null(record_hwpt_add(&record, &entry));
	assert_int_equal(record_hwpt_automatic(&record, b, 4)->id, 7);
	assert_null(record_hwpt_automatic(&record, b, 5));
	assert_null(record_hwpt_automatic(&record, c, 4));
	record_attach(&record, a, 4, 7);
	assert_ptr_equal(record_sibling_attached(&record, b), a);
	assert_null(record_sibling_attached(&record, a));
	assert_false(b->attached);
	record_attach(&record, b, 4, 7);
	record_attach(&record, a, 5, 9);
	/* A group moves as a whole; a device without group by itself. */
	assert_int_equal(b->hwpt, 9);
	record_attach(&record, c, 4, 7);
	record_attach(&record, d, 6, 0);
	assert_int_equal(c->hwpt, 7);
	assert_int_equal(b->ioas, 5);
	assert_null(record_sibling_attached(&record, c));
}

static void users(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_hwpt entry = {
		.id = 7,
		.ioas = 4,
		.device = (char *)"/sys/devices/a",
		.group = 5,
		.pasid = true,
		.automatic = true,
	};
	struct record_device *a = add(&record, "/sys/devices/a", "vfio0", 1, 20, 5);

	(void)state;
	assert_non_null(record_ioas_add(&record, 4, NULL));
	assert_int_equal(record_ioas_users(&record, 4), 0);
	assert_non_null(record_hwpt_add(&record, &entry));
	assert_int_equal(record_ioas_users(&record, 4), 0);
	entry.automatic = false;
	entry.id = 8;
	assert_non_null(record_hwpt_add(&record, &entry));
	assert_int_equal(record_ioas_users(&record, 4), 1);
	record_attach(&record, a, 4, 0);
	assert_int_equal(record_ioas_users(&record, 4), 2);
	assert_int_equal(record_pasid_bind(a, 42, 7), 0);
	assert_int_equal(record_pasid_bind(a, 43, 7), 0);
	assert_int_equal(record_ioas_users(&record, 4), 4);
	assert_int_equal(record_hwpt_users(&record, 7), 2);
	assert_int_equal(record_hwpt_users(&record, 8), 0);
	assert_int_equal(record_hwpt_users(&record, 9), 0);
	assert_int_equal(record_ioas_users(&record, 5), 0);
}

/* "device a, PASID 5-9 of a, HWPT 8", at most MAX. */
static void expect_users(const struct record *record, uint32_t ioas, size_t max, size_t total,
			 const char *expected)
{
	struct record_user user[16] = { 0 };
	char text[400] = "", *end = text;
	size_t n = record_ioas_list_users(record, ioas, max, user);

	assert_int_equal(n, total);
	for (size_t i = 0; i < ARRAY_SIZE(user) && (user[i].device || user[i].hwpt); i++) {
		assert_true(i < max);
		if (user[i].hwpt)
			end += sprintf(end, "HWPT %u, ", user[i].hwpt->id);
		else if (user[i].pasid.hi)
			end += sprintf(end, "PASID %u-%u of %s, ", user[i].pasid.lo,
				       user[i].pasid.hi, user[i].device->name);
		else
			end += sprintf(end, "device %s, ", user[i].device->name);
	}
	assert_string_equal(text, expected);
}

/* In order, for two devices and two IOASes; what is left out is counted. */
static void listed_users(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_hwpt entry = { .ioas = 4, .device = (char *)"/d/a", .group = 5 };
	struct record_device *a, *b;

	(void)state;
	add(&record, "/d/a", "vfio0", 1, 20, 5);
	add(&record, "/d/b", "vfio1", 2, 20, 6);
	a = record_device_find(&record, "a");
	b = record_device_find(&record, "b");
	expect_users(&record, 4, 8, 0, "");
	for (uint32_t id = 7; id <= 10; id++) {
		entry.id = id;
		entry.pasid = id != 10;
		entry.automatic = id < 9;
		entry.ioas = id == 8 ? 3 : 4;
		assert_non_null(record_hwpt_add(&record, &entry));
	}
	expect_users(&record, 4, 8, 2, "HWPT 9, HWPT 10, ");
	expect_users(&record, 3, 8, 0, "");
	record_attach(&record, a, 4, 7);
	record_attach(&record, b, 3, 0);
	for (uint32_t p = 5; p <= 9; p++)
		assert_int_equal(record_pasid_bind(a, p, p == 8 ? 8 : 7), 0);
	assert_int_equal(record_pasid_bind(b, 20, 9), 0);
	expect_users(&record, 3, 8, 2, "PASID 8-8 of a, device b, ");
	expect_users(
		&record, 4, 8, 6,
		"device a, PASID 5-7 of a, PASID 9-9 of a, PASID 20-20 of b, HWPT 9, HWPT 10, ");
	expect_users(
		&record, 4, 6, 6,
		"device a, PASID 5-7 of a, PASID 9-9 of a, PASID 20-20 of b, HWPT 9, HWPT 10, ");
	expect_users(&record, 4, 5, 6,
		     "device a, PASID 5-7 of a, PASID 9-9 of a, PASID 20-20 of b, HWPT 9, ");
	expect_users(&record, 4, 1, 6, "device a, ");
	expect_users(&record, 4, 0, 6, "");
}

static void mappings(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_ioas *ioas = record_ioas_add(&record, 1, NULL);
	static const struct record_mapping list[] = {
		{ .iova = 0x5000, .length = 0x2000 },
		{ .iova = 0x1000, .length = 0x1000 },
		{ .iova = 0xfffffffffffff000, .length = 0x1000 },
		{ .iova = 0x2000, .length = 0x1000 },
	};
	size_t first = 9;
	bool whole = false;

	(void)state;
	assert_int_equal(record_mapping_overlaps(ioas, 0, UINT64_MAX, &first, &whole), 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		assert_non_null(record_mapping_add(ioas, &list[i]));
	for (size_t i = 1; i < ioas->mapping_n; i++)
		assert_true(ioas->mapping[i - 1].iova < ioas->mapping[i].iova);
	assert_int_equal(record_ioas_mapped(ioas), 0x5000);
	assert_int_equal(record_mapping_find(ioas, 0x5000)->length, 0x2000);
	assert_null(record_mapping_find(ioas, 0x6000));
	assert_null(record_mapping_find(ioas, 0x4000));
	assert_int_equal(record_mapping_overlaps(ioas, 0x1000, 0x2fff, &first, &whole), 2);
	assert_true(first == 0 && whole);
	assert_int_equal(record_mapping_overlaps(ioas, 0x1000, 0x5fff, &first, &whole), 3);
	assert_false(whole);
	assert_int_equal(record_mapping_overlaps(ioas, 0x6000, 0x6fff, &first, &whole), 1);
	assert_true(first == 2 && !whole);
	assert_int_equal(record_mapping_overlaps(ioas, 0x3000, 0x4fff, &first, &whole), 0);
	assert_int_equal(record_mapping_overlaps(ioas, 0x7000, UINT64_MAX, &first, &whole), 1);
	assert_true(first == 3 && whole);
	record_mapping_drop(ioas, 1, 2);
	assert_int_equal(ioas->mapping_n, 2);
	assert_null(record_mapping_find(ioas, 0x5000));
	assert_non_null(record_mapping_find(ioas, 0xfffffffffffff000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_devices), cmocka_unit_test(find_objects),
		cmocka_unit_test(pasids),       cmocka_unit_test(split_and_join),
		cmocka_unit_test(many_pasids),  cmocka_unit_test(free_pasids),
		cmocka_unit_test(groups),       cmocka_unit_test(users),
		cmocka_unit_test(listed_users), cmocka_unit_test(mappings),
	};

	return cmocka_run_group_tests_name("holder record", tests, NULL, NULL);
}
