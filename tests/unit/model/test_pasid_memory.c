/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists a machine with all sources of PASIDs while each allocation fails in turn. */
#include "../pasid_rows.h"

#include "model/pasid/internal.h"

struct listing {
	const struct tree *tree;
	char *whole; /* the text of all rows with enough memory */
};

/* Rows are complete, or marked as incomplete due to lack of memory. */
static void compare_rows(const struct bindings *list, struct listing *listing)
{
	const struct memory before = memory;
	char *text = NULL;
	size_t size;
	FILE *f;

	memory.fail_at = 0;
	f = open_memstream(&text, &size);
	for (size_t i = 0; i < list->n; i++)
		row_write(f, &list->v[i]);
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
	const struct binding records[] = {
		{ .device = VFIO_ID,
		  .lo = 4,
		  .hi = 4,
		  TO_IOAS(1),
		  .ioas_name = field_str_borrow("a"),
		  .context = field_str_borrow("c1"),
		  .pid = field_u64(20),
		  .uid = field_u64(0) },
		{ .device = VFIO_ID,
		  .lo = 4,
		  .hi = 6,
		  TO_IOAS(2),
		  .ioas_name = field_str_borrow("b"),
		  .context = field_str_borrow("c2"),
		  .pid = field_u64(21),
		  .uid = field_u64(1000) },
		{ .device = "0000:ff:00.0",
		  .lo = 4,
		  .hi = 6,
		  TO_HWPT(2),
		  .context = field_str_borrow("c1") },
	};
	const struct pasid_query query = {
		.root = &tree->root,
		.contexts = { .bindings = &(struct bindings){ (struct binding *)records, 3 },
			      .holders = &holder,
			      .n_holders = 1,
			      .status = 1 },
		.need = PASID_NEED_ALL
	};
	_cleanup_bindings_ struct bindings list = { 0 };
	struct pasid_reports reports;

	int r = rows_get(&query, &list, &reports);

	if (r == 0)
		compare_rows(&list, listing);
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

/* A binding with all of its names, and one without. */
static int try_add(void *data)
{
	const uint64_t candidates[] = { 4, 5 };
	const struct field_str text = field_str_borrow("x");
	const struct binding whole = { .device = "d",
				       .driver = text,
				       .ioas_name = text,
				       .through = text,
				       .context = text,
				       .command = text,
				       .user = text,
				       .unit = text,
				       .candidates = candidates,
				       .n_candidates = 2 };
	struct bindings list = { 0 };
	int r = bindings_add(&list, &whole);

	(void)data;
	if (r == 0)
		r = bindings_add(&list, &whole);
	/* All that it points to is copied, once. */
	for (size_t i = 0; i < list.n; i++) {
		const struct binding *copy = &list.v[i];
		const struct field_str *const texts[] = { &copy->driver,  &copy->ioas_name,
							  &copy->through, &copy->context,
							  &copy->command, &copy->user,
							  &copy->unit };

		assert_ptr_not_equal(copy->candidates, candidates);
		assert_memory_equal(copy->candidates, candidates, sizeof(candidates));
		assert_string_equal(copy->device, "d");
		for (size_t k = 0; k < ARRAY_SIZE(texts); k++) {
			assert_ptr_not_equal(texts[k]->value, text.value);
			assert_string_equal(texts[k]->value, "x");
			assert_ptr_equal(texts[k]->value, list.v[0].driver.value);
		}
	}
	if (r == 0)
		r = bindings_add(&list, &(struct binding){ .device = "e" });
	if (r == 0)
		assert_null(list.v[2].candidates);
	bindings_done(&list);
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
