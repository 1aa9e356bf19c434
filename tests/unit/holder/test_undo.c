/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every change, cancelled or failing at each of its calls: it is undone or done, and the record agrees
 * with the kernel after each call.
 */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"

static int bind_a(struct context *context, const char *pasids, uint32_t count, bool partial,
		  struct fault *fault, struct change **ret)
{
	struct bind_request request = { .count = count, .partial = partial };

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	return context_bind_pasids(context, the_device(context, "a"),
				   &the_ioas(context, "guest")->object, &request, fault, ret);
}

static int bind_list(struct context *context, struct fault *fault, struct change **ret)
{
	return bind_a(context, "50-90,100", 0, false, fault, ret);
}

static int bind_chosen(struct context *context, struct fault *fault, struct change **ret)
{
	return bind_a(context, NULL, 40, false, fault, ret);
}

static int bind_partial(struct context *context, struct fault *fault, struct change **ret)
{
	return bind_a(context, "50-90,100", 0, true, fault, ret);
}

static int unbind_all(struct context *context, struct fault *fault, struct change **ret)
{
	return context_unbind_pasids(the_device(context, "a"), &(struct ranges){ 0 }, fault, ret);
}

static int attach_b(struct context *context, struct fault *fault, struct change **ret)
{
	return context_attach_device(context, the_device(context, "b"),
				     &the_ioas(context, "guest")->object, false, fault, ret);
}

static int replace(struct context *context, struct fault *fault, struct change **ret)
{
	return context_attach_device(context, the_device(context, "a"),
				     &the_ioas(context, "spare")->object, true, fault, ret);
}

static int detach_a(struct context *context, struct fault *fault, struct change **ret)
{
	return context_detach_device(the_device(context, "a"), fault, ret);
}

static int remove_a(struct context *context, struct fault *fault, struct change **ret)
{
	return context_remove_device(the_device(context, "a"), true, fault, ret);
}

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
				  "new", false, fault, ret);
}

static int free_hwpt(struct context *context, struct fault *fault, struct change **ret)
{
	return context_free_hwpt(context, record_hwpt_find(&context->record, "unused"), fault, ret);
}

static int map(struct context *context, struct fault *fault, struct change **ret)
{
	return context_map_ioas(context, the_ioas(context, "guest"), 0x1000, NULL, 3, fault, ret);
}

static int unmap(struct context *context, struct fault *fault, struct change **ret)
{
	return context_unmap_ioas(the_ioas(context, "guest"), 0x10000, 0x2000, fault, ret);
}

static int unmap_all(struct context *context, struct fault *fault, struct change **ret)
{
	return context_unmap_ioas_all(the_ioas(context, "guest"), fault, ret);
}

/* PARTLY: what was done before stays, of PASIDs and mappings that are taken away, or if asked for. */
static const struct {
	const char *name;
	int (*put)(struct context *context, struct fault *fault, struct change **ret);
	bool partly;
} changes[] = {
	{ "bind", bind_list, false },
	{ "bind automatically", bind_chosen, false },
	{ "bind in part", bind_partial, true },
	{ "unbind", unbind_all, true },
	{ "attach", attach_b, false },
	{ "attach elsewhere", replace, false },
	{ "detach", detach_a, false },
	{ "remove", remove_a, true },
	{ "alloc ioas", alloc_ioas, false },
	{ "free ioas", free_ioas, false },
	{ "alloc hwpt", alloc_hwpt, false },
	{ "free hwpt", free_hwpt, false },
	{ "map", map, false },
	{ "unmap", unmap, true },
	{ "unmap all", unmap_all, false },
};

/* a is on the plain HWPT, from which it has to move for PASIDs, or has some. */
static struct context *prepare(bool plain)
{
	struct fault fault = { 0 };
	struct context *context;
	void *state = NULL;

	assert_int_equal(open_context(&state), 0);
	context = state;
	(void)add_ioas(context, "spare");
	(void)add_hwpt(context, "a", "guest", "plain", false);
	(void)add_hwpt(context, "a", "guest", "unused", true);
	for (uint64_t iova = 0x10000; iova <= 0x11000; iova += 0x1000)
		assert_int_equal(DO(context, &fault, context_map_ioas, context,
				    the_ioas(context, "guest"), 0x1000, &iova, 3),
				 0);
	if (!plain)
		expect_bound(context, "a", "10-49", "guest", "10-49");
	if (!plain)
		expect_bound(context, "a", "7", "unused", "7");
	assert_int_equal(attach(context, "a", plain ? "plain" : "guest", false, &fault), 0);
	if (!plain)
		change_free(unbind_pasids(context, "a", "7", &fault));
	kernel_forget();
	return context;
}

/* Everything about a context; without serials that were used up. */
static char *describe(struct context *context)
{
	_cleanup_json_ json_object *written = record_write(&context->record);

	json_object_object_del(written, "serial");
	return strdup(json_object_to_json_string(written));
}

static struct change *put(struct context *context, size_t i)
{
	struct fault fault = { 0 };
	struct change *change = NULL;

	if (changes[i].put(context, &fault, &change) < 0)
		fail_msg("%s: %s", changes[i].name, fault.id);
	return change;
}

/* Goes on to the end. Returns the number of calls. */
static size_t go_on(struct context *context, struct change *change)
{
	size_t n = 0;

	for (; !change_step(context, change); n++)
		kernel_agrees(context);
	kernel_agrees(context);
	assert_int_equal(change->fault.raised, !change->reply);
	return n;
}

/* The description after change I, if nothing is in its way, and its number of calls. */
static char *wanted(size_t i, bool plain, size_t *ret_calls)
{
	struct context *context = prepare(plain);
	struct change *change = put(context, i);
	char *text;

	*ret_calls = go_on(context, change);
	assert_false(change->fault.raised);
	change_free(change);
	text = describe(context);
	assert_int_equal(close_context((void *[]){ context }), 0);
	return text;
}

/* Changes that need PASIDs to be there, and those that need room for them. */
static bool is_possible(size_t i, bool plain)
{
	return changes[i].put != unbind_all || !plain;
}

/* Undone with a fault, or done; or, if that may be, in between with a fault or a failure. */
static void expect_clean(struct context *context, size_t i, const struct change *change,
			 const char *before, const char *after, size_t at)
{
	_cleanup_free_ char *text = describe(context);

	if (change->fault.raised && changes[i].partly)
		return;
	if (changes[i].put == bind_partial)
		return;
	if (strcmp(text, change->fault.raised ? before : after) != 0)
		fail_msg("%s at %zu: %s\n%s\nnot %s", changes[i].name, at,
			 change->fault.raised ? change->fault.id : "done", text,
			 change->fault.raised ? before : after);
}

static void each_cancelled(void **state)
{
	(void)state;
	for (unsigned int plain = 0; plain < 2; plain++) {
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
			size_t calls = 0;
			_cleanup_free_ char *after = NULL;

			if (!is_possible(i, plain))
				continue;
			after = wanted(i, plain, &calls);
			for (size_t at = 0; at <= calls; at++) {
				struct context *context = prepare(plain);
				_cleanup_free_ char *before = describe(context);
				struct change *change = put(context, i);

				for (size_t n = 0; n < at; n++)
					assert_false(change_step(context, change));
				change_cancel(change);
				(void)go_on(context, change);
				if (at == 0)
					assert_true(change->fault.raised);
				expect_clean(context, i, change, before, after, at);
				change_free(change);
				assert_int_equal(close_context((void *[]){ context }), 0);
			}
		}
	}
}

/* A removal that has only own requests to detach is undone or done too. */
static void removal_cancelled(void **state)
{
	static const char *const to[] = { "guest", "plain", "unused" };

	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_SIZE(to); i++) {
		struct context *context = prepare(true);
		struct fault fault = { 0 };
		struct change *change = NULL;
		_cleanup_free_ char *before = NULL;

		assert_int_equal(attach(context, "a", to[i / 3], true, &fault), 0);
		before = describe(context);
		assert_int_equal(remove_a(context, &fault, &change), 0);
		for (size_t n = 0; n < i % 3 && !change_step(context, change); n++)
			;
		change_cancel(change);
		(void)go_on(context, change);
		if (change->fault.raised) {
			_cleanup_free_ char *text = describe(context);

			assert_string_equal(text, before);
		} else {
			assert_null(the_device(context, "a"));
			assert_null(record_hwpt_automatic(&context->record, change->device,
							  the_ioas(context, "guest")));
		}
		change_free(change);
		assert_int_equal(close_context((void *[]){ context }), 0);
	}
}

static const unsigned long requests[] = {
	UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT,
	UAPI_VFIO_DEVICE_DETACH_IOMMUFD_PT,
	UAPI_IOMMU_HWPT_ALLOC,
	UAPI_IOMMU_IOAS_ALLOC,
	UAPI_IOMMU_IOAS_MAP,
	UAPI_IOMMU_IOAS_UNMAP,
	UAPI_IOMMU_DESTROY,
};

/* The NTH REQUEST of change I fails. Returns whether there are so many. */
static bool try_failure(size_t i, bool plain, unsigned long request, unsigned int nth,
			const char *after)
{
	struct context *context = prepare(plain);
	_cleanup_free_ char *before = describe(context);
	struct change *change = put(context, i);
	bool reached;

	kernel_fail(request, nth, EIO);
	(void)go_on(context, change);
	reached = kernel.err == 0;
	kernel.err = 0;
	/* HWPTs that cannot be freed stay, without a fault. */
	if (request != UAPI_IOMMU_DESTROY)
		expect_clean(context, i, change, before, after, nth);
	change_free(change);
	assert_int_equal(close_context((void *[]){ context }), 0);
	return reached;
}

static void each_failing(void **state)
{
	(void)state;
	for (unsigned int plain = 0; plain < 2; plain++) {
		for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
			_cleanup_free_ char *after = NULL;
			size_t calls;

			if (!is_possible(i, plain))
				continue;
			after = wanted(i, plain, &calls);
			for (size_t r = 0; r < ARRAY_SIZE(requests); r++)
				for (unsigned int nth = 0;
				     try_failure(i, plain, requests[r], nth, after); nth++)
					assert_true(nth < 200);
		}
	}
}

/* Cancelled at each call, and then each call that undoes it fails. */
static void each_undo_failing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		size_t calls = 0;

		if (!is_possible(i, true))
			continue;
		free(wanted(i, true, &calls));
		for (size_t at = 1; at <= calls; at++)
			for (size_t r = 0; r < ARRAY_SIZE(requests); r++) {
				struct context *context = prepare(true);
				struct change *change = put(context, i);

				for (size_t n = 0; n < at; n++)
					assert_false(change_step(context, change));
				change_cancel(change);
				kernel_fail(requests[r], 0, EIO);
				(void)go_on(context, change);
				kernel.err = 0;
				change_free(change);
				assert_int_equal(close_context((void *[]){ context }), 0);
			}
	}
}

/* In reverse order; what cannot be put back is told. */
static void in_reverse(void **state)
{
	struct context *context = prepare(true);
	struct log log = { .context = "test", .foreground = true };
	struct change *change = put(context, 0);
	char line[300] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	log.fd = fds[1];
	context->log = &log;
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 3, EIO);
	(void)go_on(context, change);
	change_free(change);
	kernel_asked("alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 7\n"
		     "attach device 1 pasid 50 to 7\nattach device 1 pasid 51 to 7\n"
		     "attach device 1 pasid 52 to 7: EIO\n"
		     "detach device 1 pasid 50\ndetach device 1 pasid 51\n"
		     "attach device 1 to 5\ndestroy 7\n");
	assert_int_equal(read(fds[0], line, sizeof(line) - 1), -1);
	change = put(context, 0);
	assert_false(change_step(context, change));
	assert_false(change_step(context, change));
	change_cancel(change);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 0, EIO);
	(void)go_on(context, change);
	change_free(change);
	kernel_asked("alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 7\n"
		     "attach device 1 to 5: EIO\ndestroy 7: EBUSY\n");
	assert_true(read(fds[0], line, sizeof(line) - 1) > 0);
	assert_non_null(strstr(line, "device 1 (a): could not be put back: EIO"));
	assert_non_null(strstr(line, "hwpt 7: could not be put back: EBUSY"));
	context->log = NULL;
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(close_context((void *[]){ context }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cancelled), cmocka_unit_test(removal_cancelled),
		cmocka_unit_test(each_failing),   cmocka_unit_test(each_undo_failing),
		cmocka_unit_test(in_reverse),
	};

	return cmocka_run_group_tests_name("holder undo", tests, NULL, NULL);
}
