/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context on the kernel of holder_kernel.h, without a holder. Include it after <cmocka.h>. */
#pragma once

#include "holder/job.h"

#include <stdio.h>
#include <stdlib.h>

#include "holder_kernel.h"
#include "util/cleanup.h"

#define A "/sys/devices/a"
#define B "/sys/devices/b"

static inline int close_context(void **state)
{
	struct context *context = *state;

	context_close(context);
	/* Explicitly, without relying on the last close. */
	assert_int_equal(kernel_count(KERNEL_HWPT) + kernel_count(KERNEL_IOAS), 0);
	free(context);
	return 0;
}

/* Devices a (20 bits) and b (no PASIDs), each in its own group, and IOAS 3. */
static inline int open_context(void **state)
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
	kernel_forget();
	*state = context;
	return 0;
}

static inline void expect_fault(struct fault *fault, const char *name)
{
	const char *dot;

	assert_true(fault->raised);
	dot = strrchr(fault->id, '.');
	assert_string_equal(dot + 1, name);
	fault_done(fault);
}

static inline uint64_t fault_number(const struct fault *fault, const char *key)
{
	uint64_t value = UINT64_MAX;

	assert_int_equal(json_get_u64(fault->parameters, key, INT64_MAX, &value), 1);
	return value;
}

/* Compares the whole object, as text. */
static inline void expect_json(json_object *object, const char *expected)
{
	assert_string_equal(
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
}

static inline void expect_error(struct fault *fault, const char *name, const char *parameters)
{
	assert_true(fault->raised);
	assert_string_equal(strrchr(fault->id, '.') + 1, name);
	expect_json(fault->parameters, parameters);
	fault_done(fault);
}

/* PASIDS is "1-3"; if NULL, the number of automatic ones. Runs the job to its end. */
__attribute__((unused, noinline)) static struct job *bind_pasids(struct context *context,
								 const char *device,
								 const char *pasids,
								 unsigned int count, const char *to,
								 bool partial, struct fault *fault)
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

static inline void expect_bound(struct context *context, const char *device, const char *pasids,
				const char *to, const char *expected)
{
	_cleanup_fault_ struct fault fault = { 0 };
	_cleanup_(job_freep) struct job *job =
		bind_pasids(context, device, pasids, 3, to, false, &fault);
	const char *text = NULL;

	assert_non_null(job);
	assert_false(job->fault.raised);
	assert_int_equal(json_get_string(job->reply, "pasid", &text), 1);
	assert_string_equal(text, expected);
}

static inline void expect_refused(struct context *context, const char *device, const char *pasids,
				  const char *to, const char *error)
{
	unsigned int calls = kernel.calls;
	struct fault fault = { 0 };

	assert_null(bind_pasids(context, device, pasids, error ? 1 : 8, to, false, &fault));
	expect_fault(&fault, error ? error : "PasidsExhausted");
	/* Refused by the context itself: the kernel was not asked to attach anything. */
	assert_true(kernel.calls - calls <= 2);
}

__attribute__((unused, noinline)) static struct job *unbind_pasids(struct context *context,
								   const char *device,
								   const char *pasids,
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

static inline int attach(struct context *context, const char *device, const char *to, bool replace,
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

static inline const char *reply_string(const struct job *job, const char *key)
{
	const char *text = NULL;

	(void)json_get_string(job->reply, key, &text);
	return text ? text : "";
}

#define ATTACH_FAILED(err, name, hint) \
	"{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":" #err \
	",\"errno_name\":\"" name "\",\"hint\":\"" hint "\"}"

static inline void expect_attached(struct context *context, const char *device, const char *to,
				   bool replace, const char *asked)
{
	struct fault fault = { 0 };

	kernel_forget();
	assert_int_equal(attach(context, device, to, replace, &fault), 0);
	assert_false(fault.raised);
	kernel_asked(asked);
}

static inline uint32_t add_ioas(struct context *context, const char *name)
{
	struct fault fault = { 0 };
	uint32_t ioas;

	assert_int_equal(context_alloc_ioas(context, name, &fault, &ioas), 0);
	return ioas;
}

static inline uint32_t add_hwpt(struct context *context, const char *device, const char *ioas,
				const char *name, bool pasid)
{
	struct fault fault = { 0 };
	uint32_t hwpt;

	assert_int_equal(context_alloc_hwpt(context, record_device_find(&context->record, device),
					    record_ioas_find(&context->record, ioas)->id, name,
					    pasid, &fault, &hwpt),
			 0);
	return hwpt;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_context, close_context)
