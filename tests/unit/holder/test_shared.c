/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes did that were given the descriptors: the kernel has less than the record, or gives
 * out a number that the record has. The record follows, and the log tells.
 */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../holder_context.h"

static struct log log_ = { .context = "test", .foreground = true };
static int reader;

static int open_shared(void **state)
{
	int fds[2];

	assert_int_equal(open_context(state), 0);
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	reader = fds[0];
	log_.fd = fds[1];
	((struct context *)*state)->log = &log_;
	return 0;
}

static int close_shared(void **state)
{
	close(reader);
	close(log_.fd);
	((struct context *)*state)->log = NULL;
	return close_context(state);
}

/* What was logged since. TEXT is part of it; NULL: nothing. */
static void expect_log(const char *text)
{
	char line[1000] = "";
	ssize_t n = read(reader, line, sizeof(line) - 1);

	if (text ? !strstr(line, text) : n > 0)
		fail_msg("logged: %s, not %s", line, text ? text : "nothing");
}

/* Another process destroys an object, detaching first what is on it. */
static void kernel_lose(uint32_t id)
{
	for (uint32_t i = 1; i < KERNEL_ID_MAX; i++) {
		struct kernel_object *o = &kernel.object[i];

		if (o->rid == id)
			o->rid = 0;
		for (size_t p = 0; p < KERNEL_PASIDS; p++)
			if (o->pasids[p] == id)
				o->pasids[p] = 0;
	}
	kernel.object[id].type = KERNEL_NONE;
	memset(kernel.object[id].map, 0, sizeof(kernel.object[id].map));
}

static bool is_there(const void *memory)
{
	unsigned char in_core;

	return mincore((void *)(uintptr_t)memory, 0x1000, &in_core) == 0;
}

static void map(struct context *context, uint64_t iova, uint64_t size)
{
	struct fault fault = { 0 };
	struct change *change = NULL;

	assert_int_equal(context_map_ioas(context, the_ioas(context, "guest"), size, &iova, 3,
					  &fault, &change),
			 0);
	while (!change_step(context, change))
		;
	assert_false(change->fault.raised);
	change_free(change);
	kernel_agrees(context);
}

/* Unmapped by the other: what the record has is freed with its memory. */
static void unmapped(void **state)
{
	struct context *context = *state;
	struct record_ioas *guest = the_ioas(context, "guest");
	struct fault fault = { 0 };
	const void *memory[2];

	for (unsigned int whole = 0; whole < 2; whole++) {
		map(context, 0x10000, 0x1000);
		map(context, 0x11000, 0x1000);
		for (size_t i = 0; i < 2; i++)
			memory[i] = guest->mapping[i].memory;
		memset(kernel.object[3].map, 0, sizeof(kernel.object[3].map));
		kernel_forget();
		if (whole) {
			assert_int_equal(DO(context, &fault, context_unmap_ioas_all, guest), 0);
			expect_log(NULL);
			continue;
		}
		{
			struct change *change = NULL;

			assert_int_equal(
				context_unmap_ioas(guest, 0x10000, 0x2000, &fault, &change), 0);
			while (!change_step(context, change))
				;
			expect_json(change->reply, "{\"length\":8192}");
			change_free(change);
		}
		kernel_asked("unmap 3 from 0x10000 size 0x1000: ENOENT\n"
			     "unmap 3 from 0x11000 size 0x1000: ENOENT\n");
		expect_log("ioas 3 (guest): mappings were gone");
		kernel_agrees(context);
		assert_false(is_there(memory[0]) || is_there(memory[1]));
	}
}

/* A new mapping where the record has old ones, which the other unmapped. */
static void mapped_over(void **state)
{
	struct context *context = *state;
	struct record_ioas *guest = the_ioas(context, "guest");
	struct stat st;

	map(context, 0x10000, 0x1000);
	map(context, 0x11000, 0x1000);
	map(context, 0x20000, 0x1000);
	*(char *)guest->mapping[1].memory = 1;
	assert_int_equal(fstat(guest->memory, &st), 0);
	assert_true(st.st_blocks > 0);
	for (size_t i = 0; i < KERNEL_MAPS; i++)
		if (kernel.object[3].map[i].iova < 0x20000)
			kernel.object[3].map[i].length = 0;
	expect_log(NULL);
	map(context, 0x10000, 0x4000);
	expect_log("ioas 3 (guest): mappings are gone");
	assert_int_equal(guest->n_mappings, 2);
	assert_int_equal(record_ioas_mapped(guest), 0x5000);
	/* With their memory: of the file, only what was not written to is left. */
	assert_int_equal(fstat(guest->memory, &st), 0);
	assert_int_equal(st.st_blocks, 0);
	assert_int_equal(guest->mapping[0].offset, 0x3000);
}

/* Destroyed by the other: freeing it succeeds. */
static void freed(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	const void *memory;
	int file;

	(void)add_hwpt(context, "a", "guest", "table", true);
	kernel_lose(4);
	kernel_forget();
	assert_int_equal(DO(context, &fault, context_free_hwpt, context,
			    record_hwpt_find(&context->record, "table")),
			 0);
	kernel_asked("destroy 4: ENOENT\n");
	expect_log("hwpt 4 (table): was gone");
	map(context, 0x10000, 0x1000);
	memory = the_ioas(context, "guest")->mapping[0].memory;
	file = the_ioas(context, "guest")->memory;
	kernel_lose(3);
	assert_int_equal(
		DO(context, &fault, context_free_ioas, context, the_ioas(context, "guest")), 0);
	expect_log("ioas 3 (guest): was gone");
	assert_false(is_there(memory));
	assert_int_equal(fcntl(file, F_GETFD), -1);
	/* An automatic one, with the last PASID. */
	assert_int_equal(add_ioas(context, "guest"), 3);
	expect_bound(context, "a", "5", "guest", "5");
	{
		struct change *change = NULL;

		assert_int_equal(context_unbind_pasids(the_device(context, "a"),
						       &(struct ranges){ 0 }, &fault, &change),
				 0);
		kernel_lose(4);
		while (!change_step(context, change))
			;
		expect_json(change->reply, "{\"count\":1}");
		change_free(change);
	}
	expect_log("hwpt 4: was gone");
	kernel_agrees(context);
}

/* The number of an HWPT, on which the record has PASIDs and own requests, is given out again. */
static void number_of_hwpt(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	uint32_t id = 0;

	(void)add_hwpt(context, "a", "guest", "table", true);
	expect_bound(context, "a", "5-7", "table", "5-7");
	assert_int_equal(attach(context, "a", "table", false, &fault), 0);
	kernel_lose(4);
	assert_int_equal(do_alloc_ioas(context, "new", &fault, &id), 0);
	assert_int_equal(id, 4);
	expect_log("hwpt 4 (table): is gone");
	assert_null(record_hwpt_find(&context->record, "table"));
	assert_null(the_device(context, "a")->target);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 0);
	kernel_agrees(context);
}

/* The same of an IOAS, with its HWPTs and its memory. */
static void number_of_ioas(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	const void *memory;
	uint32_t id = 0;
	int file;

	map(context, 0x10000, 0x1000);
	memory = the_ioas(context, "guest")->mapping[0].memory;
	file = the_ioas(context, "guest")->memory;
	(void)add_hwpt(context, "a", "guest", "table", true);
	expect_bound(context, "a", "5-7", "guest", "5-7");
	assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
	kernel_lose(4);
	kernel_lose(5);
	kernel_lose(3);
	assert_int_equal(do_alloc_ioas(context, "new", &fault, &id), 0);
	assert_int_equal(id, 3);
	expect_log("ioas 3 (guest): is gone");
	assert_null(the_ioas(context, "guest"));
	assert_int_equal(context->record.of[OBJECT_HWPT].n, 0);
	assert_null(the_device(context, "b")->target);
	assert_int_equal(record_device_pasids(the_device(context, "a")), 0);
	assert_false(is_there(memory));
	assert_int_equal(fcntl(file, F_GETFD), -1);
	kernel_agrees(context);
}

/* What a change is about is gone when one of its own steps gets the number. */
static void number_of_target(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change;

	/* The HWPT that is to be bound to: a has to leave the plain one first. */
	(void)add_hwpt(context, "a", "guest", "fit", true);
	(void)add_hwpt(context, "a", "guest", "plain", false);
	assert_int_equal(attach(context, "a", "plain", false, &fault), 0);
	kernel_lose(4);
	kernel_forget();
	{
		struct bind_request request = { 0 };
		struct object *target =
			record_find(&context->record, OBJECT_HWPT, reference_name("fit"));

		assert_int_equal(parse_ranges("5-6", UINT32_MAX, &request.pasid), 0);
		assert_int_equal(context_bind_pasids(context, the_device(context, "a"), target,
						     &request, &fault, &change),
				 0);
	}
	while (!change_step(context, change))
		;
	expect_fault(&change->fault, "KernelError");
	change_free(change);
	kernel_asked("alloc hwpt for device 1 in 3 with pasids\nattach device 1 to 4\n"
		     "attach device 1 to 5\ndestroy 4\n");
	expect_log("hwpt 4 (fit): is gone");
	kernel_agrees(context);
	/* No trace of it is in the record. */
	change_free(unbind_pasids(context, "a", NULL, &fault));
	assert_int_equal(DO(context, &fault, context_remove_device, the_device(context, "a"), true),
			 0);
}

/* The automatic HWPT that a device is moved away from. */
static void number_of_old(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	struct change *change = NULL;

	assert_int_equal(add_ioas(context, "other"), 4);
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	kernel_lose(5);
	kernel_forget();
	assert_int_equal(context_attach_device(context, the_device(context, "a"),
					       &the_ioas(context, "other")->object, true, &fault,
					       &change),
			 0);
	while (!change_step(context, change))
		;
	assert_false(change->fault.raised);
	change_free(change);
	kernel_asked("alloc hwpt for device 1 in 4 with pasids\nattach device 1 to 5\n");
	assert_int_equal(hwpt_of(the_device(context, "a")), 5);
	assert_int_equal(ioas_of(the_device(context, "a")), 4);
	kernel_agrees(context);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_shared, close_shared)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unmapped),       TEST(mapped_over),    TEST(freed),
		TEST(number_of_hwpt), TEST(number_of_ioas), TEST(number_of_target),
		TEST(number_of_old),
	};

	return cmocka_run_group_tests_name("holder shared", tests, NULL, NULL);
}
