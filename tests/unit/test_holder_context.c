/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context as a whole: its limits, its end, and anything in any order. */
#include "holder/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "holder_context.h"

/* So many there may be, and not one more; and a name is one, and given once. */
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

/* Anything, in any order, with anything failing: record and kernel stay one. */
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
		TEST(limits_and_names),
		TEST(remove_devices),
		TEST(at_random),
	};

	return cmocka_run_group_tests_name("holder context", tests, NULL, NULL);
}
