/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binding and unbinding PASIDs, on a fake kernel that silently accepts what the real one
 * does.
 */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

static void bind_and_unbind(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;

	expect_bound(context, "a", "42,100-163", "guest", "42,100-163");
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	expect_bound(context, "a", NULL, "3", "1-3");
	expect_bound(context, "a", "4", "3", "4");
	/* The second bind uses the same HWPT, never a plain one. */
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_null(unbind_pasids(context, "a", "42,99,100", &fault));
	assert_int_equal(fault_number(&fault, "pasid"), 99);
	expect_fault(&fault, "PasidNotBound");
	assert_int_equal(record_device_pasids(the_device(context, "a")), 69);
	change = unbind_pasids(context, "a", "42,100-110", &fault);
	assert_int_equal(fault_number(&(struct fault){ .parameters = change->reply }, "count"), 12);
	change_free(change);
	change_free(unbind_pasids(context, "a", NULL, &fault));
	/* The last user is gone, and so is the HWPT. */
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
	change_free(unbind_pasids(context, "a", NULL, &fault));
}

static void refusals(void **state)
{
	struct context *context = *state;

	expect_refused(context, "a", "0-5", "guest", "PasidZero");
	expect_refused(context, "a", "1048570-1048580", "guest", "PasidTooWide");
	expect_refused(context, "a", "4294967295", "guest", "PasidTooWide");
	/* The real kernel accepts this. */
	expect_refused(context, "b", "5", "guest", "NoPasidSupport");
	expect_refused(context, "b", NULL, "guest", "NoPasidSupport");
	expect_refused(context, "c", "5", "guest", "UnknownObject");
	expect_refused(context, "a", "5", "nope", "UnknownObject");
	/* 1 is the id of the device, not a target. */
	expect_refused(context, "a", "5", "1", "UnknownObject");
	expect_bound(context, "a", "50-60", "guest", "50-60");
	/* This one too: it would silently move 55. */
	expect_refused(context, "a", "40-49,55,70", "guest", "PasidInUse");
	assert_int_equal(record_device_pasids(the_device(context, "a")), 11);
}

static void rollback(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	struct record_device *device = the_device(context, "a");
	struct change *change;

	/* In the middle of the second chunk. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 40, ENOMEM);
	change = bind_pasids(context, "a", "100-200", 0, "guest", false, &fault);
	assert_int_equal(change->fault.err, ENOMEM);
	assert_int_equal(fault_number(&change->fault, "pasid"), 140);
	expect_fault(&change->fault, "KernelError");
	change_free(change);
	assert_int_equal(record_device_pasids(device), 0);
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
	/* At the first one. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	change = bind_pasids(context, "a", "100", 0, "guest", true, &fault);
	expect_fault(&change->fault, "KernelError");
	assert_null(change->reply);
	change_free(change);
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
}

static void partial(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	json_object *failure = NULL;
	const char *text = NULL;
	struct change *change;

	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 40, ENOMEM);
	change = bind_pasids(context, "a", "100-200", 0, "guest", true, &fault);
	assert_false(change->fault.raised);
	assert_string_equal(pasids_text(change->reply, "pasid"), "100-139");
	assert_int_equal(json_get_object(change->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.KernelError");
	change_free(change);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 40);
}

/* PASIDs that cannot be unbound stay in the record. */
static void rollback_fails(void **state)
{
	struct context *context = *state;
	struct record_device *device = the_device(context, "a");
	struct object *target = &the_ioas(context, "guest")->object;
	struct bind_request request = { 0 };
	struct fault fault = { 0 };
	struct change *change = NULL;

	assert_int_equal(parse_ranges("1-40", UINT32_MAX, &request.pasid), 0);
	assert_int_equal(context_bind_pasids(context, device, target, &request, &fault, &change),
			 0);
	assert_false(change_step(context, change));
	kernel.busy = 36;
	while (!change->undoing)
		assert_false(change_step(context, change));
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 33, ENOMEM);
	while (!change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	/* 36 failed, 4 to 35 were unbound first, and 1, but not 2. */
	assert_string_equal(pasids_text(change->fault.parameters, "done"), "2-3");
	assert_int_equal(record_device_pasids(device), 2);
	assert_int_equal(fault_number(&change->fault, "pasid"), 36);
	change_free(change);
}

static void automatic(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	struct record_device *small = kernel_add(context, "/sys/devices/s", 3, 9);
	struct change *change;

	kernel.busy = 2;
	expect_bound(context, "a", NULL, "guest", "1,3-4");
	kernel.busy = 0;
	expect_bound(context, "a", NULL, "guest", "2,5-6");
	/* There are only seven: the record knows, so the kernel is not asked. */
	assert_null(bind_pasids(context, "s", NULL, 8, "guest", false, &fault));
	assert_int_equal(fault_number(&fault, "found"), 7);
	assert_int_equal(fault_number(&fault, "count"), 8);
	expect_fault(&fault, "PasidsExhausted");
	expect_refused(context, "s", NULL, "guest", NULL);
	small = the_device(context, "s");
	assert_int_equal(record_device_pasids(small), 0);
	/* One of them is used by a driver, which only the kernel knows. */
	kernel.busy = 3;
	change = bind_pasids(context, "s", NULL, 7, "guest", false, &fault);
	assert_int_equal(fault_number(&change->fault, "found"), 6);
	assert_int_equal(fault_number(&change->fault, "count"), 7);
	expect_fault(&change->fault, "PasidsExhausted");
	change_free(change);
	assert_int_equal(record_device_pasids(small), 0);
	kernel.busy = 0;
	change = bind_pasids(context, "s", NULL, 8, "guest", true, &fault);
	assert_false(change->fault.raised);
	change_free(change);
	assert_int_equal(record_device_pasids(small), 7);
}

/* EBUSY for every PASID: stop trying. A few consecutive ones used by a driver are skipped. */
static void reset_meanwhile(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	unsigned int calls;
	struct change *change;

	kernel.busy = 5;
	kernel.busy_to = 4000;
	calls = kernel.calls;
	change = bind_pasids(context, "a", NULL, 10, "guest", false, &fault);
	/* Four PASIDs bound, 64 tried in vain, four unbound; an HWPT allocated and destroyed. */
	assert_int_equal(kernel.calls - calls, 4 + 64 + 4 + 2);
	expect_error(&change->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":[" RANGE(5, 68) "],\"count\":10,\"found\":4}");
	assert_null(change->reply);
	change_free(change);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 0);
	kernel.busy_to = 67;
	expect_bound(context, "a", NULL, "guest", "1-3");
	expect_bound(context, "a", NULL, "guest", "4,68-69");
	/*
	 * PASIDs that the context has bound are not tried, and do not interrupt a row of busy ones.
	 */
	kernel.busy_to = 69;
	change = bind_pasids(context, "a", NULL, 1, "guest", false, &fault);
	expect_json(change->reply, "{\"pasid\":[" RANGE(70, 70) "],\"count\":1,\"target\":" TARGET(
					   3, "guest", 4) ",\"failure\":null,"
							  "\"taken\":[],\"reserved\":null}");
	change_free(change);
	change_free(unbind_pasids(context, "a", "70", &fault));
	kernel.busy_to = 70;
	change = bind_pasids(context, "a", NULL, 1, "guest", false, &fault);
	expect_error(&change->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":[" RANGE(5, 67) "," RANGE(
			     70, 70) "],\"count\":1,\"found\":0}");
	change_free(change);
	/* Twice 63, with a free one in between. */
	change_free(unbind_pasids(context, "a", NULL, &fault));
	kernel.busy = 1;
	kernel.busy_to = 63;
	change = bind_pasids(context, "a", NULL, 200, "guest", false, &fault);
	assert_false(change->fault.raised);
	change_free(change);
	/* One more consecutive one, from the beginning. */
	change_free(unbind_pasids(context, "a", NULL, &fault));
	kernel.busy_to = 64;
	change = bind_pasids(context, "a", NULL, 1, "guest", true, &fault);
	expect_error(&change->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":[" RANGE(1, 64) "],\"count\":1,\"found\":0}");
	assert_null(change->reply);
	change_free(change);
	/* A PASID given by number is tried once. */
	change = bind_pasids(context, "a", "1-9", 0, "guest", false, &fault);
	assert_int_equal(fault_number(&change->fault, "pasid"), 1);
	change_free(change);
	/* With partial, what was bound before stays. */
	kernel.busy = 3;
	kernel.busy_to = 100;
	change = bind_pasids(context, "a", NULL, 5, "guest", true, &fault);
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(1, 2) "],\"count\":2,\"target\":" TARGET(
			3, "guest",
			4) ","
			   "\"failure\":{\"error\":\"org.ioasidctl.Context.PasidsBusy\",\"parameters\":"
			   "{\"device\":\"a\",\"tried\":[" RANGE(
				   3,
				   66) "],\"count\":5,\"found\":2}},\"taken\":[],\"reserved\":null}");
	change_free(change);
}

/* With partial, what is already bound is left out, and the first of it named. */
static void partial_of_taken(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	json_object *failure = NULL, *parameters = NULL;
	const char *text = NULL;
	struct change *change;
	uint32_t pasid = 0, other;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/z", 20, 5);
	assert_int_equal(do_alloc_ioas(context, "other", &fault, &other), 0);
	expect_bound(context, "a", "42,45-46", "guest", "42,45-46");
	expect_refused(context, "a", "40-50", "guest", "PasidInUse");
	change = bind_pasids(context, "a", "40-50", 0, "other", true, &fault);
	assert_false(change->fault.raised);
	assert_string_equal(pasids_text(change->reply, "pasid"), "40-41,43-44,47-50");
	assert_string_equal(pasids_text(change->reply, "taken"), "42,45-46");
	assert_int_equal(json_get_object(change->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.PasidInUse");
	assert_int_equal(json_get_object(failure, "parameters", &parameters), 1);
	assert_int_equal(json_get_u32(parameters, "pasid", &pasid), 1);
	assert_int_equal(pasid, 42);
	change_free(change);
	/* None is free: refused as a whole, without starting. */
	assert_null(bind_pasids(context, "a", "40-42", 0, "guest", true, &fault));
	assert_int_equal(fault_number(&fault, "pasid"), 40);
	expect_fault(&fault, "PasidInUse");
	assert_null(bind_pasids(context, "a", "0-9", 0, "guest", true, &fault));
	expect_fault(&fault, "PasidZero");
	/* A sibling has some on another page table; those on the same one are joined. */
	expect_bound(context, "x", "10-12", "guest", "10-12");
	expect_bound(context, "x", "14", "other", "14");
	change = bind_pasids(context, "z", "9-15", 0, "guest", true, &fault);
	assert_string_equal(pasids_text(change->reply, "pasid"), "9-13,15");
	assert_string_equal(pasids_text(change->reply, "taken"), "14");
	change_free(change);
	assert_null(bind_pasids(context, "z", "14", 0, "guest", true, &fault));
	expect_fault(&fault, "PasidInUse");
	/* The kernel's failure takes precedence. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, ENOMEM);
	change = bind_pasids(context, "a", "50-60", 0, "other", true, &fault);
	assert_string_equal(pasids_text(change->reply, "pasid"), "51-52");
	assert_string_equal(pasids_text(change->reply, "taken"), "50");
	assert_int_equal(json_get_object(change->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.KernelError");
	change_free(change);
}

static struct change *bind_asked(struct context *context, const char *device, const char *pasids,
				 const char *to, const char *asked)
{
	struct fault fault = { 0 };
	struct change *change;

	kernel_forget();
	change = bind_pasids(context, device, pasids, 0, to, false, &fault);
	if (!change)
		fail_msg("%s %s", fault.id, json_object_to_json_string(fault.parameters));
	kernel_asked(asked);
	return change;
}

static void expect_not_bound(struct context *context, const char *device, const char *to,
			     const char *error, const char *parameters, const char *asked)
{
	struct fault fault = { 0 };
	struct change *change;

	kernel_forget();
	change = bind_pasids(context, device, "7", 0, to, false, &fault);
	if (change) {
		assert_null(change->reply);
		fault = change->fault;
		change->fault = (struct fault){ 0 };
		change_free(change);
	}
	expect_error(&fault, error, parameters);
	kernel_asked(asked);
}

/* The device's own requests are moved to make room for its PASIDs, if allowed, and moved back. */
static void making_room(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct change *change;

	assert_int_equal(add_ioas(context, "other"), 4);
	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, EOPNOTSUPP);
	expect_attached(context, "a", "guest", false,
			"alloc hwpt for device 1 in 3 with pasids: EOPNOTSUPP\n"
			"attach device 1 to 3\n");
	expect_not_bound(context, "a", "other", "RidInTheWay",
			 "{\"device\":\"a\",\"target\":" ON_IOAS(3, "guest") "}", "");
	/* If the next step fails, nothing of the previous ones is left. */
	kernel_fail(UAPI_IOMMU_HWPT_ALLOC, 0, ENOMEM);
	expect_not_bound(
		context, "a", "guest", "KernelError",
		"{\"operation\":\"IOMMU_HWPT_ALLOC\",\"errno\":12,\"errno_name\":\"ENOMEM\"}",
		"alloc hwpt for device 1 in 3 with pasids: ENOMEM\n");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	expect_not_bound(context, "a", "guest", "KernelError", ATTACH_FAILED(16, "EBUSY"),
			 "alloc hwpt for device 1 in 3 with pasids\n"
			 "attach device 1 to 5: EBUSY\ndestroy 5\n");
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, EIO);
	change = bind_asked(context, "a", "7-8", "guest",
			    "alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 5\n"
			    "attach device 1 pasid 7 to 5\nattach device 1 pasid 8 to 5: EIO\n"
			    "detach device 1 pasid 7\nattach device 1 to 3\ndestroy 5\n");
	expect_error(&change->fault, "KernelError",
		     "{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":5,"
		     "\"errno_name\":\"EIO\",\"pasid\":8}");
	change_free(change);
	assert_int_equal(hwpt_of(a), 0);
	/* They stay where they are if they cannot be moved back. */
	kernel.busy = 7;
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, EIO);
	change = bind_asked(context, "a", "7", "guest",
			    "alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 5\n"
			    "attach device 1 pasid 7 to 5: EBUSY\nattach device 1 to 3: EIO\n"
			    "destroy 5: EBUSY\n");
	change_free(change);
	assert_int_equal(hwpt_of(a), 5);
	kernel.busy = 0;
	change_free(bind_asked(context, "a", "7", "guest", "attach device 1 pasid 7 to 5\n"));
	assert_int_equal(hwpt_of(a), 5);
	/* On a table for PASIDs they do not have to move. */
	change_free(bind_asked(
		context, "a", "8", "other",
		"alloc hwpt for device 1 in 4 with pasids\nattach device 1 pasid 8 to 6\n"));
}

/*
 * Moved to make room for PASIDs of an explicit HWPT, to a table allocated for that, and back to a
 * plain one.
 */
static void making_room_for_hwpt(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct change *change;

	assert_int_equal(add_hwpt(context, "a", "guest", "plain", false), 4);
	assert_int_equal(add_hwpt(context, "a", "guest", "fit", true), 5);
	assert_int_equal(add_ioas(context, NULL), 6);
	expect_attached(context, "a", "plain", false, "attach device 1 to 4\n");
	expect_not_bound(context, "a", "6", "RidInTheWay",
			 "{\"device\":\"a\",\"target\":" ON_HWPT(3, "guest", 4, "plain") "}", "");
	expect_not_bound(context, "a", "plain", "HwptNotForPasids",
			 "{\"hwpt\":{\"id\":4,\"name\":\"plain\"},\"device\":\"a\"}", "");
	kernel.busy = 7;
	change = bind_asked(
		context, "a", "7", "fit",
		"alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 7\n"
		"attach device 1 pasid 7 to 5: EBUSY\nattach device 1 to 4\ndestroy 7\n");
	assert_true(change->fault.raised);
	change_free(change);
	assert_int_equal(hwpt_of(a), 4);
	kernel.busy = 0;
	change = bind_asked(context, "a", "7", "fit",
			    "alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 7\n"
			    "attach device 1 pasid 7 to 5\n");
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(7, 7) "],\"count\":1,\"target\":" ON_HWPT(
			3, "guest", 5, "fit") ","
					      "\"failure\":null,\"taken\":[],\"reserved\":null}");
	change_free(change);
	assert_int_equal(hwpt_of(a), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bind_and_unbind), TEST(refusals),
		TEST(rollback),        TEST(partial),
		TEST(rollback_fails),  TEST(automatic),
		TEST(reset_meanwhile), TEST(partial_of_taken),
		TEST(making_room),     TEST(making_room_for_hwpt),
	};

	return cmocka_run_group_tests_name("holder bind", tests, NULL, NULL);
}
