/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status of each source of PASIDs, and what stops a walk over bindings. */
#include "../pasid_rows.h"

#define UIO_PASID "sys/devices/pci0000:00/" UIO_ID "/pasid"

/* Each source with status, rows and reason, one per line, and the overall statuses. */
static void reports_check(const struct tree *tree, struct pasid_query query, const char *expected)
{
	struct pasid_reports reports = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	FILE *lines = fopen("/dev/null", "w");

	query.root = &tree->root;
	assert_int_equal(rows_walk(&query, row_add, lines, &reports), 0);
	for (size_t i = 0; i < reports.n; i++) {
		const struct pasid_report *report = &reports.v[i];

		assert_ptr_equal(report->source, pasid_sources[i]);
		assert_true(*report->source->what && *report->source->path == '/');
		fprintf(f, "%s %d %zu %s\n", report->source->name, report->status, report->n_rows,
			report->reason);
	}
	fprintf(f, "hardware %d, processes %d\n", reports.hardware_status, reports.process_status);
	assert_int_equal(fclose(f), 0);
	fclose(lines);
	assert_string_equal(text, expected);
	free(text);
}

#define NO_ACCELERATORS \
	"idxd 0 0 the driver idxd is not loaded\n" \
	"amdxdna 0 0 no accelerator has the driver amdxdna\n" \
	"kfd 0 0 the driver amdkfd is not loaded\n" \
	"amdgpu 0 0 no GPU has the driver amdgpu\n"

static void reports_an_empty_machine(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, "proc");
	reports_check(tree, (struct pasid_query){ .contexts.status = 1 },
		      "context 1 0 \n"
		      "vt-d 0 0 no Intel IOMMU\n"
		      "uio 0 0 no device of uio_pci_sva has been opened\n"
		      "uacce 0 0 no accelerator here has SVA\n" NO_ACCELERATORS "vfio 1 0 \n"
		      "amd 0 0 no AMD IOMMU\n"
		      "hardware -95, processes 1\n");
}

/* Openers are reported if an entry or the caller needs them. */
static void reports_what_was_read(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 5, 8, 1 }, { "00:11.0", 2, 2, 1, 1 } };
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 4, .hi = 9, TO_IOAS(1) },
		{ .device = UIO_ID, .lo = 7, .hi = 7, TO_IOAS(1) },
	};
	struct pasid_query query = { RECORDED(records),
				     .need = PASID_NEED_ALL & ~PASID_NEED_TABLES };

	pasid_machine(tree, hardware, 2);
	tree_file(tree, UIO_PASID, "2\n");
	pasid_opener(tree, 20, 1, "/dev/uio0");
	pasid_opener(tree, 21, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 22, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 23, 1, "/dev/vfio/6");
	tree_link(tree, "sys/class/vfio/6", "../../devices/virtual/vfio/6");
	reports_check(tree, query,
		      "context 1 7 \n"
		      "vt-d 1 3 \n"
		      "uio 1 1 \n"
		      "uacce 1 2 \n" NO_ACCELERATORS "vfio 1 0 \n"
		      "amd 0 0 no AMD IOMMU\n"
		      "hardware 1, processes 1\n");
	query.need |= PASID_NEED_TABLES;
	query.device = VFIO_ID;
	reports_check(tree, query,
		      "context 1 6 \n"
		      "vt-d 1 2 \n"
		      "uio 1 0 \n"
		      "uacce 1 0 \n" NO_ACCELERATORS "vfio 1 1 \n"
		      "amd 0 0 no AMD IOMMU\n"
		      "hardware 1, processes 1\n");
}

static void reports_what_could_not_be_read(void **state)
{
	const struct tree *tree = *state;
	struct pasid_query query = { .contexts.status = -EACCES, .need = PASID_NEED_ALL };
	char place[256];

#define REST \
	"uio 0 0 no device of uio_pci_sva has been opened\n" \
	"uacce -13 0 some processes could not be examined\n" NO_ACCELERATORS \
	"vfio 0 0 no device has a VFIO driver\n" \
	"amd 0 0 no AMD IOMMU\n"
	pasid_machine(tree, NULL, 0);
	tree_link(tree, "proc/30/fd", "errno:13");
	assert_int_equal(unlink(tree_place(tree, PASID_TABLE, place, sizeof(place))), 0);
	tree_link(tree, PASID_TABLE, "errno:13");
	reports_check(tree, query,
		      "context -13 0 some contexts could not be asked\n"
		      "vt-d -13 0 Permission denied\n" REST "hardware -13, processes -13\n");
	query.contexts.status = -EREMOTE;
	assert_int_equal(unlink(place), 0);
	tree_file(tree, PASID_TABLE, "00:10.0 x\n");
	reports_check(tree, query,
		      "context -66 0 not captured\n"
		      "vt-d -74 0 the table has an unknown format\n" REST
		      "hardware -74, processes -13\n");
	query.contexts.status = 0;
	assert_int_equal(unlink(place), 0);
	tree_dir(tree, "sys/devices/virtual/iommu/dmar0");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	reports_check(tree, query,
		      "context 0 0 \n"
		      "vt-d -95 0 debugfs is not mounted, or the kernel lacks "
		      "CONFIG_INTEL_IOMMU_DEBUGFS\n" REST "hardware -2, processes -13\n");
}

static void names(void **state)
{
	static const char *const sources[] = { "context", "vt-d", "uio",    "uacce", "idxd",
					       "amdxdna", "kfd",  "amdgpu", "vfio",  "amd" };
	static const char *const kinds[] = { "unknown", "ioas", "hwpt", "sva", "nested", "dma" };
	static const char *const states[] = { "ok", "not-in-hardware", "not-recorded",
					      "unconfirmed", "ambiguous" };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++)
		assert_string_equal(pasid_sources[i]->name, sources[i]);
	assert_null(pasid_sources[ARRAY_SIZE(sources)]);
	assert_ptr_equal(pasid_sources[PASID_SOURCE_CONTEXT], &pasid_source_context);
	assert_ptr_equal(pasid_sources[PASID_SOURCE_VTD], &pasid_source_vtd);
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_string_equal(pasid_kind_name((enum pasid_kind)i), kinds[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(states); i++)
		assert_string_equal(pasid_state_name((enum pasid_state)i), states[i]);
	assert_null(pasid_state_name(PASID_STATE_UNKNOWN));
}

/* Number of calls until the walk is stopped. */
struct stop {
	int calls, at;
};

static int stop(const struct binding *binding, void *data)
{
	struct stop *s = data;

	(void)binding;
	return ++s->calls == s->at ? 40 + s->at : 0;
}

/* In the table, at its end, in what only claims have, and in what has no number. */
static void stops_where_it_is_told(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 },
					     { "00:10.0", 6, 6, 8, 1 },
					     { "00:11.0", 4, 4, 8, 1 } };
	const struct binding records[] = {
		{ .device = VFIO_ID, .lo = 8, .hi = 8, TO_IOAS(1) },
		{ .device = "0000:ff:00.0", .lo = 1, .hi = 1, TO_IOAS(1) },
		{ .device = "0000:ff:01.0", .lo = 1, .hi = 1, TO_IOAS(1) },
	};
	const struct pasid_query query = { .root = &tree->root, RECORDED(records) };
	struct pasid_reports reports;

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	pasid_opener(tree, 20, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 21, 1, "/dev/hisi_zip-0");
	for (int at = 1; at <= 8; at++) {
		struct stop s = { .at = at };

		assert_int_equal(rows_walk(&query, stop, &s, &reports), 40 + at);
		assert_int_equal(s.calls, at);
	}
	assert_int_equal(rows_walk(&query, stop, &(struct stop){ .at = 9 }, &reports), 0);
	/* If a table ends in an error, rows before it are reported first. */
	tree_file(tree, PASID_TABLE,
		  "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n00:10.0 x\n");
	for (int at = 1; at <= 2; at++) {
		struct stop s = { .at = at };

		assert_int_equal(rows_walk(&query, stop, &s, &reports), 40 + at);
		assert_int_equal(s.calls, at);
	}
}

/* A change is confirmed if the table has all of it, or is unreadable. */
static void confirms(void **state)
{
	static const struct {
		uint32_t lo, hi;
		int confirmed;
		uint32_t missing;
	} cases[] = {
		{ 4, 6, 1, 0 }, { 4, 7, 0, 7 }, { 3, 4, 0, 3 }, { 9, 9, 1, 0 }, { 8, 9, 0, 8 }
	};
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 6, 8, 1 },
					     { "00:10.0", 9, 9, 1, 1 },
					     { "00:11.0", 7, 8, 8, 1 } };
	static const char path[] = "/sys/devices/pci0000:00/" VFIO_ID;
	char place[256];

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_ranges_ struct ranges pasids = { 0 };
		uint32_t missing = 0;

		assert_int_equal(ranges_add(&pasids, cases[i].lo, cases[i].hi), 0);
		assert_int_equal(pasid_confirm(&tree->root, path, &pasids, &missing),
				 cases[i].confirmed);
		assert_int_equal(missing, cases[i].missing);
	}
	assert_int_equal(unlink(tree_place(tree, PASID_TABLE, place, sizeof(place))), 0);
	{
		_cleanup_ranges_ struct ranges pasids = { 0 };
		uint32_t missing = 0;

		assert_int_equal(ranges_add(&pasids, 3, 3), 0);
		assert_int_equal(pasid_confirm(&tree->root, path, &pasids, &missing), 1);
		tree_link(tree, PASID_TABLE, "errno:13");
		assert_int_equal(pasid_confirm(&tree->root, path, &pasids, &missing), 1);
		assert_int_equal(pasid_confirm(&tree->root, "/sys/devices/none", &pasids, &missing),
				 -ENODEV);
		assert_int_equal(missing, 0);
	}
}

/* Two segments with the same addresses: the unit decides. */
static void finds_the_segment(void **state)
{
	const struct tree *tree = *state;
	struct pasid_query query = { 0 };

	tree_pci(tree, "pci0001:00/0001:00:10.0", NULL, "");
	tree_link(tree, "sys/devices/pci0001:00/0001:00:10.0/iommu", "../../virtual/iommu/dmar1");
	tree_pci(tree, "pci0001:00/0001:00:11.0", NULL, "");
	tree_dir(tree, "sys/bus/pci/devices/not-pci");
	pasid_machine(tree, NULL, 0);
	tree_file(tree, PASID_TABLE,
		  "IOMMU dmar1: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n"
		  "00:11.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x8:0x49\n"
		  "IOMMU dmar0: Root\n00:10.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x9:0x49\n"
		  "IOMMU dmar2: Root\n00:11.0\t0x1:0x1\t0x0:0x1\t4 \t0x1:0x9:0x49\n");
	rows_list(tree, query,
		  VFIO_ID " 4-4 unknown not-recorded group=6 driver=vfio-pci hardware=1 record=0 "
			  "domain=9 type=1 by vt-d\n"
			  "0001:00:10.0 4-4 unknown not-recorded hardware=1 record=0 domain=8 "
			  "type=1 by vt-d\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reports_an_empty_machine),
		tree_test(reports_what_was_read),
		tree_test(reports_what_could_not_be_read),
		cmocka_unit_test(names),
		tree_test(stops_where_it_is_told),
		tree_test(confirms),
		tree_test(finds_the_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
