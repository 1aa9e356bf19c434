/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of an IOAS: limits, memory, and failures of each step. */
#include "holder/rules/rules.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "holder/rules/internal.h"
#include "sys/memory.h"

#define PAGE 0x1000

static struct memory_available pinnable; /* what can be pinned */
static unsigned int unmapped;            /* calls of munmap() */

void __wrap_memory_available(const struct sys_root *root, struct memory_available *ret);
void __wrap_memory_available(const struct sys_root *root, struct memory_available *ret)
{
	(void)root;
	*ret = pinnable;
}

int munmap(void *memory, size_t size)
{
	unmapped++;
	return (int)syscall(SYS_munmap, memory, size);
}

static int open_mapping(void **state)
{
	pinnable = (struct memory_available){ .bytes = UINT64_MAX };
	return open_context(state);
}

static struct record_ioas *guest(struct context *context)
{
	return the_ioas(context, "guest");
}

/* IOVA 1: the kernel chooses. */
static int try_map(struct context *context, const char *ioas, uint64_t iova, uint64_t size,
		   unsigned int flags, struct fault *fault)
{
	return DO(context, fault, context_map_ioas, context, the_ioas(context, ioas), size,
		  iova == 1 ? NULL : &iova, flags);
}

/* Returns the IOVA of the reply. */
static uint64_t map(struct context *context, const char *ioas, uint64_t iova, uint64_t size,
		    unsigned int flags)
{
	struct fault fault = { 0 };
	struct change *change = NULL;
	uint64_t at = 7;

	if (context_map_ioas(context, the_ioas(context, ioas), size, iova == 1 ? NULL : &iova,
			     flags, &fault, &change) < 0)
		fail_msg("%s %s", fault.id, json_object_to_json_string(fault.parameters));
	while (!change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	assert_false(change->fault.raised);
	assert_int_equal(json_get_address(change->reply, "iova", &at), 1);
	change_free(change);
	return at;
}

/* Nothing is left of it. */
static void expect_unmappable(struct context *context, uint64_t iova, uint64_t size,
			      const char *error, const char *parameters)
{
	uint64_t bytes = record_ioas_mapped(guest(context));
	struct fault fault = { 0 };

	assert_int_equal(try_map(context, "guest", iova, size, 3, &fault), FAULTED);
	expect_error(&fault, error, parameters);
	assert_int_equal(record_ioas_mapped(guest(context)), bytes);
}

/* LENGTH UINT64_MAX: everything. Returns the reply's length. */
static uint64_t unmap(struct context *context, uint64_t iova, uint64_t length, struct fault *fault)
{
	struct change *change = NULL;
	uint64_t bytes = UINT64_MAX;
	int r = length == UINT64_MAX
			? context_unmap_ioas_all(guest(context), fault, &change)
			: context_unmap_ioas(guest(context), iova, length, fault, &change);

	while (change && !change_step(context, change))
		kernel_agrees(context);
	kernel_agrees(context);
	if (r == 0 && change->reply)
		assert_int_equal(json_get_u64(change->reply, "length", INT64_MAX, &bytes), 1);
	if (r == 0) {
		*fault = change->fault;
		change->fault = (struct fault){ 0 };
	}
	change_free(change);
	assert_int_equal(fault->raised, bytes == UINT64_MAX);
	return bytes;
}

static void expect_unmapped(struct context *context, uint64_t iova, uint64_t length, uint64_t done)
{
	struct fault fault = { 0 };

	assert_int_equal(unmap(context, iova, length, &fault), done);
}

static void expect_mapped_still(struct context *context, uint64_t iova, uint64_t length,
				const char *error, const char *parameters)
{
	uint64_t before = record_ioas_mapped(guest(context));
	struct fault fault = { 0 };

	(void)unmap(context, iova, length, &fault);
	expect_error(&fault, error, parameters);
	assert_int_equal(record_ioas_mapped(guest(context)), before);
}

static bool is_there(const void *memory)
{
	unsigned char in_core;

	return mincore((void *)(uintptr_t)memory, PAGE, &in_core) == 0;
}

static uint64_t allocated(int file)
{
	struct stat st;

	assert_int_equal(fstat(file, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

/* Zeroed, writable, of a file that cannot shrink, and freed with the mapping. */
static void memory(void **state)
{
	struct context *context = *state;
	const struct record_mapping *m;
	char *memory, byte = 0;
	int file;

	assert_int_equal(map(context, "guest", 0x10000, 2 * PAGE, 3), 0x10000);
	assert_int_equal(map(context, "guest", 1, PAGE, 1), 0x102000);
	assert_int_equal(map(context, "guest", 0x20000, PAGE, 2), 0x20000);
	kernel_asked("map 3 size 0x2000 at 0x10000 read write\nmap 3 size 0x1000 read\n"
		     "map 3 size 0x1000 at 0x20000 write\n");
	memory = record_mapping_find(guest(context), 0x10000)->memory;
	for (size_t i = 0; i < (size_t)2 * PAGE; i++)
		assert_int_equal(memory[i], 0);
	memory[2 * PAGE - 1] = 1;
	assert_true(is_there(memory));
	/* One file for all of them, in their order. */
	file = guest(context)->memory;
	assert_true(fcntl(file, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(file, F_GET_SEALS) & F_SEAL_SHRINK, F_SEAL_SHRINK);
	assert_int_equal(pread(file, &byte, 1, 2 * PAGE - 1), 1);
	assert_int_equal(byte, 1);
	m = record_mapping_find(guest(context), 0x20000);
	*(char *)m->memory = 7;
	assert_int_equal(m->offset, 3 * PAGE);
	assert_int_equal(pread(file, &byte, 1, 3 * PAGE), 1);
	assert_int_equal(byte, 7);
	expect_unmapped(context, 0x10000, 0, 2 * PAGE);
	assert_false(is_there(memory));
	assert_int_equal(allocated(file), PAGE);
	/* The next one does not get the same part. */
	assert_int_equal(map(context, "guest", 0x10000, PAGE, 3), 0x10000);
	assert_int_equal(record_mapping_find(guest(context), 0x10000)->offset, 4 * PAGE);
	memory = record_mapping_find(guest(context), 0x20000)->memory;
	assert_true(is_there(memory));
	kernel_forget();
	destroy_context(context);
	assert_false(is_there(memory));
	assert_int_equal(fcntl(file, F_GETFD), -1);
	kernel_asked("unmap 3 from 0x0 size 0xffffffffffffffff\ndestroy 3\n");
	kernel_context(context);
}

static void bounds(void **state)
{
	struct context *context = *state;

	expect_unmappable(context, 1, 0, "InvalidParameter", "{\"parameter\":\"size\"}");
	expect_unmappable(context, 1, PAGE + 1, "NotAligned",
			  "{\"parameter\":\"size\",\"value\":\"0x1001\",\"alignment\":4096}");
	expect_unmappable(context, 0x1fff, PAGE, "NotAligned",
			  "{\"parameter\":\"iova\",\"value\":\"0x1fff\",\"alignment\":4096}");
	expect_unmappable(
		context, UINT64_MAX - 0xfff, 2 * PAGE, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_MAP\",\"errno\":75,\"errno_name\":\"EOVERFLOW\"}");
	kernel_asked("");
	unmapped = 0;
	kernel_fail(UAPI_IOMMU_IOAS_MAP, 0, ENOSPC);
	expect_unmappable(
		context, 1, PAGE, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_MAP\",\"errno\":28,\"errno_name\":\"ENOSPC\"}");
	assert_int_equal(unmapped, 1);
	/* Larger than the address space. */
	expect_unmappable(context, 1, (uint64_t)1 << 62, "KernelError",
			  "{\"operation\":\"mmap\",\"errno\":12,\"errno_name\":\"ENOMEM\"}");
	/* The first and the last page. */
	map(context, "guest", 0, PAGE, 3);
	map(context, "guest", UINT64_MAX - 0xfff, PAGE, 3);
	expect_unmapped(context, UINT64_MAX - 0xfff, PAGE, PAGE);
	map(context, "guest", UINT64_MAX - 0x1fff, 2 * PAGE, 3);
	expect_mapped_still(
		context, UINT64_MAX - 0x1fff, 3 * PAGE, "NotMapped",
		"{\"ioas\":{\"id\":3,\"name\":\"guest\"},\"iova\":\"0xffffffffffffe000\"}");
	expect_unmapped(context, UINT64_MAX - 0x1fff, 0, 2 * PAGE);
	expect_unmapped(context, 0, 0, PAGE);
}

/* Whole mappings, one or several; never a part. */
static void unmapping(void **state)
{
	static const char parameters[] =
		"{\"ioas\":{\"id\":3,\"name\":\"guest\"},\"iova\":\"0x11000\"}";
	struct context *context = *state;

	map(context, "guest", 0x10000, 2 * PAGE, 3);
	map(context, "guest", 0x12000, PAGE, 3);
	map(context, "guest", 0x20000, PAGE, 3);
	kernel_forget();
	expect_mapped_still(context, 0x11000, 0, "NotMapped", parameters);
	expect_mapped_still(context, 0x11000, PAGE, "PartOfMapping", parameters);
	expect_mapped_still(context, 0x11000, 2 * PAGE, "PartOfMapping", parameters);
	expect_mapped_still(context, 0x10000, PAGE, "PartOfMapping",
			    "{\"ioas\":{\"id\":3,\"name\":\"guest\"},\"iova\":\"0x10000\"}");
	expect_mapped_still(context, 0x13000, 0xd000, "NotMapped",
			    "{\"ioas\":{\"id\":3,\"name\":\"guest\"},\"iova\":\"0x13000\"}");
	kernel_asked("");
	kernel_fail(UAPI_IOMMU_IOAS_UNMAP, 0, EIO);
	expect_mapped_still(
		context, 0x20000, 0, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_UNMAP\",\"errno\":5,\"errno_name\":\"EIO\"}");
	kernel_forget();
	unmapped = 0;
	expect_unmapped(context, 0xf000, 5 * PAGE, 3 * PAGE);
	kernel_asked("unmap 3 from 0x10000 size 0x2000\nunmap 3 from 0x12000 size 0x1000\n");
	assert_int_equal(unmapped, 2);
	kernel_fail(UAPI_IOMMU_IOAS_UNMAP, 0, EIO);
	expect_mapped_still(
		context, 0, UINT64_MAX, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_UNMAP\",\"errno\":5,\"errno_name\":\"EIO\"}");
	kernel_forget();
	expect_unmapped(context, 0, UINT64_MAX, PAGE);
	assert_int_equal(unmapped, 3);
	kernel_asked("unmap 3 from 0x0 size 0xffffffffffffffff\n");
	expect_unmapped(context, 0, UINT64_MAX, 0);
}

/* An eighth of the available memory stays free, and mappings that are not pinned yet count too. */
static void available(void **state)
{
	struct context *context = *state;

	assert_int_equal(add_ioas(context, "other"), 4);
	pinnable = (struct memory_available){ 65536, MEMORY_MACHINE };
	expect_unmappable(context, 1, 15 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536,\"limited_by\":\"machine\"}");
	map(context, "guest", 1, 14 * PAGE, 3);
	expect_unmappable(context, 1, PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536,\"limited_by\":\"machine\"}");
	/* A limit of its own has nothing to spare for others. */
	pinnable.limit = MEMORY_RLIMIT;
	map(context, "guest", 1, 2 * PAGE, 3);
	expect_unmappable(context, 1, PAGE, "NotEnoughMemory",
			  "{\"size\":69632,\"available\":65536,\"limited_by\":\"rlimit\"}");
}

/* What pins is checked, whichever way: for the device's own requests, PASIDs, or an HWPT. */
static void pinned_by(void **state)
{
	static const char refused[] =
		"{\"size\":57344,\"available\":57344,\"limited_by\":\"machine\"}";
	struct context *context = *state;
	struct record_device *a = the_device(context, "a");
	struct fault fault = { 0 };
	uint32_t hwpt;

	map(context, "guest", 1, 14 * PAGE, 3);
	pinnable = (struct memory_available){ 14 * PAGE, MEMORY_MACHINE };
	kernel_forget();
	assert_int_equal(attach(context, "a", "guest", false, &fault), FAULTED);
	expect_error(&fault, "NotEnoughMemory", refused);
	assert_null(bind_pasids(context, "a", "5", 0, "guest", false, &fault));
	expect_error(&fault, "NotEnoughMemory", refused);
	assert_int_equal(do_alloc_hwpt(context, a, "guest", "mine", true, &fault, &hwpt), FAULTED);
	expect_error(&fault, "NotEnoughMemory", refused);
	kernel_asked("");
	pinnable.bytes = 16 * PAGE;
	assert_int_equal(attach(context, "a", "guest", false, &fault), 0);
	/* It is pinned now, once for all. */
	pinnable.bytes = PAGE;
	expect_bound(context, "a", "5", "guest", "5");
}

/* With a user they are pinned, and no longer part of the available memory. */
static void pinned(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	assert_int_equal(add_ioas(context, "other"), 4);
	pinnable = (struct memory_available){ 65536, MEMORY_CGROUP };
	map(context, "other", 1, 13 * PAGE, 3);
	expect_unmappable(context, 1, 2 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536,\"limited_by\":\"cgroup\"}");
	map(context, "guest", 1, PAGE, 3);
	assert_int_equal(attach(context, "a", "other", false, &fault), 0);
	expect_unmappable(context, 1, 14 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536,\"limited_by\":\"cgroup\"}");
	map(context, "guest", 1, 13 * PAGE, 3);
	/* If the available memory is unknown, nothing is refused. */
	pinnable = (struct memory_available){ .bytes = UINT64_MAX };
	map(context, "guest", 1, 100 * PAGE, 3);
}

/* The maximum number of mappings. */
static void many(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = guest(context);
	struct fault fault = { 0 };
	struct change *change = NULL;
	uint64_t at = 0;

	/* Only in the record, because the fake kernel has no room for so many. */
	for (uint64_t i = 1; i < 4096; i++) {
		assert_int_equal(record_mapping_reserve(ioas), 0);
		record_mapping_add(
			&context->record, ioas,
			&(struct record_mapping){ .iova = (i + 100) << 12, .length = PAGE });
	}
	assert_int_equal(context_map_ioas(context, ioas, PAGE, &at, 3, &fault, &change), 0);
	while (!change_step(context, change))
		;
	assert_non_null(change->reply);
	change_free(change);
	assert_int_equal(ioas->n_mappings, 4096);
	assert_int_equal(context_map_ioas(context, ioas, PAGE, NULL, 3, &fault, &change), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"mapping\",\"limit\":4096}");
	kernel_asked("map 3 size 0x1000 at 0x0 read write\n");
	record_mapping_drop(&context->record, ioas, 1, ioas->n_mappings - 1);
	kernel_agrees(context);
}

static void expect_alignment(struct context *context, uint64_t expected)
{
	_cleanup_json_ json_object *object = context_show_ioas(guest(context));
	uint64_t alignment = 0;
	json_object *ranges = NULL;

	assert_int_equal(json_get_u64(object, "alignment", UINT32_MAX, &alignment), 1);
	assert_int_equal(alignment, expected);
	/* More than fit at first. */
	assert_int_equal(json_get_array(object, "range", &ranges), 1);
	assert_int_equal(json_object_array_length(ranges), 20);
}

static void expect_unknown(struct context *context)
{
	_cleanup_json_ json_object *object = context_show_ioas(guest(context));

	assert_true(json_object_object_get_ex(object, "alignment", NULL));
	assert_null(json_object_object_get(object, "alignment"));
	assert_true(json_object_object_get_ex(object, "range", NULL));
	assert_null(json_object_object_get(object, "range"));
}

/* What the kernel allows is read after each change of what is attached, also one that was undone. */
static void shown(void **state)
{
	static const struct {
		uint32_t kernel, shown;
	} cases[] = { { 1, 4096 }, { 4096, 4096 }, { 65536, 65536 } };
	struct context *context = *state;
	struct fault fault = { 0 };
	unsigned int reads;
	uint32_t id;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel.alignment = cases[i].kernel;
		if (i % 2)
			assert_int_equal(DO(context, &fault, context_detach_device,
					    record_device_find(&context->record, "b")),
					 0);
		else
			assert_int_equal(attach(context, "b", "guest", false, &fault), 0);
		expect_alignment(context, cases[i].shown);
		reads = kernel.reads;
		change_free(bind_pasids(context, "a",
					i == 0   ? "5"
					: i == 1 ? "7"
						 : "9",
					0, "guest", false, &fault));
		/* Once for what is new on the IOAS, which is an HWPT, and not again. */
		assert_int_equal(kernel.reads - reads, i ? 0 : 2);
	}
	/* If it cannot be read, it is not known, and read again after the next change. */
	kernel.alignment = 1;
	kernel_fail(UAPI_IOMMU_IOAS_IOVA_RANGES, 0, EIO);
	assert_int_equal(DO(context, &fault, context_detach_device, the_device(context, "b")), 0);
	expect_unknown(context);
	assert_int_equal(do_alloc_ioas(context, "other", &fault, &id), 0);
	expect_alignment(context, 4096);
	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 1, EIO);
	add_hwpt(context, "b", "guest", "plain", false);
	expect_alignment(context, 4096);
}

/* Freed with its mappings, and with HWPTs that could not be destroyed before. */
static void freed(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	assert_int_equal(add_ioas(context, "other"), 4);
	map(context, "guest", 1, PAGE, 3);
	map(context, "guest", 1, PAGE, 3);
	for (unsigned int i = 0; i < 2; i++) {
		expect_bound(context, "a", "5", i ? "other" : "guest", "5");
		kernel_fail(UAPI_IOMMU_DESTROY, 0, EBUSY);
		change_free(unbind_pasids(context, "a", NULL, &fault));
	}
	assert_int_equal(kernel_count(KERNEL_HWPT), 2);
	unmapped = 0;
	kernel_fail(UAPI_IOMMU_DESTROY, 1, EBUSY);
	kernel_forget();
	assert_int_equal(DO(context, &fault, context_free_ioas, context, guest(context)), FAULTED);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"IOMMU_DESTROY\",\"errno\":16,\"errno_name\":\"EBUSY\"}");
	kernel_asked("destroy 5\ndestroy 3: EBUSY\n");
	kernel_agrees(context);
	assert_int_equal(unmapped, 0);
	assert_int_equal(DO(context, &fault, context_free_ioas, context, guest(context)), 0);
	kernel_asked("destroy 3\n");
	assert_int_equal(unmapped, 2);
	assert_int_equal(context->record.of[OBJECT_HWPT].n, 1);
	kernel_agrees(context);
}

static json_object *reserved_of(struct context *context, const char *regions)
{
	json_object *array = rules_reserved(regions, guest(context));

	assert_non_null(array);
	return array;
}

#define OVERLAP(iova, length, first, last, kind) \
	"{\"iova\":\"" iova "\",\"length\":" length ",\"first\":\"" first "\",\"last\":\"" last \
	"\",\"kind\":\"" kind "\"}"

/* Which lines of the file count, when a mapping overlaps a region, and how many are named. */
static void reserved_regions(void **state)
{
	struct context *context = *state;
	json_object *array = NULL;

	map(context, "guest", 0x1000, PAGE, 3);
	map(context, "guest", 0x3000, 2 * PAGE, 3);
	array = reserved_of(
		context,
		"0x1fff 0x1fff msi\n0x2000 0x2fff reserved\n0x4fff 0x5000 direct\nnonsense\n"
		"0x1000 0xfff msi\n0x1000 0x2000\n0x0 0xffff direct-relaxable\n"
		"0x1000 0x1000 boot\n");
	expect_json(array, "[" OVERLAP("0x1000", "4096", "0x1fff", "0x1fff", "msi") "," OVERLAP(
				   "0x3000", "8192", "0x4fff", "0x5000",
				   "direct") "," OVERLAP("0x1000", "4096", "0x1000", "0x1000",
							 "boot") "]");
	json_object_put(array);
	for (uint64_t i = 0; i < 14; i++)
		map(context, "guest", 0x10000 + i * PAGE, PAGE, 3);
	array = reserved_of(context, "0x0 0xffffffffffffffff msi\n");
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
	map(context, "guest", 0x100000, PAGE, 3);
	array = reserved_of(context, "0x0 0xffffffffffffffff msi\n");
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
	array = reserved_of(context, "0x100000 0x100000 one\n0x0 0x1dfff msi\n");
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_mapping, close_context)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory),    TEST(bounds),           TEST(unmapping), TEST(available),
		TEST(pinned_by), TEST(pinned),           TEST(many),      TEST(shown),
		TEST(freed),     TEST(reserved_regions),
	};

	return cmocka_run_group_tests_name("holder mapping", tests, NULL, NULL);
}
