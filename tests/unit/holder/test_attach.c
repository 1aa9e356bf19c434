/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaching a device's own requests, with and without others in its group. */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

static void attachments(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a"), *b = the_device(context, "b");
	struct fault fault = { 0 };
	uint32_t other, plain;

	assert_int_equal(do_alloc_ioas(context, "other", &fault, &other), 0);
	/* A device with PASIDs through an HWPT for PASIDs, one without directly to the IOAS. */
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_true(record_target_hwpt(a->target)->pasid);
	assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
	assert_ptr_equal(b->target, &the_ioas(context, "guest")->object);
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(attach(context, "a", "other", false, &fault), FAULTED);
	expect_fault(&fault, "AlreadyAttached");
	assert_int_equal(attach(context, "a", "other", true, &fault), 0);
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_int_equal(do_alloc_hwpt(context, a, "guest", "plain", false, &fault, &plain), 0);
	expect_bound(context, "a", "7", "guest", "7");
	assert_int_equal(attach(context, "a", "plain", true, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EINVAL);
	assert_int_equal(attach(context, "a", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
	assert_int_equal(detach(context, "b", &fault), 0);
	assert_int_equal(detach(context, "b", &fault), FAULTED);
	expect_fault(&fault, "NotAttached");
	kernel_agrees(context);
}

/* HWPT_ALLOC refuses PASIDs if the IOMMU has none, whatever the device supports. */
static void iommu_without_pasids(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, EOPNOTSUPP);
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_ptr_equal(the_device(context, "a")->target, &the_ioas(context, "guest")->object);
	assert_false(fault.raised);
	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, ENOMEM);
	assert_int_equal(detach(context, "a", &fault), 0);
	assert_int_equal(attach(context, "a", "guest", false, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
}

static void plain_table_in_the_way(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	_cleanup_fault_ struct fault fault = { 0 };
	uint32_t other, plain;
	struct change *change;

	assert_int_equal(do_alloc_ioas(context, "other", &fault, &other), 0);
	assert_int_equal(do_alloc_hwpt(context, a, "guest", "plain", false, &fault, &plain), 0);
	assert_int_equal(attach(context, "a", "plain", false, &fault), 0);
	expect_refused(context, "a", "7", "other", "RidInTheWay");
	expect_refused(context, "a", "7", "plain", "HwptNotForPasids");
	/* The RID moves within its IOAS, and back if binding fails. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 3, ENOMEM);
	change = bind_pasids(context, "a", "7-9", 0, "guest", false, &fault);
	assert_string_equal(change->fault.id, "org.ioasidctl.Context.KernelError");
	change_free(change);
	assert_int_equal(hwpt_of(a), plain);
	expect_bound(context, "a", "7-9", "guest", "7-9");
	assert_true(a->target->automatic);
	assert_int_equal(ioas_of(a), 3);
	/* An explicit HWPT stays until it is freed. */
	assert_non_null(record_hwpt_find(&context->record, "plain"));
}

static void groups(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	uint32_t other;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/y", 0, 5);
	kernel_add(context, "/sys/devices/z", 20, 5);
	assert_int_equal(do_alloc_ioas(context, "other", &fault, &other), 0);
	/* y has no PASIDs, but its table must be compatible with those of its group. */
	assert_int_equal(attach(context, "y", "guest", false, &fault), 0);
	assert_int_equal(attach(context, "x", "guest", false, &fault), 0);
	assert_int_equal(hwpt_of(the_device(context, "x")), hwpt_of(the_device(context, "y")));
	assert_int_equal(attach(context, "z", "other", false, &fault), FAULTED);
	expect_fault(&fault, "GroupAttached");
	/* Moving an attached device moves all that are attached. */
	assert_int_equal(attach(context, "x", "other", false, &fault), FAULTED);
	expect_fault(&fault, "AlreadyAttached");
	assert_int_equal(attach(context, "x", "other", true, &fault), 0);
	assert_int_equal(ioas_of(the_device(context, "y")), other);
	assert_null(the_device(context, "z")->target);
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_int_equal(attach(context, "z", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "GroupAttached");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	assert_int_equal(attach(context, "y", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
	assert_int_equal(attach(context, "y", "guest", true, &fault), 0);
	/* PASIDs belong to the group: joined in the same IOAS, refused in another. */
	expect_bound(context, "x", "10-20", "guest", "10-20");
	expect_bound(context, "z", "15", "guest", "15");
	expect_refused(context, "z", "16", "other", "PasidInUse");
	expect_bound(context, "z", NULL, "other", "1-3");
	assert_int_equal(kernel_count(KERNEL_HWPT), 2);
}

/* A plain page table blocks PASIDs of all devices of the group, and of no other. */
static void plain_table_of_a_group(void **state)
{
	struct context *context = *state;
	struct record_device *x, *y, *lone;
	struct fault fault = { 0 };
	uint32_t plain;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	/* Two devices without a group do not share one. */
	kernel_add(context, "/sys/devices/v", 20, -1);
	kernel_add(context, "/sys/devices/w", 20, -1);
	y = the_device(context, "y");
	assert_int_equal(do_alloc_hwpt(context, y, "guest", "plain", false, &fault, &plain), 0);
	expect_bound(context, "x", "7", "guest", "7");
	assert_int_equal(attach(context, "y", "plain", false, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	assert_int_equal(attach(context, "a", "plain", false, &fault), 0);
	expect_bound(context, "v", "7", "guest", "7");
	assert_int_equal(attach(context, "w", "plain", false, &fault), 0);
	assert_int_equal(attach(context, "v", "plain", false, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	/* Making room for PASIDs moves the device of the group that is attached, or none. */
	change_free(unbind_pasids(context, "x", NULL, &fault));
	assert_int_equal(attach(context, "y", "plain", false, &fault), 0);
	expect_bound(context, "x", "7", "guest", "7");
	x = the_device(context, "x");
	y = the_device(context, "y");
	lone = the_device(context, "w");
	assert_null(x->target);
	assert_int_equal(hwpt_of(y), record_pasid_target(x, 7)->id);
	assert_int_equal(hwpt_of(lone), plain);
	expect_bound(context, "v", "8", "guest", "8");
	assert_int_equal(hwpt_of(lone), plain);
}

static void expect_not_attached(struct context *context, const char *device, const char *to,
				bool replace, const char *error, const char *parameters,
				const char *asked)
{
	struct fault fault = { 0 };

	kernel_forget();
	assert_int_equal(attach(context, device, to, replace, &fault), FAULTED);
	expect_error(&fault, error, parameters);
	kernel_asked(asked);
}

static void expect_detached(struct context *context, const char *device, const char *asked)
{
	struct fault fault = { 0 };

	kernel_forget();
	assert_int_equal(detach(context, device, &fault), 0);
	kernel_asked(asked);
	kernel_agrees(context);
	assert_null(the_device(context, device)->target);
}

/* Each step in order, and the undoing when one fails. */
static void steps(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	assert_int_equal(add_ioas(context, NULL), 4);
	expect_attached(context, "a", "guest", false,
			"alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 5\n");
	expect_attached(context, "a", "guest", false, "");
	expect_not_attached(context, "a", "4", false, "AlreadyAttached",
			    "{\"device\":\"a\",\"target\":" TARGET(3, "guest", 5) "}", "");
	expect_attached(
		context, "a", "4", true,
		"alloc hwpt for device 1 in 4 with pasids\nattach device 1 to 6\ndestroy 5\n");
	expect_not_attached(
		context, "a", "guest", false, "AlreadyAttached",
		"{\"device\":\"a\",\"target\":{\"ioas\":{\"id\":4,\"name\":null},\"hwpt\":{\"id\":6,\"name\":null}}}",
		"");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	expect_not_attached(context, "a", "guest", true, "KernelError", ATTACH_FAILED(16, "EBUSY"),
			    "alloc hwpt for device 1 in 3 with pasids\n"
			    "attach device 1 to 5: EBUSY\ndestroy 5\n");
	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, ENOSPC);
	expect_not_attached(
		context, "a", "guest", true, "KernelError",
		"{\"operation\":\"IOMMU_HWPT_ALLOC\",\"errno\":28,\"errno_name\":\"ENOSPC\"}",
		"alloc hwpt for device 1 in 3 with pasids: ENOSPC\n");
	expect_attached(context, "b", "guest", false, "attach device 2 to 3\n");
	expect_not_attached(context, "b", "4", false, "AlreadyAttached",
			    "{\"device\":\"b\",\"target\":" ON_IOAS(3, "guest") "}", "");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	kernel_forget();
	assert_int_equal(detach(context, "b", &fault), FAULTED);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"VFIO_DEVICE_DETACH_IOMMUFD_PT\",\"errno\":5,"
		     "\"errno_name\":\"EIO\"}");
	kernel_asked("detach device 2: EIO\n");
	kernel_agrees(context);
	expect_detached(context, "b", "detach device 2\n");
	assert_int_equal(detach(context, "b", &fault), FAULTED);
	expect_error(&fault, "NotAttached", "{\"device\":\"b\"}");
	expect_detached(context, "a", "detach device 1\ndestroy 6\n");
}

/* An explicit HWPT is a different target than its IOAS; an automatic one is not. */
static void same_target_or_not(void **state)
{
	struct context *context = *state;
	static const char fit[] = "{\"device\":\"a\",\"target\":" ON_HWPT(3, "guest", 5, "fit") "}";
	static const char automatic[] = "{\"device\":\"a\",\"target\":" TARGET(3, "guest", 6) "}";

	assert_int_equal(add_hwpt(context, "a", "guest", "plain", false), 4);
	assert_int_equal(add_hwpt(context, "a", "guest", "fit", true), 5);
	expect_attached(context, "a", "fit", false, "attach device 1 to 5\n");
	expect_attached(context, "a", "5", false, "");
	expect_not_attached(context, "a", "guest", false, "AlreadyAttached", fit, "");
	expect_not_attached(context, "a", "plain", false, "AlreadyAttached", fit, "");
	expect_attached(context, "a", "guest", true,
			"alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 6\n");
	expect_attached(context, "a", "guest", false, "");
	expect_attached(context, "a", "6", false, "");
	expect_not_attached(context, "a", "fit", false, "AlreadyAttached", automatic, "");
	expect_attached(context, "a", "plain", true, "attach device 1 to 4\ndestroy 6\n");
	expect_not_attached(context, "a", "guest", false, "AlreadyAttached",
			    "{\"device\":\"a\",\"target\":" ON_HWPT(3, "guest", 4, "plain") "}",
			    "");
	expect_detached(context, "a", "detach device 1\n");
	/* To the IOAS itself. */
	expect_attached(context, "b", "3", false, "attach device 2 to 3\n");
	expect_attached(context, "b", "guest", false, "");
	expect_not_attached(context, "b", "plain", false, "AlreadyAttached",
			    "{\"device\":\"b\",\"target\":" ON_IOAS(3, "guest") "}", "");
	expect_attached(context, "b", "plain", true, "attach device 2 to 4\n");
	expect_attached(context, "b", "guest", true, "attach device 2 to 3\n");
	expect_detached(context, "b", "detach device 2\n");
}

/* A device that joins a group joins its target, whatever that is. */
static void joining(void **state)
{
	struct context *context = *state;

	assert_int_equal(add_ioas(context, "other"), 4);
	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	kernel_add(context, "/sys/devices/m", 0, 6);
	kernel_add(context, "/sys/devices/n", 0, 6);
	assert_int_equal(add_hwpt(context, "x", "guest", "fit", true), 9);
	expect_attached(context, "x", "fit", false, "attach device 5 to 9\n");
	expect_not_attached(
		context, "y", "guest", false, "GroupAttached",
		"{\"device\":\"y\",\"sibling\":\"x\",\"target\":" ON_HWPT(3, "guest", 9, "fit") "}",
		"");
	expect_not_attached(
		context, "y", "other", true, "GroupAttached",
		"{\"device\":\"y\",\"sibling\":\"x\",\"target\":" ON_HWPT(3, "guest", 9, "fit") "}",
		"");
	expect_attached(context, "y", "fit", false, "attach device 6 to 9\n");
	/* Moving one moves the other. */
	expect_attached(context, "y", "other", true,
			"alloc hwpt for device 6 in 4 with pasids\nattach device 6 to 10\n");
	assert_int_equal(hwpt_of(the_device(context, "x")), 10);
	expect_detached(context, "x", "detach device 5\n");
	expect_attached(context, "x", "other", false, "attach device 5 to 10\n");
	expect_detached(context, "y", "detach device 6\n");
	expect_detached(context, "x", "detach device 5\ndestroy 10\n");
	/* A group without PASIDs. */
	expect_attached(context, "m", "guest", false, "attach device 7 to 3\n");
	expect_not_attached(
		context, "n", "other", false, "GroupAttached",
		"{\"device\":\"n\",\"sibling\":\"m\",\"target\":" ON_IOAS(3, "guest") "}", "");
	expect_not_attached(
		context, "n", "fit", false, "GroupAttached",
		"{\"device\":\"n\",\"sibling\":\"m\",\"target\":" ON_IOAS(3, "guest") "}", "");
	expect_attached(context, "n", "guest", false, "attach device 8 to 3\n");
}

/* Devices without a group are not siblings, and one without PASIDs does not need room for them. */
static void without_group(void **state)
{
	struct context *context = *state;

	assert_int_equal(add_ioas(context, "other"), 4);
	kernel_add(context, "/sys/devices/v", 0, -1);
	kernel_add(context, "/sys/devices/w", 20, -1);
	expect_attached(context, "v", "guest", false, "attach device 5 to 3\n");
	expect_attached(context, "w", "other", false,
			"alloc hwpt for device 6 in 4 with pasids\nattach device 6 to 7\n");
	expect_attached(context, "v", "other", true, "attach device 5 to 4\n");
	assert_int_equal(hwpt_of(the_device(context, "w")), 7);
}

/* Which PASIDs forbid which page table, with complete errors. */
static void plain_refused(void **state)
{
	struct context *context = *state;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	assert_int_equal(add_hwpt(context, "x", "guest", "plain", false), 6);
	assert_int_equal(add_hwpt(context, "x", "guest", "fit", true), 7);
	expect_bound(context, "y", "9", "guest", "9");
	expect_not_attached(context, "x", "plain", false, "HwptNotForPasids",
			    "{\"hwpt\":{\"id\":6,\"name\":\"plain\"},\"device\":\"y\"}", "");
	expect_not_attached(context, "y", "plain", false, "HwptNotForPasids",
			    "{\"hwpt\":{\"id\":6,\"name\":\"plain\"},\"device\":\"y\"}", "");
	expect_attached(context, "x", "fit", false, "attach device 4 to 7\n");
	expect_not_attached(context, "x", "plain", true, "HwptNotForPasids",
			    "{\"hwpt\":{\"id\":6,\"name\":\"plain\"},\"device\":\"y\"}", "");
	/* In another group there are none. */
	expect_attached(context, "a", "plain", false, "attach device 1 to 6\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attachments),
		TEST(iommu_without_pasids),
		TEST(plain_table_in_the_way),
		TEST(groups),
		TEST(plain_table_of_a_group),
		TEST(steps),
		TEST(same_target_or_not),
		TEST(joining),
		TEST(without_group),
		TEST(plain_refused),
	};

	return cmocka_run_group_tests_name("holder attach", tests, NULL, NULL);
}
