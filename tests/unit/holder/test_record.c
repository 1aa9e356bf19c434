/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record: lookups, PASIDs as ranges, users, mappings. */
#include "holder/record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"
#include "util/pasid.h"

#define _cleanup_record_ _cleanup_(record_done)

static struct object *insert(struct record *record, struct object *object, uint32_t id)
{
	assert_non_null(object);
	assert_int_equal(record_reserve(record, object->kind), 0);
	object->id = id;
	record_insert(record, object);
	return object;
}

static struct record_device *add(struct record *record, const char *path, const char *cdev,
				 uint32_t id, unsigned int width, int64_t group)
{
	struct record_device *device = record_device_new(path, cdev);

	insert(record, &device->object, id);
	assert_int_equal(device->fd, -1);
	assert_int_equal(device->request, -1);
	assert_int_equal(device->group, -1);
	device->group = group;
	device->bound = id != 0;
	device->pasid_width = width;
	return device;
}

static struct record_ioas *add_ioas(struct record *record, uint32_t id, const char *name)
{
	struct object *ioas = insert(record, object_new(OBJECT_IOAS, name), id);

	assert_int_equal(((struct record_ioas *)ioas)->memory, -1);
	return (struct record_ioas *)ioas;
}

static struct object *add_hwpt(struct record *record, uint32_t id, const char *name,
			       struct record_ioas *ioas, const struct record_device *device)
{
	struct record_hwpt *hwpt = record_hwpt_new(name, ioas, device, true);

	return insert(record, &hwpt->object, id);
}

static void drop(struct record *record, void *object)
{
	record_remove(record, object);
	object_free(object);
}

/* For what is only noted in a journal, which it does not have. */
static struct record silent;

static void bind(struct record_device *device, uint32_t lo, uint32_t hi, struct object *target)
{
	assert_int_equal(record_pasid_reserve(device, target), 0);
	record_pasid_bind(&silent, device, (struct range){ lo, hi }, target);
}

static void unbind(struct record_device *device, uint32_t lo, uint32_t hi)
{
	struct object *target = record_pasid_target(device, lo);

	if (target)
		assert_int_equal(record_pasid_reserve(device, target), 0);
	record_pasid_unbind(&silent, device, (struct range){ lo, hi });
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
	assert_string_equal(record_device_find(&record, "vfio1")->object.name, "0000:00:04.0");
	assert_string_equal(record_device_find(&record, "/sys/devices/q/same")->cdev, "vfio10");
	device = (struct record_device *)record_find(&record, OBJECT_DEVICE, reference_id(7));
	assert_string_equal(device->cdev, "vfio10");
	/* A number is no name; ambiguous; not bound and so without id; unknown. */
	assert_null(record_device_find(&record, "7"));
	assert_null(record_device_find(&record, "same"));
	assert_null(record_find(&record, OBJECT_DEVICE, reference_id(0)));
	assert_null(record_device_find(&record, "0000:00:05.0"));
	assert_null(record_device_find(&record, ""));
	/* Serials are not reused, so that a cursor does not mistake a new device for an old one. */
	drop(&record, record_device_find(&record, "vfio0"));
	add(&record, "/sys/devices/a/0000:00:03.0", "vfio0", 1, 20, 3);
	assert_int_equal(record_device_from(&record, 1)->object.serial, 2);
	device = record_device_from(&record, 5);
	assert_string_equal(device->cdev, "vfio0");
	assert_null(record_device_from(&record, 6));
}

static void find_objects(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/d", "vfio0", 1, 20, 3);
	struct record_ioas *guest = add_ioas(&record, 4, "guest");
	struct object *table;

	(void)state;
	add_ioas(&record, 5, NULL);
	table = add_hwpt(&record, 9, "table", guest, device);
	assert_ptr_equal(record_ioas_find(&record, "guest"), guest);
	assert_int_equal(record_find(&record, OBJECT_IOAS, reference_id(5))->id, 5);
	assert_null(record_find(&record, OBJECT_IOAS, reference_id(9)));
	assert_null(record_find(&record, OBJECT_IOAS, reference_id(0)));
	assert_null(record_ioas_find(&record, "5"));
	assert_null(record_ioas_find(&record, "table"));
	assert_int_equal(record_hwpt_find(&record, "table")->object.id, 9);
	assert_ptr_equal(record_find(&record, OBJECT_HWPT, reference_id(9)), table);
	assert_true(record_name_used(&record, "guest"));
	assert_true(record_name_used(&record, "table"));
	assert_false(record_name_used(&record, "other"));
	assert_false(record_name_used(&record, "d"));
	/* Of whatever kind. */
	assert_ptr_equal(record_by_id(&record, 9), table);
	assert_ptr_equal(record_by_id(&record, 4), &guest->object);
	assert_ptr_equal(record_by_id(&record, 1), &device->object);
	assert_null(record_by_id(&record, 2));
	add(&record, "/e", "vfio1", 0, 0, -1);
	assert_null(record_by_id(&record, 0));
	assert_ptr_equal(record_target_ioas(table), guest);
	assert_ptr_equal(record_target_ioas(&guest->object), guest);
	assert_ptr_equal(record_target_hwpt(table), table);
	assert_null(record_target_hwpt(&guest->object));
	assert_null(record_target_hwpt(NULL));
}

/* What refers to it is detached, and nothing else. */
static void removed(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *a = add(&record, "/d/a", "vfio0", 1, 20, 3),
			     *b = add(&record, "/d/b", "vfio1", 2, 20, 4);
	struct record_ioas *ioas = add_ioas(&record, 4, NULL);
	struct object *x = add_hwpt(&record, 5, "x", ioas, a),
		      *y = add_hwpt(&record, 6, "y", ioas, a);

	(void)state;
	record_attach(&record, a, x);
	record_attach(&record, b, y);
	bind(a, 7, 9, x);
	bind(a, 20, 20, y);
	bind(b, 7, 7, x);
	record_remove(&record, x);
	assert_null(a->target);
	assert_ptr_equal(b->target, y);
	assert_int_equal(record_device_pasids(a), 1);
	assert_ptr_equal(record_pasid_target(a, 20), y);
	assert_int_equal(record_device_pasids(b), 0);
	assert_null(record_hwpt_find(&record, "x"));
	/* It is not there any more. */
	record_remove(&record, x);
	assert_int_equal(record.of[OBJECT_HWPT].n, 1);
	object_free(x);
	object_free(NULL);
}

static void expect_bindings(const struct record_device *device, const char *expected)
{
	char text[256] = "", *end = text;
	struct object *target;
	struct range range;

	for (uint32_t from = 0; record_pasid_next(device, from, &range, &target);
	     from = range.hi + 1)
		end += sprintf(end, "%u-%u:%u ", range.lo, range.hi, target->id);
	assert_string_equal(text, expected);
}

static void pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);
	struct record_ioas *ioas = add_ioas(&record, 2, NULL);
	struct object *seven = add_hwpt(&record, 7, NULL, ioas, device),
		      *eight = add_hwpt(&record, 8, NULL, ioas, device);

	(void)state;
	expect_bindings(device, "");
	for (uint32_t p = 100; p <= 163; p++)
		bind(device, p, p, seven);
	bind(device, 164, 170, eight);
	bind(device, 42, 42, seven);
	bind(device, PASID_MAX, PASID_MAX, eight);
	expect_bindings(device, "42-42:7 100-163:7 164-170:8 1048575-1048575:8 ");
	assert_int_equal(record_device_pasids(device), 73);
	assert_ptr_equal(record_pasid_target(device, 163), seven);
	assert_ptr_equal(record_pasid_target(device, 164), eight);
	assert_null(record_pasid_target(device, 99));
	assert_int_equal(record_users(&record, seven), 65);
	unbind(device, 120, 120);
	unbind(device, 99, 99);
	expect_bindings(device, "42-42:7 100-119:7 121-163:7 164-170:8 1048575-1048575:8 ");
	assert_int_equal(record_users(&record, eight), 8);
	unbind(device, 164, 170);
	unbind(device, PASID_MAX, PASID_MAX);
	assert_int_equal(record_users(&record, eight), 0);
	expect_bindings(device, "42-42:7 100-119:7 121-163:7 ");
	/* With room made and not used there is nothing more. */
	assert_int_equal(record_pasid_reserve(device, eight), 0);
	expect_bindings(device, "42-42:7 100-119:7 121-163:7 ");
	assert_int_equal(record_device_pasids(device), 64);
}

/* Unbinding at each place of a range: the room made before is enough. */
static void split(void **state)
{
	static const struct {
		uint32_t lo, hi;
		const char *left;
	} cases[] = {
		{ 10, 10, "11-20:7 30-30:7 " },
		{ 11, 11, "10-10:7 12-20:7 30-30:7 " },
		{ 15, 17, "10-14:7 18-20:7 30-30:7 " },
		{ 19, 20, "10-18:7 30-30:7 " },
		{ 10, 20, "30-30:7 " },
		{ 30, 30, "10-20:7 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_record_ struct record record = { 0 };
		struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);
		struct object *seven =
			add_hwpt(&record, 7, NULL, add_ioas(&record, 2, NULL), device);
		const struct range *v;

		bind(device, 10, 20, seven);
		bind(device, 30, 30, seven);
		assert_int_equal(record_pasid_reserve(device, seven), 0);
		v = device->binding[0].pasid.v;
		record_pasid_unbind(&silent, device, (struct range){ cases[i].lo, cases[i].hi });
		assert_ptr_equal(device->binding[0].pasid.v, v);
		expect_bindings(device, cases[i].left);
		/* PASIDs that are not bound are ignored. */
		record_pasid_unbind(&silent, device, (struct range){ 9, 9 });
		expect_bindings(device, cases[i].left);
	}
}

/* A million PASIDs take one range, and every second one of them half a million ranges. */
static void many_pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/sys/devices/d", "vfio0", 1, 20, 3);
	struct object *seven = add_hwpt(&record, 7, NULL, add_ioas(&record, 2, NULL), device);
	struct range range;

	(void)state;
	for (uint32_t p = 1; p <= PASID_MAX; p++)
		bind(device, p, p, seven);
	expect_bindings(device, "1-1048575:7 ");
	assert_false(record_pasid_free(&record, device, 1, &range));
	for (uint32_t p = 2; p <= PASID_MAX; p += 2)
		unbind(device, p, p);
	assert_int_equal(record_device_pasids(device), (PASID_MAX + 1) / 2);
}

static void expect_free(const struct record *record, const struct record_device *device,
			uint32_t from, uint32_t lo, uint32_t hi)
{
	struct range range = { 0 };

	assert_int_equal(record_pasid_free(record, device, from, &range), lo != 0);
	assert_int_equal(range.lo, lo);
	assert_int_equal(range.hi, hi);
}

static void free_pasids(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *device = add(&record, "/sys/devices/a", "vfio0", 1, 3, 5),
			     *sibling = add(&record, "/sys/devices/b", "vfio1", 2, 20, 5),
			     *other = add(&record, "/sys/devices/c", "vfio2", 3, 20, 6);
	struct object *seven = add_hwpt(&record, 7, NULL, add_ioas(&record, 4, NULL), device);

	(void)state;
	expect_free(&record, device, 0, 1, 7);
	bind(device, 1, 1, seven);
	bind(device, 3, 3, seven);
	expect_free(&record, device, 0, 2, 2);
	/* PASIDs belong to the group. */
	bind(sibling, 2, 2, seven);
	bind(other, 4, 4, seven);
	expect_free(&record, device, 1, 4, 7);
	expect_free(&record, device, 6, 6, 7);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	assert_int_equal(record_pasid_count_free(&record, sibling), PASID_MAX - 3);
	/* A wider sibling's PASIDs beyond this device's width, and at its limit. */
	bind(sibling, 8, 8, seven);
	bind(sibling, 100, 100, seven);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	assert_int_equal(record_pasid_count_free(&record, sibling), PASID_MAX - 5);
	expect_free(&record, sibling, 9, 9, 99);
	unbind(sibling, 8, 8);
	assert_int_equal(record_pasid_count_free(&record, device), 4);
	/* Three bits: 7 is the last. */
	bind(device, 4, 7, seven);
	expect_free(&record, device, 1, 0, 0);
	expect_free(&record, sibling, 1, 8, 99);
	expect_free(&record, sibling, 100, 101, PASID_MAX);
}

static void groups(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *a = add(&record, "/sys/devices/a", "vfio0", 1, 20, 5),
			     *b = add(&record, "/sys/devices/b", "vfio1", 2, 20, 5),
			     *c = add(&record, "/sys/devices/c", "vfio2", 3, 20, -1),
			     *d = add(&record, "/sys/devices/d", "vfio3", 4, 20, -1);
	struct record_ioas *four = add_ioas(&record, 14, NULL), *five = add_ioas(&record, 15, NULL);
	struct object *seven = add_hwpt(&record, 7, NULL, four, a),
		      *nine = add_hwpt(&record, 9, NULL, five, a);

	(void)state;
	assert_null(record_hwpt_automatic(&record, a, four));
	seven->automatic = true;
	assert_ptr_equal(record_hwpt_automatic(&record, b, four), seven);
	assert_null(record_hwpt_automatic(&record, b, five));
	assert_null(record_hwpt_automatic(&record, c, four));
	record_attach(&record, a, seven);
	assert_ptr_equal(record_sibling_attached(&record, b), a);
	assert_null(record_sibling_attached(&record, a));
	assert_null(b->target);
	record_attach(&record, b, seven);
	record_attach(&record, a, nine);
	/* A group moves as a whole; a device without group by itself. */
	assert_ptr_equal(b->target, nine);
	record_attach(&record, c, seven);
	record_attach(&record, d, &five->object);
	assert_ptr_equal(c->target, seven);
	assert_ptr_equal(b->target, nine);
	assert_null(record_sibling_attached(&record, c));
	assert_true(record_same_group(c, c));
	assert_true(record_same_group(a, b));
	assert_false(record_same_group(c, d));
	assert_false(record_same_group(a, c));
}

static void users(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *a = add(&record, "/sys/devices/a", "vfio0", 1, 20, 5);
	struct record_ioas *four = add_ioas(&record, 4, NULL), *five = add_ioas(&record, 5, NULL);
	struct object *seven, *eight;

	(void)state;
	assert_int_equal(record_users(&record, &four->object), 0);
	seven = add_hwpt(&record, 7, NULL, four, a);
	seven->automatic = true;
	assert_int_equal(record_users(&record, &four->object), 0);
	eight = add_hwpt(&record, 8, NULL, four, a);
	assert_int_equal(record_users(&record, &four->object), 1);
	record_attach(&record, a, &four->object);
	assert_int_equal(record_users(&record, &four->object), 2);
	bind(a, 42, 42, seven);
	bind(a, 43, 43, seven);
	assert_int_equal(record_users(&record, &four->object), 4);
	assert_int_equal(record_users(&record, seven), 2);
	assert_int_equal(record_users(&record, eight), 0);
	assert_int_equal(record_users(&record, &five->object), 0);
}

/* "device a, PASID 5-9 of a, HWPT 8", at most MAX. */
static void expect_users(const struct record *record, const struct record_ioas *ioas, size_t max,
			 size_t total, const char *expected)
{
	struct record_user user[16] = { 0 };
	char text[400] = "", *end = text;
	size_t n = record_list_users(record, &ioas->object, max, user);

	assert_int_equal(n, total);
	for (size_t i = 0; i < ARRAY_SIZE(user) && user[i].object; i++) {
		assert_true(i < max);
		if (user[i].object->kind == OBJECT_HWPT)
			end += sprintf(end, "HWPT %u, ", user[i].object->id);
		else if (user[i].pasid.hi)
			end += sprintf(end, "PASID %u-%u of %s, ", user[i].pasid.lo,
				       user[i].pasid.hi, user[i].object->name);
		else
			end += sprintf(end, "device %s, ", user[i].object->name);
	}
	assert_string_equal(text, expected);
}

/* In order, for two devices and two IOASes; what is left out is counted. */
static void listed_users(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_device *a = add(&record, "/d/a", "vfio0", 1, 20, 5),
			     *b = add(&record, "/d/b", "vfio1", 2, 20, 6);
	struct record_ioas *four = add_ioas(&record, 4, NULL), *three = add_ioas(&record, 3, NULL);
	struct object *hwpt[11] = { 0 };

	(void)state;
	expect_users(&record, four, 8, 0, "");
	for (uint32_t id = 7; id <= 10; id++) {
		hwpt[id] = add_hwpt(&record, id, NULL, id == 8 ? three : four, a);
		hwpt[id]->automatic = id < 9;
	}
	expect_users(&record, four, 8, 2, "HWPT 9, HWPT 10, ");
	expect_users(&record, three, 8, 0, "");
	record_attach(&record, a, hwpt[7]);
	record_attach(&record, b, &three->object);
	bind(a, 5, 7, hwpt[7]);
	bind(a, 8, 8, hwpt[8]);
	bind(a, 9, 9, hwpt[7]);
	bind(b, 20, 20, hwpt[9]);
	expect_users(&record, three, 8, 2, "device b, PASID 8-8 of a, ");
	expect_users(
		&record, four, 8, 6,
		"device a, PASID 5-7 of a, PASID 9-9 of a, HWPT 9, PASID 20-20 of b, HWPT 10, ");
	expect_users(
		&record, four, 6, 6,
		"device a, PASID 5-7 of a, PASID 9-9 of a, HWPT 9, PASID 20-20 of b, HWPT 10, ");
	expect_users(&record, four, 5, 6,
		     "device a, PASID 5-7 of a, PASID 9-9 of a, HWPT 9, PASID 20-20 of b, ");
	expect_users(&record, four, 1, 6, "device a, ");
	expect_users(&record, four, 0, 6, "");
}

static void mappings(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	struct record_ioas *ioas = add_ioas(&record, 1, NULL);
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
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		assert_int_equal(record_mapping_reserve(ioas), 0);
		record_mapping_add(&silent, ioas, &list[i]);
	}
	for (size_t i = 1; i < ioas->n_mappings; i++)
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
	record_mapping_drop(&silent, ioas, 1, 2);
	assert_int_equal(ioas->n_mappings, 2);
	assert_null(record_mapping_find(ioas, 0x5000));
	assert_non_null(record_mapping_find(ioas, 0xfffffffffffff000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_devices), cmocka_unit_test(find_objects),
		cmocka_unit_test(removed),      cmocka_unit_test(pasids),
		cmocka_unit_test(split),        cmocka_unit_test(many_pasids),
		cmocka_unit_test(free_pasids),  cmocka_unit_test(groups),
		cmocka_unit_test(users),        cmocka_unit_test(listed_users),
		cmocka_unit_test(mappings),
	};

	return cmocka_run_group_tests_name("holder record", tests, NULL, NULL);
}
