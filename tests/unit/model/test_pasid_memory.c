/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists a machine with all sources of PASIDs while each allocation fails in turn. */
#include "../pasid_rows.h"

#include "model/pasid/internal.h"

struct listing {
	const struct tree *tree;
	char *whole; /* the text of all rows with enough memory */
};

/* Rows are complete, or marked as incomplete due to lack of memory. */
static void compare_rows(const struct pasid_table *table, struct listing *listing)
{
	const struct memory before = memory;
	char *text = NULL;
	size_t size;
	FILE *f;

	memory.fail_at = 0;
	f = open_memstream(&text, &size);
	for (size_t i = 0; i < table->n; i++)
		row_write(f, &table->v[i]);
	assert_int_equal(fclose(f), 0);
	if (!listing->whole) {
		listing->whole = text;
		return;
	}
	if (strcmp(text, listing->whole) != 0 && !strstr(text, "!-12"))
		fail_msg("allocation %zu fails, and nothing says so:\n%s", before.fail_at, text);
	free(text);
	memory = before;
}

/* All sources, each with two claims or more. */
static void make_sources(const struct tree *tree)
{
#define DSA "sys/devices/pci0000:00/" VFIO_ID "/dsa0"
#define KFD "sys/class/kfd/kfd/"
	tree_file(tree, "sys/devices/pci0000:00/" UIO_ID "/pasid", "2\n");
	tree_link(tree, "sys/class/vfio/6", "../../devices/virtual/vfio/6");
	tree_link(tree, "sys/class/vfio-dev/vfio0",
		  "../../devices/pci0000:00/" UIO_ID "/vfio-dev/vfio0");
	tree_file(tree, DSA "/pasid_enabled", "1\n");
	tree_link(tree, "sys/bus/dsa/devices/dsa0", "../../../devices/pci0000:00/" VFIO_ID "/dsa0");
	for (int i = 0; i < 3; i++) {
		static const char *const types[] = { "kernel\n", "user\n", "user\n" };
		char path[128], target[128];

		snprintf(path, sizeof(path), DSA "/wq0.%d/state", i);
		tree_file(tree, path, "enabled\n");
		snprintf(path, sizeof(path), DSA "/wq0.%d/type", i);
		tree_file(tree, path, types[i]);
		snprintf(path, sizeof(path), DSA "/wq0.%d/mode", i);
		tree_file(tree, path, "shared\n");
		snprintf(path, sizeof(path), DSA "/wq0.%d/clients", i);
		tree_file(tree, path, "1\n");
		snprintf(path, sizeof(path), "sys/bus/dsa/devices/wq0.%d", i);
		snprintf(target, sizeof(target),
			 "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.%d", i);
		tree_link(tree, path, target);
	}
	tree_file(tree, DSA "/wq0.2/dsa!wq0.2/file7/pid", "26\n");
	tree_link(tree, "sys/bus/dsa/devices/file7",
		  "../../../devices/pci0000:00/" VFIO_ID "/dsa0/wq0.2/dsa!wq0.2/file7");
	tree_link(tree, "sys/bus/dsa/devices/dsa!wq0.1", DSA "/wq0.1/dsa!wq0.1");
	tree_file(tree, KFD "topology/nodes/1/gpu_id", "7\n");
	tree_file(tree, KFD "topology/nodes/1/properties", "location_id 144\n");
	tree_file(tree, KFD "proc/27/pasid", "9\n");
	tree_file(tree, KFD "proc/27/context_1/pasid", "10\n");
	tree_link(tree, "sys/class/drm/card0/device/driver", "../drivers/amdgpu");
	tree_link(tree, "proc/28/fd/3", "/dev/dri/card0");
	tree_file(tree, "proc/28/fdinfo/3", "drm-pdev:\t" ACCEL_ID "\npasid:\t7\n");
	tree_link(tree, "sys/class/accel/accel0", "../../devices/pci0000:00/" ACCEL_ID "/accel0");
	tree_link(tree, "sys/devices/pci0000:00/" ACCEL_ID "/accel0/device/driver",
		  "../drivers/amdxdna");
	tree_dir(tree, "sys/class/iommu/ivhd0/devices/" ACCEL_ID);
	tree_file(tree, "sys/kernel/debug/iommu/amd/devtbl", "");
}

static int try_list(void *data)
{
	static const pid_t holder = 30;
	struct listing *listing = data;
	const struct tree *tree = listing->tree;
	const struct pasid_record records[] = {
		{ VFIO_ID, 4, 4, field_u64(1), "a", { 0 }, "c1", 20, field_u64(0) },
		{ VFIO_ID, 4, 6, field_u64(2), "b", { 0 }, "c2", 21, field_u64(1000) },
		{ "0000:ff:00.0", 4, 6, { 0 }, NULL, field_u64(2), "c1", 0, { 0 } },
	};
	const struct pasid_query query = { .root = &tree->root,
					   .records = records,
					   .n_records = 3,
					   .records_status = 1,
					   .holders = &holder,
					   .n_holders = 1,
					   .need = PASID_NEED_ALL };
	_cleanup_pasid_table_ struct pasid_table table = { 0 };

	int r = pasid_list(&query, &table);

	if (r == 0)
		compare_rows(&table, listing);
	return r;
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;
	struct listing listing = { .tree = tree };
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 },
					     { "00:10.0", 9, 9, 9, 1 },
					     { "00:11.0", 2, 2, 1, 1 },
					     { "00:12.0", 7, 7, 1, 1 },
					     { "00:12.0", 8, 8, 1, 1 } };

	pasid_machine(tree, hardware, ARRAY_SIZE(hardware));
	make_sources(tree);
	pasid_opener(tree, 20, 1, "/dev/uio0");
	pasid_opener(tree, 22, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 23, 1, "/dev/hisi_zip-0");
	pasid_opener(tree, 24, 1, "/dev/vfio/6");
	pasid_opener(tree, 25, 1, "/dev/dsa/wq0.1");
	pasid_opener(tree, 26, 1, "/dev/accel/accel0");
	pasid_opener(tree, 29, 1, "/dev/vfio/devices/vfio0");
	tree_file(tree, "proc/24/cgroup", "0::/system.slice/a.service\n");
	memory_exhaust(try_list, &listing, 0);
	free(listing.whole);
}

/* A claim with all of its names. */
static int try_claims(void *data)
{
	const struct pasid_claim claim = { .device = "d",
					   .lo = 4,
					   .hi = 4,
					   .target = "t",
					   .ioas_name = "n",
					   .context = "c",
					   .kind = PASID_KIND_SVA,
					   .pid = field_u64(1) };
	struct pasid_claims claims = { 0 };
	int r = pasid_claims_add(&claims, &claim, 2);

	(void)data;
	if (r == 0)
		r = pasid_claims_number(&claims);
	pasid_claims_done(&claims);
	return r;
}

static int try_add(void *data)
{
	uint64_t candidates[] = { 4, 5 };
	const struct field_str text = { .value = (char *)"x", .status = 1 };
	const struct pasid_range range = { .device = (char *)"d",
					   .driver = text,
					   .ioas_name = text,
					   .through = text,
					   .context = text,
					   .command = text,
					   .user = text,
					   .unit = text,
					   .candidates = candidates,
					   .n_candidates = 2 };
	struct pasid_table table = { 0 };
	int r = pasid_table_add(&table, &range);

	(void)data;
	if (r == 0)
		r = pasid_table_add(&table, &range);
	/* All strings are copies. */
	for (size_t i = 0; i < table.n; i++) {
		const struct pasid_range *copy = &table.v[i];

		assert_ptr_not_equal(copy->candidates, candidates);
		assert_ptr_not_equal(copy->unit.value, text.value);
		assert_string_equal(copy->device, "d");
		assert_memory_equal(copy->candidates, candidates, sizeof(candidates));
		assert_string_equal(copy->driver.value, "x");
		assert_string_equal(copy->ioas_name.value, "x");
		assert_string_equal(copy->through.value, "x");
		assert_string_equal(copy->context.value, "x");
		assert_string_equal(copy->command.value, "x");
		assert_string_equal(copy->user.value, "x");
		assert_string_equal(copy->unit.value, "x");
	}
	pasid_table_done(&table);
	return r;
}

static int try_confirm(void *data)
{
	const struct tree *tree = data;
	_cleanup_ranges_ struct ranges pasids = { 0 };
	uint32_t missing;
	int r = ranges_add(&pasids, 4, 6);

	return r == 0 ? pasid_confirm(&tree->root, "/sys/devices/pci0000:00/" VFIO_ID, &pasids,
				      &missing)
		      : r;
}

static void confirms_with_memory_alone(void **state)
{
	const struct hardware hardware[] = { { "00:10.0", 4, 6, 8, 1 } };

	pasid_machine(*state, hardware, 1);
	memory_exhaust(try_confirm, *state, 1);
}

static void runs_out_of_memory_in_parts(void **state)
{
	memory_exhaust(try_claims, *state, 0);
	memory_exhaust(try_add, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(runs_out_of_memory),
		tree_test(runs_out_of_memory_in_parts),
		tree_test(confirms_with_memory_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
