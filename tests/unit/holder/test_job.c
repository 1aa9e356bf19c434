/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs: slices, success and failure, and descriptions. */
#include "holder/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "../holder_context.h"

#define ATTACH "{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":"
#define DETACH "{\"operation\":\"VFIO_DEVICE_DETACH_IOMMUFD_PT\",\"errno\":5,\"errno_name\":\"EIO\""

/* A bind that has not started: of PASIDS, or of COUNT of them. */
static struct job *begin(struct context *context, const char *pasids, unsigned int count,
			 bool partial)
{
	struct job_request request = { .count = count, .partial = partial };
	struct context_target target = { .ioas = 3 };
	struct fault fault = { 0 };
	struct job *job = NULL;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	assert_int_equal(job_bind(context, record_device_find(&context->record, "a"), &target,
				  &request, &fault, &job),
			 0);
	/* Taken over. */
	assert_null(request.pasid.v);
	return job;
}

static unsigned int slices(struct context *context, struct job *job)
{
	unsigned int n = 1;

	while (!job_step(context, job))
		n++;
	return n;
}

/* 32 PASIDs per slice, and finishing is a separate step. */
static void in_slices(void **state)
{
	static const struct {
		const char *pasids;
		unsigned int slices;
	} cases[] = { { "1", 1 }, { "1-31", 1 }, { "1-32", 2 }, { "1-63", 2 }, { "1-64", 3 } };
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct fault fault = { 0 };
	struct job *job;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		job = begin(context, cases[i].pasids, 0, false);
		assert_int_equal(slices(context, job), cases[i].slices);
		assert_false(job->fault.raised);
		job_free(job);
		assert_int_equal(job_unbind(a, &(struct ranges){ 0 }, &fault, &job), 0);
		assert_int_equal(slices(context, job), cases[i].slices);
		job_free(job);
	}
	job = begin(context, "1-40", 0, false);
	assert_false(job_step(context, job));
	assert_int_equal(record_device_pasids(a), 32);
	assert_true(job_step(context, job));
	assert_int_equal(record_device_pasids(a), 40);
	job_free(job);
}

/* Complete replies and faults, for given and for automatic numbers. */
static void replies(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job;

	job = bind_pasids(context, "a", NULL, 3, "guest", false, &fault);
	expect_json(job->reply, "{\"pasid\":\"1-3\",\"count\":3,\"ioas\":3,\"hwpt\":4,"
				"\"failure\":null,\"reserved\":null}");
	job_free(job);
	job = bind_pasids(context, "a", "2-5", 0, "guest", true, &fault);
	expect_json(job->reply,
		    "{\"pasid\":\"4-5\",\"count\":2,\"ioas\":3,\"hwpt\":4,"
		    "\"failure\":{\"error\":\"org.ioasidctl.Context.PasidInUse\",\"parameters\":"
		    "{\"device\":\"a\",\"pasid\":2,\"ioas\":3,\"ioas_name\":\"guest\",\"hwpt\":4}},"
		    "\"taken\":\"2-3\",\"reserved\":null}");
	job_free(job);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 1, ENOSPC);
	job = bind_pasids(context, "a", "10-19", 0, "guest", true, &fault);
	expect_json(job->reply,
		    "{\"pasid\":\"10\",\"count\":1,\"ioas\":3,\"hwpt\":4,\"failure\":"
		    "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":" ATTACH
		    "28,\"errno_name\":\"ENOSPC\",\"hint\":\"the IOMMU has no domain ids left\","
		    "\"pasid\":11}},\"reserved\":null}");
	job_free(job);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 1, EIO);
	job = bind_pasids(context, "a", "20-29", 0, "guest", false, &fault);
	assert_null(job->reply);
	expect_error(&job->fault, "KernelError", ATTACH "5,\"errno_name\":\"EIO\",\"pasid\":21}");
	job_free(job);
	/* Automatic ones: an error that is not about the number ends it at once. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, EIO);
	job = bind_pasids(context, "a", NULL, 5, "guest", false, &fault);
	expect_error(&job->fault, "KernelError", ATTACH "5,\"errno_name\":\"EIO\",\"pasid\":8}");
	job_free(job);
	job = unbind_pasids(context, "a", "1-2,10", &fault);
	expect_json(job->reply, "{\"count\":3}");
	job_free(job);
	job = unbind_pasids(context, "a", NULL, &fault);
	expect_json(job->reply, "{\"count\":3}");
	job_free(job);
}

/* As many as are free, one less and one more. */
static void as_many_as_there_are(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job;

	kernel_add(context, "/sys/devices/s", 3, 9);
	for (unsigned int count = 6; count <= 7; count++) {
		job = bind_pasids(context, "s", NULL, count, "guest", false, &fault);
		assert_false(job->fault.raised);
		assert_int_equal(record_device_pasids(record_device_find(&context->record, "s")),
				 count);
		job_free(job);
		if (count == 6)
			job_free(unbind_pasids(context, "s", NULL, &fault));
	}
	/* None is left. */
	assert_null(bind_pasids(context, "s", NULL, 1, "guest", false, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":1,\"found\":0}");
	assert_null(bind_pasids(context, "s", NULL, 1, "guest", true, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":1,\"found\":0}");
	job_free(unbind_pasids(context, "s", "4", &fault));
	assert_null(bind_pasids(context, "s", NULL, 2, "guest", false, &fault));
	expect_error(&fault, "PasidsExhausted", "{\"count\":2,\"found\":1}");
	job = bind_pasids(context, "s", NULL, 2, "guest", true, &fault);
	expect_json(job->reply, "{\"pasid\":\"4\",\"count\":1,\"ioas\":3,\"hwpt\":5,\"failure\":"
				"{\"error\":\"org.ioasidctl.Context.PasidsExhausted\","
				"\"parameters\":{\"count\":2,\"found\":1}},\"reserved\":null}");
	job_free(job);
	/*
	 * That a driver uses the last one is only known when it is tried; what was bound is
	 * unbound.
	 */
	job_free(unbind_pasids(context, "s", "3-4", &fault));
	kernel.busy = 4;
	kernel_forget();
	job = bind_pasids(context, "s", NULL, 2, "guest", false, &fault);
	assert_null(job->reply);
	expect_error(&job->fault, "PasidsExhausted", "{\"count\":2,\"found\":1}");
	kernel_asked("attach device 4 pasid 3 to 5\nattach device 4 pasid 4 to 5: EBUSY\n"
		     "detach device 4 pasid 3\n");
	job_free(job);
	kernel.busy = 3;
	kernel.busy_to = 4;
	job = bind_pasids(context, "s", NULL, 2, "guest", true, &fault);
	expect_error(&job->fault, "PasidsExhausted", "{\"count\":2,\"found\":0}");
	job_free(job);
}

/* The kernel wants the device back: a started job ends, and is undone or, with partial, kept. */
static void device_requested(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct job *job;

	job = begin(context, "1-100", 0, false);
	assert_false(job_step(context, job));
	a->requested = true;
	(void)slices(context, job);
	expect_error(&job->fault, "KernelError",
		     ATTACH "19,\"errno_name\":\"ENODEV\",\"pasid\":33}");
	job_free(job);
	kernel_agrees(context);
	assert_int_equal(record_device_pasids(a), 0);
	a->requested = false;
	job = begin(context, NULL, 100, true);
	assert_false(job_step(context, job));
	a->requested = true;
	assert_true(job_step(context, job));
	expect_json(job->reply,
		    "{\"pasid\":\"1-32\",\"count\":32,\"ioas\":3,\"hwpt\":4,\"failure\":"
		    "{\"error\":\"org.ioasidctl.Context.KernelError\",\"parameters\":" ATTACH
		    "19,\"errno_name\":\"ENODEV\",\"pasid\":33}},\"reserved\":null}");
	job_free(job);
	a->requested = false;
}

/* An unbind that fails stops there: what was done stays done, and is reported. */
static void unbind_fails(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job;

	expect_bound(context, "a", "5-9,20", "guest", "5-9,20");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 3, EIO);
	kernel_forget();
	job = unbind_pasids(context, "a", "6-9,20", &fault);
	assert_null(job->reply);
	expect_error(&job->fault, "KernelError", DETACH ",\"pasid\":9,\"done\":\"6-8\"}");
	kernel_asked("detach device 1 pasid 6\ndetach device 1 pasid 7\ndetach device 1 pasid 8\n"
		     "detach device 1 pasid 9: EIO\n");
	job_free(job);
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	job = unbind_pasids(context, "a", NULL, &fault);
	expect_error(&job->fault, "KernelError", DETACH ",\"pasid\":5}");
	job_free(job);
	/* In the middle of a range, which is not split. */
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	expect_bound(context, "a", "6-8", "guest", "6-8");
	job = unbind_pasids(context, "a", "7", &fault);
	assert_true(job->fault.raised);
	job_free(job);
	assert_int_equal(record_device_pasids(record_device_find(&context->record, "a")), 6);
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

static void remove_it(struct context *context, bool force, struct fault *fault, struct job **ret)
{
	struct record_device *a = record_device_find(&context->record, "a");

	kernel_forget();
	*ret = NULL;
	if (job_remove(a, force, fault, ret) == 0)
		(void)slices(context, *ret);
	kernel_agrees(context);
}

/*
 * First its PASIDs, then its own requests, then the device; each only if the one before succeeded.
 */
static void removed(void **state)
{
	struct context *context = *state;
	struct record_device *a = record_device_find(&context->record, "a");
	struct context_target target = { .ioas = 3 };
	struct fault fault = { 0 };
	struct job *job;
	int fd = a->fd;

	/* Either of them is enough to require force. */
	expect_bound(context, "a", "7", "guest", "7");
	remove_it(context, false, &fault, &job);
	expect_error(&fault, "StillBound",
		     "{\"device\":\"a\",\"pasid_count\":1,\"attached\":false}");
	job_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(context_attach_device(context, a, &target, false, &fault), 0);
	remove_it(context, false, &fault, &job);
	expect_error(&fault, "StillBound",
		     "{\"device\":\"a\",\"pasid_count\":0,\"attached\":true}");
	kernel_asked("");
	expect_bound(context, "a", "7-8", "guest", "7-8");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 1, EIO);
	remove_it(context, true, &fault, &job);
	assert_null(job->reply);
	expect_error(&job->fault, "KernelError", DETACH ",\"pasid\":8,\"done\":\"7\"}");
	kernel_asked("detach device 1 pasid 7\ndetach device 1 pasid 8: EIO\n");
	job_free(job);
	assert_int_equal(context->record.device_n, 2);
	remove_it(context, true, &fault, &job);
	expect_json(job->reply, "{}");
	job_free(job);
	kernel_asked("detach device 1 pasid 8\ndetach device 1\ndestroy 4\n");
	assert_int_equal(context->record.device_n, 1);
	assert_string_equal(context->record.device[0].name, "b");
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* The device is removed while a job on it waits: nothing is left to do. */
static void device_gone(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *unbinding = NULL, *job;

	expect_bound(context, "a", "7", "guest", "7");
	assert_int_equal(job_unbind(record_device_find(&context->record, "a"),
				    &(struct ranges){ 0 }, &fault, &unbinding),
			 0);
	remove_it(context, true, &fault, &job);
	job_free(job);
	kernel_forget();
	assert_true(job_step(context, unbinding));
	expect_json(unbinding->reply, "{\"count\":0}");
	kernel_asked("");
	job_free(unbinding);
}

static void destroyed(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job = NULL;

	kernel_add(context, "/sys/devices/x", 20, 5);
	expect_bound(context, "a", "7-8", "guest", "7-8");
	expect_bound(context, "x", "9", "guest", "9");
	kernel_forget();
	assert_int_equal(job_destroy(context, false, &fault, &job), 0);
	assert_int_equal(slices(context, job), 1);
	expect_json(job->reply, "{}");
	kernel_asked("detach device 1 pasid 7\ndetach device 1 pasid 8\ndestroy 5\n"
		     "detach device 4 pasid 9\ndestroy 6\n");
	job_free(job);
	/* One that fails is left to context_close(). */
	expect_bound(context, "a", "7-8", "guest", "7-8");
	kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 0, EIO);
	kernel_forget();
	assert_int_equal(job_destroy(context, false, &fault, &job), 0);
	assert_int_equal(slices(context, job), 1);
	expect_json(job->reply, "{}");
	kernel_asked("detach device 1 pasid 7: EIO\n");
	job_free(job);
	/* Also in slices. */
	expect_bound(context, "a", "9-40", "guest", "9-40");
	assert_int_equal(job_destroy(context, false, &fault, &job), 0);
	assert_int_equal(slices(context, job), 2);
	job_free(job);
}

#define ME "{\"pid\":%d,\"command\":\"some\\\\x09body\"}"

/* Processes that have the fds: only some are named, but all are counted. */
static void descriptors_lent(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job = NULL;
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
		assert_int_equal(job_destroy(context, false, &fault, &job), FAULTED);
		expect_error(&fault, "FdsInUse", expected);
		assert_null(job);
	}
	/* One whose name cannot be read. */
	context->lent.v[0].pid = INT32_MAX;
	context->lent.n = 1;
	assert_int_equal(job_destroy(context, false, &fault, &job), FAULTED);
	expect_error(&fault, "FdsInUse",
		     "{\"process\":[{\"pid\":2147483647,\"command\":null}],\"count\":1}");
	assert_int_equal(job_destroy(context, true, &fault, &job), 0);
	job_free(job);
}

static void expect_described(const struct context *context, enum job_kind kind, uint64_t serial,
			     const char *expected)
{
	const struct job job = { .kind = kind, .serial = serial };
	char *text = job_describe(context, &job);

	assert_string_equal(text, expected);
	free(text);
}

static void described(void **state)
{
	struct context *context = *state;

	expect_described(context, JOB_BIND, 1, "bind of PASIDs (device a)");
	expect_described(context, JOB_UNBIND, 2, "unbind of PASIDs (device b)");
	expect_described(context, JOB_REMOVE, 3, "removal");
	expect_described(context, JOB_DESTROY, 0, "end of the context");
	job_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_slices),        TEST(replies),      TEST(as_many_as_there_are),
		TEST(device_requested), TEST(unbind_fails), TEST(removed),
		TEST(device_gone),      TEST(destroyed),    TEST(descriptors_lent),
		TEST(described),
	};

	return cmocka_run_group_tests_name("holder job", tests, NULL, NULL);
}
