/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree_file.h"

#include <errno.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "util/cleanup.h"

static void check_files(const struct sys_root *root)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys/a");
	_cleanup_sys_dir_ struct sys_dir sub = SYS_DIR_NONE;
	_cleanup_close_ int fd = -1;
	char buf[8];
	uint64_t value;

	assert_int_equal(dir.error, 0);
	assert_int_equal(sys_read(dir, "text", buf, sizeof(buf)), 6);
	assert_string_equal(buf, "abcdef");
	assert_int_equal(sys_read(dir, "long", buf, sizeof(buf)), -E2BIG);
	assert_string_equal(buf, "");
	assert_int_equal(sys_read(dir, "text", buf, sizeof(buf)), 6);
	assert_int_equal(sys_read(dir, "none", buf, sizeof(buf)), -ENOENT);
	assert_string_equal(buf, "");
	assert_int_equal(sys_read(dir, "empty", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_int_equal(sys_read(dir, "sub/deep", buf, sizeof(buf)), 1);
	assert_int_equal(sys_read(dir, "sub", buf, sizeof(buf)), -EISDIR);
	assert_int_equal(sys_read_u64(dir, "number", &value), 0);
	assert_int_equal(value, 4096);
	assert_int_equal(sys_read_u64(dir, "hex", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(sys_read_u64(dir, "text", &value), -EINVAL);
	assert_int_equal(sys_read_bytes(dir, "text", buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "abcdef\n", 7);
	assert_int_equal(sys_read_bytes(dir, "long", buf, 5), 5);
	fd = sys_file_open(dir, "long");
	assert_true(fd >= 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "abcdefgh", 8);
	assert_int_equal(sys_type(dir, "text"), SYS_FILE);
	assert_int_equal(sys_type(dir, "sub"), SYS_DIRECTORY);
	assert_int_equal(sys_type(dir, "link"), SYS_LINK);
	assert_int_equal(sys_type(dir, "none"), -ENOENT);
	assert_int_equal(sys_type(SYS_DIR_NONE, "text"), -EBADF);
	sub = sys_dir_open_in(dir, "sub");
	assert_int_equal(sys_read(sub, "deep", buf, sizeof(buf)), 1);
}

static void reads_files(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "sys/a/text", "abcdef\n");
	tree_file(tree, "sys/a/long", "abcdefgh");
	tree_file(tree, "sys/a/empty", "");
	tree_file(tree, "sys/a/number", "4096\n");
	tree_file(tree, "sys/a/hex", "0xffffffffffffffff\n");
	tree_file(tree, "sys/a/sub/deep", "x\n");
	tree_link(tree, "sys/a/link", "text");
	tree_both(tree, check_files);
}

/* What could not be opened says so whatever is asked of it. */
static void check_failed(const struct sys_root *root)
{
	_cleanup_strv_ struct strv list = { 0 };
	struct sys_dir dir = sys_dir_open(root, "sys/none");
	char buf[8], *text;
	size_t size;

	assert_int_equal(dir.error, -ENOENT);
	assert_int_equal(sys_read(dir, "x", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sys_read_bytes(dir, "x", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sys_read_all(dir, "x", &text, &size), -ENOENT);
	assert_int_equal(sys_link(dir, "x", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sys_list(dir, ".", &list), -ENOENT);
	assert_int_equal(sys_file_open(dir, "x"), -ENOENT);
	assert_int_equal(sys_dir_open_in(dir, "x").error, -ENOENT);
	dir = sys_dir_open(root, "sys/file");
	assert_int_equal(dir.error, -ENOTDIR);
	assert_int_equal(sys_dir_open(root, "sys/file/x").error, -ENOTDIR);
	assert_int_equal(sys_dir_open(root, "sys/link").error, -ENOTDIR);
	assert_int_equal(sys_dir_open(root, "").error, -ENOENT);
	assert_int_equal(sys_list(SYS_DIR_NONE, ".", &list), -EBADF);
}

static void fails_as_opening_did(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "sys/file", "");
	tree_link(tree, "sys/link", "file");
	tree_both(tree, check_failed);
}

static void reads_large_and_binary(void **state)
{
	const struct tree *tree = *state;
	_cleanup_free_ char *data = NULL, *content = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	size_t size = 100003, got = 0;
	char place[128];

	content = malloc(size);
	assert_non_null(content);
	for (size_t i = 0; i < size; i++)
		content[i] = (char)(i % 251);
	tree_data(tree, "sys/big", content, size);
	dir = sys_dir_open(&tree->root, "sys");
	assert_int_equal(sys_read_all(dir, "big", &data, &got), 0);
	assert_int_equal(got, size);
	assert_memory_equal(data, content, size);
	assert_int_equal(truncate(tree_place(tree, "sys/big", place, sizeof(place)), 65 << 20), 0);
	assert_int_equal(sys_read_all(dir, "big", &data, &got), -E2BIG);
	assert_int_equal(got, size);
}

static void check_inside(const struct sys_root *root)
{
	_cleanup_sys_dir_ struct sys_dir up = SYS_DIR_NONE;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	_cleanup_sys_dir_ struct sys_dir whole = SYS_DIR_NONE;
	char buf[256];

	dir = sys_dir_open(root, "sys/absolute");
	assert_int_equal(dir.error, 0);
	assert_int_equal(sys_read(dir, "inner", buf, sizeof(buf)), 4);
	up = sys_dir_open(root, "sys/climbing/../../../etc");
	assert_int_equal(up.error, 0);
	assert_int_equal(sys_read(up, "inner", buf, sizeof(buf)), 4);
	whole = sys_dir_open(root, "sys");
	assert_int_equal(sys_read(whole, "passwd", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read(whole, "absolute/inner", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read(whole, "middle/etc/inner", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read(whole, "../etc/inner", buf, sizeof(buf)), -EXDEV);
	assert_int_equal(sys_dir_open(root, "sys/proc").error, -ENOENT);
}

static void stays_inside(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "etc/inner", "mine\n");
	tree_link(tree, "sys/absolute", "/etc");
	tree_link(tree, "sys/climbing", "../../../../../../../../etc");
	tree_link(tree, "sys/passwd", "/etc/passwd");
	tree_link(tree, "sys/middle", "/");
	tree_link(tree, "sys/proc", "/proc/self/root");
	tree_both(tree, check_inside);
}

static void check_links(const struct sys_root *root)
{
	char buf[64], name[NAME_MAX + 2], path[PATH_MAX + 1];

	assert_int_equal(sys_dir_open(root, "a/one").error, -ELOOP);
	assert_int_equal(sys_dir_open(root, "a/self/x").error, -ELOOP);
	assert_int_equal(sys_root_link(root, "a/one", buf, sizeof(buf)), 3);
	assert_int_equal(sys_root_link(root, "a/self/x", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_root_link(root, "a", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sys_root_link(root, "a/one", buf, 3), -ENAMETOOLONG);
	/* 40 links may follow each other. */
	for (int i = 38; i <= 42; i++) {
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		snprintf(path, sizeof(path), "chain/%d", i);
		dir = sys_dir_open(root, path);
		assert_int_equal(dir.error, i <= 40 ? 0 : -ELOOP);
	}
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(sys_dir_open(root, name).error, -ENAMETOOLONG);
	memset(path, '/', PATH_MAX);
	path[PATH_MAX] = '\0';
	assert_int_equal(sys_dir_open(root, path).error, -ENAMETOOLONG);
}

static void follows_links_to_an_end(void **state)
{
	const struct tree *tree = *state;
	char path[64], target[64];

	tree_link(tree, "a/one", "two");
	tree_link(tree, "a/two", "one");
	tree_link(tree, "a/self", "self");
	tree_dir(tree, "chain/0");
	for (int i = 1; i <= 42; i++) {
		snprintf(path, sizeof(path), "chain/%d", i);
		snprintf(target, sizeof(target), i % 2 ? "%d" : "/chain/./%d", i - 1);
		tree_link(tree, path, target);
	}
	tree_both(tree, check_links);
}

static void check_errors(const struct sys_root *root)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char buf[64];

	dir = sys_dir_open(root, "sys");
	assert_int_equal(sys_read(dir, "file", buf, sizeof(buf)), -EACCES);
	assert_int_equal(sys_list(dir, "file", &list), -EACCES);
	assert_int_equal(sys_read(dir, "file/below", buf, sizeof(buf)), -EACCES);
	assert_int_equal(sys_dir_open_in(dir, "debug").error, -EPERM);
	assert_int_equal(sys_dir_open_in(dir, "wrong").error, -ENOTDIR);
	assert_int_equal(sys_list(dir, "wrong", &list), -ENOTDIR);
	assert_int_equal(sys_list(dir, "wrong/below", &list), -ELOOP);
	assert_int_equal(sys_read(dir, "wrong", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read(dir, "wronger", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read(dir, "wrongest", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_read_link(dir, "driver", buf, sizeof(buf)), -EIO);
	assert_int_equal(sys_dir_open(root, "sys/debug").error, -EPERM);
	assert_int_equal(sys_dir_open(root, "sys/debug/iommu/intel").error, -EPERM);
	assert_int_equal(sys_dir_open(root, "sys/none/iommu").error, -ENOENT);
}

static void tells_captured_errors(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "sys/file", "errno:13");
	tree_link(tree, "sys/debug", "errno:1");
	tree_link(tree, "sys/wrong", "errno:0");
	tree_link(tree, "sys/wronger", "errno:5000");
	tree_link(tree, "sys/wrongest", "errno:-3");
	tree_link(tree, "sys/driver", "errno:5");
	tree_both(tree, check_errors);
}

static void opens_no_special_file(void **state)
{
	const struct tree *tree = *state;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char place[128], buf[64];

	tree_dir(tree, "sys");
	assert_int_equal(mkfifo(tree_place(tree, "sys/fifo", place, sizeof(place)), 0600), 0);
	dir = sys_dir_open(&tree->root, "sys");
	assert_int_equal(sys_type(dir, "fifo"), SYS_OTHER);
	/* It must not block waiting for a writer. */
	assert_int_equal(sys_read(dir, "fifo", buf, sizeof(buf)), 0);
}

/* /dev/null stands for a watchdog, whose opening must be refused. */
static void opens_no_device(void **state)
{
	const struct tree *tree = *state;
	_cleanup_close_ int clone = open_tree(AT_FDCWD, tree->path, OPEN_TREE_CLONE);
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char place[128], buf[64];

	tree_dir(tree, "sys");
	if (clone < 0 || mknod(tree_place(tree, "sys/node", place, sizeof(place)), S_IFCHR | 0666,
			       makedev(1, 3)) < 0)
		skip();
	dir = sys_dir_open(&tree->root, "sys");
	assert_int_equal(sys_read(dir, "node", buf, sizeof(buf)), -EACCES);
}

static void check_lists(const struct sys_root *root)
{
	_cleanup_strv_ struct strv list = { 0 }, many = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys");

	assert_int_equal(sys_list(dir, "few", &list), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.v[1], "vfio2");
	assert_string_equal(list.v[2], "vfio10");
	assert_int_equal(sys_list(dir, "many", &many), 0);
	assert_int_equal(many.n, 3000);
	assert_int_equal(sys_list(dir, "none", &many), -ENOENT);
	assert_int_equal(sys_list(dir, "few/.hidden", &many), -ENOTDIR);
	assert_int_equal(many.n, 3000);
}

static void lists(void **state)
{
	const struct tree *tree = *state;
	char path[64];

	tree_dir(tree, "sys/few/vfio10");
	tree_dir(tree, "sys/few/vfio2");
	tree_file(tree, "sys/few/.hidden", "");
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "sys/many/a-rather-long-name-%d", i);
		tree_file(tree, path, "");
	}
	tree_both(tree, check_lists);
}

static void check_last(const struct sys_root *root)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys");
	char buf[16];

	assert_int_equal(sys_read_link(dir, "driver", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "e1000e");
	assert_int_equal(sys_read_link(dir, "plain", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "name");
	assert_int_equal(sys_read_link(dir, "up", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(sys_read_link(dir, "slash", buf, sizeof(buf)), -EBADMSG);
	assert_int_equal(sys_read_link(dir, "long", buf, sizeof(buf)), -ENAMETOOLONG);
	assert_int_equal(sys_read_link(dir, "file", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sys_read_link(dir, "none", buf, sizeof(buf)), -ENOENT);
	assert_string_equal(buf, "name");
}

static void reads_links(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "sys/driver", "../../bus/pci/drivers/e1000e");
	tree_link(tree, "sys/plain", "name");
	tree_link(tree, "sys/up", "../..");
	tree_link(tree, "sys/slash", "a/");
	tree_link(tree, "sys/long", "a/0123456789abcdef");
	tree_file(tree, "sys/file", "");
	tree_both(tree, check_last);
}

static void check_resolve(const char *dir, const char *target, const char *expected)
{
	char buf[64];

	assert_int_equal(sys_path_resolve(dir, target, buf, sizeof(buf)), 0);
	assert_string_equal(buf, expected);
}

static void resolves_by_text(void **state)
{
	char small[8];

	(void)state;
	check_resolve("/sys/class/net", "../../devices/virtual/net/lo",
		      "/sys/devices/virtual/net/lo");
	check_resolve("/sys/class/net", "/sys/x", "/sys/x");
	check_resolve("/sys", "../../../..", "");
	check_resolve("/sys", "./a//b/.", "/sys/a/b");
	check_resolve("/sys", "...", "/sys/...");
	assert_int_equal(sys_path_resolve("/sys", "abcd", small, sizeof(small)), -ENAMETOOLONG);
	assert_int_equal(sys_path_resolve("/sys/class", "x", small, sizeof(small)), -ENAMETOOLONG);
}

static void check_real_paths(const struct sys_root *root)
{
	char buf[256];

	assert_int_equal(sys_root_realpath(root, "/sys/class/x/b", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/sys/devices/a/b");
	assert_int_equal(sys_root_realpath(root, "sys/absolute/b/up/b/../b/", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/sys/devices/a/b");
	assert_int_equal(sys_root_realpath(root, "/", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/");
	assert_int_equal(sys_root_realpath(root, "../../sys", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "/sys");
	assert_int_equal(sys_root_realpath(root, "sys/one", buf, sizeof(buf)), -ELOOP);
	assert_int_equal(sys_root_realpath(root, "sys/none/x", buf, sizeof(buf)), -ENOENT);
}

static void finds_real_paths(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "sys/devices/a/b/file", "");
	tree_link(tree, "sys/class/x", "../devices/a");
	tree_link(tree, "sys/devices/a/b/up", "../../../class/x");
	tree_link(tree, "sys/absolute", "/sys/class/x");
	tree_link(tree, "sys/one", "two");
	tree_link(tree, "sys/two", "one");
	tree_both(tree, check_real_paths);
}

static void check_writes(const struct sys_root *root)
{
	assert_int_equal(sys_root_write(root, "sys/file", "x"), -EROFS);
}

static void writes_nothing_captured(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "sys/file", "");
	tree_both(tree, check_writes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reads_files),
		tree_test(reads_large_and_binary),
		tree_test(fails_as_opening_did),
		tree_test(stays_inside),
		tree_test(follows_links_to_an_end),
		tree_test(tells_captured_errors),
		tree_test(opens_no_special_file),
		tree_test(opens_no_device),
		tree_test(lists),
		tree_test(reads_links),
		cmocka_unit_test(resolves_by_text),
		tree_test(finds_real_paths),
		tree_test(writes_nothing_captured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
