/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings: records joined with the IOMMU's table. */
#include "../pasid_rows.h"

static void joins(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = {
		{ "00:10.0", 0, 0, 2, 1 },     { "00:10.0", 100, 149, 8, 1 },
		{ "00:10.0", 150, 159, 9, 2 }, { "00:10.0", 170, 199, 8, 1 },
		{ "00:13.0", 5, 5, 3, 1 }, /* of no device: an alias */
	};
	const struct binding records[] = {
		{ .device = VFIO_ID,
		  .lo = 90,
		  .hi = 179,
		  TO_IOAS(1),
		  .ioas_name = field_str_borrow("guest"),
		  .hwpt = field_u64(3),
		  .context = field_str_borrow("vm1"),
		  .pid = field_u64(812),
		  .uid = field_u64(107) },
		{ .device = VFIO_ID, .lo = 0, .hi = 0, TO_IOAS(1) },
		{ .device = "0000:ff:00.0", .lo = 1, .hi = 2, TO_HWPT(1) },
	};

#define GUEST " ioas=1 name=guest hwpt=3 context=vm1 pid=812 command=ioasidctl uid=107 hardware="
#define OF_6  " group=6 driver=vfio-pci"
	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, "proc/812/comm", "ioasidctl\n");
	rows_list(
		tree, (struct pasid_query){ RECORDED(records) },
		VFIO_ID
		" 90-99 ioas not-in-hardware" OF_6 GUEST "0 record=1 by context\n" VFIO_ID
		" 100-149 ioas ok" OF_6 GUEST "1 record=1 domain=8 type=1 by context vt-d\n" VFIO_ID
		" 150-159 ioas ok" OF_6 GUEST "1 record=1 domain=9 type=2 by context vt-d\n" VFIO_ID
		" 160-169 ioas not-in-hardware" OF_6 GUEST "0 record=1 by context\n" VFIO_ID
		" 170-179 ioas ok" OF_6 GUEST "1 record=1 domain=8 type=1 by context vt-d\n" VFIO_ID
		" 180-199 unknown not-recorded" OF_6
		" hardware=1 record=0 domain=8 type=1 by vt-d\n"
		"0000:ff:00.0 1-2 hwpt unconfirmed hwpt=1 hardware!-95 record=1 by context\n");
}

/*
 * Two devices in each of two contexts with the same PASIDs, one with its own page table; only one
 * device is queried.
 */
static void tells_devices_and_contexts_apart(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 5, 8, 1 },
					     { "00:11.0", 4, 5, 9, 2 },
					     { "00:11.0", 7, 7, 9, 3 } };
	const struct binding records[] = {
		{ .device = VFIO_ID,
		  .lo = 4,
		  .hi = 4,
		  TO_IOAS(1),
		  .ioas_name = field_str_borrow("a"),
		  .context = field_str_borrow("c1"),
		  .uid = field_u64(0) },
		{ .device = VFIO_ID,
		  .lo = 5,
		  .hi = 5,
		  TO_IOAS(2),
		  .context = field_str_borrow("c2") },
		{ .device = UIO_ID,
		  .lo = 4,
		  .hi = 5,
		  TO_HWPT(6),
		  .context = field_str_borrow("c1") },
		{ .device = UIO_ID,
		  .lo = 7,
		  .hi = 7,
		  TO_IOAS(9),
		  .hwpt = field_u64(3),
		  .context = field_str_borrow("c2") },
	};
	struct pasid_query query = { RECORDED(records) };

#define VFIO_ROWS \
	VFIO_ID " 4-4 ioas ok" OF_6 \
		" ioas=1 name=a context=c1 uid=0 hardware=1 record=1 domain=8 " \
		"type=1 by context vt-d\n" VFIO_ID " 5-5 ioas ok" OF_6 \
		" ioas=2 context=c2 hardware=1 record=1 domain=8 " \
		"type=1 by context vt-d\n"
#define OF_7 " group=7 driver=uio_pci_sva"
#define UIO_ROWS \
	UIO_ID " 4-5 hwpt ok" OF_7 " hwpt=6 context=c1 hardware=1 record=1 domain=9 type=2 " \
	       "by context vt-d\n" UIO_ID " 7-7 nested ok" OF_7 \
	       " ioas=9 hwpt=3 context=c2 hardware=1 record=1 domain=9 " \
	       "type=3 by context vt-d\n"
	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	rows_list(tree, query, VFIO_ROWS UIO_ROWS);
	query.device = VFIO_ID;
	rows_list(tree, query, VFIO_ROWS);
	query.device = UIO_ID;
	rows_list(tree, query, UIO_ROWS);
	query.device = ACCEL_ID;
	rows_list(tree, query, "");
}

static void shows_what_the_table_contradicts(void **state)
{
	const struct tree *tree = *state;
	/* An address space of a process, with domain 1; and another entry. */
	const struct hardware hardware[] = { { "00:10.0", 5, 5, 1, 1 }, { "00:10.0", 6, 6, 9, 1 } };
	const struct binding records[] = { { .device = VFIO_ID, .lo = 5, .hi = 6, TO_IOAS(1) } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	rows_list(tree, (struct pasid_query){ RECORDED(records) },
		  VFIO_ID
		  " 5-5 ioas not-in-hardware" OF_6
		  " ioas=1 hardware=0 record=1 by context\n" VFIO_ID " 5-5 sva not-recorded" OF_6
		  " hardware=1 record=0 domain=1 type=1 by vt-d\n" VFIO_ID " 6-6 ioas ok" OF_6
		  " ioas=1 hardware=1 record=1 domain=9 type=1 by context vt-d\n");
}

static void keeps_huge_ranges(void **state)
{
	const struct tree *tree = *state;
	_cleanup_bindings_ struct bindings list = { 0 };
	struct pasid_reports reports;
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 1, .hi = 0xfffff, TO_IOAS(1) }
	};
	const struct pasid_query query = { .root = &tree->root, RECORDED(records) };

	pasid_machine(tree, NULL, 0);
	assert_int_equal(rows_get(&query, &list, &reports), 0);
	rows_check(&list, VFIO_ID " 1-1048575 ioas not-in-hardware ioas=1 hardware=0 record=1 "
				  "by context\n");
}

/* The first and the last possible number, only in the table. */
static void knows_the_ends(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 1, 1, 8, 1 },
					     { "00:10.0", 0xfffff, 0xfffff, 8, 1 },
					     { "00:11.0", 0xfffff, 0xfffff, 8, 1 } };
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 0xffffe, .hi = 0xfffff, TO_IOAS(1) },
		{ .device = UIO_ID, .lo = 0xffffe, .hi = 0xffffe, TO_IOAS(1) },
		{ .device = UIO_ID, .lo = 0x100000, .hi = 0x100000, TO_IOAS(1) },
	};

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	rows_list(tree, (struct pasid_query){ RECORDED(records) },
		  VFIO_ID " 1-1 unknown not-recorded" OF_6
			  " hardware=1 record=0 domain=8 type=1 by vt-d\n" VFIO_ID
			  " 1048574-1048574 ioas not-in-hardware" OF_6
			  " ioas=1 hardware=0 record=1 by context\n" VFIO_ID
			  " 1048575-1048575 ioas ok" OF_6
			  " ioas=1 hardware=1 record=1 domain=8 type=1 by context vt-d\n" UIO_ID
			  " 1048574-1048574 ioas not-in-hardware" OF_7
			  " ioas=1 hardware=0 record=1 by context\n" UIO_ID
			  " 1048575-1048575 unknown not-recorded" OF_7
			  " hardware=1 record=0 domain=8 type=1 by vt-d\n");
}

/* Ranges continue while all is equal, and end where domain, type or claim changes. */
static void puts_together_what_is_alike(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = {
		{ "00:10.0", 1, 2, 8, 1 }, { "00:10.0", 3, 3, 9, 1 }, { "00:10.0", 4, 4, 9, 2 },
		{ "00:10.0", 6, 6, 9, 2 }, { "00:11.0", 7, 7, 9, 2 },
	};
	const struct binding records[] = {
		{ .device = UIO_ID, .lo = 5, .hi = 5, TO_IOAS(1) },
		{ .device = UIO_ID, .lo = 6, .hi = 8, TO_IOAS(2) },
	};

#define ALONE " hardware=1 record=0 domain="
	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	rows_list(tree, (struct pasid_query){ RECORDED(records) },
		  VFIO_ID
		  " 1-2 unknown not-recorded" OF_6 ALONE "8 type=1 by vt-d\n" VFIO_ID
		  " 3-3 unknown not-recorded" OF_6 ALONE "9 type=1 by vt-d\n" VFIO_ID
		  " 4-4 unknown not-recorded" OF_6 ALONE "9 type=2 by vt-d\n" VFIO_ID
		  " 6-6 unknown not-recorded" OF_6 ALONE "9 type=2 by vt-d\n" UIO_ID
		  " 5-5 ioas not-in-hardware" OF_7 " ioas=1 hardware=0 record=1 by context\n" UIO_ID
		  " 6-6 ioas not-in-hardware" OF_7 " ioas=2 hardware=0 record=1 by context\n" UIO_ID
		  " 7-7 ioas ok" OF_7
		  " ioas=2 hardware=1 record=1 domain=9 type=2 by context vt-d\n" UIO_ID
		  " 8-8 ioas not-in-hardware" OF_7 " ioas=2 hardware=0 record=1 by context\n");
}

/* Only requested facts are read, of the process too. */
static void reads_what_is_needed(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 } };
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 4, .hi = 4, TO_IOAS(1), .pid = field_u64(20) }
	};
	struct pasid_query query = { RECORDED(records) };

#define HAS(facts, process) \
	VFIO_ID " 4-4 ioas ok" facts " ioas=1 pid=20" process \
		" hardware=1 record=1 domain=8 type=1 by context vt-d\n"
	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	pasid_opener(tree, 20, 1, "/dev/null");
	query.need = PASID_NEED_OWNER;
	rows_list(tree, query, HAS("", ""));
	query.need = PASID_NEED_GROUP;
	rows_list(tree, query, HAS(" group=6", ""));
	query.need = PASID_NEED_DRIVER;
	rows_list(tree, query, HAS(" driver=vfio-pci", ""));
	query.need = PASID_NEED_PROCESS;
	rows_list(tree, query, HAS("", " command=accel uid=1000 started=1700000004"));
	query.need = PASID_NEED_USER;
	rows_list(tree, query, HAS("", " command=accel uid=1000 user=ann started=1700000004"));
}

static void says_when_hardware_is_unreadable(void **state)
{
	const struct tree *tree = *state;
	const struct binding records[] = { { .device = VFIO_ID, .lo = 5, .hi = 6, TO_HWPT(1) } };
	const struct pasid_query query = { RECORDED(records) };
	char place[256];

#define UNCONFIRMED(status) \
	VFIO_ID " 5-6 hwpt unconfirmed" OF_6 " hwpt=1 hardware!" status " record=1 by context\n"
	pasid_machine(tree, NULL, 0);
	assert_int_equal(unlink(tree_place(tree, PASID_TABLE, place, sizeof(place))), 0);
	tree_link(tree, PASID_TABLE, "errno:13");
	rows_list(tree, query, UNCONFIRMED("-13"));
	assert_int_equal(unlink(place), 0);
	rows_list(tree, query, UNCONFIRMED("-95"));
	tree_dir(tree, "sys/devices/virtual/iommu/dmar0");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	rows_list(tree, query, UNCONFIRMED("-2"));
}

/* A truncated or unknown table must not look like one that lacks what was bound. */
static void trusts_no_broken_table(void **state)
{
	const struct tree *tree = *state;
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 4, .hi = 6, TO_IOAS(1) },
		{ .device = UIO_ID, .lo = 7, .hi = 7, TO_IOAS(1) },
	};

	pasid_machine(tree, NULL, 0);
	tree_file(tree, PASID_TABLE,
		  "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t5 \t0x1:0x8:0x49\n"
		  "00:10.0\tbroken\n");
	rows_list(tree, (struct pasid_query){ RECORDED(records) },
		  VFIO_ID
		  " 4-4 ioas not-in-hardware" OF_6
		  " ioas=1 hardware=0 record=1 by context\n" VFIO_ID " 5-5 ioas ok" OF_6
		  " ioas=1 hardware=1 record=1 domain=8 type=1 by context vt-d\n" VFIO_ID
		  " 6-6 ioas unconfirmed" OF_6 " ioas=1 hardware!-74 record=1 by context\n" UIO_ID
		  " 7-7 ioas unconfirmed" OF_7 " ioas=1 hardware!-74 record=1 by context\n");
}

/*
 * Unlike root_tbl_walk(): the same PASID, a lower one, an earlier device. In another unit's table
 * these are valid.
 */
static void trusts_no_disorder(void **state)
{
	static const struct {
		const char *lines;
		int status;
	} cases[] = {
		{ "4 \t0x1:0x8:0x49\n00:10.0\t0x1:0x1\t0x0:0x1\t5", 1 },
		{ "4 \t0x1:0x8:0x49\n00:10.0\t0x1:0x1\t0x0:0x1\t4", -EBADMSG },
		{ "4 \t0x1:0x8:0x49\n00:10.0\t0x1:0x1\t0x0:0x1\t3", -EBADMSG },
		{ "4 \t0x1:0x8:0x49\n00:11.0\t0x1:0x1\t0x0:0x1\t3", 1 },
		{ "4 \t0x1:0x8:0x49\n00:10.1\t0x1:0x1\t0x0:0x1\t3", 1 },
		{ "4 \t0x1:0x8:0x49\n01:00.0\t0x1:0x1\t0x0:0x1\t3", 1 },
		{ "4 \t0x1:0x8:0x49\n00:0f.7\t0x1:0x1\t0x0:0x1\t5", -EBADMSG },
		{ "4 \t0x1:0x8:0x49\nIOMMU dmar1: Root\n00:0f.7\t0x1:0x1\t0x0:0x1\t4", 1 },
	};
	const struct tree *tree = *state;

	pasid_machine(tree, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct pasid_query query = { .root = &tree->root, .contexts.status = 1 };
		_cleanup_bindings_ struct bindings list = { 0 };
		struct pasid_reports reports;
		char text[512];

		snprintf(text, sizeof(text),
			 "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t%s \t0x1:0x8:0x49\n",
			 cases[i].lines);
		tree_file(tree, PASID_TABLE, text);
		assert_int_equal(rows_get(&query, &list, &reports), 0);
		if (reports.hardware_status != cases[i].status)
			fail_msg("%s: %d", text, reports.hardware_status);
	}
}

static void trusts_no_device_that_comes_again(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 }, { "00:11.0", 4, 4, 8, 1 } };
	const struct binding records[] = { { .device = VFIO_ID, .lo = 4, .hi = 4, TO_IOAS(1) } };
	const struct pasid_query query = { .root = &tree->root, RECORDED(records) };
	_cleanup_bindings_ struct bindings list = { 0 };
	struct pasid_reports reports;

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, PASID_TABLE,
		  "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n"
		  "00:11.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n"
		  "IOMMU dmar1: Root\n00:01.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n"
		  "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t5 \t0x1:0x8:0x49\n");
	assert_int_equal(rows_get(&query, &list, &reports), 0);
	assert_int_equal(reports.hardware_status, -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(joins),
		tree_test(tells_devices_and_contexts_apart),
		tree_test(shows_what_the_table_contradicts),
		tree_test(keeps_huge_ranges),
		tree_test(knows_the_ends),
		tree_test(puts_together_what_is_alike),
		tree_test(reads_what_is_needed),
		tree_test(says_when_hardware_is_unreadable),
		tree_test(trusts_no_broken_table),
		tree_test(trusts_no_disorder),
		tree_test(trusts_no_device_that_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
