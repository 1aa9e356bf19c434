/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a context does and refuses, against a kernel that is as silent as the real one. */
#include "holder/job.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "holder_kernel.h"
#include "util/cleanup.h"

#define A "/sys/devices/a"
#define B "/sys/devices/b"

static int close_context(void **state)
{
	struct context *context = *state;

	context_close(context);
	/* All by itself, with nothing left to the last close. */
	assert_int_equal(kernel_count(KERNEL_HWPT) + kernel_count(KERNEL_IOAS), 0);
	free(context);
	return 0;
}

/* Devices a (20 bits) and b (none), each in a group of its own, and an IOAS 3. */
static int open_context(void **state)
{
	struct context *context = calloc(1, sizeof(*context));
	struct fault fault = { 0 };
	uint32_t ioas;

	assert_non_null(context);
	kernel_context(context);
	kernel_add(context, A, 20, 1);
	kernel_add(context, B, 0, 2);
	assert_int_equal(context_alloc_ioas(context, "guest", &fault, &ioas), 0);
	assert_int_equal(ioas, 3);
	*state = context;
	return 0;
}

static void expect_fault(struct fault *fault, const char *name)
{
	const char *dot;

	assert_true(fault->raised);
	dot = strrchr(fault->id, '.');
	assert_string_equal(dot + 1, name);
	fault_done(fault);
}

static uint64_t fault_number(const struct fault *fault, const char *key)
{
	uint64_t value = UINT64_MAX;

	assert_int_equal(json_get_u64(fault->parameters, key, INT64_MAX, &value), 1);
	return value;
}

/* "1-3" or, without PASIDS, so many automatic ones. The job is run to its end. */
static struct job *bind(struct context *context, const char *device, const char *pasids,
			unsigned int count, const char *to, bool partial, struct fault *fault)
{
	struct job_request request = { .count = count, .partial = partial };
	struct record_device *entry = NULL;
	struct context_target target;
	struct job *job = NULL;
	int r;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	r = context_find_device(context, device, fault, &entry);
	if (r == 0)
		r = context_find_target(context, to, fault, &target);
	if (r == 0)
		r = job_bind(context, entry, &target, &request, fault, &job);
	ranges_done(&request.pasid);
	assert_int_equal(r == 0, job != NULL);
	if (!job)
		assert_true(fault->raised);
	while (job && !job_step(context, job))
		kernel_agrees(context);
	kernel_agrees(context);
	return job;
}

static void expect_bound(struct context *context, const char *device, const char *pasids,
			 const char *to, const char *expected)
{
	_cleanup_fault_ struct fault fault = { 0 };
	_cleanup_(job_freep) struct job *job = bind(context, device, pasids, 3, to, false, &fault);
	const char *text = NULL;

	assert_non_null(job);
	assert_false(job->fault.raised);
	assert_int_equal(json_get_string(job->reply, "pasid", &text), 1);
	assert_string_equal(text, expected);
}

static void expect_refused(struct context *context, const char *device, const char *pasids,
			   const char *to, const char *error)
{
	unsigned int calls = kernel.calls;
	struct fault fault = { 0 };

	assert_null(bind(context, device, pasids, error ? 1 : 8, to, false, &fault));
	expect_fault(&fault, error ? error : "PasidsExhausted");
	/* Refused by ourselves: the kernel has not been asked to attach anything. */
	assert_true(kernel.calls - calls <= 2);
}

static struct job *unbind(struct context *context, const char *device, const char *pasids,
			  struct fault *fault)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct job *job = NULL;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &list), 0);
	if (job_unbind(record_device_find(&context->record, device), &list, fault, &job) < 0)
		return NULL;
	while (!job_step(context, job))
		kernel_agrees(context);
	kernel_agrees(context);
	return job;
}

static void bind_and_unbind(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct job *job;

	expect_bound(context, "a", "42,100-163", "guest", "42,100-163");
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	expect_bound(context, "a", NULL, "3", "1-3");
	expect_bound(context, "a", "4", "3", "4");
	/* A second time through the same table, and never by a plain one. */
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	assert_null(unbind(context, "a", "42,99,100", &fault));
	assert_int_equal(fault_number(&fault, "pasid"), 99);
	expect_fault(&fault, "PasidNotBound");
	assert_int_equal(record_device_pasids(record_device_find(&context->record, "a")), 69);
	job = unbind(context, "a", "42,100-110", &fault);
	assert_int_equal(fault_number(&(struct fault){ .parameters = job->reply }, "count"), 12);
	job_free(job);
	job_free(unbind(context, "a", NULL, &fault));
	/* The last user has gone, and so has the table. */
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
	job_free(unbind(context, "a", NULL, &fault));
}

static void refusals(void **state)
{
	struct context *context = *state;

	expect_refused(context, "a", "0-5", "guest", "PasidZero");
	expect_refused(context, "a", "1048570-1048580", "guest", "PasidTooWide");
	expect_refused(context, "a", "4294967295", "guest", "PasidTooWide");
	/* The real kernel says yes to this one. */
	expect_refused(context, "b", "5", "guest", "NoPasidSupport");
	expect_refused(context, "b", NULL, "guest", "NoPasidSupport");
	expect_refused(context, "c", "5", "guest", "UnknownDevice");
	expect_refused(context, "a", "5", "nope", "UnknownTarget");
	/* 1 is the device's own number: no target. */
	expect_refused(context, "a", "5", "1", "UnknownTarget");
	expect_bound(context, "a", "50-60", "guest", "50-60");
	/* To this one too: it would move 55 and say nothing. */
	expect_refused(context, "a", "40-49,55,70", "guest", "PasidInUse");
	assert_int_equal(record_device_pasids(record_device_find(&context->record, "a")), 11);
}

static void rollback(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	struct record_device *device = record_device_find(&context->record, "a");
	struct job *job;

	/* Well inside a second slice. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 40, ENOMEM);
	job = bind(context, "a", "100-200", 0, "guest", false, &fault);
	assert_int_equal(job->fault.err, ENOMEM);
	assert_int_equal(fault_number(&job->fault, "pasid"), 140);
	expect_fault(&job->fault, "KernelError");
	job_free(job);
	assert_int_equal(record_device_pasids(device), 0);
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
	/* At the first one. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EBUSY);
	job = bind(context, "a", "100", 0, "guest", true, &fault);
	expect_fault(&job->fault, "KernelError");
	assert_null(job->reply);
	job_free(job);
	assert_int_equal(kernel_count(KERNEL_HWPT), 0);
}

static void partial(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	json_object *failure = NULL;
	const char *text = NULL;
	struct job *job;

	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 40, ENOMEM);
	job = bind(context, "a", "100-200", 0, "guest", true, &fault);
	assert_false(job->fault.raised);
	assert_int_equal(json_get_string(job->reply, "pasid", &text), 1);
	assert_string_equal(text, "100-139");
	assert_int_equal(json_get_object(job->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.KernelError");
	job_free(job);
	assert_int_equal(record_device_pasids(record_device_find(&context->record, "a")), 40);
}

/* What cannot be taken back is not forgotten either. */
static void rollback_fails(void **state)
{
	struct context *context = *state;
	struct record_device *device = record_device_find(&context->record, "a");
	struct context_target target = { .ioas = 3 };
	struct job_request request = { 0 };
	struct fault fault = { 0 };
	const char *done = NULL;
	struct job *job = NULL;

	assert_int_equal(parse_ranges("1-40", UINT32_MAX, &request.pasid), 0);
	assert_int_equal(job_bind(context, device, &target, &request, &fault, &job), 0);
	assert_false(job_step(context, job));
	kernel.busy = 36;
	while (!job_step(context, job))
		if (job->undoing)
			kernel_fail(UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT, 2, ENOMEM);
	kernel_agrees(context);
	/* 36 was refused and 35 to 8 given back in the same slice; in the next 7 and 6, but not 5. */
	assert_int_equal(json_get_string(job->fault.parameters, "done", &done), 1);
	assert_string_equal(done, "1-5");
	assert_int_equal(record_device_pasids(device), 5);
	assert_int_equal(fault_number(&job->fault, "pasid"), 36);
	job_free(job);
}

static void automatic(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	struct record_device *small = kernel_add(context, "/sys/devices/s", 3, 9);
	struct job *job;

	kernel.busy = 2;
	expect_bound(context, "a", NULL, "guest", "1,3-4");
	kernel.busy = 0;
	expect_bound(context, "a", NULL, "guest", "2,5-6");
	/* Seven there are: the record knows, and nothing is asked of the kernel. */
	assert_null(bind(context, "s", NULL, 8, "guest", false, &fault));
	assert_int_equal(fault_number(&fault, "found"), 7);
	assert_int_equal(fault_number(&fault, "count"), 8);
	expect_fault(&fault, "PasidsExhausted");
	expect_refused(context, "s", NULL, "guest", NULL);
	small = record_device_find(&context->record, "s");
	assert_int_equal(record_device_pasids(small), 0);
	/* One of them a driver has, which only the kernel knows. */
	kernel.busy = 3;
	job = bind(context, "s", NULL, 7, "guest", false, &fault);
	assert_int_equal(fault_number(&job->fault, "found"), 6);
	assert_int_equal(fault_number(&job->fault, "count"), 7);
	expect_fault(&job->fault, "PasidsExhausted");
	job_free(job);
	assert_int_equal(record_device_pasids(small), 0);
	kernel.busy = 0;
	job = bind(context, "s", NULL, 8, "guest", true, &fault);
	assert_false(job->fault.raised);
	job_free(job);
	assert_int_equal(record_device_pasids(small), 7);
}

/* The whole of it, as text. */
static void expect_json(json_object *object, const char *expected)
{
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
}

static void expect_error(struct fault *fault, const char *name, const char *parameters)
{
	assert_true(fault->raised);
	assert_string_equal(strrchr(fault->id, '.') + 1, name);
	expect_json(fault->parameters, parameters);
	fault_done(fault);
}

/* Every number EBUSY: it is no use to try them all. A driver that has some in a row is gone past. */
static void reset_meanwhile(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	unsigned int calls;
	struct job *job;

	kernel.busy = 5;
	kernel.busy_to = 4000;
	calls = kernel.calls;
	job = bind(context, "a", NULL, 10, "guest", false, &fault);
	/* Four numbers are bound, 64 tried in vain and four given back; one HWPT comes and goes. */
	assert_int_equal(kernel.calls - calls, 4 + 64 + 4 + 2);
	expect_error(&job->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":\"5-68\",\"count\":10,\"found\":4}");
	assert_null(job->reply);
	job_free(job);
	assert_int_equal(record_device_pasids(record_device_find(&context->record, "a")), 0);
	kernel.busy_to = 67;
	expect_bound(context, "a", NULL, "guest", "1-3");
	expect_bound(context, "a", NULL, "guest", "4,68-69");
	/* What the context has itself is not tried, and stands between nothing. */
	kernel.busy_to = 69;
	job = bind(context, "a", NULL, 1, "guest", false, &fault);
	expect_json(job->reply,
		    "{\"pasid\":\"70\",\"count\":1,\"ioas\":3,\"hwpt\":4,\"failure\":null,"
		    "\"reserved\":null}");
	job_free(job);
	job_free(unbind(context, "a", "70", &fault));
	kernel.busy_to = 70;
	job = bind(context, "a", NULL, 1, "guest", false, &fault);
	expect_error(&job->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":\"5-67,70\",\"count\":1,\"found\":0}");
	job_free(job);
	/* Twice 63 with one between them. */
	job_free(unbind(context, "a", NULL, &fault));
	kernel.busy = 1;
	kernel.busy_to = 63;
	job = bind(context, "a", NULL, 200, "guest", false, &fault);
	assert_false(job->fault.raised);
	job_free(job);
	/* One more in a row, from the beginning. */
	job_free(unbind(context, "a", NULL, &fault));
	kernel.busy_to = 64;
	job = bind(context, "a", NULL, 1, "guest", true, &fault);
	expect_error(&job->fault, "PasidsBusy",
		     "{\"device\":\"a\",\"tried\":\"1-64\",\"count\":1,\"found\":0}");
	assert_null(job->reply);
	job_free(job);
	/* A number that was asked for is tried once. */
	job = bind(context, "a", "1-9", 0, "guest", false, &fault);
	assert_int_equal(fault_number(&job->fault, "pasid"), 1);
	job_free(job);
	/* In part, what was bound before them stays. */
	kernel.busy = 3;
	kernel.busy_to = 100;
	job = bind(context, "a", NULL, 5, "guest", true, &fault);
	expect_json(
		job->reply,
		"{\"pasid\":\"1-2\",\"count\":2,\"ioas\":3,\"hwpt\":4,"
		"\"failure\":{\"error\":\"org.ioasidctl.Context.PasidsBusy\",\"parameters\":"
		"{\"device\":\"a\",\"tried\":\"3-66\",\"count\":5,\"found\":2}},\"reserved\":null}");
	job_free(job);
}

static const char *reply_string(const struct job *job, const char *key)
{
	const char *text = NULL;

	(void)json_get_string(job->reply, key, &text);
	return text ? text : "";
}

/* With partial, what is bound already is left out, and its first one told. */
static void partial_of_taken(void **state)
{
	struct context *context = *state;
	_cleanup_fault_ struct fault fault = { 0 };
	json_object *failure = NULL, *parameters = NULL;
	const char *text = NULL;
	struct job *job;
	uint32_t pasid = 0, other;

	kernel_add(context, "/sys/devices/x", 20, 5);
	kernel_add(context, "/sys/devices/z", 20, 5);
	assert_int_equal(context_alloc_ioas(context, "other", &fault, &other), 0);
	expect_bound(context, "a", "42,45-46", "guest", "42,45-46");
	expect_refused(context, "a", "40-50", "guest", "PasidInUse");
	job = bind(context, "a", "40-50", 0, "other", true, &fault);
	assert_false(job->fault.raised);
	assert_string_equal(reply_string(job, "pasid"), "40-41,43-44,47-50");
	assert_string_equal(reply_string(job, "taken"), "42,45-46");
	assert_int_equal(json_get_object(job->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.PasidInUse");
	assert_int_equal(json_get_object(failure, "parameters", &parameters), 1);
	assert_int_equal(json_get_u32(parameters, "pasid", &pasid), 1);
	assert_int_equal(pasid, 42);
	job_free(job);
	/* Nothing of it is free: refused as a whole, and nothing was begun. */
	assert_null(bind(context, "a", "40-42", 0, "guest", true, &fault));
	assert_int_equal(fault_number(&fault, "pasid"), 40);
	expect_fault(&fault, "PasidInUse");
	assert_null(bind(context, "a", "0-9", 0, "guest", true, &fault));
	expect_fault(&fault, "PasidZero");
	/* A sibling has some, on another page table; those on the same are joined. */
	expect_bound(context, "x", "10-12", "guest", "10-12");
	expect_bound(context, "x", "14", "other", "14");
	job = bind(context, "z", "9-15", 0, "guest", true, &fault);
	assert_string_equal(reply_string(job, "pasid"), "9-13,15");
	assert_string_equal(reply_string(job, "taken"), "14");
	job_free(job);
	assert_null(bind(context, "z", "14", 0, "guest", true, &fault));
	expect_fault(&fault, "PasidInUse");
	/* The kernel's failure is the one that counts. */
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 2, ENOMEM);
	job = bind(context, "a", "50-60", 0, "other", true, &fault);
	assert_string_equal(reply_string(job, "pasid"), "51-52");
	assert_string_equal(reply_string(job, "taken"), "50");
	assert_int_equal(json_get_object(job->reply, "failure", &failure), 1);
	assert_int_equal(json_get_string(failure, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.KernelError");
	job_free(job);
}

/* A directory that is a device of sysfs as far as its group's reserved regions go. */
static void reserved(void **state)
{
	struct context *context = *state;
	char place[] = "/tmp/ioasidctl-unit-XXXXXX", path[64], command[256];
	struct record_ioas *guest = record_ioas_find(&context->record, "guest");
	_cleanup_fault_ struct fault fault = { 0 };
	uint64_t at = 0xfee00000, iova = 0;
	json_object *array = NULL;
	struct job *job;

	assert_non_null(mkdtemp(place));
	snprintf(command, sizeof(command), "mkdir -p %s/r/iommu_group", place);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/r", place);
	kernel_add(context, path, 20, 7);
	/* Cannot be read: that is not none. */
	job = bind(context, path, "1", 0, "guest", false, &fault);
	assert_true(json_object_object_get_ex(job->reply, "reserved", &array));
	assert_null(array);
	job_free(job);
	/* Nor can this, which can be opened. */
	snprintf(command, sizeof(command), "mkdir %s/r/iommu_group/reserved_regions", place);
	assert_int_equal(system(command), 0);
	job = bind(context, path, "4", 0, "guest", false, &fault);
	assert_true(json_object_object_get_ex(job->reply, "reserved", &array));
	assert_null(array);
	job_free(job);
	snprintf(command, sizeof(command), "rmdir %s/r/iommu_group/reserved_regions", place);
	assert_int_equal(system(command), 0);
	snprintf(command, sizeof(command),
		 "printf '%%s\\n' '0x0000000000008000 0x0000000000008fff direct-relaxable' "
		 "'0x00000000fee00000 0x00000000feefffff msi' >%s/r/iommu_group/reserved_regions",
		 place);
	assert_int_equal(system(command), 0);
	job = bind(context, path, "2", 0, "guest", false, &fault);
	assert_int_equal(json_get_array(job->reply, "reserved", &array), 1);
	assert_int_equal(json_object_array_length(array), 0);
	job_free(job);
	assert_int_equal(context_map_ioas(context, guest, 0x1000, &at, 3, &fault, &iova), 0);
	/* Beside the region, on either side, and in one that may be mapped. */
	at = 0xfedff000;
	assert_int_equal(context_map_ioas(context, guest, 0x1000, &at, 3, &fault, &iova), 0);
	at = 0xfef00000;
	assert_int_equal(context_map_ioas(context, guest, 0x1000, &at, 3, &fault, &iova), 0);
	at = 0x8000;
	assert_int_equal(context_map_ioas(context, guest, 0x1000, &at, 3, &fault, &iova), 0);
	job = bind(context, path, "3", 0, "guest", false, &fault);
	assert_int_equal(json_get_array(job->reply, "reserved", &array), 1);
	assert_string_equal(json_object_to_json_string_ext(array, JSON_C_TO_STRING_PLAIN),
			    "[{\"iova\":\"0xfee00000\",\"length\":4096,\"first\":\"0xfee00000\","
			    "\"last\":\"0xfeefffff\",\"kind\":\"msi\"}]");
	job_free(job);
	/* Of an IOAS that is not there nothing is known. */
	assert_false(
		context_reserved(context, record_device_find(&context->record, path), 99, &array));
	snprintf(command, sizeof(command), "rm -r %s", place);
	assert_int_equal(system(command), 0);
}

static int attach(struct context *context, const char *device, const char *to, bool replace,
		  struct fault *fault)
{
	struct record_device *entry = record_device_find(&context->record, device);
	struct context_target target;
	int r;

	r = context_find_target(context, to, fault, &target);
	if (r == 0)
		r = context_attach_device(context, entry, &target, replace, fault);
	kernel_agrees(context);
	return r;
}

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

static void ioases(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = record_ioas_find(&context->record, "guest");
	_cleanup_json_ json_object *shown = NULL;
	uint64_t iova = 0, at = 0x10000, length = 0;
	struct fault fault = { 0 };
	json_object *array = NULL;

	assert_int_equal(context_map_ioas(context, ioas, 100, NULL, 3, &fault, &iova), FAULTED);
	expect_fault(&fault, "NotAligned");
	assert_int_equal(context_map_ioas(context, ioas, 0, NULL, 3, &fault, &iova), FAULTED);
	expect_fault(&fault, "InvalidParameter");
	at = UINT64_MAX - 0xfff;
	assert_int_equal(context_map_ioas(context, ioas, 0x2000, &at, 3, &fault, &iova), FAULTED);
	assert_int_equal(fault.err, EOVERFLOW);
	fault_done(&fault);
	at = 0x10000;
	assert_int_equal(context_map_ioas(context, ioas, 0x4000, &at, 3, &fault, &iova), 0);
	assert_int_equal(iova, 0x10000);
	assert_int_equal(context_map_ioas(context, ioas, 0x1000, NULL, 1, &fault, &iova), 0);
	kernel_fail(UAPI_IOMMU_IOAS_MAP, 0, EEXIST);
	assert_int_equal(context_map_ioas(context, ioas, 0x1000, NULL, 1, &fault, &iova), FAULTED);
	expect_fault(&fault, "KernelError");
	kernel_agrees(context);
	/* Twenty ranges, where sixteen are expected at first. */
	assert_int_equal(context_show_ioas(context, ioas, &fault, &shown), 0);
	assert_int_equal(json_get_array(shown, "range", &array), 1);
	assert_int_equal(json_object_array_length(array), 20);
	assert_int_equal(json_get_array(shown, "mapping", &array), 1);
	assert_int_equal(json_object_array_length(array), 2);
	assert_int_equal(context_unmap_ioas(context, ioas, 0x10000, 0x1000, &fault, &length),
			 FAULTED);
	expect_fault(&fault, "PartOfMapping");
	assert_int_equal(context_unmap_ioas(context, ioas, 0x11000, 0, &fault, &length), FAULTED);
	expect_fault(&fault, "NotMapped");
	assert_int_equal(context_unmap_ioas(context, ioas, 0x10000, 0, &fault, &length), 0);
	assert_int_equal(length, 0x4000);
	kernel_agrees(context);
	assert_int_equal(context_unmap_ioas_all(context, ioas, &fault, &length), 0);
	assert_int_equal(length, 0x1000);
	kernel_agrees(context);
	expect_bound(context, "a", "5", "guest", "5");
	assert_int_equal(context_free_ioas(context, ioas, &fault), FAULTED);
	expect_fault(&fault, "IoasInUse");
	job_free(unbind(context, "a", NULL, &fault));
	assert_int_equal(context_free_ioas(context, ioas, &fault), 0);
	kernel_agrees(context);
}

/* An HWPT that cannot be destroyed at once (somebody else has the descriptors) is not lost. */
static void leftover(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	expect_bound(context, "a", "5", "guest", "5");
	kernel_fail(UAPI_IOMMU_DESTROY, 0, EBUSY);
	job_free(unbind(context, "a", NULL, &fault));
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	expect_bound(context, "a", "5", "guest", "5");
	assert_int_equal(kernel_count(KERNEL_HWPT), 1);
	kernel_fail(UAPI_IOMMU_DESTROY, 0, EBUSY);
	job_free(unbind(context, "a", NULL, &fault));
	assert_int_equal(
		context_free_ioas(context, record_ioas_find(&context->record, "guest"), &fault), 0);
	kernel_agrees(context);
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
			job_free(bind(context, device, random() % 4 ? range : NULL, 20, to,
				      random() % 2, &fault));
			break;
		case 2:
			job_free(unbind(context, device, random() % 2 ? range : NULL, &fault));
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_context, close_context)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bind_and_unbind),
		TEST(refusals),
		TEST(rollback),
		TEST(partial),
		TEST(rollback_fails),
		TEST(automatic),
		TEST(reset_meanwhile),
		TEST(partial_of_taken),
		TEST(reserved),
		TEST(attachments),
		TEST(iommu_without_pasids),
		TEST(plain_table_in_the_way),
		TEST(groups),
		TEST(plain_table_of_a_group),
		TEST(limits_and_names),
		TEST(remove_devices),
		TEST(ioases),
		TEST(leftover),
		TEST(at_random),
	};

	return cmocka_run_group_tests_name("holder context", tests, NULL, NULL);
}
