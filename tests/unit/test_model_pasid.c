/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>

#include "model/pasid.h"
#include "util/array.h"

#define TABLE "sys/kernel/debug/iommu/intel/dmar_translation_struct"
#define ID    "0000:00:10.0"
#define UIO   "0000:00:11.0"

/* PASIDs FROM to TO of B:D.F in the IOMMU's table. */
struct hardware {
	const char *bdf;
	unsigned int from, to, domain, type;
};

static void make(const struct tree *tree, const struct hardware *hardware, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	tree_pci(tree, "pci0000:00/" ID, "6", "DRIVER=vfio-pci\n");
	tree_link(tree, "sys/devices/pci0000:00/" ID "/iommu", "../../virtual/iommu/dmar0");
	tree_pci(tree, "pci0000:00/" UIO, "7", "");
	tree_link(tree, "sys/devices/pci0000:00/" UIO "/driver", "../uio_pci_sva");
	tree_link(tree, "sys/devices/pci0000:00/" UIO "/iommu", "../../virtual/iommu/dmar0");
	tree_link(tree, "sys/class/uio/uio0", "../../devices/pci0000:00/" UIO "/uio/uio0");
	tree_dir(tree, "proc");
	assert_non_null(f);
	fprintf(f, "IOMMU dmar0: Root Table Address: 0x1\n");
	for (size_t i = 0; i < n; i++)
		for (unsigned int k = hardware[i].from; k <= hardware[i].to; k++)
			fprintf(f, "%s\t0x1:0x1\t0x0:0x1\t%-6u\t0x1:0x%016x:0x%016x\n",
				hardware[i].bdf, k, hardware[i].domain, hardware[i].type << 6 | 9);
	assert_int_equal(fclose(f), 0);
	tree_file(tree, TABLE, text);
	free(text);
}

static int list(const struct tree *tree, const char *device, const struct pasid_record *records,
		size_t n_records, struct pasid_table *ret)
{
	const struct pasid_query query = { .root = &tree->root,
					   .device = device,
					   .need = PASID_NEED_ALL & ~PASID_NEED_TABLES,
					   .records = records,
					   .n_records = n_records,
					   .records_status = 1 };

	return pasid_list(&query, ret);
}

static void check(const struct pasid_table *table, size_t i, uint32_t lo, uint32_t hi,
		  enum pasid_kind kind, enum pasid_state state)
{
	assert_true(i < table->n);
	assert_int_equal(table->v[i].lo, lo);
	assert_int_equal(table->v[i].hi, hi);
	assert_string_equal(pasid_kind_name(table->v[i].kind), pasid_kind_name(kind));
	assert_string_equal(pasid_state_name(table->v[i].state), pasid_state_name(state));
}

static void joins(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct hardware hardware[] = {
		{ "00:10.0", 0, 0, 2, 1 },     { "00:10.0", 100, 149, 8, 1 },
		{ "00:10.0", 150, 159, 9, 2 }, { "00:10.0", 170, 199, 8, 1 },
		{ "00:12.0", 5, 5, 3, 1 }, /* of no device: an alias */
	};
	const struct pasid_record records[] = {
		{ .device = ID,
		  .lo = 90,
		  .hi = 179,
		  .ioas = field_u64(1),
		  .ioas_name = "guest",
		  .hwpt = field_u64(3),
		  .context = "vm1",
		  .pid = 812,
		  .uid = field_u64(107) },
		{ .device = ID, .lo = 0, .hi = 0, .ioas = field_u64(1) },
		{ .device = "0000:ff:00.0", .lo = 1, .hi = 2, .hwpt = field_u64(1) },
	};

	make(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, "proc/812/comm", "ioasidctl\n");
	assert_int_equal(list(tree, NULL, records, ARRAY_SIZE(records), &table), 0);
	assert_int_equal(table.hardware_status, 1);
	assert_int_equal(table.n, 7);
	check(&table, 0, 90, 99, PASID_KIND_IOAS, PASID_STATE_NOT_IN_HARDWARE);
	check(&table, 1, 100, 149, PASID_KIND_IOAS, PASID_STATE_OK);
	check(&table, 2, 150, 159, PASID_KIND_IOAS, PASID_STATE_OK);
	check(&table, 3, 160, 169, PASID_KIND_IOAS, PASID_STATE_NOT_IN_HARDWARE);
	check(&table, 4, 170, 179, PASID_KIND_IOAS, PASID_STATE_OK);
	check(&table, 5, 180, 199, PASID_KIND_UNKNOWN, PASID_STATE_NOT_RECORDED);
	check(&table, 6, 1, 2, PASID_KIND_HWPT, PASID_STATE_UNCONFIRMED);
	assert_int_equal(table.v[1].group.value, 6);
	assert_string_equal(table.v[1].ioas_name.value, "guest");
	assert_string_equal(table.v[1].context.value, "vm1");
	assert_int_equal(table.v[1].pid.value, 812);
	assert_string_equal(table.v[1].command.value, "ioasidctl");
	assert_int_equal(table.v[1].uid.value, 107);
	assert_int_equal(table.v[2].domain.value, 9);
	assert_int_equal(table.v[2].type.value, 2);
	assert_int_equal(table.v[5].pid.status, 0);
}

static void shows_what_the_table_contradicts(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	/* A process's address space, which has domain 1; and no such one. */
	const struct hardware hardware[] = { { "00:10.0", 5, 5, 1, 1 }, { "00:10.0", 6, 6, 9, 1 } };
	const struct pasid_record record = { .device = ID, .lo = 5, .hi = 6, .ioas = field_u64(1) };

	make(tree, hardware, ARRAY_SIZE(hardware));
	assert_int_equal(list(tree, ID, &record, 1, &table), 0);
	assert_int_equal(table.n, 3);
	check(&table, 0, 5, 5, PASID_KIND_IOAS, PASID_STATE_NOT_IN_HARDWARE);
	check(&table, 1, 5, 5, PASID_KIND_SVA, PASID_STATE_NOT_RECORDED);
	check(&table, 2, 6, 6, PASID_KIND_IOAS, PASID_STATE_OK);
}

static int count(uint32_t pasid, const struct pasid_range *range, void *data)
{
	size_t *n = data;

	assert_in_range(pasid, range->lo, range->hi);
	return ++*n == 1000 ? 5 : 0;
}

static void keeps_huge_ranges(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct pasid_record record = {
		.device = ID, .lo = 1, .hi = 0xfffff, .ioas = field_u64(1)
	};
	size_t n = 0;

	make(tree, NULL, 0);
	assert_int_equal(list(tree, ID, &record, 1, &table), 0);
	assert_int_equal(table.n, 1);
	check(&table, 0, 1, 0xfffff, PASID_KIND_IOAS, PASID_STATE_NOT_IN_HARDWARE);
	assert_int_equal(pasid_each(&table, count, &n), 5);
	assert_int_equal(n, 1000);
	assert_int_equal(pasid_each(&table, count, &n), 0);
	assert_int_equal(n, 1000 + 0xfffff);
}

static void says_when_hardware_is_unreadable(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table denied = { 0 }, absent = { 0 }, none = { 0 };
	const struct pasid_record record = { .device = ID, .lo = 5, .hi = 6, .hwpt = field_u64(1) };
	char place[256];

	make(tree, NULL, 0);
	assert_int_equal(unlink(tree_place(tree, TABLE, place, sizeof(place))), 0);
	tree_link(tree, TABLE, "errno:13");
	assert_int_equal(list(tree, NULL, &record, 1, &denied), 0);
	assert_int_equal(denied.hardware_status, -EACCES);
	check(&denied, 0, 5, 6, PASID_KIND_HWPT, PASID_STATE_UNCONFIRMED);
	assert_int_equal(denied.v[0].hardware.status, -EACCES);
	assert_int_equal(unlink(place), 0);
	assert_int_equal(list(tree, NULL, &record, 1, &none), 0);
	assert_int_equal(none.hardware_status, -EOPNOTSUPP);
	tree_dir(tree, "sys/devices/virtual/iommu/dmar0");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	assert_int_equal(list(tree, NULL, &record, 1, &absent), 0);
	assert_int_equal(absent.hardware_status, -ENOENT);
}

/* A table that is cut short or new would pass for one that lacks what was bound. */
static void trusts_no_broken_table(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct pasid_record records[] = {
		{ .device = ID, .lo = 4, .hi = 6, .ioas = field_u64(1) },
		{ .device = UIO, .lo = 7, .hi = 7, .ioas = field_u64(1) },
	};

	make(tree, NULL, 0);
	tree_file(
		tree, TABLE,
		"IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t5 \t0x1:0x8:0x49\n00:10.0\tbroken\n");
	assert_int_equal(list(tree, NULL, records, ARRAY_SIZE(records), &table), 0);
	assert_int_equal(table.hardware_status, -EBADMSG);
	assert_int_equal(table.n, 4);
	check(&table, 0, 4, 4, PASID_KIND_IOAS, PASID_STATE_NOT_IN_HARDWARE);
	check(&table, 1, 5, 5, PASID_KIND_IOAS, PASID_STATE_OK);
	check(&table, 2, 6, 6, PASID_KIND_IOAS, PASID_STATE_UNCONFIRMED);
	check(&table, 3, 7, 7, PASID_KIND_IOAS, PASID_STATE_UNCONFIRMED);
}

static void add_opener(const struct tree *tree, int pid, int parent)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_file(tree, path, "accel\n");
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (accel) S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 400 9\n",
		 pid);
	tree_file(tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\taccel\nPPid:\t%d\nUid:\t1000\t1000\n", parent);
	tree_file(tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/fd/3", pid);
	tree_link(tree, path, "/dev/uio0");
}

static void finds_sva(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 } };

	make(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, "sys/devices/pci0000:00/" UIO "/pasid", "2\n");
	add_opener(tree, 20, 900); /* numbers wrap */
	add_opener(tree, 900, 1);
	assert_int_equal(list(tree, NULL, NULL, 0, &table), 0);
	assert_int_equal(table.n, 1);
	check(&table, 0, 2, 2, PASID_KIND_SVA, PASID_STATE_OK);
	assert_string_equal(table.v[0].device, UIO);
	assert_int_equal(table.v[0].pid.value, 900);
	assert_string_equal(table.v[0].command.value, "accel");
	assert_int_equal(table.v[0].uid.value, 1000);
}

static void blames_none_of_strangers(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct hardware hardware[] = { { "00:11.0", 2, 3, 1, 1 } };

	make(tree, hardware, ARRAY_SIZE(hardware));
	/* The driver keeps the number of who opened the node last, which nobody tells. */
	tree_file(tree, "sys/devices/pci0000:00/" UIO "/pasid", "3\n");
	add_opener(tree, 20, 1);
	add_opener(tree, 900, 1);
	assert_int_equal(list(tree, NULL, NULL, 0, &table), 0);
	assert_int_equal(table.n, 2);
	check(&table, 0, 2, 2, PASID_KIND_SVA, PASID_STATE_NOT_RECORDED);
	check(&table, 1, 3, 3, PASID_KIND_SVA, PASID_STATE_OK);
	assert_int_equal(table.v[1].pid.status, 0);
	assert_int_equal(table.v[1].command.status, 0);
}

static void leaves_stale_sva_out(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table stale = { 0 }, hidden = { 0 };

	make(tree, NULL, 0);
	tree_file(tree, "sys/devices/pci0000:00/" UIO "/pasid", "2\n");
	assert_int_equal(list(tree, NULL, NULL, 0, &stale), 0);
	assert_int_equal(stale.n, 0);
	/* Somebody whom we may not see may have it open: but not with this hardware. */
	tree_link(tree, "proc/30/fd", "errno:13");
	assert_int_equal(list(tree, NULL, NULL, 0, &hidden), 0);
	assert_int_equal(hidden.process_status, -EACCES);
	assert_int_equal(hidden.n, 0);
}

static void names_unrecorded_sva(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct hardware hardware[] = { { "00:11.0", 2, 2, 1, 1 }, { "00:11.0", 3, 3, 1, 4 } };

	make(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, "sys/devices/pci0000:00/" UIO "/pasid", "-1\n");
	assert_int_equal(list(tree, NULL, NULL, 0, &table), 0);
	assert_int_equal(table.n, 2);
	check(&table, 0, 2, 2, PASID_KIND_SVA, PASID_STATE_NOT_RECORDED);
	check(&table, 1, 3, 3, PASID_KIND_UNKNOWN, PASID_STATE_NOT_RECORDED);
}

static void keeps_to_one_device(void **state)
{
	const struct tree *tree = *state;
	_cleanup_pasid_table_ struct pasid_table table = { 0 };
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 }, { "00:11.0", 2, 2, 1, 1 } };

	make(tree, hardware, ARRAY_SIZE(hardware));
	assert_int_equal(list(tree, UIO, NULL, 0, &table), 0);
	assert_int_equal(table.n, 1);
	assert_string_equal(table.v[0].device, UIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(joins),
		tree_test(shows_what_the_table_contradicts),
		tree_test(keeps_huge_ranges),
		tree_test(says_when_hardware_is_unreadable),
		tree_test(trusts_no_broken_table),
		tree_test(finds_sva),
		tree_test(blames_none_of_strangers),
		tree_test(leaves_stale_sva_out),
		tree_test(names_unrecorded_sva),
		tree_test(keeps_to_one_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
