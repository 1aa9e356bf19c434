/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device's own requests are attached to, alone and in a group. */
#include "holder/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "holder_context.h"

static void attachments(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a"),
			     *b = record_device_find(&context->record, "b");
	struct fault fault = { 0 };
	uint32_t other, plain;

	assert_int_equal(context_alloc_ioas(context, "other", &fault, &other), 0);
	/* With PASIDs through a table fit for them, without by the IOAS itself. */
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_true(record_hwpt_by_id(&context->record, a->hwpt)->pasid);
	assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
	assert_int_equal(b->hwpt, 0);
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(attach(context, "a", "other", false, &fault), FAULTED);
	expect_fault(&fault, "AlreadyAttached");
	assert_int_equal(attach(context, "a", "other", true, &fault), 0);
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_int_equal(context_alloc_hwpt(context, a, 3, "plain", false, &fault, &plain), 0);
	expect_bound(context, "a", "7", "guest", "7");
	assert_int_equal(attach(context, "a", "plain", true, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EINVAL);
	assert_int_equal(attach(context, "a", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
	assert_int_equal(context_detach_device(context, b, &fault), 0);
	assert_int_equal(context_detach_device(context, b, &fault), FAULTED);
	expect_fault(&fault, "NotAttached");
	kernel_agrees(context);
}

/* HWPT_ALLOC refuses PASIDs where the IOMMU has none, whatever the device says. */
static void iommu_without_pasids(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, EOPNOTSUPP);
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_int_equal(record_device_find(&context->record, "a")->hwpt, 0);
	assert_false(fault.raised);
	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, ENOMEM);
	assert_int_equal(
		context_detach_device(context, record_device_find(&context->record, "a"), &fault),
		0);
	assert_int_equal(attach(context, "a", "guest", false, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
}

static void plain_table_in_the_way(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	_cleanup_fault_ struct fault fault = { 0 };
	uint32_t other, plain;
	struct job *job;

	assert_int_equal(context_alloc_ioas(context, "other", &fault, &other), 0);
	assert_int_equal(context_alloc_hwpt(context, a, 3, "plain", false, &fault, &plain), 0);
	assert_int_equal(attach(context, "a", "plain", false, &fault), 0);
	expect_refused(context, "a", "7", "other", "RidInTheWay");
	expect_refused(context, "a", "7", "plain", "HwptNotForPasids");
	/* The RID moves within its IOAS, and back when nothing comes of it. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 3, ENOMEM);
	job = bind(context, "a", "7-9", 0, "guest", false, &fault);
	assert_string_equal(job->fault.id, "org.ioasidctl.Context.KernelError");
	job_free(job);
	assert_int_equal(a->hwpt, plain);
	expect_bound(context, "a", "7-9", "guest", "7-9");
	assert_true(record_hwpt_by_id(&context->record, a->hwpt)->automatic);
	assert_int_equal(a->ioas, 3);
	/* The one that was asked for stays until it is freed. */
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
	assert_int_equal(context_alloc_ioas(context, "other", &fault, &other), 0);
	/* y has no PASIDs, but those of its group must be able to stand beside its table. */
	assert_int_equal(attach(context, "y", "guest", false, &fault), 0);
	assert_int_equal(attach(context, "x", "guest", false, &fault), 0);
	assert_int_equal(record_device_find(&context->record, "x")->hwpt,
			 record_device_find(&context->record, "y")->hwpt);
	assert_int_equal(attach(context, "z", "other", false, &fault), FAULTED);
	expect_fault(&fault, "GroupAttached");
	/* One that is attached moves with all that are. */
	assert_int_equal(attach(context, "x", "other", false, &fault), FAULTED);
	expect_fault(&fault, "AlreadyAttached");
	assert_int_equal(attach(context, "x", "other", true, &fault), 0);
	assert_int_equal(record_device_find(&context->record, "y")->ioas, other);
	assert_false(record_device_find(&context->record, "z")->attached);
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_int_equal(attach(context, "z", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "GroupAttached");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	assert_int_equal(attach(context, "y", "guest", true, &fault), FAULTED);
	expect_fault(&fault, "KernelError");
	assert_int_equal(attach(context, "y", "guest", true, &fault), 0);
	/* The numbers are the group's: joined in the same IOAS, refused in another. */
	expect_bound(context, "x", "10-20", "guest", "10-20");
	expect_bound(context, "z", "15", "guest", "15");
	expect_refused(context, "z", "16", "other", "PasidInUse");
	expect_bound(context, "z", NULL, "other", "1-3");
	assert_int_equal(kernel_count(KERNEL_HWPT), 2);
}

/* A plain page table is in the way of PASIDs of any device of the group, and of no other. */
static void plain_table_of_a_group(void **state)
{
	struct context *context = *state;
	struct record_device *x, *y, *lone;
	struct fault fault = { 0 };
	uint32_t plain;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/y", 20, 5);
	/* Two without a group are not of one. */
	kernel_add(context, "/sys/devices/v", 20, -1);
	kernel_add(context, "/sys/devices/w", 20, -1);
	y = record_device_find(&context->record, "y");
	assert_int_equal(context_alloc_hwpt(context, y, 3, "plain", false, &fault, &plain), 0);
	expect_bound(context, "x", "7", "guest", "7");
	assert_int_equal(attach(context, "y", "plain", false, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	assert_int_equal(attach(context, "a", "plain", false, &fault), 0);
	expect_bound(context, "v", "7", "guest", "7");
	assert_int_equal(attach(context, "w", "plain", false, &fault), 0);
	assert_int_equal(attach(context, "v", "plain", false, &fault), FAULTED);
	expect_fault(&fault, "HwptNotForPasids");
	/* And what makes room for PASIDs moves the device of the group that has it, or none. */
	job_free(unbind(context, "x", NULL, &fault));
	assert_int_equal(attach(context, "y", "plain", false, &fault), 0);
	expect_bound(context, "x", "7", "guest", "7");
	x = record_device_find(&context->record, "x");
	y = record_device_find(&context->record, "y");
	lone = record_device_find(&context->record, "w");
	assert_false(x->attached);
	assert_int_equal(y->hwpt, record_pasid_hwpt(x, 7));
	assert_int_equal(lone->hwpt, plain);
	expect_bound(context, "v", "8", "guest", "8");
	assert_int_equal(lone->hwpt, plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attachments), TEST(iommu_without_pasids),   TEST(plain_table_in_the_way),
		TEST(groups),      TEST(plain_table_of_a_group),
	};

	return cmocka_run_group_tests_name("holder attach", tests, NULL, NULL);
}
