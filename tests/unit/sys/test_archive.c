/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written to a captured file can be read back. */
#include "../tree.h"

#include <errno.h>
#include <sys/mman.h>

#include "sys/archive_tree.h"
#include "util/cleanup.h"

#define MANIFEST ARCHIVE_MAGIC "1\n"

struct seen {
	size_t n;
	const struct archive_entry *expected;
};

static int compare(const struct archive_entry *entry, void *data)
{
	struct seen *seen = data;
	const struct archive_entry *expected = &seen->expected[seen->n++];

	assert_int_equal(entry->type, expected->type);
	assert_string_equal(entry->path, expected->path);
	assert_int_equal(entry->size, expected->size);
	if (expected->target)
		assert_string_equal(entry->target, expected->target);
	if (expected->size)
		assert_memory_equal(entry->data, expected->data, expected->size);
	return 0;
}

static int archive_of(const struct archive_entry *entries, size_t n)
{
	_cleanup_archive_writer_ struct archive_writer *writer = NULL;
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(archive_writer_open(fd, &writer), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(archive_put(writer, &entries[i]), 0);
	assert_int_equal(archive_finish(writer), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* A path of LENGTH characters, in directories of ten. */
static const char *long_path(char *buf, size_t length)
{
	for (size_t i = 0; i < length; i++)
		buf[i] = i % 10 == 9 && i + 1 < length ? '/' : 'n';
	buf[length] = '\0';
	return buf;
}

static void round_trip(void **state)
{
	static const size_t lengths[] = { 99, 100, 101, 255, 991, 992, 1000, ARCHIVE_PATH_MAX - 1 };
	char path[ARCHIVE_PATH_MAX], target[ARCHIVE_PATH_MAX], bytes[1025];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const struct archive_entry entries[] = {
			{ .path = ARCHIVE_MANIFEST,
			  .type = ARCHIVE_FILE,
			  .data = MANIFEST,
			  .size = strlen(MANIFEST) },
			{ .path = long_path(path, lengths[i]),
			  .type = ARCHIVE_LINK,
			  .target = long_path(target, lengths[i]) },
			{ .path = "a", .type = ARCHIVE_DIRECTORY },
			{ .path = "a/512", .type = ARCHIVE_FILE, .data = bytes, .size = 512 },
			{ .path = "a/1025", .type = ARCHIVE_FILE, .data = bytes, .size = 1025 },
			{ .path = "a/empty", .type = ARCHIVE_FILE, .data = "" },
		};
		struct seen seen = { .expected = entries };
		_cleanup_close_ int fd = archive_of(entries, ARRAY_SIZE(entries));

		assert_int_equal(archive_read(fd, compare, &seen, NULL), 0);
		assert_int_equal(seen.n, ARRAY_SIZE(entries));
	}
}

static void keeps_to_bounds(void **state)
{
	_cleanup_archive_writer_ struct archive_writer *writer = NULL;
	_cleanup_close_ int fd = memfd_create("archive", MFD_CLOEXEC);
	_cleanup_free_ char *zeros = calloc(1, ARCHIVE_FILE_MAX + 1);
	struct archive_entry entry = { .path = "a", .type = ARCHIVE_FILE, .data = zeros };
	char path[ARCHIVE_PATH_MAX + 1];

	(void)state;
	assert_non_null(zeros);
	assert_int_equal(archive_writer_open(fd, &writer), 0);
	entry.size = ARCHIVE_FILE_MAX + 1;
	assert_int_equal(archive_put(writer, &entry), -EFBIG);
	entry.size = 0;
	entry.path = long_path(path, ARCHIVE_PATH_MAX);
	assert_int_equal(archive_put(writer, &entry), -ENAMETOOLONG);
	/*
	 * A refused file is not in it: three of 64 MiB fit with the end of the archive, a fourth
	 * does not.
	 */
	entry.path = "a";
	entry.size = ARCHIVE_FILE_MAX;
	for (int i = 0; i < 3; i++)
		assert_int_equal(archive_put(writer, &entry), 0);
	assert_int_equal(archive_put(writer, &entry), -EFBIG);
	assert_int_equal(archive_finish(writer), 0);
}

static void knows_versions(void **state)
{
	static const struct {
		const char *text;
		int expected;
	} cases[] = {
		{ "ioasidctl-capture 1\nmore\n", 0 },
		{ "ioasidctl-capture 1", 0 },
		{ "ioasidctl-capture 2\n", -EPROTONOSUPPORT },
		{ "ioasidctl-capture 0\n", -EBADMSG },
		{ "ioasidctl-capture x\n", -EBADMSG },
		{ "ioasidctl-capture \n", -EBADMSG },
		{ "ioasidctl-capture 99999999999999999999\n", -EBADMSG },
		{ "ioasidctl", -EBADMSG },
		{ "", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(archive_check(cases[i].text, strlen(cases[i].text)),
				 cases[i].expected);
}

/* Reads ENTRIES as a tree. Returns archive_tree_open()'s. */
static int read_tree(const struct archive_entry *entries, size_t n, struct archive_tree **ret)
{
	_cleanup_close_ int fd = archive_of(entries, n);

	return archive_tree_open(fd, ret, NULL);
}

static const struct archive_node *find(const struct archive_tree *tree, const char *path)
{
	const struct archive_node *node;

	assert_int_equal(archive_tree_find(tree, NULL, path, ARCHIVE_FOLLOW_WAY, &node), 0);
	return node;
}

#define FILE_ENTRY(name) \
	{ \
		.type = ARCHIVE_FILE, .path = name, .data = name, .size = sizeof(name) - 1 \
	}

/* Files of several directories may alternate, and names may begin with those of others. */
static void reads_any_order(void **state)
{
	char deep[ARCHIVE_PATH_MAX];
	const struct archive_entry entries[] = {
		{ .type = ARCHIVE_FILE,
		  .path = ARCHIVE_MANIFEST,
		  .data = MANIFEST,
		  .size = strlen(MANIFEST) },
		FILE_ENTRY("a/b/one"),
		FILE_ENTRY("a/bc/two"),
		FILE_ENTRY("a/b/c/three"),
		FILE_ENTRY("four"),
		FILE_ENTRY("a/b/c/five"),
		FILE_ENTRY("a/six"),
		{ .type = ARCHIVE_DIRECTORY, .path = "a/b/c" },
		{ .type = ARCHIVE_DIRECTORY, .path = deep },
		{ .type = ARCHIVE_LINK, .path = "a/b/link", .target = "../bc" },
	};
	_cleanup_archive_tree_ struct archive_tree *tree = NULL;

	(void)state;
	/* As many levels as a path can have. */
	for (size_t i = 0; i < ARCHIVE_PATH_MAX - 1; i++)
		deep[i] = i % 2 ? '/' : 'd';
	deep[ARCHIVE_PATH_MAX - 1] = '\0';
	assert_int_equal(read_tree(entries, ARRAY_SIZE(entries), &tree), 0);
	for (size_t i = 1; i < ARRAY_SIZE(entries); i++) {
		const struct archive_node *node = find(tree, entries[i].path);

		assert_int_equal(node->type, entries[i].type);
		if (entries[i].type == ARCHIVE_FILE) {
			assert_int_equal(node->size, entries[i].size);
			assert_string_equal(node->text, entries[i].data);
		}
	}
	assert_string_equal(find(tree, "a/b/link")->text, "../bc");
	assert_string_equal(find(tree, "a/b/link/two")->text, "a/bc/two");
	assert_ptr_equal(find(tree, "a/b/link/../b/c"), find(tree, "/a/b/c"));
}

/* Many names, one of which is large, all found again. */
static void reads_many(void **state)
{
	enum { FILES = 20000 };
	_cleanup_archive_writer_ struct archive_writer *writer = NULL;
	_cleanup_archive_tree_ struct archive_tree *tree = NULL;
	_cleanup_close_ int fd = memfd_create("archive", MFD_CLOEXEC);
	_cleanup_free_ char *large = malloc(1 << 20);
	struct archive_entry entry = { .path = ARCHIVE_MANIFEST,
				       .type = ARCHIVE_FILE,
				       .data = MANIFEST,
				       .size = strlen(MANIFEST) };
	char path[64];

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 1 << 20);
	assert_int_equal(archive_writer_open(fd, &writer), 0);
	assert_int_equal(archive_put(writer, &entry), 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%d/%d", i % 7, i);
		entry = (struct archive_entry){ .path = path,
						.type = ARCHIVE_FILE,
						.data = i == 777 ? large : path,
						.size = i == 777 ? 1 << 20 : strlen(path) };
		assert_int_equal(archive_put(writer, &entry), 0);
	}
	assert_int_equal(archive_finish(writer), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(archive_tree_open(fd, &tree, NULL), 0);
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%d/%d", i % 7, i);
		if (i == 777)
			assert_memory_equal(find(tree, path)->text, large, 1 << 20);
		else
			assert_string_equal(find(tree, path)->text, path);
	}
}

/* What comes second is below, or in place of, what came first. */
static void reads_nothing_twice(void **state)
{
	static const struct archive_entry pairs[][2] = {
		{ FILE_ENTRY("a/x"), FILE_ENTRY("a/x") },
		{ FILE_ENTRY("a/x"), FILE_ENTRY("a/x/y") },
		{ FILE_ENTRY("a/x"), { .type = ARCHIVE_DIRECTORY, .path = "a/x" } },
		{ FILE_ENTRY("a/x"), { .type = ARCHIVE_LINK, .path = "a/x", .target = "y" } },
		{ { .type = ARCHIVE_LINK, .path = "a/x", .target = "." }, FILE_ENTRY("a/x") },
		{ { .type = ARCHIVE_LINK, .path = "a/x", .target = "." }, FILE_ENTRY("a/x/y") },
		{ { .type = ARCHIVE_LINK, .path = "a/x", .target = "." }, FILE_ENTRY("a/x/y/z") },
		{ { .type = ARCHIVE_LINK, .path = "a/x", .target = "." },
		  { .type = ARCHIVE_DIRECTORY, .path = "a/x" } },
		{ { .type = ARCHIVE_DIRECTORY, .path = "a/x" }, FILE_ENTRY("a/x") },
		{ { .type = ARCHIVE_DIRECTORY, .path = "a/x" },
		  { .type = ARCHIVE_LINK, .path = "a/x", .target = "y" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const struct archive_entry entries[] = {
			{ .type = ARCHIVE_FILE,
			  .path = ARCHIVE_MANIFEST,
			  .data = MANIFEST,
			  .size = strlen(MANIFEST) },
			pairs[i][0],
			pairs[i][1],
		};
		_cleanup_archive_tree_ struct archive_tree *tree = NULL;

		assert_int_equal(read_tree(entries, ARRAY_SIZE(entries), &tree), -EPROTO);
		assert_null(tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),     cmocka_unit_test(keeps_to_bounds),
		cmocka_unit_test(knows_versions), cmocka_unit_test(reads_any_order),
		cmocka_unit_test(reads_many),     cmocka_unit_test(reads_nothing_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
