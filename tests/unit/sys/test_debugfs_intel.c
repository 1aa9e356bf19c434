/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "sys/debugfs_intel.h"
#include "util/cleanup.h"

#define TABLE "sys/kernel/debug/iommu/intel/dmar_translation_struct"
#define WORDS "0x0000000000cff001:0x0000000000cf8001\t0x0000000000000000:0x0000000000f80e1d\t"

static void parses_lines(void **state)
{
	struct dmar_entry entry = { 0 };

	(void)state;
	assert_int_equal(sys_dmar_parse("3a:1f.7\t" WORDS
					"42    \t0x0000000000f76000:0x0000000000000108:"
					"0x0000000000000049\n",
					&entry),
			 1);
	assert_int_equal(entry.bus, 0x3a);
	assert_int_equal(entry.device, 0x1f);
	assert_int_equal(entry.function, 7);
	assert_int_equal(entry.pasid, 42);
	assert_int_equal(entry.high, 0xf76000);
	assert_int_equal(entry.domain, 0x108);
	assert_int_equal(entry.type, DMAR_TYPE_FIRST);
	assert_int_equal(sys_dmar_parse("00:00.0\t" WORDS "-1    \t0x0:0x0:0x0\n", &entry), 1);
	assert_true(entry.pasid == DMAR_LEGACY);
	assert_int_equal(sys_dmar_parse("00:00.0\t" WORDS "1048575\t0x0:0x0:0x0\n", &entry), 1);
	assert_int_equal(entry.pasid, 1048575);
}

static void refuses_other_lines(void **state)
{
	struct dmar_entry entry = { .pasid = 7 };

	(void)state;
	assert_int_equal(sys_dmar_parse("", &entry), 0);
	assert_int_equal(sys_dmar_parse("\n", &entry), 0);
	assert_int_equal(sys_dmar_parse("B.D.F\tRoot_entry\n", &entry), 0);
	assert_int_equal(sys_dmar_parse("DMA Remapping is not enabled on dmar0\n", &entry), 0);
	assert_int_equal(sys_dmar_parse("00:00.0\n", &entry), -EBADMSG);
	assert_int_equal(sys_dmar_parse("00:20.0\t" WORDS "1\t0x0:0x0:0x0\n", &entry), -EBADMSG);
	assert_int_equal(sys_dmar_parse("00:1f.8\t" WORDS "1\t0x0:0x0:0x0\n", &entry), -EBADMSG);
	assert_int_equal(sys_dmar_parse("00:1f.0\t" WORDS "-2\t0x0:0x0:0x0\n", &entry), -EBADMSG);
	assert_int_equal(sys_dmar_parse("00:1f.0\t" WORDS "1048576\t0x0:0x0:0x0\n", &entry),
			 -EBADMSG);
	assert_int_equal(sys_dmar_parse("00:1f.0\t" WORDS "1\t0x0:0x0:0x0 more\n", &entry),
			 -EBADMSG);
	assert_int_equal(entry.pasid, 7);
}

struct counts {
	size_t n, second;
	uint32_t last, stop_at;
};

static int count(const struct dmar_entry *entry, void *data)
{
	struct counts *counts = data;

	counts->n++;
	counts->second += strcmp(entry->unit, "dmar1") == 0;
	counts->last = entry->pasid;
	return counts->stop_at && entry->pasid == counts->stop_at ? 17 : 0;
}

static void walks_units(void **state)
{
	const struct tree *tree = *state;
	struct counts counts = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(sys_dmar_entries(&tree->root, count, &counts), -ENOENT);
	fprintf(f, "IOMMU dmar0: Root Table Address: 0xcf3000\nB.D.F\tRoot_entry\n");
	for (int i = 0; i < 5000; i++)
		fprintf(f, "00:10.0\t" WORDS "%-6d\t0x1:0x2:0x49\n", i);
	fprintf(f, "\nDMA Remapping is not enabled on dmar2\n");
	fprintf(f, "IOMMU dmar1: Root Table Address: 0xcf3000\n%01000d\n", 0);
	fprintf(f, "00:11.0\t" WORDS "%-6d\t0x1:0x2:0x49\n\n", 1);
	assert_int_equal(fclose(f), 0);
	tree_file(tree, TABLE, text);
	assert_int_equal(sys_dmar_entries(&tree->root, count, &counts), 0);
	assert_int_equal(counts.n, 5001);
	assert_int_equal(counts.second, 1);
	counts.stop_at = 4711;
	assert_int_equal(sys_dmar_entries(&tree->root, count, &counts), 17);
	assert_int_equal(counts.last, 4711);
}

static void tells_what_it_cannot_read(void **state)
{
	const struct tree *tree = *state;
	struct counts counts = { 0 };

	tree_link(tree, "sys/kernel/debug", "errno:13");
	assert_int_equal(sys_dmar_entries(&tree->root, count, &counts), -EACCES);
}

static void refuses_another_format(void **state)
{
	const struct tree *tree = *state;
	struct counts counts = { 0 };

	tree_file(tree, TABLE, "IOMMU dmar0: Root\n00:10.0 something new 5\n");
	assert_int_equal(sys_dmar_entries(&tree->root, count, &counts), -EBADMSG);
	assert_int_equal(counts.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_lines),
		cmocka_unit_test(refuses_other_lines),
		tree_test(walks_units),
		tree_test(tells_what_it_cannot_read),
		tree_test(refuses_another_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
