/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context as a whole: its limits, its end, and random operations. */
#include "holder/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

/* Limits are exact; names must be valid and unique. */
static void limits_and_names(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	const char *what = NULL;

	assert_int_equal(context_check_new(context, NULL, "things", 4, 5, &fault), 0);
	assert_int_equal(context_check_new(context, "new", "things", 0, 1, &fault), 0);
	assert_false(fault.raised);
	for (size_t n = 5; n <= 6; n++) {
		assert_int_equal(context_check_new(context, NULL, "things", n, 5, &fault), FAULTED);
		assert_int_equal(json_get_string(fault.parameters, "what", &what), 1);
		assert_string_equal(what, "things");
		assert_int_equal(fault_number(&fault, "limit"), 5);
		expect_fault(&fault, "LimitReached");
	}
	assert_int_equal(context_check_new(context, "guest", "things", 0, 5, &fault), FAULTED);
	expect_fault(&fault, "NameInUse");
	assert_int_equal(context_check_new(context, "a b", "things", 0, 5, &fault), FAULTED);
	expect_fault(&fault, "InvalidParameter");
}

/* The maximum number of objects of each kind, and the refusal of more. */
static void many_objects(void **state)
{
	struct context *context = *state;
	struct record *record = &context->record;
	struct record_device *a = record_device_find(record, "a");
	struct record_hwpt entry = { .ioas = 3, .device = a->path, .group = -1 };
	struct context_target target = { .ioas = 3 };
	struct fault fault = { 0 };
	uint32_t id = 0;

	for (entry.id = 100; record->hwpt_n < CONTEXT_HWPT_MAX - 1; entry.id++)
		assert_non_null(record_hwpt_add(record, &entry));
	for (uint32_t ioas = 10000; record->ioas_n < CONTEXT_IOAS_MAX - 1; ioas++)
		assert_non_null(record_ioas_add(record, ioas, NULL));
	assert_int_equal(context_alloc_hwpt(context, a, 3, NULL, false, &fault, &id), 0);
	assert_int_equal(context_alloc_ioas(context, NULL, &fault, &id), 0);
	kernel_forget();
	assert_int_equal(context_alloc_hwpt(context, a, 3, NULL, false, &fault, &id), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"HWPTs\",\"limit\":4096}");
	assert_int_equal(context_attach_device(context, a, &target, false, &fault), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"HWPTs\",\"limit\":4096}");
	assert_int_equal(context_alloc_ioas(context, NULL, &fault, &id), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"IOASes\",\"limit\":1024}");
	kernel_asked("");
	while (record->hwpt_n > 1)
		record_hwpt_drop(record, &record->hwpt[0]);
	while (record->ioas_n > 2)
		record_ioas_drop(record, &record->ioas[1]);
	kernel_agrees(context);
}

/* Lookups, and the errors if there is none. */
static void found(void **state)
{
	struct context *context = *state;
	struct record_device opened = { .path = (char *)"/sys/devices/o",
					.cdev = (char *)"vfio99",
					.fd = -1,
					.request = -1,
					.group = -1 };
	struct record_device *device = NULL;
	struct context_target target = { 0 };
	struct record_ioas *ioas = NULL;
	struct record_hwpt *hwpt = NULL;
	struct fault fault = { 0 };
	uint32_t id;

	assert_int_equal(context_alloc_hwpt(context, record_device_find(&context->record, "a"), 3,
					    "table", true, &fault, &id),
			 0);
	assert_non_null(record_device_add(&context->record, &opened));
	assert_int_equal(context_find_device(context, "o", &fault, &device), 0);
	assert_string_equal(device->cdev, "vfio99");
	device = NULL;
	assert_int_equal(context_find_bound(context, "vfio99", &fault, &device), FAULTED);
	expect_error(&fault, "DeviceNotBound", "{\"device\":\"o\"}");
	assert_int_equal(context_find_bound(context, "p", &fault, &device), FAULTED);
	expect_error(&fault, "UnknownDevice", "{\"device\":\"p\"}");
	assert_int_equal(context_find_device(context, "p", &fault, &device), FAULTED);
	expect_error(&fault, "UnknownDevice", "{\"device\":\"p\"}");
	assert_null(device);
	assert_int_equal(context_find_bound(context, "a", &fault, &device), 0);
	assert_string_equal(device->name, "a");
	assert_int_equal(context_find_ioas(context, "guest", &fault, &ioas), 0);
	assert_int_equal(ioas->id, 3);
	assert_int_equal(context_find_ioas(context, "table", &fault, &ioas), FAULTED);
	expect_error(&fault, "UnknownIoas", "{\"ioas\":\"table\"}");
	assert_int_equal(context_find_hwpt(context, "table", &fault, &hwpt), 0);
	assert_int_equal(hwpt->id, id);
	assert_int_equal(context_find_hwpt(context, "guest", &fault, &hwpt), FAULTED);
	expect_error(&fault, "UnknownHwpt", "{\"hwpt\":\"guest\"}");
	assert_int_equal(context_find_target(context, "guest", &fault, &target), 0);
	assert_true(target.ioas == 3 && target.hwpt == 0);
	assert_int_equal(context_find_target(context, "table", &fault, &target), 0);
	assert_true(target.ioas == 3 && target.hwpt == id);
	assert_int_equal(context_find_target(context, "a", &fault, &target), FAULTED);
	expect_error(&fault, "UnknownTarget", "{\"target\":\"a\"}");
	record_device_drop(&context->record, record_device_find(&context->record, "o"));
}

/* PASIDs at the limits of the device's width, of what is bound and of the group's other devices. */
static void checked(void **state)
{
	struct context *context = *state;
	_cleanup_ranges_ struct ranges list = { 0 };
	struct record_device *s;
	struct fault fault = { 0 };

	s = kernel_add(context, "/sys/devices/s", 3, 9);
	assert_int_equal(parse_ranges("1-7", UINT32_MAX, &list), 0);
	assert_int_equal(context_check_pasids(context, s, &list, NULL, &fault), 0);
	assert_int_equal(context_check_siblings(context, s, &list, 4, NULL, &fault), 0);
	assert_int_equal(context_check_bound(s, &list, &fault), FAULTED);
	expect_error(&fault, "PasidNotBound", "{\"device\":\"s\",\"pasid\":1,\"pasid_width\":3}");
	expect_bound(context, "s", "1-7", "guest", "1-7");
	assert_int_equal(context_check_bound(s, &list, &fault), 0);
	assert_int_equal(context_check_pasids(context, s, &list, NULL, &fault), FAULTED);
	expect_error(
		&fault, "PasidInUse",
		"{\"device\":\"s\",\"pasid\":1,\"ioas\":3,\"ioas_name\":\"guest\",\"hwpt\":5}");
	ranges_done(&list);
	assert_int_equal(parse_ranges("7-8", UINT32_MAX, &list), 0);
	assert_int_equal(context_check_pasids(context, s, &list, NULL, &fault), FAULTED);
	expect_error(&fault, "PasidTooWide", "{\"device\":\"s\",\"pasid\":8,\"pasid_width\":3}");
	ranges_done(&list);
	assert_int_equal(parse_ranges("9-10", UINT32_MAX, &list), 0);
	assert_int_equal(context_check_pasids(context, s, &list, NULL, &fault), FAULTED);
	expect_error(&fault, "PasidTooWide", "{\"device\":\"s\",\"pasid\":9,\"pasid_width\":3}");
	/* The width of a device that is only opened is unknown. */
	s->bound = false;
	assert_int_equal(context_check_pasids(context, s, &list, NULL, &fault), FAULTED);
	expect_error(&fault, "PasidTooWide", "{\"device\":\"s\",\"pasid\":9}");
	s->bound = true;
}

/* The end: PASIDs, own requests, HWPTs, IOASes, and every fd. */
static void closed(void **state)
{
	struct context *context = *state;
	struct context_target target = { .ioas = 3 };
	int iommufd = context->iommufd, fds[2];
	struct fault fault = { 0 };

	expect_bound(context, "a", "5,7-8", "guest", "5,7-8");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(context_attach_device(context, &context->record.device[i], &target,
						       false, &fault),
				 0);
	fds[0] = context->record.device[0].fd;
	fds[1] = context->record.device[0].request = dup(iommufd);
	kernel_forget();
	/* After a failure, the rest is still destroyed. */
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 1, EIO);
	context_close(context);
	kernel_asked("detach device 1 pasid 5\ndetach device 1 pasid 7: EIO\n"
		     "detach device 1 pasid 8\ndetach device 1\ndetach device 2\ndestroy 4: EBUSY\n"
		     "unmap 3 from 0x0 size 0xffffffffffffffff\ndestroy 3: EBUSY\n");
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	assert_int_equal(fcntl(iommufd, F_GETFD), -1);
	assert_int_equal(context->iommufd, -1);
	assert_null(context->record.device);
	kernel_context(context);
}

static void remove_devices(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct fault fault = { 0 };
	struct job *job = NULL;

	expect_bound(context, "a", "10-90", "guest", "10-90");
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(job_remove(a, false, &fault, &job), FAULTED);
	assert_int_equal(fault_number(&fault, "pasid_count"), 81);
	expect_fault(&fault, "StillBound");
	assert_int_equal(job_remove(a, true, &fault, &job), 0);
	while (!job_step(context, job))
		kernel_agrees(context);
	job_free(job);
	kernel_agrees(context);
	assert_null(record_device_find(&context->record, "a"));
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
}

/* Any operations in any order with any failures: record and kernel stay equal. */
static void at_random(void **state)
{
	static const unsigned long requests[] = {
		UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT,
		UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT,
		UAPI_IOMMU_HWPT_ALLOC,
		UAPI_IOMMU_DESTROY,
		UAPI_IOMMU_IOAS_ALLOC,
	};
	static const char *const targets[] = { "guest", "other", "plain" };
	static const char *const devices[] = { "a", "b", "x", "y" };
	struct context *context = *state;
	struct fault fault = { 0 };
	uint32_t id;

	kernel_add(context, "/sys/devices/x", 8, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	srandom(1);
	assert_int_equal(context_alloc_ioas(context, "other", &fault, &id), 0);
	assert_int_equal(context_alloc_hwpt(context, record_device_find(&context->record, "a"), 3,
					    "plain", false, &fault, &id),
			 0);
	for (unsigned int i = 0; i < 3000; i++) {
		const char *device = devices[random() % 4], *to = targets[random() % 3];
		struct record_device *entry = record_device_find(&context->record, device);
		unsigned int lo = 1 + (unsigned int)random() % 60;
		char range[32];

		snprintf(range, sizeof(range), "%u-%u", lo, lo + (unsigned int)random() % 40);
		kernel.err = 0;
		if (random() % 3 == 0)
			kernel_fail(requests[random() % 5], (unsigned int)random() % 40, ENOMEM);
		switch (random() % 6) {
		case 0:
		case 1:
			job_free(bind_pasids(context, device, random() % 4 ? range : NULL, 20, to,
					     random() % 2, &fault));
			break;
		case 2:
			job_free(unbind_pasids(context, device, random() % 2 ? range : NULL,
					       &fault));
			break;
		case 3:
			(void)attach(context, device, to, random() % 2, &fault);
			break;
		case 4:
			(void)context_detach_device(context, entry, &fault);
			break;
		default:
			(void)context_free_ioas(
				context, record_ioas_find(&context->record, "other"), &fault);
			kernel.err = 0;
			if (!record_ioas_find(&context->record, "other"))
				(void)context_alloc_ioas(context, "other", &fault, &id);
			break;
		}
		kernel_agrees(context);
		fault_done(&fault);
	}
	kernel.err = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(limits_and_names), TEST(remove_devices), TEST(at_random),
		TEST(many_objects),     TEST(found),          TEST(checked),
		TEST(closed),
	};

	return cmocka_run_group_tests_name("holder context", tests, NULL, NULL);
}
