/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans: changes of a copy of the context, each call of which adds a line, does nothing, and succeeds
 * as the real one would.
 */
#include "holder/engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "../memory.h"

struct rehearsal {
	struct context copy;
	struct plan plan;
};

static void rehearsal_done(struct rehearsal *rehearsal)
{
	context_done(&rehearsal->copy);
	plan_done(&rehearsal->plan);
}

#define REHEARSAL(name, context) \
	_cleanup_(rehearsal_done) struct rehearsal name = { 0 }; \
	kernel_forget(); \
	assert_int_equal(context_copy((context), &(name).plan, &(name).copy), 0)

/* Plays CHANGE on the copy, in turns of so many calls. Returns whether it succeeded. */
static bool rehearse(struct rehearsal *rehearsal, int r, struct change *change,
		     const struct fault *fault)
{
	bool done;

	if (r < 0)
		fail_msg("%s", fault->id);
	while (!change_rehearse(&rehearsal->copy, change, 2))
		;
	assert_int_equal(change->fault.raised, !change->reply);
	done = change->reply;
	change_free(change);
	return done;
}

#define PLAY(rehearsal, rule, ...) \
	({ \
		struct fault fault_ = { 0 }; \
		struct change *change_ = NULL; \
		int r_ = rule(__VA_ARGS__, &fault_, &change_); \
		rehearse((rehearsal), r_, change_, &fault_); \
	})

/* The lines, each with a newline. */
static void expect_lines(struct rehearsal *rehearsal, const char *expected)
{
	struct plan *plan = &rehearsal->plan;
	char text[2000] = "";

	assert_int_equal(plan->err, 0);
	for (size_t i = 0; i < plan->line.n; i++) {
		strcat(text, plan->line.v[i]);
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
	plan_done(plan);
	assert_int_equal(plan->line.n, 0);
	/* And nothing else. */
	kernel_asked("");
}

static struct object *target(struct rehearsal *rehearsal, const char *name)
{
	struct fault fault = { 0 };
	struct object *object = NULL;

	assert_int_equal(context_find_target(&rehearsal->copy, named(name), &fault, &object), 0);
	return object;
}

static void devices(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct record_device *a, *b;

	assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
	REHEARSAL(dry, context);
	a = the_device(&dry.copy, "a");
	b = the_device(&dry.copy, "b");
	assert_true(PLAY(&dry, context_attach_device, &dry.copy, a, target(&dry, "guest"), false));
	assert_true(PLAY(&dry, context_detach_device, b));
	assert_true(PLAY(&dry, context_attach_device, &dry.copy, b, target(&dry, "3"), false));
	expect_lines(&dry, "ioctl IOMMU_HWPT_ALLOC a ioas 3 for PASIDs\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a hwpt NEW\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT b\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT b ioas 3\n");
	/* A removal closes the device, for which there are no words; here nothing is closed. */
	assert_true(PLAY(&dry, context_remove_device, a, true));
	expect_lines(&dry, "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a\nioctl IOMMU_DESTROY hwpt NEW\n");
	assert_null(the_device(&dry.copy, "a"));
	assert_true(fcntl(the_device(context, "a")->fd, F_GETFD) >= 0);
	kernel_agrees(context);
}

static void files(void **state)
{
	struct context *context = *state;
	int fd = memfd_create("client", MFD_CLOEXEC);
	const struct map_file file = { .fd = fd, .offset = 0x1000 };
	const uint64_t iova = 0x10000;
	struct record_ioas *guest;

	assert_int_equal(ftruncate(fd, 0x4000), 0);
	REHEARSAL(dry, context);
	guest = the_ioas(&dry.copy, "guest");
	assert_true(PLAY(&dry, context_map_file, &dry.copy, guest, &file, 0x1000, NULL, 3));
	assert_true(PLAY(&dry, context_map_file, &dry.copy, guest, &file, 0x2000, &iova, 1));
	/* Something is there now. */
	assert_false(PLAY(&dry, context_map_file, &dry.copy, guest, &file, 0x1000, &iova, 1));
	expect_lines(&dry,
		     "ioctl IOMMU_IOAS_MAP_FILE ioas 3 offset 0x1000 size 0x1000 read write\n"
		     "ioctl IOMMU_IOAS_MAP_FILE ioas 3 offset 0x1000 size 0x2000 iova 0x10000 "
		     "read\n");
	kernel_agrees(context);
	close(fd);
}

static void objects(void **state)
{
	struct context *context = *state;
	struct record_ioas *new;
	struct record_device *a;

	assert_int_equal(add_hwpt(context, "a", "guest", "t", true), 4);
	REHEARSAL(dry, context);
	a = the_device(&dry.copy, "a");
	assert_true(PLAY(&dry, context_alloc_ioas, &dry.copy, "new"));
	new = the_ioas(&dry.copy, "new");
	assert_int_equal(new->object.id, UINT32_MAX);
	assert_true(PLAY(&dry, context_alloc_hwpt, &dry.copy, a, the_ioas(&dry.copy, "guest"), "x",
			 false));
	/* Each has its own number. */
	assert_int_equal(record_hwpt_find(&dry.copy.record, "x")->object.id, UINT32_MAX - 1);
	assert_true(PLAY(&dry, context_alloc_hwpt, &dry.copy, a, new, "y", true));
	assert_int_equal(record_hwpt_find(&dry.copy.record, "y")->object.id, UINT32_MAX - 2);
	assert_true(
		PLAY(&dry, context_free_hwpt, &dry.copy, record_hwpt_find(&dry.copy.record, "t")));
	assert_true(
		PLAY(&dry, context_free_hwpt, &dry.copy, record_hwpt_find(&dry.copy.record, "x")));
	assert_true(
		PLAY(&dry, context_free_hwpt, &dry.copy, record_hwpt_find(&dry.copy.record, "y")));
	assert_true(PLAY(&dry, context_free_ioas, &dry.copy, new));
	assert_true(PLAY(&dry, context_free_ioas, &dry.copy, the_ioas(&dry.copy, "guest")));
	expect_lines(&dry, "ioctl IOMMU_IOAS_ALLOC\nioctl IOMMU_HWPT_ALLOC a ioas 3\n"
			   "ioctl IOMMU_HWPT_ALLOC a ioas NEW for PASIDs\n"
			   "ioctl IOMMU_DESTROY hwpt 4\nioctl IOMMU_DESTROY hwpt NEW\n"
			   "ioctl IOMMU_DESTROY hwpt NEW\nioctl IOMMU_DESTROY ioas NEW\n"
			   "ioctl IOMMU_DESTROY ioas 3\n");
	kernel_agrees(context);
	assert_non_null(the_ioas(context, "guest"));
	assert_true(plan_is_new(UINT32_MAX));
	assert_true(plan_is_new(UINT32_MAX - 5000));
	assert_false(plan_is_new(5000));
}

static bool play_map(struct rehearsal *dry, uint64_t iova, uint64_t length, unsigned int flags)
{
	return PLAY(dry, context_map_ioas, &dry->copy, the_ioas(&dry->copy, "guest"), length,
		    iova == 1 ? NULL : &iova, flags);
}

static void mappings(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = the_ioas(context, "guest"), *copy;
	struct fault fault = { 0 };
	uint64_t at = 0x3000;

	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x2000, &at, 3), 0);
	at = 0x6000;
	assert_int_equal(DO(context, &fault, context_map_ioas, context, ioas, 0x1000, &at, 3), 0);
	REHEARSAL(dry, context);
	copy = the_ioas(&dry.copy, "guest");
	assert_true(play_map(&dry, 0x2000, 0x1000, 3));
	assert_true(play_map(&dry, 0x5000, 0x1000, IOMMUFD_MAP_READ));
	/* Only what is asked of the kernel is known, and where it goes is not. */
	assert_true(play_map(&dry, 1, 0x1000, IOMMUFD_MAP_WRITE));
	/* As the kernel would return. */
	assert_false(play_map(&dry, 0x1000, 0x2000, 3));
	assert_false(play_map(&dry, 0x4000, 0x1000, 3));
	assert_false(play_map(&dry, 0x5000, 0x1000, 3));
	assert_true(PLAY(&dry, context_unmap_ioas, copy, 0x2000, 0x3000));
	assert_true(PLAY(&dry, context_unmap_ioas, copy, 0x5000, 0));
	assert_true(PLAY(&dry, context_unmap_ioas_all, copy));
	assert_int_equal(record_ioas_mapped(copy), 0);
	expect_lines(&dry, "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 iova 0x2000 read write\n"
			   "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 iova 0x5000 read\n"
			   "ioctl IOMMU_IOAS_MAP ioas 3 size 0x1000 write\n"
			   "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x2000 size 0x1000\n"
			   "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x3000 size 0x2000\n"
			   "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x5000 size 0x1000\n"
			   "ioctl IOMMU_IOAS_UNMAP ioas 3 iova 0x0 size 0xffffffffffffffff\n");
	/* The memory belongs to the holder and must not be touched. */
	assert_int_equal(*(char *)ioas->mapping[0].memory, 0);
	kernel_agrees(context);
}

static bool play_bind(struct rehearsal *dry, const char *pasids, uint32_t count, const char *to)
{
	struct bind_request request = { .count = count };

	if (pasids)
		assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	return PLAY(dry, context_bind_pasids, &dry->copy, the_device(&dry->copy, "a"),
		    target(dry, to), &request);
}

/* Consecutive PASIDs share a line, however many. */
static void pasids(void **state)
{
	struct context *context = *state;
	_cleanup_ranges_ struct ranges list = { 0 };

	(void)add_hwpt(context, "a", "guest", "one", true);
	(void)add_hwpt(context, "a", "guest", "two", true);
	expect_bound(context, "a", "1-2", "one", "1-2");
	REHEARSAL(dry, context);
	assert_true(play_bind(&dry, "5-7,9", 0, "one"));
	assert_true(play_bind(&dry, "8", 0, "two"));
	/* 3 and 4 are free, and from 10 on. */
	assert_true(play_bind(&dry, NULL, 100000, "guest"));
	assert_int_equal(parse_ranges("1-3,6-9", UINT32_MAX, &list), 0);
	assert_true(PLAY(&dry, context_unbind_pasids, the_device(&dry.copy, "a"), &list));
	assert_true(PLAY(&dry, context_unbind_pasids, the_device(&dry.copy, "a"), &list));
	expect_lines(&dry, "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 5-7 hwpt 4\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 9 hwpt 4\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 8 hwpt 5\n"
			   "ioctl IOMMU_HWPT_ALLOC a ioas 3 for PASIDs\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 3-4 hwpt NEW\n"
			   "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 10-100007 hwpt NEW\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 1-2\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 3\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6-7\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 8\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 9\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 4\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 5\n"
			   "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 10-100007\n"
			   "ioctl IOMMU_DESTROY hwpt NEW\n");
	kernel_agrees(context);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 2);
}

/* Without memory for a line there is an error and no line; some lacks asprintf() makes up for. */
static void lines_exhausted(void **state)
{
	const long live = memory.live;

	(void)state;
	for (size_t nth = 1, n = 1; n >= nth; nth++) {
		struct plan plan = { 0 };

		memory.n = 0;
		memory.fail_at = nth;
		plan_note(&plan, "open %s", "x");
		plan_ioctl(&plan, IOMMUFD_IOAS_ALLOC, "%s", "");
		n = memory.n;
		memory.fail_at = 0;
		if (plan.err == 0 ? plan.line.n != 2 : plan.err != -ENOMEM || plan.line.n == 2)
			fail_msg("allocation %zu: %d, %zu lines", nth, plan.err, plan.line.n);
		/* The first of them is that of a text. */
		assert_true(plan.err < 0 || nth > 1 || n == 0);
		plan_done(&plan);
		assert_int_equal(memory.live, live);
	}
}

/* At the limit and one byte more; what does not fit is an error, and no line is truncated. */
static void too_long(void **state)
{
	const size_t length = 4000;
	char *text = calloc(1, length + 2);

	(void)state;
	memset(text, 'x', length);
	for (unsigned int more = 0; more < 2; more++) {
		struct plan plan = { 0 };
		size_t n = 0, bytes = 0;

		for (; bytes + length <= PLAN_BYTES_MAX; n++, bytes += length)
			plan_note(&plan, "%s", text);
		assert_int_equal(plan.err, 0);
		/* A last line that ends exactly at the limit, or one byte after. */
		plan_note(&plan, "%.*s", (int)(PLAN_BYTES_MAX - bytes + more), text);
		assert_int_equal(plan.err, more ? -E2BIG : 0);
		assert_int_equal(plan.line.n, n + !more);
		/* For good. */
		plan_ioctl(&plan, IOMMUFD_IOAS_ALLOC, "%s", "");
		assert_int_equal(plan.err, -E2BIG);
		assert_int_equal(plan.line.n, n + !more);
		plan_done(&plan);
	}
	free(text);
}

/* A change whose plan is too long ends there. */
static void given_up(void **state)
{
	struct context *context = *state;
	struct bind_request request = { .count = 500000 };
	struct change *change = NULL;
	struct fault fault = { 0 };

	REHEARSAL(dry, context);
	dry.plan.bytes = PLAN_BYTES_MAX;
	assert_int_equal(context_bind_pasids(&dry.copy, the_device(&dry.copy, "a"),
					     target(&dry, "guest"), &request, &fault, &change),
			 0);
	assert_true(change_rehearse(&dry.copy, change, 10));
	assert_int_equal(dry.plan.err, -E2BIG);
	assert_int_equal(dry.plan.line.n, 0);
	assert_null(change->reply);
	change_free(change);
	kernel_asked("");
}

/* A copy that cannot be made leaves nothing. */
static void not_copied(void **state)
{
	struct context *context = *state;
	struct plan plan = { 0 };

	for (enum object_kind kind = 0; kind < OBJECT_KINDS; kind++)
		assert_true(context->record.of[kind].n < 3);
	for (size_t nth = 1, n = 1; n >= nth; nth++) {
		struct context copy = { .iommufd = -7 };
		int r;

		memory.n = 0;
		memory.fail_at = nth;
		r = context_copy(context, &plan, &copy);
		n = memory.n;
		memory.fail_at = 0;
		assert_int_equal(r, n < nth ? 0 : -ENOMEM);
		if (r == 0)
			context_done(&copy);
		else
			assert_int_equal(copy.iommufd, -7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(devices),  TEST(files),    TEST(objects),
		TEST(mappings), TEST(pasids),   TEST(lines_exhausted),
		TEST(too_long), TEST(given_up), TEST(not_copied),
	};

	return cmocka_run_group_tests_name("holder plan", tests, NULL, NULL);
}
