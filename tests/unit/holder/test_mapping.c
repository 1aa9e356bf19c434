/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of an IOAS: limits, memory, and failures of each step. */
#include "holder/job.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_context.h"

#define PAGE 0x1000

static const char *meminfo, *regions; /* contents of the files; NULL: unreadable */
static unsigned int unmapped;         /* calls of munmap() */

FILE *fopen(const char *path, const char *mode)
{
	const char *text = strcmp(path, "/proc/meminfo") == 0              ? meminfo
			   : strstr(path, "/iommu_group/reserved_regions") ? regions
									   : "";

	return text && *text ? fmemopen((char *)text, strlen(text), mode) : NULL;
}

int munmap(void *memory, size_t size)
{
	unmapped++;
	return (int)syscall(SYS_munmap, memory, size);
}

static int open_mapping(void **state)
{
	meminfo = regions = NULL;
	return open_context(state);
}

static struct record_ioas *guest(struct context *context)
{
	return record_ioas_find(&context->record, "guest");
}

/* IOVA 1: the kernel chooses. */
static uint64_t map(struct context *context, const char *ioas, uint64_t iova, uint64_t size,
		    unsigned int flags)
{
	struct fault fault = { 0 };
	uint64_t at = 0;

	if (context_map_ioas(context, record_ioas_find(&context->record, ioas), size,
			     iova == 1 ? NULL : &iova, flags, &fault, &at) < 0)
		fail_msg("%s %s", fault.id, json_object_to_json_string(fault.parameters));
	kernel_agrees(context);
	return at;
}

/* Nothing is left of it. */
static void expect_unmappable(struct context *context, uint64_t iova, uint64_t size,
			      const char *error, const char *parameters)
{
	uint64_t at = 7, bytes = record_ioas_mapped(guest(context));
	struct fault fault = { 0 };

	assert_int_equal(context_map_ioas(context, guest(context), size, iova == 1 ? NULL : &iova,
					  3, &fault, &at),
			 FAULTED);
	expect_error(&fault, error, parameters);
	assert_int_equal(at, 7);
	assert_int_equal(record_ioas_mapped(guest(context)), bytes);
	kernel_agrees(context);
}

static void expect_unmapped(struct context *context, uint64_t iova, uint64_t length, uint64_t done)
{
	struct fault fault = { 0 };
	uint64_t bytes = 0;

	assert_int_equal(context_unmap_ioas(context, guest(context), iova, length, &fault, &bytes),
			 0);
	assert_int_equal(bytes, done);
	kernel_agrees(context);
}

static void expect_mapped_still(struct context *context, uint64_t iova, uint64_t length,
				const char *error, const char *parameters)
{
	uint64_t bytes = 7, before = record_ioas_mapped(guest(context));
	struct fault fault = { 0 };

	assert_int_equal(context_unmap_ioas(context, guest(context), iova, length, &fault, &bytes),
			 FAULTED);
	expect_error(&fault, error, parameters);
	assert_int_equal(bytes, 7);
	assert_int_equal(record_ioas_mapped(guest(context)), before);
	kernel_agrees(context);
}

static bool is_there(const void *memory)
{
	unsigned char in_core;

	return mincore((void *)(uintptr_t)memory, PAGE, &in_core) == 0;
}

/* Zeroed, writable, not inherited by a fork, and freed with the mapping. */
static void memory(void **state)
{
	struct context *context = *state;
	char *memory;
	int status;
	pid_t pid;

	assert_int_equal(map(context, "guest", 0x10000, 2 * PAGE, 3), 0x10000);
	assert_int_equal(map(context, "guest", 1, PAGE, 1), 0x102000);
	assert_int_equal(map(context, "guest", 0x20000, PAGE, 2), 0x20000);
	kernel_asked("map 3 size 0x2000 at 0x10000 read write\nmap 3 size 0x1000 read\n"
		     "map 3 size 0x1000 at 0x20000 write\n");
	memory = record_mapping_find(guest(context), 0x10000)->memory;
	for (size_t i = 0; i < (size_t)2 * PAGE; i++)
		assert_int_equal(memory[i], 0);
	memory[2 * PAGE - 1] = 1;
	pid = fork();
	if (pid == 0)
		_exit(is_there(memory));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(is_there(memory));
	expect_unmapped(context, 0x10000, 0, 2 * PAGE);
	assert_false(is_there(memory));
	memory = record_mapping_find(guest(context), 0x20000)->memory;
	assert_true(is_there(memory));
	kernel_forget();
	context_close(context);
	assert_false(is_there(memory));
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
		"{\"operation\":\"IOMMU_IOAS_MAP\",\"errno\":75,\"errno_name\":\"EOVERFLOW\","
		"\"hint\":\"the mapping would end beyond the last IOVA\"}");
	kernel_asked("");
	unmapped = 0;
	kernel_fail(UAPI_IOMMU_IOAS_MAP, 0, ENOSPC);
	expect_unmappable(
		context, 1, PAGE, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_MAP\",\"errno\":28,\"errno_name\":\"ENOSPC\","
		"\"hint\":\"no free IOVA range is that long\"}");
	assert_int_equal(unmapped, 1);
	/* Larger than the address space. */
	expect_unmappable(context, 1, (uint64_t)1 << 62, "KernelError",
			  "{\"operation\":\"mmap\",\"errno\":12,\"errno_name\":\"ENOMEM\"}");
	/* The first and the last page. */
	map(context, "guest", 0, PAGE, 3);
	map(context, "guest", UINT64_MAX - 0xfff, PAGE, 3);
	expect_unmapped(context, UINT64_MAX - 0xfff, PAGE, PAGE);
	map(context, "guest", UINT64_MAX - 0x1fff, 2 * PAGE, 3);
	expect_mapped_still(context, UINT64_MAX - 0x1fff, 3 * PAGE, "NotMapped",
			    "{\"ioas\":3,\"ioas_name\":\"guest\",\"iova\":\"0xffffffffffffe000\"}");
	expect_unmapped(context, UINT64_MAX - 0x1fff, 0, 2 * PAGE);
	expect_unmapped(context, 0, 0, PAGE);
}

/* Whole mappings, one or several; never a part. */
static void unmapping(void **state)
{
	static const char parameters[] =
		"{\"ioas\":3,\"ioas_name\":\"guest\",\"iova\":\"0x11000\"}";
	struct context *context = *state;
	struct fault fault = { 0 };
	uint64_t bytes = 7;

	map(context, "guest", 0x10000, 2 * PAGE, 3);
	map(context, "guest", 0x12000, PAGE, 3);
	map(context, "guest", 0x20000, PAGE, 3);
	kernel_forget();
	expect_mapped_still(context, 0x11000, 0, "NotMapped", parameters);
	expect_mapped_still(context, 0x11000, PAGE, "PartOfMapping", parameters);
	expect_mapped_still(context, 0x11000, 2 * PAGE, "PartOfMapping", parameters);
	expect_mapped_still(context, 0x10000, PAGE, "PartOfMapping",
			    "{\"ioas\":3,\"ioas_name\":\"guest\",\"iova\":\"0x10000\"}");
	expect_mapped_still(context, 0x13000, 0xd000, "NotMapped",
			    "{\"ioas\":3,\"ioas_name\":\"guest\",\"iova\":\"0x13000\"}");
	kernel_asked("");
	kernel_fail(UAPI_IOMMU_IOAS_UNMAP, 0, EIO);
	expect_mapped_still(
		context, 0x20000, 0, "KernelError",
		"{\"operation\":\"IOMMU_IOAS_UNMAP\",\"errno\":5,\"errno_name\":\"EIO\"}");
	kernel_forget();
	unmapped = 0;
	expect_unmapped(context, 0xf000, 5 * PAGE, 3 * PAGE);
	kernel_asked("unmap 3 from 0xf000 size 0x5000\n");
	assert_int_equal(unmapped, 2);
	kernel_fail(UAPI_IOMMU_IOAS_UNMAP, 0, EIO);
	assert_int_equal(context_unmap_ioas_all(context, guest(context), &fault, &bytes), FAULTED);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"IOMMU_IOAS_UNMAP\",\"errno\":5,\"errno_name\":\"EIO\"}");
	assert_int_equal(bytes, 7);
	kernel_agrees(context);
	kernel_forget();
	assert_int_equal(context_unmap_ioas_all(context, guest(context), &fault, &bytes), 0);
	assert_int_equal(bytes, PAGE);
	assert_int_equal(unmapped, 3);
	kernel_asked("unmap 3 from 0x0 size 0xffffffffffffffff\n");
	assert_int_equal(context_unmap_ioas_all(context, guest(context), &fault, &bytes), 0);
	assert_int_equal(bytes, 0);
	kernel_agrees(context);
}

/* An eighth of the available memory stays free, and mappings that are not pinned yet count too. */
static void available(void **state)
{
	struct context *context = *state;

	assert_int_equal(add_ioas(context, "other"), 4);
	meminfo = "MemTotal: 1000 kB\nMemAvailable:   64 kB\nMemFree: 1 kB\n";
	expect_unmappable(context, 1, 15 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536}");
	map(context, "guest", 1, 14 * PAGE, 3);
	expect_unmappable(context, 1, PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536}");
}

/* With a user they are pinned, and no longer part of the available memory. */
static void pinned(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };

	assert_int_equal(add_ioas(context, "other"), 4);
	meminfo = "MemAvailable: 64 kB\n";
	map(context, "other", 1, 13 * PAGE, 3);
	expect_unmappable(context, 1, 2 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536}");
	map(context, "guest", 1, PAGE, 3);
	assert_int_equal(attach(context, "a", "other", false, &fault), 0);
	expect_unmappable(context, 1, 14 * PAGE, "NotEnoughMemory",
			  "{\"size\":61440,\"available\":65536}");
	map(context, "guest", 1, 13 * PAGE, 3);
	/* If the available memory is unknown, nothing is refused. */
	meminfo = "MemFree: 1 kB\n";
	map(context, "guest", 1, 100 * PAGE, 3);
}

/* The maximum number of mappings. */
static void many(void **state)
{
	struct context *context = *state;
	struct record_ioas *ioas = guest(context);
	struct fault fault = { 0 };
	uint64_t at = 0;

	/* Only in the record, because the fake kernel has no room for so many. */
	for (uint64_t i = 1; i < CONTEXT_MAPPING_MAX; i++)
		assert_non_null(record_mapping_add(
			ioas, &(struct record_mapping){ .iova = (i + 100) << 12, .length = PAGE }));
	assert_int_equal(context_map_ioas(context, ioas, PAGE, &at, 3, &fault, &at), 0);
	assert_int_equal(ioas->mapping_n, 4096);
	assert_int_equal(context_map_ioas(context, ioas, PAGE, NULL, 3, &fault, &at), FAULTED);
	expect_error(&fault, "LimitReached", "{\"what\":\"mappings of an IOAS\",\"limit\":4096}");
	kernel_asked("map 3 size 0x1000 at 0x0 read write\n");
	record_mapping_drop(ioas, 1, ioas->mapping_n - 1);
	kernel_agrees(context);
}

static void shown(void **state)
{
	static const struct {
		uint32_t kernel, shown;
	} cases[] = { { 1, 4096 }, { 4096, 4096 }, { 65536, 65536 } };
	struct context *context = *state;
	struct fault fault = { 0 };
	json_object *object = NULL;

	kernel_forget();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t alignment = 0;

		kernel.alignment = cases[i].kernel;
		assert_int_equal(context_show_ioas(context, guest(context), &fault, &object), 0);
		assert_int_equal(json_get_u64(object, "alignment", UINT32_MAX, &alignment), 1);
		assert_int_equal(alignment, cases[i].shown);
		json_object_put(object);
	}
	/* There are more than expected. */
	kernel_asked(
		"ranges: EMSGSIZE\nranges\nranges: EMSGSIZE\nranges\nranges: EMSGSIZE\nranges\n");
	object = NULL;
	for (unsigned int nth = 0; nth < 2; nth++) {
		kernel_fail(UAPI_IOMMU_IOAS_IOVA_RANGES, nth, EIO);
		assert_int_equal(context_show_ioas(context, guest(context), &fault, &object),
				 FAULTED);
		expect_error(&fault, "KernelError",
			     "{\"operation\":\"IOMMU_IOAS_IOVA_RANGES\",\"errno\":5,"
			     "\"errno_name\":\"EIO\"}");
		assert_null(object);
	}
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
		job_free(unbind_pasids(context, "a", NULL, &fault));
	}
	assert_int_equal(kernel_count(KERNEL_HWPT), 2);
	unmapped = 0;
	kernel_fail(UAPI_IOMMU_DESTROY, 1, EBUSY);
	kernel_forget();
	assert_int_equal(context_free_ioas(context, guest(context), &fault), FAULTED);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"IOMMU_DESTROY\",\"errno\":16,\"errno_name\":\"EBUSY\","
		     "\"hint\":\"something still uses it, perhaps a process that was given the "
		     "descriptors\"}");
	kernel_asked("destroy 5\ndestroy 3: EBUSY\n");
	kernel_agrees(context);
	assert_int_equal(unmapped, 0);
	assert_int_equal(context_free_ioas(context, guest(context), &fault), 0);
	kernel_asked("destroy 3\n");
	assert_int_equal(unmapped, 2);
	assert_int_equal(context->record.hwpt_n, 1);
	kernel_agrees(context);
}

static json_object *reserved_of(struct context *context)
{
	json_object *array = NULL;

	assert_true(
		context_reserved(context, record_device_find(&context->record, "a"), 3, &array));
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
	regions = "0x1fff 0x1fff msi\n0x2000 0x2fff reserved\n0x4fff 0x5000 direct\nnonsense\n"
		  "0x1000 0xfff msi\n0x1000 0x2000\n0x0 0xffff direct-relaxable\n"
		  "0x1000 0x1000 boot\n";
	array = reserved_of(context);
	expect_json(array, "[" OVERLAP("0x1000", "4096", "0x1fff", "0x1fff", "msi") "," OVERLAP(
				   "0x3000", "8192", "0x4fff", "0x5000",
				   "direct") "," OVERLAP("0x1000", "4096", "0x1000", "0x1000",
							 "boot") "]");
	json_object_put(array);
	for (uint64_t i = 0; i < 14; i++)
		map(context, "guest", 0x10000 + i * PAGE, PAGE, 3);
	regions = "0x0 0xffffffffffffffff msi\n";
	array = reserved_of(context);
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
	map(context, "guest", 0x100000, PAGE, 3);
	array = reserved_of(context);
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
	regions = "0x100000 0x100000 one\n0x0 0x1dfff msi\n";
	array = reserved_of(context);
	assert_int_equal(json_object_array_length(array), 16);
	json_object_put(array);
	regions = NULL;
	array = NULL;
	assert_false(
		context_reserved(context, record_device_find(&context->record, "a"), 3, &array));
	assert_null(array);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_mapping, close_context)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory), TEST(bounds), TEST(unmapping), TEST(available),        TEST(pinned),
		TEST(many),   TEST(shown),  TEST(freed),     TEST(reserved_regions),
	};

	return cmocka_run_group_tests_name("holder mapping", tests, NULL, NULL);
}
