/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes: calls, chunks of PASIDs, success, failure, and progress. */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "../holder_context.h"

#define ATTACH "{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":"
#define DETACH "{\"operation\":\"VFIO_DEVICE_DETACH_IOMMUFD_PT\",\"errno\":5,\"errno_name\":\"EIO\""

/* A bind that has not started: of PASIDS, or of COUNT of them. */
static struct change *begin(struct context *context, const char *pasids, unsigned int count,
			    bool partial)
{
	struct bind_request request = { .count = count, .partial = partial };
	struct fault fault = { 0 };
	struct change *change = NULL;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	assert_int_equal(context_bind_pasids(context, the_device(context, "a"),
					     &the_ioas(context, "guest")->object, &request, &fault,
					     &change),
			 0);
	/* Taken over. */
	assert_null(request.pasid.v);
	return change;
}

/* The number of calls, in which a chunk of PASIDs is one. */
static unsigned int calls(struct context *context, struct change *change)
{
	unsigned int n = 0;

	while (!change_step(context, change)) {
		kernel_agrees(context);
		n++;
	}
	kernel_agrees(context);
	return n;
}

/* 32 PASIDs at a time, of each range. */
static void in_chunks(void **state)
{
	static const struct {
		const char *pasids;
		unsigned int chunks;
	} cases[] = { { "1", 1 },    { "1-31", 1 }, { "1-32", 1 }, { "1-33", 2 },
		      { "1-64", 2 }, { "1-65", 3 }, { "1,3", 2 },  { "5-36,38-69", 2 } };
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct fault fault = { 0 };
	struct change *change;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		change = begin(context, cases[i].pasids, 0, false);
		/* After its HWPT; then reserved regions and IOVAs are read. */
		assert_int_equal(calls(context, change), 1 + cases[i].chunks + 2);
		assert_false(change->fault.raised);
		change_free(change);
		assert_int_equal(context_unbind_pasids(a, &(struct ranges){ 0 }, &fault, &change),
				 0);
		assert_int_equal(calls(context, change), cases[i].chunks + 2);
		change_free(change);
	}
	change = begin(context, "1-40", 0, false);
	assert_false(change_step(context, change));
	assert_int_equal(record_device_pasids(a), 0);
	assert_false(change_step(context, change));
	assert_int_equal(record_device_pasids(a), 32);
	assert_false(change_step(context, change));
	assert_int_equal(record_device_pasids(a), 40);
	assert_null(change->reply);
	assert_int_equal(calls(context, change), 2);
	assert_non_null(change->reply);
	change_free(change);
}

static void expect_progress(const struct change *change, uint64_t done, uint64_t total,
			    const char *call)
{
	uint64_t got = UINT64_MAX, of = UINT64_MAX;

	change_progress(change, &got, &of);
	assert_int_equal(got, done);
	assert_int_equal(of, total);
	assert_string_equal(change_call(change), call);
}

/* In PASIDs if it is about them, else in calls; and the call that is next. */
static void progress(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change = begin(context, "1-30,41-60", 0, false);

	expect_progress(change, 0, 50, "IOMMU_HWPT_ALLOC");
	assert_false(change_step(context, change));
	expect_progress(change, 0, 50, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	assert_false(change_step(context, change));
	expect_progress(change, 30, 50, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	change_cancel(change);
	assert_false(change_step(context, change));
	/* It is taken back. */
	expect_progress(change, 0, 50, "VFIO_DEVICE_DETACH_IOMMUFD_PT");
	(void)calls(context, change);
	expect_progress(change, 0, 50, "IOMMU_IOAS_IOVA_RANGES");
	change_free(change);
	change = begin(context, NULL, 40, false);
	assert_false(change_step(context, change));
	assert_false(change_step(context, change));
	expect_progress(change, 32, 40, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
	(void)calls(context, change);
	expect_progress(change, 40, 40, "IOMMU_IOAS_IOVA_RANGES");
	change_free(change);
	assert_int_equal(context_remove_device(the_device(context, "a"), true, &fault, &change), 0);
	expect_progress(change, 0, 0, "VFIO_DEVICE_DETACH_IOMMUFD_PT");
	assert_false(change_step(context, change));
	assert_false(change_step(context, change));
	expect_progress(change, 2, 0, "VFIO_DEVICE_DETACH_IOMMUFD_PT");
	(void)calls(context, change);
	change_free(change);
	change_free(NULL);
}

/* Complete replies and faults, for given and for automatic numbers. */
static void replies(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;

	change = bind_pasids(context, "a", NULL, 3, "guest", false, &fault);
	expect_json(change->reply,
		    "{\"pasid\":[" RANGE(1, 3) "],\"count\":3,\"target\":" TARGET(
			    3, "guest", 4) ","
					   "\"failure\":null,\"taken\":[],\"reserved\":null}");
	change_free(change);
	change = bind_pasids(context, "a", "2-5", 0, "guest", true, &fault);
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(4, 5) "],\"count\":2,\"target\":" TARGET(
			3, "guest",
			4) ","
			   "\"failure\":{\"error\":\"org.ioasidctl.Context.PasidInUse\",\"parameters\":"
			   "{\"device\":\"a\",\"pasid\":2,\"target\":" TARGET(
				   3, "guest", 4) "}},"
						  "\"taken\":[" RANGE(2, 3) "],\"reserved\":null}");
	change_free(change);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 1, ENOSPC);
	change = bind_pasids(context, "a", "10-19", 0, "guest", true, &fault);
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(10, 10) "],\"count\":1,\"target\":" TARGET(
			3, "guest",
			4) ",\"failure\":"
			   "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":" ATTACH
			   "28,\"errno_name\":\"ENOSPC\","
			   "\"pasid\":11}},\"taken\":[],\"reserved\":null}");
	change_free(change);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 1, EIO);
	change = bind_pasids(context, "a", "20-29", 0, "guest", false, &fault);
	assert_null(change->reply);
	expect_error(&change->fault, "KernelError",
		     ATTACH "5,\"errno_name\":\"EIO\",\"pasid\":21}");
	change_free(change);
	/* Automatic ones: an error that is not about the number ends it at once. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, EIO);
	change = bind_pasids(context, "a", NULL, 5, "guest", false, &fault);
	expect_error(&change->fault, "KernelError", ATTACH "5,\"errno_name\":\"EIO\",\"pasid\":8}");
	change_free(change);
	change = unbind_pasids(context, "a", "1-2,10", &fault);
	expect_json(change->reply, "{\"count\":3}");
	change_free(change);
	change = unbind_pasids(context, "a", NULL, &fault);
	expect_json(change->reply, "{\"count\":3}");
	change_free(change);
}

/* As many as are free, one less and one more. */
static void as_many_as_there_are(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;

	kernel_add(context, "/sys/devices/s", 3, 9);
	for (unsigned int count = 6; count <= 7; count++) {
		change = bind_pasids(context, "s", NULL, count, "guest", false, &fault);
		assert_false(change->fault.raised);
		assert_int_equal(record_device_pasids(the_device(context, "s")), count);
		change_free(change);
		if (count == 6)
			change_free(unbind_pasids(context, "s", NULL, &fault));
	}
	/* None is left. */
	assert_null(bind_pasids(context, "s", NULL, 1, "guest", false, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":1,\"found\":0}");
	assert_null(bind_pasids(context, "s", NULL, 1, "guest", true, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":1,\"found\":0}");
	change_free(unbind_pasids(context, "s", "4", &fault));
	assert_null(bind_pasids(context, "s", NULL, 2, "guest", false, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":2,\"found\":1}");
	change = bind_pasids(context, "s", NULL, 2, "guest", true, &fault);
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(4, 4) "],\"count\":1,\"target\":" TARGET(
			3, "guest",
			5) ",\"failure\":"
			   "{\"error\":\"org.ioasidctl.Context.PasidsExhausted\","
			   "\"parameters\":{\"count\":2,\"found\":1}},\"taken\":[],\"reserved\":null}");
	change_free(change);
	/*
	 * That a driver uses the last one is only known when it is tried; what was bound is
	 * unbound.
	 */
	change_free(unbind_pasids(context, "s", "3-4", &fault));
	kernel.busy = 4;
	kernel_forget();
	change = bind_pasids(context, "s", NULL, 2, "guest", false, &fault);
	assert_null(change->reply);
	expect_error(&change->fault, "PasidsExhausted", "{\"count\":2,\"found\":1}");
	kernel_asked("attach device 4 pasid 3 to 5\nattach device 4 pasid 4 to 5: EBUSY\n"
		     "detach device 4 pasid 3\n");
	change_free(change);
	kernel.busy = 3;
	kernel.busy_to = 4;
	change = bind_pasids(context, "s", NULL, 2, "guest", true, &fault);
	expect_error(&change->fault, "PasidsExhausted", "{\"count\":2,\"found\":0}");
	change_free(change);
}

/* The kernel wants the device back: a bind ends, and is undone or, with partial, kept. */
static void device_requested(void **state)
{
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct change *change;

	change = begin(context, "1-100", 0, false);
	assert_false(change_step(context, change));
	assert_false(change_step(context, change));
	a->requested = true;
	(void)calls(context, change);
	expect_error(&change->fault, "KernelError",
		     ATTACH "19,\"errno_name\":\"ENODEV\",\"pasid\":33}");
	change_free(change);
	assert_int_equal(record_device_pasids(a), 0);
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
	a->requested = false;
	change = begin(context, NULL, 100, true);
	assert_false(change_step(context, change));
	assert_false(change_step(context, change));
	a->requested = true;
	(void)calls(context, change);
	expect_json(
		change->reply,
		"{\"pasid\":[" RANGE(1, 32) "],\"count\":32,\"target\":" TARGET(
			3, "guest",
			4) ",\"failure\":"
			   "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":" ATTACH
			   "19,\"errno_name\":\"ENODEV\",\"pasid\":33}},\"taken\":[],\"reserved\":null}");
	change_free(change);
	a->requested = false;
}

/* An unbind that fails stops there: what was done stays done, and is reported. */
static void unbind_fails(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;

	expect_bound(context, "a", "5-9,20", "guest", "5-9,20");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 3, EIO);
	kernel_forget();
	change = unbind_pasids(context, "a", "6-9,20", &fault);
	assert_null(change->reply);
	expect_error(&change->fault, "KernelError",
		     DETACH ",\"pasid\":9,\"done\":[" RANGE(6, 8) "]}");
	kernel_asked("detach device 1 pasid 6\ndetach device 1 pasid 7\ndetach device 1 pasid 8\n"
		     "detach device 1 pasid 9: EIO\n");
	change_free(change);
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	change = unbind_pasids(context, "a", NULL, &fault);
	expect_error(&change->fault, "KernelError", DETACH ",\"pasid\":5}");
	change_free(change);
	/* In the middle of a range, which is not split. */
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	expect_bound(context, "a", "6-8", "guest", "6-8");
	change = unbind_pasids(context, "a", "7", &fault);
	assert_true(change->fault.raised);
	change_free(change);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 6);
	/*
	 * A PASID that is not bound is refused before anything is done, wherever it is in the list.
	 */
	kernel_forget();
	assert_null(unbind_pasids(context, "a", "5,10", &fault));
	expect_error(&fault, "PasidNotBound", "{\"device\":\"a\",\"pasid\":10,\"pasid_width\":20}");
	assert_null(unbind_pasids(context, "a", "4-6", &fault));
	expect_error(&fault, "PasidNotBound", "{\"device\":\"a\",\"pasid\":4,\"pasid_width\":20}");
	assert_null(unbind_pasids(context, "a", "8-12", &fault));
	expect_error(&fault, "PasidNotBound", "{\"device\":\"a\",\"pasid\":10,\"pasid_width\":20}");
	assert_null(unbind_pasids(context, "a", "0,5", &fault));
	expect_error(&fault, "PasidZero", "{\"device\":\"a\",\"pasid\":0,\"pasid_width\":20}");
	assert_null(unbind_pasids(context, "a", "4294967295", &fault));
	expect_error(&fault, "PasidNotBound",
		     "{\"device\":\"a\",\"pasid\":4294967295,\"pasid_width\":20}");
	kernel_asked("");
}

static struct change *remove_it(struct context *context, bool force, struct fault *fault)
{
	struct change *change = NULL;

	kernel_forget();
	if (context_remove_device(the_device(context, "a"), force, fault, &change) == 0)
		(void)calls(context, change);
	return change;
}

/*
 * First its PASIDs, then its own requests, then the device; each only if the one before succeeded.
 */
static void removed(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;
	int fd = the_device(context, "a")->fd;

	/* Either of them is enough to require force. */
	expect_bound(context, "a", "7", "guest", "7");
	assert_null(remove_it(context, false, &fault));
	expect_error(&fault, "StillBound",
		     "{\"device\":\"a\",\"pasid_count\":1,\"attached\":false}");
	change_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	assert_null(remove_it(context, false, &fault));
	expect_error(&fault, "StillBound",
		     "{\"device\":\"a\",\"pasid_count\":0,\"attached\":true}");
	kernel_asked("");
	expect_bound(context, "a", "7-8", "guest", "7-8");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 1, EIO);
	change = remove_it(context, true, &fault);
	assert_null(change->reply);
	expect_error(&change->fault, "KernelError",
		     DETACH ",\"pasid\":8,\"done\":[" RANGE(7, 7) "]}");
	kernel_asked("detach device 1 pasid 7\ndetach device 1 pasid 8: EIO\n");
	change_free(change);
	assert_int_equal(context->record.of[OBJECT_DEVICE].n, 2);
	change = remove_it(context, true, &fault);
	expect_json(change->reply, "{}");
	change_free(change);
	kernel_asked("detach device 1 pasid 8\ndetach device 1\ndestroy 4\n");
	assert_int_equal(context->record.of[OBJECT_DEVICE].n, 1);
	assert_string_equal(record_at(&context->record, OBJECT_DEVICE, 0)->name, "b");
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static struct change *destroy_it(struct context *context, const char *asked)
{
	struct fault fault = { 0 };
	struct change *change = NULL;

	kernel_forget();
	assert_int_equal(context_destroy(context, false, &fault, &change), 0);
	while (!change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	expect_json(change->reply, "{}");
	kernel_asked(asked);
	return change;
}

/* Everything, whatever fails. */
static void destroyed(void **state)
{
	struct context *context = *state;

	kernel_add(context, "/sys/devices/x", 20, 5);
	expect_bound(context, "a", "7-8", "guest", "7-8");
	expect_bound(context, "x", "9", "guest", "9");
	change_free(destroy_it(context, "detach device 1 pasid 7\ndetach device 1 pasid 8\n"
					"detach device 4 pasid 9\ndestroy 5\ndestroy 6\n"
					"unmap 3 from 0x0 size 0xffffffffffffffff\ndestroy 3\n"));
	assert_int_equal(kernel_count(KERNEL_DEVICE), 0);
	/* Nothing is left to do. */
	change_free(destroy_it(context, ""));
}

/* One that fails stays, and the rest of its chunk is done. */
static void destroyed_in_part(void **state)
{
	struct context *context = *state;

	expect_bound(context, "a", "7-9", "guest", "7-9");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 1, EIO);
	change_free(destroy_it(context,
			       "detach device 1 pasid 7\ndetach device 1 pasid 8: EIO\n"
			       "detach device 1 pasid 9\ndestroy 4: EBUSY\n"
			       "unmap 3 from 0x0 size 0xffffffffffffffff\ndestroy 3: EBUSY\n"));
	/* The last close of the device freed its PASID. */
	change_free(destroy_it(context, "destroy 4\nunmap 3 from 0x0 size 0xffffffffffffffff\n"
					"destroy 3\n"));
}

#define ME "{\"pid\":%d,\"command\":\"some\\\\x09body\"}"

/* Processes that have the fds: only some are named, but all are counted. */
static void descriptors_lent(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change = NULL;
	char expected[1000], one[100], *end;

	assert_int_equal(prctl(PR_SET_NAME, "some\tbody", 0, 0, 0), 0);
	snprintf(one, sizeof(one), ME, getpid());
	for (size_t n = 1; n <= 9; n++) {
		context->lent.v[n - 1] = (struct lent){ .pid = getpid(), .pidfd = -1 };
		context->lent.n = n;
		end = expected + sprintf(expected, "{\"process\":[");
		for (size_t i = 0; i < n && i < 8; i++)
			end += sprintf(end, "%s%s", i ? "," : "", one);
		sprintf(end, "],\"count\":%zu}", n);
		assert_int_equal(context_destroy(context, false, &fault, &change), FAULTED);
		expect_error(&fault, "FdsInUse", expected);
		assert_null(change);
	}
	/* One whose name cannot be read. */
	context->lent.v[0].pid = INT32_MAX;
	context->lent.n = 1;
	assert_int_equal(context_destroy(context, false, &fault, &change), FAULTED);
	expect_error(&fault, "FdsInUse",
		     "{\"process\":[{\"pid\":2147483647,\"command\":null}],\"count\":1}");
	assert_int_equal(context_destroy(context, true, &fault, &change), 0);
	change_free(change);
}

/* There is room in the record for each. */
static void several_objects(void **state)
{
	struct context *context = *state;
	const struct object_list *list = &context->record.of[OBJECT_IOAS];
	struct change *change = change_new();
	struct object *ioas;

	for (unsigned int i = 0; i < 20; i++) {
		ioas = object_new(OBJECT_IOAS, NULL);
		assert_int_equal(change_alloc_ioas(context, change, (struct record_ioas *)ioas), 0);
	}
	while (!change_step(context, change))
		assert_true(list->n <= list->capacity);
	assert_true(list->n >= 20);
	kernel_agrees(context);
	assert_false(change->fault.raised);
	change_free(change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_chunks),         TEST(progress),
		TEST(replies),           TEST(as_many_as_there_are),
		TEST(device_requested),  TEST(unbind_fails),
		TEST(removed),           TEST(destroyed),
		TEST(destroyed_in_part), TEST(descriptors_lent),
		TEST(several_objects),
	};

	return cmocka_run_group_tests_name("holder change", tests, NULL, NULL);
}
