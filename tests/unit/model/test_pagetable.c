/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which table a device's requests go through. */
#include "../pagetable_text.h"

static const char *const lacks[] = { "there",  "no IOMMU", "no dumps", "no table", "no PCI",
				     "legacy", "unbound",  "SVA",      "misread" };

static void find(const struct tree *tree, const char *path, uint32_t pasid, const char *expected)
{
	_cleanup_pagetable_ struct pagetable table = { .lack = PAGETABLE_MISREAD };
	char text[256];

	assert_int_equal(pagetable_find(&tree->root, path, pasid, &table), 0);
	snprintf(text, sizeof(text), "%s %u %s %s %s", table.device, table.pasid,
		 table.unit.value ? table.unit.value : "-",
		 table.vendor.value ? table.vendor.value : "-", lacks[table.lack]);
	if (table.lack == PAGETABLE_THERE)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s %u @%#" PRIx64,
			 pagetable_stage_name(table.stage), table.levels, table.table);
	assert_string_equal(text, expected);
}

#define OF(pasid, rest) "0000:00:10.0 " pasid " dmar0 intel " rest

/* In scalable mode: by the entry of the PASID. */
static void finds_entries(void **state)
{
	static const struct {
		const char *line;
		uint32_t pasid;
		const char *expected;
	} cases[] = {
		{ ENTRY("0", "0xa000:0x3:0x49"), 0, OF("0", "there first-stage 4 @0xa000") },
		{ ENTRY("7", "0xafff:0x3:0x49"), 7, OF("7", "misread") },
		{ ENTRY("7", "0xa003:0x3:0x49"), 7, OF("7", "there first-stage 4 @0xa000") },
		/*
		 * A first stage of 4 levels, while the unit's second stages have 5, which the
		 * kernel's dump would use.
		 */
		{ ENTRY("7", "0xa000:0x3:0x4d"), 7, OF("7", "misread") },
		{ ENTRY("7", "0xa004:0x3:0x49"), 7, OF("7", "misread") },
		{ ENTRY("7", "0xa004:0x3:0x4d"), 7, OF("7", "there first-stage 5 @0xa000") },
		{ ENTRY("7", "0xa000:0x1:0x49"), 7, OF("7", "SVA") },
		/* Domain 1 is a process's in the first stage only. */
		{ ENTRY("7", "0x0:0x1:0xa085"), 7, OF("7", "there second-stage 3 @0xa000") },
		{ ENTRY("0", "0x0:0x3:0xbfff085"), 0, OF("0", "there second-stage 3 @0xbfff000") },
		{ ENTRY("0", "0x0:0x3:0xa081"), 0, OF("0", "there second-stage 2 @0xa000") },
		{ ENTRY("0", "0x0:0x3:0xa08d"), 0, OF("0", "there second-stage 5 @0xa000") },
		{ ENTRY("0", "0xb000:0x3:0xa0c9"), 0, OF("0", "there nested 4 @0xa000") },
		{ ENTRY("0", "0x0:0x3:0x109"), 0, OF("0", "there pass-through 4 @0") },
		{ ENTRY("0", "0x0:0x3:0x1c1"), 0, OF("0", "unbound") },
		{ ENTRY("0", "0x0:0x3:0x1dd"), 0, OF("0", "unbound") },
		{ ENTRY("0", "0x0:0x3:0x1"), 0, OF("0", "unbound") },
	};
	const struct tree *tree = *state;

	pagetable_machine(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pagetable_entry_write(tree, cases[i].line);
		find(tree, DEVICE, cases[i].pasid, cases[i].expected);
	}
}

/* In legacy mode a device has a context entry, and no PASIDs. */
static void finds_context_entries(void **state)
{
#define CONTEXT(high, low) "00:10.0\t0x1:0x2\t" high ":" low "\t-1\t0x0:0x0:0x0"
	static const struct {
		const char *line;
		uint32_t pasid;
		const char *expected;
	} cases[] = {
		{ CONTEXT("0x2", "0xa001"), 0, OF("0", "there second-stage 4 @0xa000") },
		{ CONTEXT("0x1", "0xa005"), 0, OF("0", "there second-stage 3 @0xa000") },
		{ CONTEXT("0x38", "0xafff001"), 0, OF("0", "there second-stage 2 @0xafff000") },
		{ CONTEXT("0x3", "0xa001"), 0, OF("0", "there second-stage 5 @0xa000") },
		{ CONTEXT("0x2", "0x9"), 0, OF("0", "there pass-through 4 @0") },
		{ CONTEXT("0x2", "0xd"), 0, OF("0", "unbound") },
		{ CONTEXT("0x7", "0xd"), 0, OF("0", "unbound") },
		{ CONTEXT("0x2", "0xa001"), 7, OF("7", "legacy") },
		{ CONTEXT("0x7", "0xa001"), 7, OF("7", "legacy") },
	};
	const struct tree *tree = *state;

	pagetable_machine(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pagetable_entry_write(tree, cases[i].line);
		find(tree, DEVICE, cases[i].pasid, cases[i].expected);
	}
}

/* Its own among those of other PASIDs, functions, devices, buses and units. */
static void finds_its_own(void **state)
{
#define LINE(bdf, pasid, table) bdf "\t0x1:0x2\t0x2:0xa001\t" pasid "\t" table ":0x3:0x49\n"
	const struct tree *tree = *state;
	char others[1024];

	snprintf(others, sizeof(others), "%s",
		 "IOMMU dmar1: Root\n" LINE("00:10.0", "7", "0x1000") "IOMMU dmar0: Root\n" LINE(
			 "00:0f.0", "7", "0x2000") LINE("00:10.0", "6", "0x3000")
			 LINE("00:10.0", "8", "0x4000") LINE("00:10.1", "7", "0x5000")
				 LINE("00:11.0", "7", "0x6000") LINE("01:10.0", "7", "0x7000"));
	pagetable_machine(tree);
	tree_file(tree, TABLE, others);
	find(tree, DEVICE, 7, OF("7", "unbound"));
	find(tree, DEVICE, 0, OF("0", "unbound"));
	find(tree, DEVICE, 6, OF("6", "there first-stage 4 @0x3000"));
	snprintf(others + strlen(others), sizeof(others) - strlen(others), "%s",
		 "IOMMU dmar2: Root\nIOMMU dmar0: Root\n" LINE("00:10.0", "7", "0xa000"));
	tree_file(tree, TABLE, others);
	find(tree, DEVICE, 7, OF("7", "there first-stage 4 @0xa000"));
}

static void finds_no_iommu_of_intel(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, "pci0000:00/0000:00:10.0", NULL, "PCI_CLASS=20000\n");
	find(tree, DEVICE, 3, "0000:00:10.0 3 - - no IOMMU");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:10.0/iommu", "../../virtual/iommu/ivhd0");
	tree_file(tree, "sys/devices/virtual/iommu/ivhd0/amd-iommu/cap", "10\n");
	tree_link(tree, "sys/class/iommu/ivhd0", "../../devices/virtual/iommu/ivhd0");
	find(tree, DEVICE, 0, "0000:00:10.0 0 ivhd0 amd no dumps");
}

static void finds_no_table(void **state)
{
	const struct tree *tree = *state;

	pagetable_machine(tree);
	find(tree, DEVICE, 0, OF("0", "no table"));
	tree_dir(tree, "sys/devices/platform/dma0");
	tree_link(tree, "sys/devices/platform/dma0/subsystem", "../../../bus/platform");
	tree_link(tree, "sys/devices/platform/dma0/iommu", "../../virtual/iommu/dmar0");
	find(tree, "/sys/devices/platform/dma0", 0, "dma0 0 dmar0 intel no PCI");
}

static void says_what_cannot_be_read(void **state)
{
	static const char link[] = "sys/devices/pci0000:00/0000:00:10.0/iommu";
	struct pagetable table = { .pasid = 77 };
	const struct tree *tree = *state;

	pagetable_machine(tree);
	assert_int_equal(pagetable_find(&tree->root, "/sys/devices/none", 0, &table), -ENODEV);
	/* More levels than there are; in a table that breaks off; that may not be read. */
	pagetable_entry_write(tree, ENTRY("0", "0x0:0x3:0xa091"));
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EBADMSG);
	pagetable_entry_write(tree, CONTEXT("0x4", "0xa001"));
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EBADMSG);
	pagetable_entry_write(tree, "00:10.0 x");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EBADMSG);
	assert_int_equal(unlinkat(tree->root.fd, TABLE, 0), 0);
	tree_link(tree, TABLE, "errno:13");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EACCES);
	/* The unit, and which one it is. */
	assert_int_equal(unlinkat(tree->root.fd, "sys/class/iommu/dmar0", 0), 0);
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -ENOENT);
	assert_int_equal(unlinkat(tree->root.fd, link, 0), 0);
	tree_link(tree, link, "errno:5");
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), -EIO);
	assert_int_equal(table.pasid, 77);
}

static void names(void **state)
{
	static const char *const levels[] = { "PT", "PD", "PDPT", "PML4", "PML5" };
	static const char *const stages[] = { "first-stage", "second-stage", "nested",
					      "pass-through" };
	static const char *const states[] = { "unmapped", "mapped", "beyond" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(levels); i++)
		assert_string_equal(pagetable_level_name(i + 1), levels[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(stages); i++)
		assert_string_equal(pagetable_stage_name((enum pagetable_stage)i), stages[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(states); i++)
		assert_string_equal(pagetable_state_name((enum pagetable_state)i), states[i]);
}

static int try_find(void *data)
{
	const struct tree *tree = data;
	_cleanup_pagetable_ struct pagetable table = { 0 };

	return pagetable_find(&tree->root, DEVICE, 0, &table);
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	pagetable_machine(tree);
	pagetable_entry_write(tree, ENTRY("0", "0xa000:0x3:0x49"));
	memory_exhaust(try_find, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(finds_entries),  tree_test(finds_context_entries),
		tree_test(finds_its_own),  tree_test(finds_no_iommu_of_intel),
		tree_test(finds_no_table), tree_test(says_what_cannot_be_read),
		cmocka_unit_test(names),   tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
