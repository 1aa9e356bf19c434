/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of clients in an IOAS: which are refused, and what remains of those that are mapped. */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "holder/rules/internal.h"
#include "sys/memory.h"

#define PAGE 0x1000

static struct memory_available pinnable; /* what can be pinned */

void __wrap_memory_available(const struct sys_root *root, struct memory_available *ret);
void __wrap_memory_available(const struct sys_root *root, struct memory_available *ret)
{
	(void)root;
	*ret = pinnable;
}

static int open_file_context(void **state)
{
	pinnable = (struct memory_available){ .bytes = UINT64_MAX };
	return open_context(state);
}

static struct record_ioas *guest(struct context *context)
{
	return the_ioas(context, "guest");
}

static int memory_file(unsigned int pages)
{
	int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)pages * PAGE), 0);
	return fd;
}

/* FILE again, as /proc opens it. */
static int reopen(int file, int how)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, how | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int try_map(struct context *context, int fd, uint64_t offset, uint64_t size, uint64_t iova,
		   unsigned int flags, struct fault *fault)
{
	return DO(context, fault, context_map_file, context, guest(context),
		  (&(struct map_file){ .fd = fd, .offset = offset }), size, &iova, flags);
}

static void map(struct context *context, int fd, uint64_t offset, uint64_t size, uint64_t iova)
{
	struct fault fault = { 0 };

	if (try_map(context, fd, offset, size, iova, 3, &fault) < 0)
		fail_msg("%s %s", fault.id, json_object_to_json_string(fault.parameters));
}

static void expect_unfit(struct context *context, int fd, unsigned int flags, const char *kind)
{
	struct fault fault = { 0 };
	char parameters[64];

	kernel_forget();
	snprintf(parameters, sizeof(parameters), "{\"kind\":\"%s\"}", kind);
	assert_int_equal(try_map(context, fd, 0, PAGE, 0x10000, flags, &fault), FAULTED);
	expect_error(&fault, "UnfitFile", parameters);
	kernel_asked("");
}

static void kinds(void **state)
{
	struct context *context = *state;
	char path[] = "/dev/shm/ioasidctl-test-XXXXXX";
	int fd, fds[2];

	/* A file of a disk: this program. */
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	expect_unfit(context, fd, IOMMUFD_MAP_READ, "not-memory");
	close(fd);
	fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_unfit(context, fd, IOMMUFD_MAP_READ, "not-regular");
	close(fd);
	fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	expect_unfit(context, fd, 3, "not-regular");
	close(fd);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	expect_unfit(context, fds[0], IOMMUFD_MAP_READ, "not-regular");
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	expect_unfit(context, fds[0], 3, "not-regular");
	close(fds[0]);
	close(fds[1]);
	/* On tmpfs. */
	fd = mkostemp(path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	map(context, fd, 0, PAGE, 0x10000);
	close(fd);
}

static void opened(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	int file = memory_file(4), fd;

	fd = reopen(file, O_RDONLY);
	expect_unfit(context, fd, 3, "read-only");
	expect_unfit(context, fd, IOMMUFD_MAP_WRITE, "read-only");
	assert_int_equal(try_map(context, fd, 0, PAGE, 0x10000, IOMMUFD_MAP_READ, &fault), 0);
	close(fd);
	fd = reopen(file, O_WRONLY);
	expect_unfit(context, fd, 3, "write-only");
	assert_int_equal(try_map(context, fd, 0, PAGE, 0x20000, IOMMUFD_MAP_WRITE, &fault), 0);
	close(fd);
	fd = reopen(file, O_PATH);
	expect_unfit(context, fd, IOMMUFD_MAP_READ, "not-memory");
	close(fd);
	assert_int_equal(fcntl(file, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
	expect_unfit(context, file, 3, "sealed");
	assert_int_equal(try_map(context, file, 0, PAGE, 0x30000, IOMMUFD_MAP_READ, &fault), 0);
	close(file);
	file = memory_file(1);
	assert_int_equal(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), 0);
	expect_unfit(context, file, IOMMUFD_MAP_WRITE, "sealed");
	close(file);
}

static void bounds(void **state)
{
	static const struct {
		uint64_t offset, size, iova;
		const char *error, *parameters;
	} rows[] = {
		{ 0, 5 * PAGE, 0x10000, "UnfitFile", "{\"kind\":\"too-short\",\"size\":16384}" },
		{ PAGE, 4 * PAGE, 0x10000, "UnfitFile", "{\"kind\":\"too-short\",\"size\":16384}" },
		{ 5 * PAGE, PAGE, 0x10000, "UnfitFile", "{\"kind\":\"too-short\",\"size\":16384}" },
		{ UINT64_MAX - 0xfff, 2 * PAGE, 0x10000, "UnfitFile",
		  "{\"kind\":\"too-short\",\"size\":16384}" },
		{ 1, PAGE, 0x10000, "NotAligned",
		  "{\"parameter\":\"offset\",\"value\":\"0x1\",\"alignment\":4096}" },
		{ 0, 1, 0x10000, "NotAligned",
		  "{\"parameter\":\"size\",\"value\":\"0x1\",\"alignment\":4096}" },
		{ 0, PAGE, 0x10001, "NotAligned",
		  "{\"parameter\":\"iova\",\"value\":\"0x10001\",\"alignment\":4096}" },
		{ 0, 0, 0x10000, "InvalidParameter", "{\"parameter\":\"size\"}" },
		{ 0, 2 * PAGE, UINT64_MAX - 0xfff, "KernelError",
		  "{\"operation\":\"IOMMU_IOAS_MAP_FILE\",\"errno\":75,\"errno_name\":\"EOVERFLOW\"}" },
	};
	struct context *context = *state;
	int file = memory_file(4);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault = { 0 };

		assert_int_equal(try_map(context, file, rows[i].offset, rows[i].size, rows[i].iova,
					 3, &fault),
				 FAULTED);
		expect_error(&fault, rows[i].error, rows[i].parameters);
	}
	kernel_asked("");
	map(context, file, 0, 4 * PAGE, 0x10000);
	map(context, file, 3 * PAGE, PAGE, 0x20000);
	close(file);
}

/* Beside memory of the holder, in whatever order; what is not the holder's is left alone. */
static void mixed(void **state)
{
	struct context *context = *state;
	int file = memory_file(4);
	uint64_t iova = 0x10000;
	struct fault fault = { 0 };
	const struct record_mapping *m;
	_cleanup_json_ json_object *shown = NULL;
	char byte = 7;

	map(context, file, 2 * PAGE, 2 * PAGE, 0x30000);
	assert_int_equal(guest(context)->memory, -1);
	assert_int_equal(guest(context)->extent, 0);
	assert_int_equal(
		DO(context, &fault, context_map_ioas, context, guest(context), PAGE, &iova, 3), 0);
	map(context, file, 0, PAGE, 0x20000);
	kernel_asked("file offset 0x2000 map 3 size 0x2000 at 0x30000 read write\n"
		     "map 3 size 0x1000 at 0x10000 read write\n"
		     "file offset 0x0 map 3 size 0x1000 at 0x20000 read write\n");
	m = record_mapping_find(guest(context), 0x30000);
	assert_true(m->file);
	assert_null(m->memory);
	assert_int_equal(m->offset, 2 * PAGE);
	assert_false(record_mapping_find(guest(context), 0x10000)->file);
	shown = context_show_ioas(guest(context));
	expect_json(json_object_object_get(shown, "mapping"),
		    "[{\"iova\":\"0x10000\",\"length\":4096,\"read\":true,\"write\":true,"
		    "\"kind\":\"memfd\"},{\"iova\":\"0x20000\",\"length\":4096,\"read\":true,"
		    "\"write\":true,\"kind\":\"file\"},{\"iova\":\"0x30000\",\"length\":8192,"
		    "\"read\":true,\"write\":true,\"kind\":\"file\"}]");
	assert_int_equal(pwrite(file, &byte, 1, 3 * PAGE), 1);
	assert_int_equal(DO(context, &fault, context_unmap_ioas_all, guest(context)), 0);
	byte = 0;
	assert_int_equal(pread(file, &byte, 1, 3 * PAGE), 1);
	assert_int_equal(byte, 7);
	/* One that is freed with its IOAS. */
	map(context, file, 0, PAGE, 0x20000);
	assert_int_equal(DO(context, &fault, context_free_ioas, context, guest(context)), 0);
	close(file);
}

static unsigned int dropped;

static void drop(void *userdata, int fd)
{
	(void)userdata;
	dropped++;
	close(fd);
}

/* The kernel refuses: nothing is recorded. The file goes with the change, made or not. */
static void fails(void **state)
{
	struct context *context = *state;
	const uint64_t iova = 0x10000;
	struct fault fault = { 0 };
	struct change *change = NULL;
	int file = memory_file(1);

	kernel_fail(UAPI_IOMMU_IOAS_MAP_FILE, 0, ENOTTY);
	assert_int_equal(try_map(context, file, 0, PAGE, iova, 3, &fault), FAULTED);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"IOMMU_IOAS_MAP_FILE\",\"errno\":25,"
		     "\"errno_name\":\"ENOTTY\"}");
	assert_int_equal(guest(context)->n_mappings, 0);
	assert_int_equal(context_map_file(context, guest(context), &(struct map_file){ .fd = file },
					  PAGE, &iova, 3, &fault, &change),
			 0);
	change->fds = (struct varlink_fds){ .v = malloc(sizeof(int)), .n = 1, .drop = drop };
	change->fds.v[0] = file;
	dropped = 0;
	change_free(change);
	assert_int_equal(dropped, 1);
}

/* Memory that a file has already need not be found again, but counts against what may be pinned. */
static void available(void **state)
{
	struct context *context = *state;
	struct fault fault = { 0 };
	int empty = memory_file(20), full = memory_file(20);

	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(pwrite(full, "x", 1, (off_t)i * PAGE), 1);
	pinnable = (struct memory_available){ 16 * PAGE, MEMORY_MACHINE };
	assert_int_equal(try_map(context, empty, 0, 15 * PAGE, 0x10000, 3, &fault), FAULTED);
	expect_error(&fault, "NotEnoughMemory",
		     "{\"size\":61440,\"available\":65536,\"limited_by\":\"machine\"}");
	map(context, empty, 0, 10 * PAGE, 0x10000);
	map(context, full, 0, 20 * PAGE, 0x100000);
	assert_int_equal(record_mapping_find(guest(context), 0x10000)->absent, 10 * PAGE);
	assert_int_equal(record_mapping_find(guest(context), 0x100000)->absent, 0);
	/* All that is not pinned yet, when it would be. */
	assert_int_equal(rules_check_memory(context, guest(context), 0, &fault), 0);
	pinnable.bytes = 10 * PAGE;
	assert_int_equal(rules_check_memory(context, guest(context), 0, &fault), FAULTED);
	expect_error(&fault, "NotEnoughMemory",
		     "{\"size\":40960,\"available\":40960,\"limited_by\":\"machine\"}");
	pinnable = (struct memory_available){ 29 * PAGE, MEMORY_RLIMIT };
	assert_int_equal(rules_check_memory(context, guest(context), 0, &fault), FAULTED);
	expect_error(&fault, "NotEnoughMemory",
		     "{\"size\":122880,\"available\":118784,\"limited_by\":\"rlimit\"}");
	close(empty);
	close(full);
}

/* Part of a file is there: it may all lie outside of what is mapped. */
static void sparse(void **state)
{
	struct context *context = *state;
	int file = memory_file(8);

	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(pwrite(file, "x", 1, (off_t)i * PAGE), 1);
	map(context, file, 4 * PAGE, 4 * PAGE, 0x10000);
	/* Two of the four, at least. */
	assert_int_equal(record_mapping_find(guest(context), 0x10000)->absent, 2 * PAGE);
	close(file);
}

#define FILE_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_file_context, close_context)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(kinds), FILE_TEST(opened),    FILE_TEST(bounds), FILE_TEST(mixed),
		FILE_TEST(fails), FILE_TEST(available), FILE_TEST(sparse),
	};

	return cmocka_run_group_tests_name("holder file", tests, NULL, NULL);
}
