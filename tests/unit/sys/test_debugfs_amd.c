/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>
#include <sys/file.h>

#include "sys/debugfs_amd.h"
#include "util/cleanup.h"

#define PLACE "sys/kernel/debug/iommu/amd/"
#define HEADING \
	"DeviceId             QWORD[3]         QWORD[2]         QWORD[1]         QWORD[0] iommu\n"
#define HOST "0000000000000000 0040000000000000 0000000100000005 600000000123460b iommu0\n"

static int parse(const char *text, struct amd_dte *ret)
{
	_cleanup_free_ char *copy = NULL;
	size_t size = strlen(text);

	/* Without a NUL, so that a sanitizer detects reads beyond the end. */
	copy = malloc(size ? size : 1);
	assert_non_null(copy);
	memcpy(copy, text, size);
	return sys_amd_dte_parse(copy, size, ret);
}

static void parses_host_tables(void **state)
{
	struct amd_dte dte = { 0 };

	(void)state;
	assert_int_equal(parse(HEADING "0001:c2:1f.7 " HOST, &dte), 1);
	assert_int_equal(dte.address.domain, 1);
	assert_int_equal(dte.address.bus, 0xc2);
	assert_int_equal(dte.address.device, 0x1f);
	assert_int_equal(dte.address.function, 7);
	assert_int_equal(dte.iommu, 0);
	assert_true(dte.word[3] == 0 && dte.word[0] == UINT64_C(0x600000000123460b));
	assert_true(dte.valid && dte.translated && !dte.guest);
	assert_int_equal(dte.mode, 3);
	assert_int_equal(dte.domain, 5);
	assert_int_equal(dte.pasid_width, 0);
}

/* As set_dte_gcr3_table() writes it: GCR3 at 0x8_7654_3210_f000, two levels. */
static void parses_guest_tables(void **state)
{
	const uint64_t gcr3 = UINT64_C(0x876543210f000);
	uint64_t w0 = 3 | UINT64_C(1) << 55 | UINT64_C(1) << 56 | (gcr3 >> 12 & 7) << 58;
	uint64_t w1 = 0x2a | (gcr3 >> 15 & 0xffff) << 16 | gcr3 >> 31 << 43;
	struct amd_dte dte = { 0 };
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), HEADING "0000:41:00.0 %016x %016x %016lx %016lx iommu12\n", 0,
		 0, w1, w0);
	assert_int_equal(parse(text, &dte), 1);
	assert_int_equal(dte.iommu, 12);
	assert_true(dte.guest && !dte.guest_without_pasid);
	assert_int_equal(dte.pasid_width, 18);
	assert_int_equal(dte.domain, 0x2a);
	assert_true(dte.gcr3 == gcr3);
	w0 |= UINT64_C(3) << 56 | UINT64_C(1) << 54;
	snprintf(text, sizeof(text), HEADING "0000:41:00.0 %016x %016x %016lx %016lx iommu12\n", 0,
		 0, w1, w0);
	assert_int_equal(parse(text, &dte), 1);
	assert_true(dte.guest_without_pasid);
	assert_int_equal(dte.pasid_width, 20);
}

/* Other fields of an invalid entry are not used. */
static void passes_over_invalid_entries(void **state)
{
	static const char *const words[] = { "fffffffffffffffc", "fffffffffffffffd" };
	struct amd_dte dte = { 0 };
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		snprintf(text, sizeof(text),
			 HEADING "0000:00:05.0 %016x %016x ffffffffffffffff %s iommu0\n", 0, 0,
			 words[i]);
		assert_int_equal(parse(text, &dte), 1);
		assert_int_equal(dte.valid, i);
		assert_false(dte.translated || dte.guest);
		assert_int_equal(dte.domain, 0);
	}
}

static void refuses_other_text(void **state)
{
	static const char *const bad[] = {
		"DeviceId",
		HEADING,
		HEADING "0000:00:05.0\n",
		HEADING "000:00:05.0 " HOST,
		HEADING "0000:00:20.0 " HOST,
		HEADING "0000:00:05.8 " HOST,
		HEADING "0000:00:05.0 0" HOST,
		HEADING "0000:00:05.0 " HOST "more",
		HEADING "0000:00:05.0 0 0 0 0 iommu0\n",
		HEADING "0000:00:05.0 0000000000000000 0040000000000000 0000000100000005 "
			"60000000012346xb iommu0\n",
		HEADING "0000:00:05.0 0000000000000000 0040000000000000 0000000100000005 "
			"600000000123460b iommu123456\n",
		HEADING "0000:00:05.0 0000000000000000 0040000000000000 0000000100000005 "
			"600000000123460b iommu\n",
		"something new\n",
	};
	struct amd_dte dte = { .iommu = 77 };

	(void)state;
	assert_int_equal(parse("", &dte), 0);
	assert_int_equal(parse("Enter a valid device ID to 'devid' file\n", &dte), 0);
	assert_int_equal(parse("Device table not found", &dte), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(bad[i], &dte), -EBADMSG);
	assert_int_equal(dte.iommu, 77);
}

static int read_entry(const struct tree *tree, uint8_t device, struct amd_dte *ret)
{
	const struct pci_address address = { .device = device };
	_cleanup_amd_table_ struct sys_amd_table table = { .dir = SYS_DIR_NONE, .devid = -1 };
	int r = sys_amd_table_open(&tree->root, &table);

	return r < 0 ? r : sys_amd_table_read(&table, &address, ret);
}

static void reads_captured_entries(void **state)
{
	const struct tree *tree = *state;
	struct amd_dte dte = { 0 };

	assert_int_equal(read_entry(tree, 5, &dte), -ENOENT);
	tree_file(tree, PLACE "devid", "0000:00:05.0\n");
	tree_file(tree, PLACE "devtbl", HEADING "0000:00:05.0 " HOST);
	/* A copy of these two files has at most one device's entry. */
	assert_int_equal(read_entry(tree, 5, &dte), -ENOENT);
	tree_file(tree, PLACE "devtbl-of/0000:00:05.0", HEADING "0000:00:05.0 " HOST);
	tree_file(tree, PLACE "devtbl-of/0000:00:06.0", HEADING "0000:00:05.0 " HOST);
	tree_file(tree, PLACE "devtbl-of/0000:00:07.0", "Device table not found");
	tree_link(tree, PLACE "devtbl-of/0000:00:08.0", "errno:19");
	assert_int_equal(read_entry(tree, 5, &dte), 0);
	assert_int_equal(dte.domain, 5);
	assert_int_equal(read_entry(tree, 6, &dte), -EBADMSG);
	assert_int_equal(read_entry(tree, 7, &dte), -ENODATA);
	assert_int_equal(read_entry(tree, 8, &dte), -ENODEV);
}

static void expect_file(const struct tree *tree, const char *path, const char *text)
{
	char buf[256];

	assert_true(sys_read(tree_top(tree), path, buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, text);
}

/*
 * Plain files instead of debugfs: devtbl always shows device 5, as if another process selected it.
 */
static void chooses_under_a_lock(void **state)
{
	const struct tree *tree = *state;
	const struct pci_address five = { .device = 5 }, six = { .device = 6 };
	struct sys_root live = { .fd = tree->root.fd };
	struct sys_amd_table table;
	char place[1024];
	struct amd_dte dte;
	int other;

	tree_file(tree, PLACE "devid", "0000:00:1f.3\n");
	tree_file(tree, PLACE "devtbl", HEADING "0000:00:05.0 " HOST);
	assert_int_equal(sys_amd_table_open(&live, &table), 0);
	assert_string_equal(table.before, "0000:00:1f.3");
	assert_int_equal(sys_amd_table_read(&table, &five, &dte), 0);
	assert_int_equal(dte.domain, 5);
	expect_file(tree, PLACE "devid", "0000:00:05.0");
	assert_int_equal(sys_amd_table_read(&table, &six, &dte), -EAGAIN);
	other = open(tree_place(tree, PLACE "devid", place, sizeof(place)), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
	sys_amd_table_close(&table);
	expect_file(tree, PLACE "devid", "0000:00:1f.3");
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(sys_amd_table_open(&live, &table), -EBUSY);
	close(other);
}

static void tells_of_no_table(void **state)
{
	const struct tree *tree = *state;
	const struct pci_address five = { .device = 5 };
	struct sys_root live = { .fd = tree->root.fd };
	struct sys_amd_table table;
	struct amd_dte dte;

	tree_file(tree, PLACE "devid", "No or Invalid input provided\n");
	tree_file(tree, PLACE "devtbl", "Device table not found");
	assert_int_equal(sys_amd_table_open(&live, &table), 0);
	assert_string_equal(table.before, "");
	assert_int_equal(sys_amd_table_read(&table, &five, &dte), -ENODATA);
	sys_amd_table_close(&table);
	expect_file(tree, PLACE "devid", "none:00:05.0d input provided");
}

static void tells_what_it_cannot_read(void **state)
{
	const struct tree *tree = *state;
	struct amd_dte dte = { 0 };

	tree_link(tree, "sys/kernel/debug", "errno:13");
	assert_int_equal(read_entry(tree, 5, &dte), -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_host_tables),
		cmocka_unit_test(parses_guest_tables),
		cmocka_unit_test(passes_over_invalid_entries),
		cmocka_unit_test(refuses_other_text),
		tree_test(reads_captured_entries),
		tree_test(chooses_under_a_lock),
		tree_test(tells_of_no_table),
		tree_test(tells_what_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
