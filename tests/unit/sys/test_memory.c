/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "sys/memory.h"

#define KIB      UINT64_C(1024)
#define GIB      (KIB * KIB * KIB)
#define MEMINFO  "MemTotal:       8388608 kB\nMemFree:  1 kB\nMemAvailable:   4194304 kB\n"
#define NO_CAPS  "Name:\tx\nVmLck:\t    9 kB\nVmPin:\t     256 kB\nCapEff:\t0000000000000000\n"
#define IPC_LOCK "Name:\tx\nVmPin:\t     256 kB\nCapEff:\t0000000000004000\n"
#define LIMITS \
	"Limit                     Soft Limit           Hard Limit           Units     \n" \
	"Max processes             1                    1                    processes \n" \
	"Max locked memory         1048576              2097152              bytes     \n"

static void expect(const struct tree *tree, uint64_t bytes, enum memory_limit limit)
{
	struct memory_available available;

	memory_available(&tree->root, &available);
	assert_int_equal(available.limit, limit);
	assert_int_equal(available.bytes, bytes);
}

static void finds_nothing_in_an_empty_tree(void **state)
{
	expect(*state, UINT64_MAX, MEMORY_UNKNOWN);
}

static void reads_what_the_machine_has(void **state)
{
	tree_file(*state, "proc/meminfo", MEMINFO);
	expect(*state, 4 * GIB, MEMORY_MACHINE);
}

static void group(const struct tree *tree, const char *path, const char *limit, const char *used,
		  const char *stat)
{
	char file[256];

	snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.max", path);
	tree_file(tree, file, limit);
	snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.current", path);
	tree_file(tree, file, used);
	snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.stat", path);
	tree_file(tree, file, stat);
}

static void takes_the_tightest_of_all_groups_above(void **state)
{
	tree_file(*state, "proc/meminfo", MEMINFO);
	tree_file(*state, "proc/self/cgroup", "0::/a.slice/b.service/inner\n");
	group(*state, "a.slice", "1073741824\n", "1073700864\n", "anon 5\n");
	group(*state, "a.slice/b.service", "max\n", "1073700000\n", "");
	/* The group itself need not have the controller. */
	tree_dir(*state, "sys/fs/cgroup/a.slice/b.service/inner");
	expect(*state, 40 * KIB, MEMORY_CGROUP);
	group(*state, "a.slice/b.service", "8192\n", "4096\n", "");
	expect(*state, 4 * KIB, MEMORY_CGROUP);
	/* Above its limit, which was lowered. */
	group(*state, "a.slice/b.service", "4096\n", "8192\n", "");
	expect(*state, 0, MEMORY_CGROUP);
	/* Another group is none of ours. */
	group(*state, "a.slice/b.service", "max\n", "1\n", "");
	group(*state, "a.slice", "max\n", "1\n", "");
	group(*state, "a.slice/c.service", "1\n", "1\n", "");
	expect(*state, 4 * GIB, MEMORY_MACHINE);
}

static void reads_the_top_group_of_a_container(void **state)
{
	tree_file(*state, "proc/self/cgroup", "0::/\n");
	group(*state, ".", "8192\n", "4096\n", "");
	expect(*state, 4 * KIB, MEMORY_CGROUP);
	tree_file(*state, "proc/self/cgroup", "0::/docker/3f4e\n");
	expect(*state, 4 * KIB, MEMORY_CGROUP);
	/* Outside of the namespace: only the top is known to be above it. */
	tree_file(*state, "proc/self/cgroup", "0::/../x\n");
	group(*state, "x", "0\n", "0\n", "");
	expect(*state, 4 * KIB, MEMORY_CGROUP);
}

static void counts_page_cache_as_free(void **state)
{
	tree_file(*state, "proc/self/cgroup", "0::/a\n");
	group(*state, "a", "65536\n", "65536\n",
	      "file 61440\nshmem 8192\ninactive_file_x 9\ninactive_file 4096\nactive_file 8192\n");
	expect(*state, 12 * KIB, MEMORY_CGROUP);
	/* More than is used: counters are not read at the same moment. */
	group(*state, "a", "65536\n", "4096\n", "inactive_file 8192\n");
	expect(*state, 64 * KIB, MEMORY_CGROUP);
}

static void takes_the_limit_that_throttles_too(void **state)
{
	tree_file(*state, "proc/self/cgroup", "0::/a\n");
	group(*state, "a", "65536\n", "4096\n", "");
	tree_file(*state, "sys/fs/cgroup/a/memory.high", "8192\n");
	expect(*state, 4 * KIB, MEMORY_CGROUP);
}

static void reads_groups_of_the_first_version(void **state)
{
	tree_file(*state, "proc/meminfo", MEMINFO);
	/* Also where the second is mounted beside it, without this controller. */
	tree_file(*state, "proc/self/cgroup",
		  "9:name=systemd:/memory\n4:cpu,memory:/a/b\n3:cpuset:/\n0::/c\n");
	group(*state, "c", "1\n", "1\n", "");
	tree_file(*state, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "16384\n");
	tree_file(*state, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "12288\n");
	tree_file(*state, "sys/fs/cgroup/memory/a/memory.stat",
		  "inactive_file 1\ntotal_inactive_file 4096\ntotal_active_file 4096\n");
	expect(*state, 12 * KIB, MEMORY_CGROUP);
	tree_file(*state, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
	expect(*state, 4 * GIB, MEMORY_MACHINE);
}

static void takes_what_the_limit_of_locked_memory_leaves(void **state)
{
	tree_file(*state, "proc/meminfo", MEMINFO);
	tree_file(*state, "proc/self/limits", LIMITS);
	tree_file(*state, "proc/self/status", NO_CAPS);
	expect(*state, 768 * KIB, MEMORY_RLIMIT);
	tree_file(*state, "proc/self/status", "VmPin:\t 2048 kB\nCapEff:\t0000000000000000\n");
	expect(*state, 0, MEMORY_RLIMIT);
	tree_file(*state, "proc/self/limits", "Max locked memory         unlimited   x   bytes\n");
	expect(*state, 4 * GIB, MEMORY_MACHINE);
}

static void knows_who_is_exempt_from_it(void **state)
{
	tree_file(*state, "proc/meminfo", MEMINFO);
	tree_file(*state, "proc/self/limits", LIMITS);
	tree_file(*state, "proc/self/status", IPC_LOCK);
	expect(*state, 4 * GIB, MEMORY_MACHINE);
	tree_link(*state, "proc/self/ns/user", "user:[4026531837]");
	expect(*state, 4 * GIB, MEMORY_MACHINE);
}

static void knows_that_a_capability_of_a_namespace_does_not_count(void **state)
{
	tree_file(*state, "proc/self/limits", LIMITS);
	tree_file(*state, "proc/self/status", IPC_LOCK);
	tree_link(*state, "proc/self/ns/user", "user:[4026532201]");
	expect(*state, 768 * KIB, MEMORY_RLIMIT);
}

static void reads_this_machine(void **state)
{
	struct memory_available available;
	struct sys_root root;

	(void)state;
	assert_int_equal(sys_root_open(NULL, &root, NULL), 0);
	memory_available(&root, &available);
	sys_root_close(&root);
	assert_int_not_equal(available.limit, MEMORY_UNKNOWN);
	assert_in_range(available.bytes, 0, (uint64_t)sysconf(_SC_PHYS_PAGES) * 4096);
}

static void names_each_limit(void **state)
{
	(void)state;
	for (enum memory_limit limit = MEMORY_UNKNOWN; limit <= MEMORY_RLIMIT; limit++)
		assert_true(strlen(memory_limit_name(limit)) > 0);
}

static void expect_oom_score(const struct tree *tree, const char *before, int score,
			     const char *after)
{
	struct sys_root live = { .fd = tree->root.fd };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char text[16];

	tree_file(tree, "proc/self/oom_score_adj", before);
	assert_int_equal(memory_oom_lower(&live, score), 0);
	dir = sys_dir_open(&live, "proc/self");
	assert_true(sys_read(dir, "oom_score_adj", text, sizeof(text)) > 0);
	assert_string_equal(text, after);
}

static void lowers_the_score_only(void **state)
{
	expect_oom_score(*state, "0\n\n\n", -900, "-900");
	expect_oom_score(*state, "-1000\n", -900, "-1000");
	expect_oom_score(*state, "-900\n", -900, "-900");
}

static void reports_that_the_score_may_not_be_lowered(void **state)
{
	const struct tree *tree = *state;

	assert_int_equal(memory_oom_lower(&tree->root, -900), -EROFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(finds_nothing_in_an_empty_tree),
		tree_test(reads_what_the_machine_has),
		tree_test(takes_the_tightest_of_all_groups_above),
		tree_test(reads_the_top_group_of_a_container),
		tree_test(counts_page_cache_as_free),
		tree_test(takes_the_limit_that_throttles_too),
		tree_test(reads_groups_of_the_first_version),
		tree_test(takes_what_the_limit_of_locked_memory_leaves),
		tree_test(knows_who_is_exempt_from_it),
		tree_test(knows_that_a_capability_of_a_namespace_does_not_count),
		cmocka_unit_test(reads_this_machine),
		cmocka_unit_test(names_each_limit),
		tree_test(lowers_the_score_only),
		tree_test(reports_that_the_score_may_not_be_lowered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
