/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record written down and read back: everything in it, and what is refused. */
#include "holder/record/record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../memory.h"
#include "util/cleanup.h"

#define _cleanup_record_ _cleanup_(record_done)

/* One line, so that a member can be found in it. */
static const char everything[] =
	"{\"record\":1,\"name\":\"test\",\"uid\":1000,\"pid\":77,\"created\":1700000000,"
	"\"serial\":9,\"shared\":true,\"object\":["
	"{\"kind\":\"device\",\"serial\":1,\"id\":1,\"name\":\"a\",\"automatic\":false,"
	"\"path\":\"/d/a\",\"cdev\":\"vfio0\",\"group\":5,\"bound\":true,\"pasid_width\":20,"
	"\"target\":8,\"binding\":[{\"target\":8,\"pasid\":\"7-9,20\"},"
	"{\"target\":6,\"pasid\":\"10\"}]},"
	"{\"kind\":\"device\",\"serial\":2,\"id\":2,\"name\":\"b\",\"automatic\":false,"
	"\"path\":\"/d/b\",\"cdev\":\"vfio1\",\"bound\":true,\"pasid_width\":0,"
	"\"target\":4,\"binding\":[]},"
	"{\"kind\":\"device\",\"serial\":9,\"id\":0,\"name\":\"c\",\"automatic\":false,"
	"\"path\":\"/d/c\",\"cdev\":\"vfio2\",\"group\":0,\"bound\":false,\"pasid_width\":0,"
	"\"binding\":[]},"
	"{\"kind\":\"ioas\",\"serial\":4,\"id\":3,\"name\":\"guest\",\"automatic\":false,"
	"\"extent\":\"0x5000\",\"mapping\":["
	"{\"iova\":\"0x0\",\"length\":\"0x1000\",\"offset\":\"0x4000\",\"flags\":1},"
	"{\"iova\":\"0xfffffffffffff000\",\"length\":\"0x1000\",\"offset\":\"0x0\",\"flags\":3,"
	"\"absent\":\"0x800\"}]},"
	"{\"kind\":\"ioas\",\"serial\":5,\"id\":4,\"name\":null,\"automatic\":false,"
	"\"extent\":\"0x0\",\"mapping\":[]},"
	"{\"kind\":\"hwpt\",\"serial\":6,\"id\":6,\"name\":null,\"automatic\":true,"
	"\"ioas\":5,\"device\":\"/d/a\",\"group\":5,\"pasid\":true},"
	"{\"kind\":\"hwpt\",\"serial\":8,\"id\":5,\"name\":\"table\",\"automatic\":false,"
	"\"ioas\":4,\"device\":\"/d/gone\",\"pasid\":true}]}";

static int read_text(const char *text, struct record *ret)
{
	_cleanup_json_ json_object *written = json_tokener_parse(text);

	assert_non_null(written);
	return record_read(written, ret);
}

static const char *text_of(json_object *object)
{
	return json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* Members that are null may be left out. */
static void without_null(json_object *object)
{
	json_object *array = json_object_object_get(object, "object");

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		json_object *each = json_object_array_get_idx(array, i), *name = NULL;

		if (json_object_object_get_ex(each, "name", &name) && !name)
			json_object_object_del(each, "name");
	}
}

static void expect_equal(json_object *written, const char *expected)
{
	_cleanup_json_ json_object *other = json_tokener_parse(expected);

	without_null(written);
	without_null(other);
	if (!json_object_equal(written, other))
		fail_msg("%s\nnot %s", text_of(written), text_of(other));
}

static void round_trip(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_json_ json_object *written = NULL;
	struct record_device *a, *c;
	struct object *table;

	(void)state;
	assert_int_equal(read_text(everything, &record), 0);
	assert_string_equal(record.name, "test");
	assert_int_equal(record.uid, 1000);
	assert_int_equal(record.pid, 77);
	assert_int_equal(record.created, 1700000000);
	assert_int_equal(record.serial, 9);
	assert_true(record.shared);
	table = record_find(&record, OBJECT_HWPT, reference_name("table"));
	a = record_device_find(&record, "a");
	c = record_device_find(&record, "vfio2");
	assert_ptr_equal(a->target, table);
	assert_ptr_equal(record_pasid_target(a, 20), table);
	assert_int_equal(record_pasid_target(a, 10)->id, 6);
	assert_ptr_equal(record_device_find(&record, "b")->target,
			 record_find(&record, OBJECT_IOAS, reference_name("guest")));
	assert_int_equal(a->group, 5);
	assert_int_equal(record_device_find(&record, "b")->group, -1);
	assert_int_equal(c->group, 0);
	assert_false(c->bound);
	assert_true(a->fd == -1 && a->request == -1);
	assert_int_equal(record_target_ioas(table)->memory, -1);
	assert_int_equal(record_target_ioas(table)->extent, 0x5000);
	assert_null(record_target_ioas(table)->mapping[1].memory);
	assert_false(record_target_ioas(table)->mapping[0].file);
	assert_true(record_target_ioas(table)->mapping[1].file);
	assert_int_equal(record_target_ioas(table)->mapping[1].absent, 0x800);
	written = record_write(&record);
	expect_equal(written, everything);
}

/* A target without PASIDs, for which there is only room, is not written. */
static void room(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_json_ json_object *written = NULL;

	(void)state;
	assert_int_equal(read_text(everything, &record), 0);
	assert_int_equal(
		record_pasid_reserve(record_device_find(&record, "b"),
				     record_find(&record, OBJECT_HWPT, reference_name("table"))),
		0);
	written = record_write(&record);
	expect_equal(written, everything);
}

static void expect_wrong(json_object *written, const char *what, const char *key)
{
	struct record record = { .uid = 4711 };
	int r = record_read(written, &record);

	if (r != -EINVAL)
		fail_msg("%s %s: %d, %s", what, key, r, text_of(written));
	/* Untouched. */
	assert_int_equal(record.uid, 4711);
	assert_null(record.name);
}

/* What may be missing. */
static bool is_optional(json_object *in, const char *key)
{
	/* Objects that have a name have nothing else in its place. */
	return strcmp(key, "group") == 0 || strcmp(key, "absent") == 0 ||
	       (strcmp(key, "name") == 0 && json_object_object_get(in, "kind")) ||
	       (strcmp(key, "target") == 0 && json_object_object_get(in, "cdev"));
}

/* The name of a device is made of its path. */
static bool is_ignored(json_object *in, const char *key)
{
	return strcmp(key, "name") == 0 && json_object_object_get(in, "cdev");
}

/* Each member of OBJECT, which is part of WHOLE, in turn: missing, or of another type. */
static void each_member(json_object *whole, json_object *object)
{
	_cleanup_json_ json_object *copy = NULL;

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			each_member(whole, json_object_array_get_idx(object, i));
		return;
	}
	if (!json_object_is_type(object, json_type_object))
		return;
	assert_int_equal(json_object_deep_copy(object, &copy, NULL), 0);
	json_object_object_foreach(copy, key, value)
	{
		json_object *original = json_object_get(json_object_object_get(object, key));

		if (!is_optional(object, key)) {
			json_object_object_del(object, key);
			expect_wrong(whole, "missing", key);
		}
		/* No member has a fraction. */
		json_object_object_add(object, key, json_object_new_double(0.5));
		if (!is_ignored(copy, key))
			expect_wrong(whole, "wrong type", key);
		json_object_object_add(object, key, json_object_new_array());
		if (!is_ignored(copy, key) && !json_object_is_type(value, json_type_array))
			expect_wrong(whole, "array", key);
		json_object_object_add(object, key, original);
		each_member(whole, original);
	}
}

static void members(void **state)
{
	_cleanup_json_ json_object *written = json_tokener_parse(everything);

	(void)state;
	each_member(written, written);
	/* Everything was put back. */
	expect_equal(written, everything);
}

/* WHAT of it is replaced by WITH: not consistent, or not of this version. */
static void inconsistent(void **state)
{
	static const struct {
		const char *what, *with;
	} cases[] = {
		{ "\"record\":1,", "\"record\":0," },
		{ "\"record\":1,", "\"record\":2," },
		{ "\"kind\":\"hwpt\"", "\"kind\":\"vdevice\"" },
		/* Two of a serial, or of an id. */
		{ "\"serial\":5,", "\"serial\":4," },
		{ "\"serial\":6,", "\"serial\":4," },
		{ "\"id\":6,", "\"id\":3," },
		{ "\"id\":2,", "\"id\":1," },
		/* What is referred to is missing, or of another kind. */
		{ "\"target\":8,\"binding\"", "\"target\":99,\"binding\"" },
		{ "\"target\":8,\"binding\"", "\"target\":2,\"binding\"" },
		{ "{\"target\":6,", "{\"target\":99," },
		{ "{\"target\":6,", "{\"target\":1," },
		{ "{\"target\":6,", "{\"target\":8," },
		{ "\"ioas\":5,", "\"ioas\":8," },
		{ "\"ioas\":5,", "\"ioas\":1," },
		{ "\"ioas\":5,", "\"ioas\":99," },
		/* Numbers that no object has. */
		{ "\"pasid_width\":20,", "\"pasid_width\":21," },
		{ "\"7-9,20\"", "\"7-9,1048576\"" },
		{ "\"7-9,20\"", "\"9-7\"" },
		{ "\"7-9,20\"", "\"\"" },
		{ "\"flags\":3", "\"flags\":4" },
		{ "\"absent\":\"0x800\"", "\"absent\":\"0x1001\"" },
		{ "\"absent\":\"0x800\"", "\"absent\":2048" },
		{ "\"uid\":1000", "\"uid\":4294967296" },
		{ "\"id\":6,", "\"id\":4294967296," },
		{ "\"group\":5,\"bound\"", "\"group\":-1,\"bound\"" },
		/* Mappings that are empty, beyond the end, or on each other. */
		{ "\"length\":\"0x1000\",\"offset\":\"0x0\"",
		  "\"length\":\"0x0\",\"offset\":\"0x0\"" },
		{ "\"length\":\"0x1000\",\"offset\":\"0x0\"",
		  "\"length\":\"0x1001\",\"offset\":\"0x0\"" },
		{ "\"iova\":\"0xfffffffffffff000\"", "\"iova\":\"0xfff\"" },
		{ "\"device\":\"/d/a\"", "\"device\":\"a\"" },
		/* Bound twice. */
		{ "\"pasid\":\"10\"", "\"pasid\":\"9-10\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_object *written = NULL;
		const char *at = strstr(everything, cases[i].what);
		char text[sizeof(everything) + 100];

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - everything), everything,
			 cases[i].with, at + strlen(cases[i].what));
		written = json_tokener_parse(text);
		assert_non_null(written);
		expect_wrong(written, cases[i].what, cases[i].with);
	}
}

static int try_read(void *data)
{
	struct record record = { 0 };
	int r = record_read(data, &record);

	record_done(&record);
	return r;
}

static int try_write(void *data)
{
	json_object *written = record_write(data);
	int r = json_is_whole(written) ? 0 : -ENOMEM;

	json_object_put(written);
	return r;
}

/* Without memory there is an error, never a part of it. */
static void exhausted(void **state)
{
	_cleanup_record_ struct record record = { 0 };
	_cleanup_json_ json_object *written = json_tokener_parse(everything);
	struct object *device;

	(void)state;
	memory_exhaust(try_read, written, 0);
	assert_int_equal(record_read(written, &record), 0);
	/* Devices have so many members that json-c, failing to enlarge the table, loses a key. */
	for (size_t i = 0; i < 3; i++) {
		for (size_t nth = 1, n = 1; n >= nth; nth++) {
			int r;

			memory.n = 0;
			memory.fail_at = nth;
			r = try_write(&record);
			n = memory.n;
			memory.fail_at = 0;
			assert_int_equal(r, n < nth ? 0 : -ENOMEM);
		}
		device = record_at(&record, OBJECT_DEVICE, 0);
		record_remove(&record, device);
		object_free(device);
	}
	memory_exhaust(try_write, &record, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(room),
		cmocka_unit_test(members),    cmocka_unit_test(inconsistent),
		cmocka_unit_test(exhausted),
	};

	return cmocka_run_group_tests_name("holder written", tests, NULL, NULL);
}
