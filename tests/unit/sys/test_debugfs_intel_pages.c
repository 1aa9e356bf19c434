/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>
#include <inttypes.h>

#include "sys/debugfs_intel_pages.h"
#include "util/cleanup.h"

#define DIRECTORY "sys/kernel/debug/iommu/intel/0000:00:10.0"
#define FILE_NAME "domain_translation_struct"
#define HEADING   "Device 0000:00:10.0 with pasid 2a @0x103a000\n"
#define COLUMNS \
	"IOVA_PFN         \tPML5E             \tPML4E             \tPDPE              \tPDE\tPTE\n"
#define PML4 "0x0000000000000000\t0x0000000002f73227\t"
#define PDPT PML4 "0x0000000002f58227"
#define PT   PDPT "\t0x0000000002f6a227\t0x0000000002f56067\n"

struct seen {
	size_t n;
	struct intel_page last;
	size_t stop_at;
};

static int see(const struct intel_page *page, void *data)
{
	struct seen *seen = data;

	seen->n++;
	seen->last = *page;
	return seen->n == seen->stop_at ? 17 : 0;
}

/* Parses all of TEXT, which must be complete lines unless it fails. */
static int parse(const char *text, struct seen *seen)
{
	struct intel_pages pages = { 0 };
	size_t used;
	int r = sys_intel_pages_parse(text, strlen(text), &pages, see, seen, &used);

	if (r == 0)
		assert_int_equal(used, strlen(text));
	return r;
}

static void parses_pages_of_all_sizes(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(parse(HEADING COLUMNS "0x0000000040000 |\t" PT, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.last.iova, 0x40000000);
	assert_int_equal(seen.last.level, 1);
	assert_int_equal(seen.last.top, 4);
	assert_int_equal(seen.last.entry[1], 0x2f56067);
	assert_int_equal(seen.last.entry[4], 0x2f73227);
	assert_int_equal(seen.last.entry[5], 0);
	assert_int_equal(
		parse(HEADING COLUMNS "0x0000000080200 |\t" PDPT "\t0x00000000034000e7\n", &seen),
		0);
	assert_int_equal(seen.last.level, 2);
	assert_int_equal(seen.last.iova, 0x80200000);
	assert_int_equal(
		parse(HEADING COLUMNS "0x0000000040000 |\t" PML4 "0x00000001000000e7\n", &seen), 0);
	assert_int_equal(seen.last.level, 3);
	/* Five levels, and three. */
	assert_int_equal(
		parse(HEADING COLUMNS
		      "0x1fffffffffff |\t0x1003\t0x2003\t0x3003\t0x4003\t0xfffffffffff003\n",
		      &seen),
		0);
	assert_int_equal(seen.last.top, 5);
	assert_true(seen.last.iova == UINT64_C(0x1fffffffffff000));
	assert_int_equal(parse("Device 0000:00:10.0 @0x1000\n" COLUMNS
			       "0x0000000000000 |\t0x0\t0x0\t0x3003\t0x4003\t0x5003\n",
			       &seen),
			 0);
	assert_int_equal(seen.last.top, 3);
	assert_int_equal(seen.n, 5);
}

static void accepts_what_comes_around_them(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(parse("", &seen), 0);
	assert_int_equal(parse("DMA Remapping is not enabled on dmar0\n" HEADING COLUMNS, &seen),
			 0);
	assert_int_equal(seen.n, 0);
}

static void refuses_what_no_kernel_writes(void **state)
{
	static const char *const texts[] = {
		"\n",
		"0x0000000040000 |\t" PT, /* no heading */
		HEADING HEADING,
		"Device 0000:00:10.0\n",
		"Device 0000:00:10.0 @0x\n",
		"Device 0000:00:10.0 @0x1000 \n",
		HEADING COLUMNS "0x40000\t" PT,
		HEADING COLUMNS "40000 |\t" PT,
		HEADING COLUMNS "0x40000 |\t" PML4 "\n",
		HEADING COLUMNS "0x40000 |\n",
		HEADING COLUMNS "0x40000 |\t" PML4 "0xg\n",
		HEADING COLUMNS "0x40000 |\t" PML4 "0x10000000000000087\n", /* 65 bits */
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4003\t0x5003\t0x6003\n",
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4003\t0x5003 \n",
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4003\n",            /* no leaf */
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4083\t0x5003\n",    /* two */
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4003\t0x5004\n",    /* not present */
		HEADING COLUMNS "0x40000 |\t" PML4 "0x0\t0x4003\t0x5003\n", /* a hole */
		HEADING COLUMNS "0x40000 |\t0x0\t0x0\t0x0\n",
		HEADING COLUMNS "0x40000 |\t0x0\t0x0\t0x0\t0x0\t0x5003\n", /* one level */
		HEADING COLUMNS "0x40001 |\t" PDPT "\t0x4083\n",           /* not aligned */
		HEADING COLUMNS "0x1000000000 |\t" PT,                     /* 49 bits in 4 levels */
		HEADING COLUMNS "0x40001 |\t" PT "0x40000 |\t" PT,
		HEADING COLUMNS "0x40000 |\t" PT "0x40000 |\t" PT,
		HEADING COLUMNS "0x40000 |\t" PDPT "\t0x4083\n0x401ff |\t" PT, /* inside the last */
		HEADING COLUMNS "0x0 |\t" PT "0x1 |\t0x0\t0x0\t0x3003\t0x4003\t0x5003\n",
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		seen = (struct seen){ 0 };
		if (parse(texts[i], &seen) != -EBADMSG)
			fail_msg("taken: %s", texts[i]);
	}
}

static void goes_on_where_it_stopped(void **state)
{
	const char *text = HEADING COLUMNS "0x40000 |\t" PT "0x40001 |\t" PT;
	const size_t size = strlen(text);

	(void)state;
	for (size_t cut = 0; cut <= size; cut++) {
		struct intel_pages pages = { 0 };
		struct seen seen = { 0 };
		size_t used, more;

		assert_int_equal(sys_intel_pages_parse(text, cut, &pages, see, &seen, &used), 0);
		assert_true(used <= cut);
		assert_int_equal(
			sys_intel_pages_parse(text + used, size - used, &pages, see, &seen, &more),
			0);
		assert_int_equal(used + more, size);
		assert_int_equal(seen.n, 2);
		assert_int_equal(pages.table, 0x103a000);
	}
}

static void streams_files(void **state)
{
	const struct tree *tree = *state;
	struct intel_pages pages = { .wanted = 0x103a000 };
	struct seen seen = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs(HEADING COLUMNS, f);
	for (unsigned int i = 0; i < 20000; i++)
		fprintf(f, "0x%013x |\t" PT, 2 * i);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 42, &pages, see, &seen),
			 -ENOENT);
	tree_file(tree, DIRECTORY "/2a/" FILE_NAME, text);
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 42, &pages, see, &seen), 0);
	assert_int_equal(seen.n, 20000);
	assert_int_equal(seen.last.iova, 39998 << 12);
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 0, &pages, see, &seen),
			 -ENOENT);
	pages = (struct intel_pages){ .wanted = 0x103b000 };
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 42, &pages, see, &seen),
			 -ESTALE);
	pages = (struct intel_pages){ 0 };
	seen = (struct seen){ .stop_at = 3 };
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 42, &pages, see, &seen), 17);
	assert_int_equal(seen.n, 3);
}

static void refuses_files_cut_short_or_without_lines(void **state)
{
	const struct tree *tree = *state;
	struct intel_pages pages = { 0 };
	struct seen seen = { 0 };
	static char endless[200000];

	tree_file(tree, DIRECTORY "/" FILE_NAME, HEADING COLUMNS "0x40000 |\t0x0");
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 0, &pages, see, &seen),
			 -EBADMSG);
	memset(endless, 'x', sizeof(endless) - 1);
	tree_file(tree, DIRECTORY "/7/" FILE_NAME, endless);
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 7, &pages, see, &seen),
			 -EBADMSG);
	tree_link(tree, DIRECTORY "/8", "errno:13");
	assert_int_equal(sys_intel_pages(&tree->root, "0000:00:10.0", 8, &pages, see, &seen),
			 -EACCES);
	assert_int_equal(seen.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_pages_of_all_sizes),
		cmocka_unit_test(accepts_what_comes_around_them),
		cmocka_unit_test(refuses_what_no_kernel_writes),
		cmocka_unit_test(goes_on_where_it_stopped),
		tree_test(streams_files),
		tree_test(refuses_files_cut_short_or_without_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
