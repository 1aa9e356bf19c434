/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A context on the kernel of holder_kernel.h, without a holder. Include it after <cmocka.h>. */
#pragma once

#include "holder/rules/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "holder_kernel.h"
#include "util/cleanup.h"

#define A "/sys/devices/a"
#define B "/sys/devices/b"

/* Makes one call of the change. Returns true if it has ended. */
static inline bool change_step(struct context *context, struct change *change)
{
	struct work *work = change_next(context, change);

	if (!work)
		return true;
	work_run(work);
	change_done(context, change);
	return false;
}

/* The end of a rule: makes CHANGE if R is 0. */
static inline int change_make(struct context *context, int r, struct change *change,
			      struct fault *fault)
{
	if (r < 0) {
		assert_true(fault->raised);
		assert_null(change);
		return r;
	}
	while (!change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	assert_int_equal(change->fault.raised, change->reply == NULL);
	*fault = change->fault;
	change->fault = (struct fault){ 0 };
	change_free(change);
	return fault->raised ? FAULTED : 0;
}

/* Makes the change that RULE puts together. */
#define DO(context, fault, rule, ...) \
	({ \
		struct change *change_ = NULL; \
		int r_ = rule(__VA_ARGS__, (fault), &change_); \
		change_make((context), r_, change_, (fault)); \
	})

static inline int do_alloc_ioas(struct context *context, const char *name, struct fault *fault,
				uint32_t *ret)
{
	int r = DO(context, fault, context_alloc_ioas, context, name);

	if (r == 0)
		*ret = record_at(&context->record, OBJECT_IOAS,
				 context->record.of[OBJECT_IOAS].n - 1)
			       ->id;
	return r;
}

static inline int do_alloc_hwpt(struct context *context, struct record_device *device,
				const char *ioas, const char *name, bool pasid, struct fault *fault,
				uint32_t *ret)
{
	int r = DO(context, fault, context_alloc_hwpt, context, device,
		   record_ioas_find(&context->record, ioas), name, pasid);

	if (r == 0)
		*ret = record_at(&context->record, OBJECT_HWPT,
				 context->record.of[OBJECT_HWPT].n - 1)
			       ->id;
	return r;
}

static inline struct record_device *the_device(const struct context *context, const char *name)
{
	return record_device_find(&context->record, name);
}

static inline struct record_ioas *the_ioas(const struct context *context, const char *name)
{
	return record_ioas_find(&context->record, name);
}

/* The HWPT that DEVICE is attached to; 0: none, perhaps an IOAS. */
static inline uint32_t hwpt_of(const struct record_device *device)
{
	return record_target_hwpt(device->target) ? device->target->id : 0;
}

/* The IOAS that it is attached to, perhaps by an HWPT; 0: none. */
static inline uint32_t ioas_of(const struct record_device *device)
{
	return device->target ? record_target_ioas(device->target)->object.id : 0;
}

static inline void destroy_context(struct context *context)
{
	struct fault fault = { 0 };

	if (context->record.name) /* a test may have done it */
		assert_int_equal(DO(context, &fault, context_destroy, context, true), 0);
	context_done(context);
}

static inline int close_context(void **state)
{
	struct context *context = *state;

	destroy_context(context);
	/* Explicitly, without relying on the last close. */
	assert_int_equal(kernel_count(KERNEL_HWPT) + kernel_count(KERNEL_IOAS), 0);
	assert_int_equal(open_descriptors(), kernel.descriptors);
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
	assert_int_equal(do_alloc_ioas(context, "guest", &fault, &ioas), 0);
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

/* PASIDS is "1-3"; if NULL, the number of automatic ones. Makes the change to its end. */
__attribute__((unused, noinline)) static struct change *bind_pasids(
	struct context *context, const char *device, const char *pasids, unsigned int count,
	const char *to, bool partial, struct fault *fault)
{
	struct bind_request request = { .count = count, .partial = partial };
	struct record_device *entry = NULL;
	struct change *change = NULL;
	struct object *target = NULL;
	int r;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	r = context_find_device(context, named(device), fault, &entry);
	if (r == 0)
		r = context_find_target(context, named(to), fault, &target);
	if (r == 0)
		r = context_bind_pasids(context, entry, target, &request, fault, &change);
	ranges_done(&request.pasid);
	assert_int_equal(r == 0, change != NULL);
	if (!change)
		assert_true(fault->raised);
	while (change && !change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	return change;
}

static inline void expect_bound(struct context *context, const char *device, const char *pasids,
				const char *to, const char *expected)
{
	_cleanup_fault_ struct fault fault = { 0 };
	_cleanup_change_ struct change *change =
		bind_pasids(context, device, pasids, 3, to, false, &fault);

	assert_non_null(change);
	assert_false(change->fault.raised);
	assert_string_equal(pasids_text(change->reply, "pasid"), expected);
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

__attribute__((unused, noinline)) static struct change *unbind_pasids(struct context *context,
								      const char *device,
								      const char *pasids,
								      struct fault *fault)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct change *change = NULL;

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &list), 0);
	if (context_unbind_pasids(record_device_find(&context->record, device), &list, fault,
				  &change) < 0)
		return NULL;
	while (!change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	return change;
}

static inline int attach(struct context *context, const char *device, const char *to, bool replace,
			 struct fault *fault)
{
	struct record_device *entry = record_device_find(&context->record, device);
	struct object *target = NULL;

	if (context_find_target(context, named(to), fault, &target) < 0)
		return FAULTED;
	return DO(context, fault, context_attach_device, context, entry, target, replace);
}

static inline int detach(struct context *context, const char *device, struct fault *fault)
{
	return DO(context, fault, context_detach_device, the_device(context, device));
}

#define ATTACH_FAILED(err, name) \
	"{\"operation\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\",\"errno\":" #err \
	",\"errno_name\":\"" name "\"}"

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

	assert_int_equal(do_alloc_ioas(context, name, &fault, &ioas), 0);
	return ioas;
}

static inline uint32_t add_hwpt(struct context *context, const char *device, const char *ioas,
				const char *name, bool pasid)
{
	struct fault fault = { 0 };
	uint32_t hwpt;

	assert_int_equal(do_alloc_hwpt(context, record_device_find(&context->record, device), ioas,
				       name, pasid, &fault, &hwpt),
			 0);
	return hwpt;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_context, close_context)
