/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>

#include "model/pagetable.h"
#include "util/cleanup.h"

#define DEVICE    "/sys/devices/pci0000:00/0000:00:10.0"
#define DIRECTORY "sys/kernel/debug/iommu/intel"
#define TABLE     DIRECTORY "/dmar_translation_struct"
#define DUMP      DIRECTORY "/0000:00:10.0/domain_translation_struct"
#define CONTEXT   "0x1:0x2\t0x0000000000000002:0x000000000000a001\t"
#define HEADING   "Device 0000:00:10.0 with pasid 0 @0xa000\nIOVA_PFN ...\n"

/* A device behind the unit dmar0, with one line of the table. */
static void machine(const struct tree *tree, const char *line)
{
	char text[512];

	tree_pci(tree, "pci0000:00/0000:00:10.0", "3", "PCI_CLASS=20000\n");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:10.0/iommu", "../../virtual/iommu/dmar0");
	tree_file(tree, "sys/devices/virtual/iommu/dmar0/intel-iommu/cap", "d2078c106f0466\n");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	snprintf(text, sizeof(text), "IOMMU dmar0: Root Table Address: 0x1\nB.D.F\n%s\n", line);
	if (line)
		tree_file(tree, TABLE, text);
}

static enum pagetable_lack find(const struct tree *tree, const char *line, uint32_t pasid,
				struct pagetable *ret)
{
	machine(tree, line);
	assert_int_equal(pagetable_find(&tree->root, DEVICE, pasid, ret), 0);
	return ret->lack;
}

/* What an entry of the table leads to; WORDS are its three, after the context entry and the PASID. */
#define finds(name, line, pasid, expected) \
	static void name(void **state) \
	{ \
		_cleanup_pagetable_ struct pagetable table = { 0 }; \
\
		assert_int_equal(find(*state, line, pasid, &table), expected); \
	}

#define ENTRY(pasid, words) "00:10.0\t" CONTEXT pasid "\t" words

finds(no_table, NULL, 0, PAGETABLE_NO_TABLE) finds(unbound, ENTRY("7", "0xa000:0x3:0x49"), 8,
						   PAGETABLE_UNBOUND)
	finds(another_device, "00:10.1\t" CONTEXT "0\t0xa000:0x3:0x49", 0, PAGETABLE_UNBOUND)
		finds(sva, ENTRY("7", "0xa000:0x1:0x49"), 7, PAGETABLE_SVA)
	/* First stage of 4 levels, and the unit's second stages have 5: the kernel would walk 5. */
	finds(misread, ENTRY("7", "0xa000:0x3:0x4d"), 7, PAGETABLE_MISREAD)
		finds(misread_five, ENTRY("7", "0xa004:0x3:0x49"), 7, PAGETABLE_MISREAD)
			finds(first_five, ENTRY("7", "0xa004:0x3:0x4d"), 7, PAGETABLE_THERE)
				finds(legacy_pasid, ENTRY("-1", "0x0:0x0:0x0"), 7, PAGETABLE_LEGACY)
					finds(reserved_type, ENTRY("0", "0x0:0x0:0x1c1"), 0,
					      PAGETABLE_UNBOUND)

						static void finds_stages(void **state)
{
	static const struct {
		const char *line;
		enum pagetable_stage stage;
		unsigned int levels;
	} cases[] = {
		{ ENTRY("0", "0xa000:0x3:0x49"), PAGETABLE_FIRST, 4 },
		{ ENTRY("0", "0x0:0x3:0xa085"), PAGETABLE_SECOND, 3 },
		{ ENTRY("0", "0xb000:0x3:0xa0c9"), PAGETABLE_NESTED, 4 },
		{ ENTRY("0", "0x0:0x3:0x109"), PAGETABLE_PASS_THROUGH, 4 },
		{ ENTRY("-1", "0x0:0x0:0x0"), PAGETABLE_SECOND, 4 },
		{ "00:10.0\t0x1:0x2\t0x1:0xa005\t-1\t0x0:0x0:0x0", PAGETABLE_SECOND, 3 },
		{ "00:10.0\t0x1:0x2\t0x2:0x9\t-1\t0x0:0x0:0x0", PAGETABLE_PASS_THROUGH, 4 },
	};

	machine(*state, cases[0].line);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_pagetable_ struct pagetable table = { 0 };
		const struct tree *tree = *state;
		char text[512];

		snprintf(text, sizeof(text), "IOMMU dmar0: Root\n%s\n", cases[i].line);
		tree_file(tree, TABLE, text);
		assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), 0);
		assert_int_equal(table.lack, PAGETABLE_THERE);
		assert_int_equal(table.stage, cases[i].stage);
		assert_int_equal(table.levels, cases[i].levels);
		if (table.stage != PAGETABLE_PASS_THROUGH)
			assert_int_equal(table.table, 0xa000);
	}
}

static void finds_no_other_iommu(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

	tree_pci(tree, "pci0000:00/0000:00:10.0", NULL, "PCI_CLASS=20000\n");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), 0);
	assert_int_equal(table.lack, PAGETABLE_NO_IOMMU);
	pagetable_done(&table);
	tree_link(tree, "sys/devices/pci0000:00/0000:00:10.0/iommu", "../../virtual/iommu/ivhd0");
	tree_file(tree, "sys/devices/virtual/iommu/ivhd0/amd-iommu/cap", "10\n");
	tree_link(tree, "sys/class/iommu/ivhd0", "../../devices/virtual/iommu/ivhd0");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), 0);
	assert_int_equal(table.lack, PAGETABLE_NO_DUMPS);
	assert_string_equal(table.vendor.value, "amd");
}

static void says_what_cannot_be_read(void **state)
{
	struct pagetable table = { 0 };
	const struct tree *tree = *state;

	machine(tree, NULL);
	tree_link(tree, "sys/kernel/debug", "errno:13");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EACCES);
}

/* The lowest and the highest half of a first stage, and a hole between pages. */
#define PAGES \
	"0x0000000000001 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000005067\n" \
	"0x0000000000002 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000006067\n" \
	"0x0000000000003 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000009067\n" \
	"0x0000000000004 |\t0x0\t0x1027\t0x2027\t0x3027\t0x800000000000a025\n" \
	"0x0000000000400 |\t0x0\t0x1027\t0x2027\t0x00000000404010e7\n" \
	"0x0000007fc0000 |\t0x0\t0x1027\t0x00000000800000e7\n" \
	"0x0000fffffffff |\t0x0\t0x4027\t0x5025\t0x6027\t0x0000000000007067\n"

static void first_stage(const struct tree *tree, struct pagetable *ret)
{
	assert_int_equal(find(tree, ENTRY("0", "0xa000:0x3:0x49"), 0, ret), PAGETABLE_THERE);
	tree_file(tree, DUMP, HEADING PAGES);
}

static void translates_in_any_order(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	struct pagetable_walk walks[] = {
		{ .iova = UINT64_C(0xfffffffffffff123) },
		{ .iova = 0x4000 },
		{ .iova = 0x5fffff },
		{ .iova = 0x1000 },
		{ .iova = UINT64_C(0x7fffffffff) },
	};

	first_stage(*state, &table);
	assert_int_equal(pagetable_translate(&((struct tree *)*state)->root, &table, walks, 5), 0);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(walks[i].state, PAGETABLE_MAPPED);
	assert_int_equal(walks[0].physical.value, 0x7123);
	assert_true(walks[0].read && !walks[0].write);
	assert_int_equal(walks[1].physical.value, 0xa000);
	assert_true(walks[1].read && !walks[1].write);
	assert_string_equal(walks[1].steps[3].flags[walks[1].steps[3].n_flags - 1], "no-execute");
	/* Bit 12 of a large page's entry is no address. */
	assert_int_equal(walks[2].physical.value, 0x405fffff);
	assert_int_equal(walks[2].page_size.value, 2 << 20);
	assert_int_equal(walks[2].n_steps, 3);
	assert_int_equal(walks[2].steps[2].address.value, 0x40400000);
	assert_true(walks[3].write);
	assert_int_equal(walks[3].n_steps, 4);
	assert_int_equal(walks[3].steps[0].level, 4);
	assert_int_equal(walks[3].steps[3].index, 1);
	assert_int_equal(walks[4].physical.value, 0xbfffffff);
	assert_int_equal(walks[4].page_size.value, 1 << 30);
}

static void says_where_walks_end(void **state)
{
	static const struct {
		uint64_t iova;
		unsigned int level; /* 0: nowhere */
	} cases[] = {
		{ 0x0, 1 },
		{ 0x5000, 1 },
		{ 0x1ff000, 1 },
		{ 0x200000, 2 },
		{ 0x600000, 2 },
		{ 0x40000000, 3 },
		{ UINT64_C(0x8000000000), 4 },
		{ UINT64_C(0xffffffffffffe000), 1 },
		{ UINT64_C(0xfffffffffe000000), 2 },
		{ UINT64_C(0x1000000000000), 0 },
		/* In the table's width, and not canonical. */
		{ UINT64_C(0xfffffffff123), 0 },
		{ UINT64_C(0xffff7fffffffffff), 0 },
	};
	_cleanup_pagetable_ struct pagetable table = { 0 };
	struct pagetable_walk walks[ARRAY_SIZE(cases)] = { 0 };

	first_stage(*state, &table);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		walks[i].iova = cases[i].iova;
	assert_int_equal(pagetable_translate(&((struct tree *)*state)->root, &table, walks,
					     ARRAY_SIZE(cases)),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pagetable_walk *walk = &walks[i];

		assert_int_equal(walk->physical.status, 0);
		if (!cases[i].level) {
			assert_int_equal(walk->state, PAGETABLE_BEYOND);
			assert_int_equal(walk->n_steps, 0);
			continue;
		}
		assert_int_equal(walk->state, PAGETABLE_UNMAPPED);
		assert_int_equal(walk->n_steps, 4 - cases[i].level + 1);
		assert_int_equal(walk->steps[walk->n_steps - 1].level, cases[i].level);
		assert_int_equal(walk->steps[walk->n_steps - 1].entry.status, 0);
		for (size_t k = 0; k + 1 < walk->n_steps; k++)
			assert_int_equal(walk->steps[k].entry.status, 1);
	}
	assert_int_equal(walks[7].steps[2].entry.value, 0x6027);
}

struct ranges_seen {
	struct pagetable_range v[16];
	size_t n, stop_at;
};

static int see(const struct pagetable_range *range, void *data)
{
	struct ranges_seen *seen = data;

	assert_true(seen->n < ARRAY_SIZE(seen->v));
	seen->v[seen->n++] = *range;
	return seen->n == seen->stop_at ? 17 : 0;
}

static void merges_ranges(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct sys_root *root = &((struct tree *)*state)->root;
	struct ranges_seen seen = { 0 };

	first_stage(*state, &table);
	assert_int_equal(pagetable_map(root, &table, false, see, &seen), 0);
	assert_int_equal(seen.n, 5);
	assert_int_equal(seen.v[0].start, 0x1000);
	assert_int_equal(seen.v[0].end, 0x3fff);
	assert_false(seen.v[0].contiguous);
	assert_true(seen.v[0].write);
	assert_int_equal(seen.v[0].n_pages, 1);
	assert_int_equal(seen.v[0].pages[0].count, 3);
	assert_false(seen.v[1].write);
	assert_int_equal(seen.v[2].pages[0].size, 2 << 20);
	assert_true(seen.v[2].contiguous);
	assert_true(seen.v[4].start == UINT64_C(0xfffffffffffff000));
	assert_true(seen.v[4].end == UINT64_MAX);
	seen = (struct ranges_seen){ 0 };
	assert_int_equal(pagetable_map(root, &table, true, see, &seen), 0);
	assert_int_equal(seen.n, 6);
	assert_int_equal(seen.v[0].end, 0x2fff);
	assert_int_equal(seen.v[0].physical, 0x5000);
	assert_int_equal(seen.v[1].physical, 0x9000);
	seen = (struct ranges_seen){ .stop_at = 2 };
	assert_int_equal(pagetable_map(root, &table, true, see, &seen), 17);
	assert_int_equal(seen.n, 2);
}

static void merges_pages_of_several_sizes(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;
	struct ranges_seen seen = { 0 };

	/* Second stage: read is a bit of its own. */
	assert_int_equal(find(tree, ENTRY("0", "0x0:0x3:0xa089"), 0, &table), PAGETABLE_THERE);
	tree_file(tree, DUMP,
		  HEADING "0x0000000000200 |\t0x0\t0x1003\t0x2003\t0x0000000040200883\n"
			  "0x0000000000400 |\t0x0\t0x1003\t0x2003\t0x3003\t0x0000000040400003\n"
			  "0x0000000000401 |\t0x0\t0x1003\t0x2003\t0x3003\t0x0000000040401002\n");
	assert_int_equal(pagetable_map(&tree->root, &table, false, see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.v[0].end, 0x400fff);
	assert_true(seen.v[0].contiguous);
	assert_int_equal(seen.v[0].n_pages, 2);
	assert_int_equal(seen.v[0].pages[0].size, 4096);
	assert_int_equal(seen.v[0].pages[1].size, 2 << 20);
	assert_true(!seen.v[1].read && seen.v[1].write);
}

static void pass_through_needs_no_dump(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;
	struct pagetable_walk walk = { .iova = 0x12345678 };
	struct ranges_seen seen = { 0 };

	assert_int_equal(find(tree, ENTRY("0", "0x0:0x3:0x109"), 0, &table), PAGETABLE_THERE);
	assert_int_equal(pagetable_translate(&tree->root, &table, &walk, 1), 0);
	assert_int_equal(walk.state, PAGETABLE_MAPPED);
	assert_int_equal(walk.physical.value, 0x12345678);
	assert_int_equal(walk.n_steps, 0);
	assert_int_equal(pagetable_map(&tree->root, &table, false, see, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_true(seen.v[0].end == UINT64_C(0xffffffffffff));
}

static void refuses_another_table_than_the_iommu_has(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;
	struct pagetable_walk walk = { .iova = 0x1000 };
	struct ranges_seen seen = { 0 };

	assert_int_equal(find(tree, ENTRY("0", "0xb000:0x3:0x49"), 0, &table), PAGETABLE_THERE);
	assert_int_equal(pagetable_translate(&tree->root, &table, &walk, 1), -ENOENT);
	tree_file(tree, DUMP, HEADING PAGES);
	assert_int_equal(pagetable_translate(&tree->root, &table, &walk, 1), -ESTALE);
	assert_int_equal(pagetable_map(&tree->root, &table, false, see, &seen), -ESTALE);
	/* No entry any more, then another number of levels. */
	tree_file(tree, DUMP, "");
	assert_int_equal(pagetable_translate(&tree->root, &table, &walk, 1), -ESTALE);
	table.table = 0xa000;
	table.levels = 5;
	tree_file(tree, DUMP, HEADING PAGES);
	assert_int_equal(pagetable_translate(&tree->root, &table, &walk, 1), -ESTALE);
	assert_int_equal(pagetable_map(&tree->root, &table, false, see, &seen), -ESTALE);
	assert_int_equal(seen.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(no_table),
		tree_test(unbound),
		tree_test(another_device),
		tree_test(sva),
		tree_test(misread),
		tree_test(misread_five),
		tree_test(first_five),
		tree_test(legacy_pasid),
		tree_test(reserved_type),
		tree_test(finds_stages),
		tree_test(finds_no_other_iommu),
		tree_test(says_what_cannot_be_read),
		tree_test(translates_in_any_order),
		tree_test(says_where_walks_end),
		tree_test(merges_ranges),
		tree_test(merges_pages_of_several_sizes),
		tree_test(pass_through_needs_no_dump),
		tree_test(refuses_another_table_than_the_iommu_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
