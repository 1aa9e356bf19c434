/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context as a whole: its limits, its end, and random operations. */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

/* Names must be valid and unique, among IOASes and HWPTs together. */
static void names(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	uint32_t id = 7;

	assert_int_equal(add_hwpt(context, "a", "guest", "table", true), 4);
	kernel_forget();
	assert_int_equal(do_alloc_ioas(context, "guest", &fault, &id), FAULTED);
	expect_error(&fault, "NameInUse", "{\"name\":\"guest\"}");
	assert_int_equal(do_alloc_ioas(context, "table", &fault, &id), FAULTED);
	expect_error(&fault, "NameInUse", "{\"name\":\"table\"}");
	assert_int_equal(do_alloc_ioas(context, "a b", &fault, &id), FAULTED);
	expect_error(&fault, "InvalidParameter", "{\"parameter\":\"name\"}");
	for (unsigned int pasid = 0; pasid < 2; pasid++) {
		assert_int_equal(do_alloc_hwpt(context, the_device(context, "a"), "guest", "guest",
					       pasid, &fault, &id),
				 FAULTED);
		expect_error(&fault, "NameInUse", "{\"name\":\"guest\"}");
		assert_int_equal(do_alloc_hwpt(context, the_device(context, "a"), "guest", "4",
					       pasid, &fault, &id),
				 FAULTED);
		expect_error(&fault, "InvalidParameter", "{\"parameter\":\"name\"}");
	}
	assert_int_equal(id, 7);
	kernel_asked("");
}

static void fill(struct record *record, struct object *object, uint32_t id)
{
	assert_non_null(object);
	object->id = id;
	assert_int_equal(record_reserve(record, object->kind), 0);
	record_insert(record, object);
}

/* Without comparing the record, which has more. */
static void make_last(struct context *context, struct change *change)
{
	while (!change_step(context, change))
		;
	assert_non_null(change->reply);
	change_free(change);
}

/* The maximum number of objects of each kind, and the refusal of more. */
static void many_objects(void **state)
{
	struct context *context = *state;
	struct record *record = &context->record;
	struct record_device *a = the_device(context, "a"), *b = the_device(context, "b");
	struct record_ioas *guest = the_ioas(context, "guest");
	struct change *change = NULL;
	struct fault fault = { 0 };
	uint32_t id = 10000;

	while (record->of[OBJECT_HWPT].n < 4096 - 1)
		fill(record, (struct object *)record_hwpt_new(NULL, guest, b, false), id++);
	while (record->of[OBJECT_IOAS].n < 1024 - 1)
		fill(record, object_new(OBJECT_IOAS, NULL), id++);
	assert_int_equal(context_alloc_hwpt(context, a, guest, NULL, false, &fault, &change), 0);
	make_last(context, change);
	assert_int_equal(context_alloc_ioas(context, NULL, &fault, &change), 0);
	make_last(context, change);
	kernel_forget();
	assert_int_equal(do_alloc_hwpt(context, a, "guest", NULL, false, &fault, &id), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"hwpt\",\"limit\":4096}");
	assert_int_equal(attach(context, "a", "guest", false, &fault), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"hwpt\",\"limit\":4096}");
	assert_int_equal(do_alloc_ioas(context, NULL, &fault, &id), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"ioas\",\"limit\":1024}");
	kernel_asked("");
	/* Only in the record. */
	for (enum object_kind kind = OBJECT_IOAS; kind <= OBJECT_HWPT; kind++)
		for (size_t i = record->of[kind].n; i-- > 0;) {
			struct object *object = record_at(record, kind, i);

			if (object->id < 10000)
				continue;
			record_remove(record, object);
			object_free(object);
		}
	kernel_agrees(context);
}

/* Lookups, and the errors if there is none. */
static void found(void **state)
{
	struct context *context = *state;
	struct record_device *device = NULL;
	struct object *target = NULL;
	struct record_ioas *ioas = NULL;
	struct record_hwpt *hwpt = NULL;
	struct fault fault = { 0 };
	const uint32_t id = add_hwpt(context, "a", "guest", "table", true);

	fill(&context->record, (struct object *)record_device_new("/sys/devices/o", "vfio99"), 0);
	assert_int_equal(context_find_device(context, named("o"), &fault, &device), 0);
	assert_string_equal(device->cdev, "vfio99");
	device = NULL;
	assert_int_equal(context_find_bound(context, named("vfio99"), &fault, &device), FAULTED);
	expect_error(&fault, "DeviceNotBound", "{\"device\":\"o\"}");
	assert_int_equal(context_find_bound(context, named("p"), &fault, &device), FAULTED);
	expect_error(&fault, "UnknownObject",
		     "{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"p\"}}");
	assert_int_equal(context_find_device(context, named("p"), &fault, &device), FAULTED);
	expect_error(&fault, "UnknownObject",
		     "{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"p\"}}");
	assert_null(device);
	assert_int_equal(context_find_bound(context, named("a"), &fault, &device), 0);
	assert_string_equal(device->object.name, "a");
	assert_int_equal(context_find_ioas(context, named("guest"), &fault, &ioas), 0);
	assert_int_equal(ioas->object.id, 3);
	assert_int_equal(context_find_ioas(context, named("table"), &fault, &ioas), FAULTED);
	expect_error(&fault, "UnknownObject",
		     "{\"kind\":\"ioas\",\"object\":{\"id\":null,\"name\":\"table\"}}");
	assert_int_equal(context_find_hwpt(context, named("table"), &fault, &hwpt), 0);
	assert_int_equal(hwpt->object.id, id);
	assert_int_equal(context_find_hwpt(context, named("guest"), &fault, &hwpt), FAULTED);
	expect_error(&fault, "UnknownObject",
		     "{\"kind\":\"hwpt\",\"object\":{\"id\":null,\"name\":\"guest\"}}");
	assert_int_equal(context_find_target(context, named("guest"), &fault, &target), 0);
	assert_ptr_equal(target, &ioas->object);
	assert_int_equal(context_find_target(context, named("table"), &fault, &target), 0);
	assert_ptr_equal(target, &hwpt->object);
	assert_ptr_equal(record_target_ioas(target), ioas);
	assert_int_equal(context_find_target(context, named("a"), &fault, &target), FAULTED);
	expect_error(&fault, "UnknownObject",
		     "{\"kind\":\"target\",\"object\":{\"id\":null,\"name\":\"a\"}}");
	device = the_device(context, "o");
	record_remove(&context->record, &device->object);
	object_free(&device->object);
}

static void expect_bind_error(struct context *context, const char *pasids, const char *error,
			      const char *parameters)
{
	struct fault fault = { 0 };

	assert_null(bind_pasids(context, "s", pasids, 0, "guest", false, &fault));
	expect_error(&fault, error, parameters);
}

/* PASIDs at the limits of the device's width, and of what is bound. */
static void checked(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct record_device *s = kernel_add(context, "/sys/devices/s", 3, 9);

	assert_null(unbind_pasids(context, "s", "1-7", &fault));
	expect_error(&fault, "PasidNotBound", "{\"device\":\"s\",\"pasid\":1,\"pasid_width\":3}");
	expect_bound(context, "s", "1-7", "guest", "1-7");
	kernel_forget();
	expect_bind_error(context, "1-7", "PasidInUse",
			  "{\"device\":\"s\",\"pasid\":1,\"target\":" TARGET(3, "guest", 5) "}");
	expect_bind_error(context, "7-8", "PasidTooWide",
			  "{\"device\":\"s\",\"pasid\":8,\"pasid_width\":3}");
	expect_bind_error(context, "9-10", "PasidTooWide",
			  "{\"device\":\"s\",\"pasid\":9,\"pasid_width\":3}");
	/* The width of a device that is only opened is unknown. */
	s->bound = false;
	expect_bind_error(context, "9-10", "PasidTooWide", "{\"device\":\"s\",\"pasid\":9}");
	s->bound = true;
	kernel_asked("");
	change_free(unbind_pasids(context, "s", "1-7", &fault));
	assert_int_equal(record_device_pasids(s), 0);
}

/* The end: PASIDs, own requests, HWPTs, IOASes, and every fd. */
static void closed(void **state)
{
	struct context *context = *state;
	int iommufd = context->iommufd, fds[2];
	struct fault fault = { 0 };

	expect_bound(context, "a", "5,7-8", "guest", "5,7-8");
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
	fds[0] = the_device(context, "a")->fd;
	fds[1] = the_device(context, "a")->request = dup(iommufd);
	kernel_forget();
	/* After a failure, the rest is still destroyed. */
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 1, EIO);
	destroy_context(context);
	kernel_asked("detach device 1 pasid 5\ndetach device 1 pasid 7: EIO\n"
		     "detach device 1 pasid 8\ndetach device 1\ndetach device 2\ndestroy 4: EBUSY\n"
		     "unmap 3 from 0x0 size 0xffffffffffffffff\ndestroy 3: EBUSY\n");
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	assert_int_equal(fcntl(iommufd, F_GETFD), -1);
	assert_int_equal(context->iommufd, -1);
	assert_null(context->record.of[OBJECT_DEVICE].v);
	kernel_context(context);
}

static void remove_devices(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct fault fault = { 0 };

	expect_bound(context, "a", "10-90", "guest", "10-90");
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(DO(context, &fault, context_remove_device, a, false), FAULTED);
	assert_int_equal(fault_number(&fault, "pasid_count"), 81);
	expect_fault(&fault, "StillBound");
	assert_int_equal(DO(context, &fault, context_remove_device, a, true), 0);
	assert_null(the_device(context, "a"));
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
}

/* Puts one change of any kind together. Returns what the rule does. */
static int any_change(struct context *context, struct fault *fault, struct change **ret)
{
	static const char *const targets[] = { "guest", "other", "plain" };
	static const char *const devices[] = { "a", "b", "x", "y" };
	struct record_device *device = the_device(context, devices[random() % 4]);
	struct bind_request request = { .count = 20, .partial = random() % 2 };
	_cleanup_ranges_ struct ranges list = { 0 };
	unsigned int lo = 1 + (unsigned int)random() % 60;
	struct object *target = NULL;
	int r = 0;

	if (random() % 4)
		assert_int_equal(ranges_add(&list, lo, lo + (unsigned int)random() % 40), 0);
	switch (random() % 6) {
	case 0:
	case 1:
	case 2:
		if (context_find_target(context, named(targets[random() % 3]), fault, &target) < 0)
			return FAULTED;
		if (random() % 3 == 0)
			return context_attach_device(context, device, target, random() % 2, fault,
						     ret);
		request.pasid = list;
		list = (struct ranges){ 0 };
		r = context_bind_pasids(context, device, target, &request, fault, ret);
		ranges_done(&request.pasid);
		return r;
	case 3:
		return context_unbind_pasids(device, &list, fault, ret);
	case 4:
		return context_detach_device(device, fault, ret);
	default:
		if (!the_ioas(context, "other"))
			return context_alloc_ioas(context, "other", fault, ret);
		return context_free_ioas(context, the_ioas(context, "other"), fault, ret);
	}
}

/* Any operations in any order with any failures or cancelled: record and kernel stay equal. */
static void at_random(void **state)
{
	static const unsigned long requests[] = {
		UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT,
		UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT,
		UAPI_IOMMU_HWPT_ALLOC,
		UAPI_IOMMU_DESTROY,
		UAPI_IOMMU_IOAS_ALLOC,
	};
	struct context *context = *state;

	kernel_add(context, "/sys/devices/x", 8, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	srandom(1);
	(void)add_ioas(context, "other");
	(void)add_hwpt(context, "a", "guest", "plain", false);
	for (unsigned int i = 0; i < 3000; i++) {
		_cleanup_change_ struct change *change = NULL;
		_cleanup_fault_ struct fault fault = { 0 };

		kernel.err = 0;
		if (random() % 3 == 0)
			kernel_fail(requests[random() % 5], (unsigned int)random() % 40, ENOMEM);
		if (any_change(context, &fault, &change) < 0)
			assert_true(fault.raised && !change);
		while (change && !change_step(context, change)) {
			kernel_agrees(context);
			if (random() % 8 == 0)
				change_cancel(change);
		}
		kernel_agrees(context);
	}
	kernel.err = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names), TEST(remove_devices), TEST(at_random), TEST(many_objects),
		TEST(found), TEST(checked),        TEST(closed),
	};

	return cmocka_run_group_tests_name("holder context", tests, NULL, NULL);
}
