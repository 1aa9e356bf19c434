/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks through a dump for single addresses, the ranges of all, and what an entry says. */
#include "../pagetable_text.h"

#include "model/pagetable/internal.h"

/* The lowest and the highest half of a first stage, and holes between pages. */
#define PAGES \
	"0x0000000000001 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000005067\n" \
	"0x0000000000002 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000006067\n" \
	"0x0000000000003 |\t0x0\t0x1027\t0x2027\t0x3027\t0x0000000000009067\n" \
	"0x0000000000004 |\t0x0\t0x1027\t0x2027\t0x3027\t0x800000000000a025\n" \
	"0x0000000000400 |\t0x0\t0x1027\t0x2027\t0x00000000404010e7\n" \
	"0x0000007fc0000 |\t0x0\t0x1027\t0x00000000800000e7\n" \
	"0x0000fffffffff |\t0x0\t0x4027\t0x5025\t0x6027\t0x0000000000007067\n"

static void walk(const struct tree *tree, const struct pagetable *table, const uint64_t *iovas,
		 size_t n, const char *expected)
{
	struct pagetable_walk walks[16];
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_in_range(n, 0, ARRAY_SIZE(walks));
	/* Whatever was there before. */
	memset(walks, 0x5a, sizeof(walks));
	for (size_t i = 0; i < n; i++)
		walks[i].iova = iovas[i];
	assert_int_equal(pagetable_translate(&tree->root, table, walks, n), 0);
	for (size_t i = 0; i < n; i++)
		walk_write(f, &walks[i]);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
}

#define WALK(tree, table, iovas, expected) walk(tree, table, iovas, ARRAY_SIZE(iovas), expected)

#define TOP(index, entry, to) "  PML4[" #index "] " entry " -> " to " present write user accessed\n"
#define PDPT(index, entry, to) \
	"  PDPT[" #index "] " entry " -> " to " present write user accessed\n"
#define PD(index, entry, to) "  PD[" #index "] " entry " -> " to " present write user accessed\n"

static void translates_in_any_order(void **state)
{
	static const uint64_t iovas[] = { UINT64_C(0xfffffffffffff123), 0x4000, 0x5fffff, 0x1000,
					  UINT64_C(0x7fffffffff) };
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

	pagetable_first_stage(tree, HEADING PAGES, &table);
	WALK(tree, &table, iovas,
	     "0xfffffffffffff123 mapped 0x7123 of 4096 r\n" TOP(511, "0x4027", "0x4000") "  PDPT[511] 0x5025 -> 0x5000 present user accessed\n" PD(
		     511, "0x6027",
		     "0x6000") "  PT[511] 0x7067 -> 0x7000 present write user accessed dirty\n"
			       "0x4000 mapped 0xa000 of 4096 r\n" TOP(0, "0x1027", "0x1000") PDPT(
				       0, "0x2027", "0x2000")
				       PD(0, "0x3027",
					  "0x3000") "  PT[4] 0x800000000000a025 -> 0xa000 present user accessed no-execute\n"
						    /*
						     * Bit 12 of a large page's entry is not part of
						     * the address.
						     */
						    "0x5fffff mapped 0x405fffff of 2097152 rw\n" TOP(
							    0, "0x1027", "0x1000")
							    PDPT(0, "0x2027",
								 "0x2000") "  PD[2] 0x404010e7 -> 0x40400000 present write user accessed dirty large\n"
									   "0x1000 mapped 0x5000 of 4096 rw\n" TOP(
										   0, "0x1027",
										   "0x1000") PDPT(0,
												  "0x2027",
												  "0x2000")
										   PD(0, "0x3027",
										      "0x3000") "  PT[1] 0x5067 -> 0x5000 present write user accessed dirty\n"
												"0x7fffffffff mapped 0xbfffffff of 1073741824 rw\n" TOP(
													0,
													"0x1027",
													"0x1000") "  PDPT[511] 0x800000e7 -> 0x80000000 present write user accessed dirty large\n");
}

/* One step more than there are entries known; nothing of an address that the table has no place for. */
static void says_where_walks_end(void **state)
{
	static const uint64_t iovas[] = { 0, 0x5000, 0x1fffff, 0x200000, 0x600000, 0x40000000,
					  UINT64_C(0x8000000000), UINT64_C(0xffffffffffffe000),
					  UINT64_C(0xfffffffffe000000), UINT64_C(0x1000000000000),
					  /* Within the table's width, but not canonical. */
					  UINT64_C(0xfffffffff123), UINT64_C(0xffff7fffffffffff) };
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

#define LOW TOP(0, "0x1027", "0x1000") PDPT(0, "0x2027", "0x2000")
	pagetable_first_stage(tree, HEADING PAGES, &table);
	WALK(tree, &table, iovas,
	     "0 unmapped\n" LOW PD(
		     0, "0x3027",
		     "0x3000") "  PT[0]\n"
			       "0x5000 unmapped\n" LOW PD(
				       0, "0x3027",
				       "0x3000") "  PT[5]\n"
						 "0x1fffff unmapped\n" LOW PD(
							 0, "0x3027",
							 "0x3000") "  PT[511]\n"
								   "0x200000 unmapped\n" LOW
								   "  PD[1]\n"
								   "0x600000 unmapped\n" LOW
								   "  PD[3]\n"
								   "0x40000000 unmapped\n" TOP(
									   0, "0x1027",
									   "0x1000") "  PDPT[1]\n"
										     "0x8000000000 unmapped\n  PML4[1]\n"
										     "0xffffffffffffe000 unmapped\n" TOP(511, "0x4027", "0x4000") "  PDPT[511] 0x5025 -> 0x5000 present user accessed\n" PD(
											     511,
											     "0x6027",
											     "0x6000") "  PT[510]\n"
												       "0xfffffffffe000000 unmapped\n" TOP(
													       511,
													       "0x4027",
													       "0x4000") "  PDPT[511] 0x5025 -> 0x5000 present user accessed\n"
															 "  PD[496]\n"
															 "0x1000000000000 beyond\n"
															 "0xfffffffff123 beyond\n"
															 "0xffff7fffffffffff beyond\n");
}

/* A table in which nothing is mapped, of two levels. */
static void walks_through_an_empty_table(void **state)
{
	static const uint64_t iovas[] = { 0x3fffffff, 0x40000000 };
	const struct tree *tree = *state;
	struct pagetable table = { .device = (char *)"0000:00:10.0",
				   .stage = PAGETABLE_SECOND,
				   .levels = 2,
				   .table = 0xa000 };

	tree_file(tree, DUMP, HEADING);
	WALK(tree, &table, iovas, "0x3fffffff unmapped\n  PD[511]\n0x40000000 beyond\n");
	walk(tree, &table, iovas, 0, "");
}

/* Five levels, of a PASID's own dump. */
static void walks_through_five_levels(void **state)
{
	static const uint64_t iovas[] = { UINT64_C(0xff00000000001fff), 0x1000 };
	const struct tree *tree = *state;
	struct pagetable table = { .device = (char *)"0000:00:10.0",
				   .pasid = 42,
				   .stage = PAGETABLE_FIRST,
				   .levels = 5,
				   .table = 0xa000 };

	tree_file(tree, DIRECTORY "/0000:00:10.0/2a/domain_translation_struct",
		  HEADING "0x100000000001 |\t0x1021\t0x2023\t0x3023\t0x4023\t0x5023\n");
	WALK(tree, &table, iovas,
	     "0xff00000000001fff mapped 0x5fff of 4096 r\n"
	     "  PML5[256] 0x1021 -> 0x1000 present accessed\n"
	     "  PML4[0] 0x2023 -> 0x2000 present write accessed\n"
	     "  PDPT[0] 0x3023 -> 0x3000 present write accessed\n"
	     "  PD[0] 0x4023 -> 0x4000 present write accessed\n"
	     "  PT[1] 0x5023 -> 0x5000 present write accessed\n"
	     "0x1000 unmapped\n"
	     "  PML5[0]\n");
}

/* Once all addresses are found, or passed, no more is read: what is broken behind them does no harm. */
static void reads_no_further_than_needed(void **state)
{
	static const char broken[] =
		HEADING "0x0000000000002 |\t0x0\t0x1027\t0x2027\t0x3027\t0x6067\n"
			"0x0000000000004 |\t0x0\t0x1027\t0x2027\t0x3027\t0x9067\nbroken\n";
	static const struct {
		uint64_t iovas[2];
		int status;
	} cases[] = {
		{ { 0x2000, 0x2000 }, 0 },
		{ { 0x1000, 0x2000 }, 0 },
		{ { 0x2000, 0x3000 }, 0 },
		{ { 0x4000, 0x3000 }, 0 },
		{ { 0x2000, 0x5000 }, -EBADMSG },
		{ { 0x5000, 0x2000 }, -EBADMSG },
		{ { 0x2000, UINT64_C(1) << 60 }, 0 },
	};
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

	pagetable_first_stage(tree, broken, &table);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pagetable_walk walks[2] = { { .iova = cases[i].iovas[0] },
						   { .iova = cases[i].iovas[1] } };

		assert_int_equal(pagetable_translate(&tree->root, &table, walks, 2),
				 cases[i].status);
	}
}

/* Notes ranges down; STOP_AT: the call that ends the walk. */
struct seen {
	FILE *f;
	size_t n, stop_at;
};

static int see(const struct pagetable_range *range, void *data)
{
	struct seen *seen = data;

	range_write(seen->f, range);
	return ++seen->n == seen->stop_at ? 17 : 0;
}

static void map(const struct tree *tree, const struct pagetable *table, bool physical,
		size_t stop_at, const char *expected)
{
	struct seen seen = { .stop_at = stop_at };
	char *text = NULL;
	size_t size;

	seen.f = open_memstream(&text, &size);
	assert_int_equal(pagetable_map(&tree->root, table, physical, see, &seen), stop_at ? 17 : 0);
	assert_int_equal(fclose(seen.f), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void merges_ranges(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

#define TAIL \
	"0x4000-0x4fff r 0xa000 contiguous 1x4096\n" \
	"0x400000-0x5fffff rw 0x40400000 contiguous 1x2097152\n" \
	"0x7fc0000000-0x7fffffffff rw 0x80000000 contiguous 1x1073741824\n" \
	"0xfffffffffffff000-0xffffffffffffffff r 0x7000 contiguous 1x4096\n"
	pagetable_first_stage(tree, HEADING PAGES, &table);
	map(tree, &table, false, 0, "0x1000-0x3fff rw 0x5000 3x4096\n" TAIL);
	map(tree, &table, true, 0,
	    "0x1000-0x2fff rw 0x5000 contiguous 2x4096\n"
	    "0x3000-0x3fff rw 0x9000 contiguous 1x4096\n" TAIL);
	map(tree, &table, true, 1, "0x1000-0x2fff rw 0x5000 contiguous 2x4096\n");
	map(tree, &table, true, 2,
	    "0x1000-0x2fff rw 0x5000 contiguous 2x4096\n"
	    "0x3000-0x3fff rw 0x9000 contiguous 1x4096\n");
	/* The last is told at the end. */
	map(tree, &table, false, 5, "0x1000-0x3fff rw 0x5000 3x4096\n" TAIL);
	tree_file(tree, DUMP, HEADING);
	map(tree, &table, false, 0, "");
}

/* Second stage: read is a bit of its own. Memory that goes back to where it was is not contiguous again. */
static void merges_pages_of_several_sizes(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

#define SMALL(pfn, entry) "0x0000000000" pfn " |\t0x0\t0x1003\t0x2003\t0x3003\t" entry "\n"
	pagetable_machine(tree);
	pagetable_entry_write(tree, ENTRY("0", "0x0:0x3:0xa089"));
	assert_int_equal(pagetable_find(&tree->root, DEVICE, 0, &table), 0);
	tree_file(
		tree, DUMP,
		HEADING SMALL("1ff", "0x1ff003") "0x0000000000200 |\t0x0\t0x1003\t0x2003\t0x0000000000200883\n" SMALL(
			"400", "0x400003") SMALL("401", "0x401002") SMALL("402", "0x402002")
			SMALL("403", "0x900002") SMALL("404", "0x404002") SMALL("405", "0x405001")
				SMALL("407", "0x407001"));
	map(tree, &table, false, 0,
	    "0x1ff000-0x400fff rw 0x1ff000 contiguous 2x4096 1x2097152\n"
	    "0x401000-0x404fff w 0x401000 4x4096\n"
	    "0x405000-0x405fff r 0x405000 contiguous 1x4096\n"
	    "0x407000-0x407fff r 0x407000 contiguous 1x4096\n");
}

static void pass_through_needs_no_dump(void **state)
{
	static const uint64_t iovas[] = { 0x12345678, UINT64_C(0xffffffffffff),
					  UINT64_C(0x1000000000000) };
	const struct tree *tree = *state;
	struct pagetable table = { .device = (char *)"0000:00:10.0",
				   .stage = PAGETABLE_PASS_THROUGH,
				   .levels = 4 };

	WALK(tree, &table, iovas,
	     "0x12345678 mapped 0x12345678 rw\n"
	     "0xffffffffffff mapped 0xffffffffffff rw\n"
	     "0x1000000000000 beyond\n");
	map(tree, &table, false, 0, "0-0xffffffffffff rw 0 contiguous\n");
	map(tree, &table, false, 1, "0-0xffffffffffff rw 0 contiguous\n");
	table.levels = 3;
	map(tree, &table, true, 0, "0-0x7fffffffff rw 0 contiguous\n");
}

static void refuse(const struct tree *tree, const struct pagetable *table, int error)
{
	struct pagetable_walk one = { .iova = 0x1000 };
	struct seen seen = { .f = stderr };

	assert_int_equal(pagetable_translate(&tree->root, table, &one, 1), error);
	assert_int_equal(pagetable_map(&tree->root, table, false, see, &seen), error);
	assert_int_equal(seen.n, 0);
}

static void refuses_another_table_than_the_iommu_has(void **state)
{
	_cleanup_pagetable_ struct pagetable table = { 0 };
	const struct tree *tree = *state;

	pagetable_first_stage(tree, HEADING PAGES, &table);
	table.table = 0xb000;
	refuse(tree, &table, -ESTALE);
	table.table = 0xa000;
	table.levels = 5;
	refuse(tree, &table, -ESTALE);
	table.levels = 4;
	/* No entry any more. */
	tree_file(tree, DUMP, "");
	refuse(tree, &table, -ESTALE);
	tree_file(tree, DUMP, "x\n");
	refuse(tree, &table, -EBADMSG);
	assert_int_equal(unlinkat(tree->root.fd, DUMP, 0), 0);
	refuse(tree, &table, -ENOENT);
	tree_link(tree, DUMP, "errno:13");
	refuse(tree, &table, -EACCES);
}

/* All bits that an entry can have: of a table, of a large page, of a small one. */
static void describes_entries(void **state)
{
	static const struct {
		enum pagetable_stage stage;
		unsigned int level;
		bool leaf;
		const char *expected;
	} cases[] = {
		{ PAGETABLE_FIRST, 2, false,
		  "0xffffffffff000 present write user write-through cache-disable accessed "
		  "extended-accessed no-execute" },
		{ PAGETABLE_FIRST, 1, true,
		  "0xffffffffff000 present write user write-through cache-disable accessed dirty "
		  "global extended-accessed no-execute" },
		{ PAGETABLE_FIRST, 2, true,
		  "0xfffffffe00000 present write user write-through cache-disable accessed dirty "
		  "global extended-accessed no-execute large" },
		{ PAGETABLE_SECOND, 3, false, "0xffffffffff000 read write execute accessed" },
		{ PAGETABLE_SECOND, 1, true,
		  "0xffffffffff000 read write execute ignore-pat accessed dirty snoop" },
		{ PAGETABLE_NESTED, 3, true,
		  "0xfffffc0000000 read write execute ignore-pat accessed dirty snoop large" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pagetable_step step = { 0 };
		char text[512];

		pagetable_describe(cases[i].stage, cases[i].level, UINT64_MAX, cases[i].leaf,
				   &step);
		assert_true(step.entry.status == 1 && step.entry.value == UINT64_MAX);
		assert_int_equal(step.address.status, 1);
		snprintf(text, sizeof(text), "%#" PRIx64, step.address.value);
		for (size_t k = 0; k < step.n_flags; k++)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
				 step.flags[k]);
		assert_string_equal(text, cases[i].expected);
		step = (struct pagetable_step){ 0 };
		pagetable_describe(cases[i].stage, 1, 0, false, &step);
		assert_int_equal(step.n_flags, 0);
	}
}

/* What is allowed at all levels is allowed, the top's and the leaf's own included. */
static void finds_access(void **state)
{
	static const struct {
		uint64_t entry[6];
		bool read, write;
	} cases[] = {
		{ { 0, 3, 3, 3, 3, 3 }, true, true },  { { 0, 0, 2, 3, 1, 0 }, false, false },
		{ { 0, 0, 2, 3, 3, 0 }, false, true }, { { 0, 0, 3, 3, 1, 0 }, true, false },
		{ { 0, 0, 3, 1, 3, 0 }, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct intel_page page = { .level = 2, .top = 4 };
		struct pagetable_access access;

		memcpy(page.entry, cases[i].entry, sizeof(page.entry));
		access = pagetable_access(&page);
		assert_int_equal(access.read, cases[i].read);
		assert_int_equal(access.write, cases[i].write);
	}
}

static int try_translate(void *data)
{
	const struct tree *tree = data;
	struct pagetable table = { .device = (char *)"0000:00:10.0", .levels = 4, .table = 0xa000 };
	struct pagetable_walk walks[] = { { .iova = 0x1000 }, { .iova = 0x9000 } };

	return pagetable_translate(&tree->root, &table, walks, 2);
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, DUMP, HEADING PAGES);
	memory_exhaust(try_translate, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(translates_in_any_order),
		tree_test(says_where_walks_end),
		tree_test(walks_through_an_empty_table),
		tree_test(walks_through_five_levels),
		tree_test(reads_no_further_than_needed),
		tree_test(merges_ranges),
		tree_test(merges_pages_of_several_sizes),
		tree_test(pass_through_needs_no_dump),
		tree_test(refuses_another_table_than_the_iommu_has),
		cmocka_unit_test(describes_entries),
		cmocka_unit_test(finds_access),
		tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
