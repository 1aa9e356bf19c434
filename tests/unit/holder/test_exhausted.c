/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context that runs out of memory: every change with each of its allocations failing in turn. A
 * refused change is not made, kernel and record agree, and nothing leaks.
 */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "../memory.h"

static int alloc_ioas(struct context *context, struct fault *fault, struct change **ret)
{
	return context_alloc_ioas(context, "new", fault, ret);
}

static int free_ioas(struct context *context, struct fault *fault, struct change **ret)
{
	return context_free_ioas(context, the_ioas(context, "spare"), fault, ret);
}

static int alloc_hwpt(struct context *context, struct fault *fault, struct change **ret)
{
	return context_alloc_hwpt(context, the_device(context, "a"), the_ioas(context, "guest"),
				  "new", true, fault, ret);
}

static int attach_a(struct context *context, struct fault *fault, struct change **ret)
{
	return context_attach_device(context, the_device(context, "a"),
				     &the_ioas(context, "spare")->object, true, fault, ret);
}

static int map_guest(struct context *context, struct fault *fault, struct change **ret)
{
	return context_map_ioas(context, the_ioas(context, "guest"), 0x1000, NULL, 3, fault, ret);
}

static int unmap_guest(struct context *context, struct fault *fault, struct change **ret)
{
	return context_unmap_ioas(the_ioas(context, "guest"), 0x10000, 0x2000, fault, ret);
}

static int bind_a(struct context *context, const char *pasids, uint32_t count, bool partial,
		  struct fault *fault, struct change **ret)
{
	struct bind_request request = { .count = count, .partial = partial };
	int r;

	if (pasids && parse_ranges(pasids, UINT32_MAX, &request.pasid) < 0)
		return fault_system(fault, "malloc", -ENOMEM);
	r = context_bind_pasids(context, the_device(context, "a"),
				&the_ioas(context, "guest")->object, &request, fault, ret);
	ranges_done(&request.pasid);
	return r;
}

static int bind_list(struct context *context, struct fault *fault, struct change **ret)
{
	return bind_a(context, "1-3,5,7,40", 0, false, fault, ret);
}

/* Two of them are used by a driver. */
static int bind_chosen(struct context *context, struct fault *fault, struct change **ret)
{
	kernel.busy = 2;
	kernel.busy_to = 3;
	return bind_a(context, NULL, 20, false, fault, ret);
}

static int bind_rest(struct context *context, struct fault *fault, struct change **ret)
{
	return bind_a(context, "9-14,31,33", 0, true, fault, ret);
}

static int unbind_some(struct context *context, struct fault *fault, struct change **ret)
{
	_cleanup_ranges_ struct ranges list = { 0 };

	if (parse_ranges("12,31", UINT32_MAX, &list) < 0)
		return fault_system(fault, "malloc", -ENOMEM);
	return context_unbind_pasids(the_device(context, "a"), &list, fault, ret);
}

static int detach_a(struct context *context, struct fault *fault, struct change **ret)
{
	return context_detach_device(the_device(context, "a"), fault, ret);
}

static int remove_a(struct context *context, struct fault *fault, struct change **ret)
{
	return context_remove_device(the_device(context, "a"), true, fault, ret);
}

static int watch(struct context *context, struct fault *fault, struct change **ret)
{
	return context_watch_devices(context, fault, ret);
}

/* Everything about a context, but for the room that there is. */
static char *describe(struct context *context)
{
	_cleanup_json_ json_object *written = record_write(&context->record);

	json_object_object_del(written, "serial");
	return strdup(json_object_to_json_string(written));
}

static const struct {
	const char *name;
	int (*run)(struct context *context, struct fault *fault, struct change **ret);
	bool in_part; /* what was done before the failure stays */
} operations[] = {
	{ "alloc ioas", alloc_ioas, false }, { "free ioas", free_ioas, false },
	{ "alloc hwpt", alloc_hwpt, false }, { "attach", attach_a, false },
	{ "map", map_guest, false },         { "unmap", unmap_guest, true },
	{ "bind", bind_list, false },        { "bind auto", bind_chosen, false },
	{ "bind partial", bind_rest, true }, { "unbind", unbind_some, true },
	{ "detach", detach_a, false },       { "remove", remove_a, true },
	{ "watch", watch, false },
};

/*
 * a has PASIDs with gaps, or is on a plain HWPT, from which it has to move for them; and there are
 * two mappings.
 */
static struct context *prepare(bool plain)
{
	struct fault fault = { 0 };
	struct context *context;
	void *state = NULL;

	assert_int_equal(open_context(&state), 0);
	context = state;
	(void)add_ioas(context, "spare");
	(void)add_hwpt(context, "a", "guest", "plain", false);
	for (uint64_t iova = 0x10000; iova <= 0x11000; iova += 0x1000)
		assert_int_equal(DO(context, &fault, context_map_ioas, context,
				    the_ioas(context, "guest"), 0x1000, &iova, 3),
				 0);
	if (!plain)
		expect_bound(context, "a", "10-14,30-32", "guest", "10-14,30-32");
	assert_int_equal(attach(context, "a", plain ? "plain" : "guest", false, &fault), 0);
	the_device(context, "a")->request = dup(context->iommufd);
	return context;
}

/* Puts operation I together and makes it, with the NTH allocation failing. */
static bool run(struct context *context, size_t i, size_t nth, struct fault *fault)
{
	struct change *change = NULL;
	bool reached;
	int r;

	memory.n = 0;
	memory.fail_at = nth;
	r = operations[i].run(context, fault, &change);
	while (r == 0 && !change_step(context, change))
		;
	reached = memory.n >= nth;
	memory.fail_at = 0;
	if ((r != 0) != fault->raised || (r == 0) != (change != NULL))
		fail_msg("%s, allocation %zu: %d", operations[i].name, nth, r);
	if (change) {
		*fault = change->fault;
		change->fault = (struct fault){ 0 };
	}
	change_free(change);
	kernel.busy = kernel.busy_to = 0;
	return reached;
}

/* The NTH allocation of operation I fails. Returns true if there are so many. */
static bool try(size_t i, size_t nth, bool plain)
{
	long live = memory.live;
	struct context *context = prepare(plain);
	struct fault fault = { 0 };
	char *before, *after;
	bool reached;

	before = describe(context);
	reached = run(context, i, nth, &fault);
	after = describe(context);
	kernel_agrees(context);
	if (fault.raised && !operations[i].in_part && strcmp(before, after) != 0)
		fail_msg("%s, allocation %zu: %s, not %s", operations[i].name, nth, after, before);
	if (nth == 0)
		assert_false(fault.raised);
	free(before);
	free(after);
	fault_done(&fault);
	assert_int_equal(close_context((void *[]){ context }), 0);
	if (memory.live != live)
		fail_msg("%s, allocation %zu: %ld are lost", operations[i].name, nth,
			 memory.live - live);
	return reached;
}

static void each_allocation(void **state)
{
	(void)state;
	for (unsigned int plain = 0; plain < 2; plain++) {
		for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
			/* PASIDs that are not bound. */
			if (plain && operations[i].run == unbind_some)
				continue;
			(void)try(i, 0, plain);
			for (size_t nth = 1; try(i, nth, plain); nth++)
				assert_true(nth < 1000);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation) };

	return cmocka_run_group_tests_name("holder exhausted", tests, NULL, NULL);
}
