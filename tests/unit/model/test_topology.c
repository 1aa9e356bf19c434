/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "model/topology/nodes.h"
#include "util/array.h"

#define BRIDGE "PCI_CLASS=60400\n"
#define DISK   "PCI_CLASS=10802\nDRIVER=nvme\n"

static void put_behind(const struct tree *tree, const char *place, const char *unit)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/devices/%s/iommu", place);
	snprintf(target, sizeof(target), "/sys/devices/virtual/iommu/%s", unit);
	tree_link(tree, path, target);
}

/*
 * Two units, one without devices; group 2 with a bridge, another one below it, and devices behind
 * them; group 10 with a disk; a device without group.
 */
static void make(const struct tree *tree)
{
	tree_dir(tree, "sys/devices/virtual/iommu/dmar0");
	tree_dir(tree, "sys/devices/virtual/iommu/dmar1");
	tree_link(tree, "sys/class/iommu/dmar0", "../../devices/virtual/iommu/dmar0");
	tree_link(tree, "sys/class/iommu/dmar1", "../../devices/virtual/iommu/dmar1");
	tree_pci(tree, "pci0000:00/0000:00:0a.0", "2", BRIDGE);
	put_behind(tree, "pci0000:00/0000:00:0a.0", "dmar0");
	/* Numbers do not follow the order of places. */
	tree_pci(tree, "pci0000:00/0000:00:0a.0/0000:04:00.0", "2", BRIDGE);
	tree_pci(tree, "pci0000:00/0000:00:0a.0/0000:04:00.0/0000:03:01.0", "2", DISK);
	tree_pci(tree, "pci0000:00/0000:00:0a.0/0000:04:02.0", "2", DISK);
	tree_pci(tree, "pci0000:00/0000:00:05.0", "10", DISK);
	put_behind(tree, "pci0000:00/0000:00:05.0", "dmar0");
	tree_pci(tree, "pci0000:00/0000:00:06.0", NULL, DISK);
	tree_dir(tree, "proc");
}

/* The nodes as text: one per line, indented by one space per level. */
static const char *draw(const struct topology *topology, char *buf, size_t size)
{
	FILE *f = fmemopen(buf, size, "w");

	assert_non_null(f);
	for (size_t i = 0; i < topology->n; i++) {
		const struct topology_node *node = &topology->v[i];

		for (size_t at = i; topology->v[at].parent != TOPOLOGY_ROOT;) {
			assert_true(topology->v[at].parent < at);
			at = topology->v[at].parent;
			fputc(' ', f);
		}
		fputs(topology_kind_name(node->kind), f);
		if (node->error)
			fprintf(f, " error %d\n", node->error);
		else if (node->kind == TOPOLOGY_IOMMU)
			fprintf(f, " %s\n", node->unit->name ? node->unit->name : "none");
		else if (node->kind == TOPOLOGY_GROUP)
			fprintf(f, " %u\n", node->group->number);
		else if (node->kind == TOPOLOGY_PASID)
			fprintf(f, " %u-%u\n", node->lo, node->hi);
		else if (node->kind == TOPOLOGY_PROCESS)
			fprintf(f, " %d\n",
				node->opener ? (int)node->opener->pid
					     : (int)node->binding->pid.value);
		else
			fprintf(f, " %s\n", node->device->id);
	}
	assert_int_equal(fclose(f), 0);
	return buf;
}

static void check(const struct tree *tree, const struct topology_need *need, const char *expected)
{
	_cleanup_topology_ struct topology topology = { 0 };
	char text[4096] = "";

	assert_int_equal(topology_read(&tree->root, need, &topology), 0);
	assert_string_equal(draw(&topology, text, sizeof(text)), expected);
}

#define WHOLE \
	"iommu dmar0\n" \
	" group 2\n" \
	"  bridge 0000:00:0a.0\n" \
	"   bridge 0000:04:00.0\n" \
	"    device 0000:03:01.0\n" \
	"   device 0000:04:02.0\n" \
	" group 10\n" \
	"  device 0000:00:05.0\n"

static void nests(void **state)
{
	const struct topology_need need = { .depth = TOPOLOGY_PROCESS };

	make(*state);
	check(*state, &need, WHOLE "iommu dmar1\niommu none\n device 0000:00:06.0\n");
}

static void is_as_deep_as_wanted(void **state)
{
	struct topology_need need = { .depth = TOPOLOGY_IOMMU };

	make(*state);
	check(*state, &need, "iommu dmar0\niommu dmar1\n");
	need.depth = TOPOLOGY_GROUP;
	check(*state, &need, "iommu dmar0\n group 2\n group 10\niommu dmar1\n");
}

static void nothing_is_no_error(void **state)
{
	const struct topology_need need = { .depth = TOPOLOGY_PROCESS };

	check(*state, &need, "");
}

/* An unreadable object is a node that says so; a unit only known from a device is one too. */
static void unreadable(void **state)
{
	const struct topology_need need = { .depth = TOPOLOGY_DEVICE };

	make(*state);
	tree_dir(*state, "sys/kernel/iommu_groups/3");
	tree_link(*state, "sys/kernel/iommu_groups/3/devices", "errno:13");
	tree_pci(*state, "pci0000:00/0000:00:07.0", "4", DISK);
	put_behind(*state, "pci0000:00/0000:00:07.0", "dmar7");
	tree_pci(*state, "pci0000:00/0000:00:08.0", "5", DISK);
	tree_link(*state, "sys/devices/pci0000:00/0000:00:08.0/iommu", "errno:5");
	check(*state, &need,
	      WHOLE "iommu dmar1\n"
		    "iommu error -13\n"
		    " group 3\n"
		    "  device error -13\n"
		    "iommu dmar7\n"
		    " group 4\n"
		    "  device 0000:00:07.0\n"
		    "iommu error -5\n"
		    " group 5\n"
		    "  device 0000:00:08.0\n"
		    "iommu none\n"
		    " device 0000:00:06.0\n");
}

static const struct pasid_reports reports = { .hardware_status = 1 };

static struct binding range(uint32_t lo, uint32_t hi, uint64_t ioas, uint64_t pid)
{
	return (struct binding){ .device = "0000:00:05.0",
				 .lo = lo,
				 .hi = hi,
				 .kind = PASID_KIND_IOAS,
				 .ioas = field_u64(ioas),
				 .pid = field_u64(pid) };
}

/* Consecutive PASIDs with the same target become one node, even if their table entries differ. */
static void joins_pasids(void **state)
{
	struct binding ranges[] = {
		range(1, 4, 1, 90),   range(5, 5, 1, 90),   range(6, 9, 2, 90),
		range(10, 10, 2, 91), range(12, 12, 2, 91),
	};
	const struct bindings list = { ranges, ARRAY_SIZE(ranges) };
	struct topology_need need = { .depth = TOPOLOGY_PROCESS,
				      .pasids = &list,
				      .reports = &reports };
	_cleanup_topology_ struct topology topology = { 0 };
	char text[4096] = "";
	bool keep[64] = { false };

	make(*state);
	ranges[0].domain = field_u64(7);
	assert_int_equal(topology_read(&((struct tree *)*state)->root, &need, &topology), 0);
	for (size_t i = 0; i < topology.n; i++)
		keep[i] = topology.v[i].kind == TOPOLOGY_DEVICE && topology.v[i].device &&
			  strcmp(topology.v[i].device->id, "0000:00:05.0") == 0;
	assert_int_equal(topology_limit(&topology, keep), 0);
	assert_string_equal(draw(&topology, text, sizeof(text)), "iommu dmar0\n"
								 " group 10\n"
								 "  device 0000:00:05.0\n"
								 "   pasid 1-5\n"
								 "    process 90\n"
								 "   pasid 6-9\n"
								 "    process 90\n"
								 "   pasid 10-10\n"
								 "    process 91\n"
								 "   pasid 12-12\n"
								 "    process 91\n");
	topology_done(&topology);
	need.depth = TOPOLOGY_PASID;
	assert_int_equal(topology_read(&((struct tree *)*state)->root, &need, &topology), 0);
	assert_null(strstr(draw(&topology, text, sizeof(text)), "process"));
	assert_non_null(strstr(text, "   pasid 12-12\n"));
}

static void open_devices(const struct tree *tree, const char *pid, const char *fd, const char *path)
{
	char name[128];

	snprintf(name, sizeof(name), "proc/%s/fd/%s", pid, fd);
	tree_link(tree, name, path);
	snprintf(name, sizeof(name), "proc/%s/comm", pid);
	tree_file(tree, name, "qemu\n");
}

/* A process appears once below a device: from its PASIDs, or else from what it has open. */
static void tells_a_process_once(void **state)
{
	struct binding ranges[] = { range(1, 4, 1, 90) };
	const struct bindings list = { ranges, 1 };
	const struct topology_need need = { .depth = TOPOLOGY_PROCESS,
					    .pasids = &list,
					    .reports = &reports };
	_cleanup_topology_ struct topology topology = { 0 };
	char text[4096] = "";

	make(*state);
	tree_dir(*state, "sys/devices/pci0000:00/0000:00:05.0/vfio-dev/vfio3");
	open_devices(*state, "90", "5", "/dev/vfio/devices/vfio3");
	open_devices(*state, "91", "6", "/dev/vfio/devices/vfio3");
	open_devices(*state, "91", "7", "/dev/vfio/10");
	tree_dir(*state, "sys/class/vfio/10");
	assert_int_equal(topology_read(&((struct tree *)*state)->root, &need, &topology), 0);
	assert_int_equal(topology.openers_status, 1);
	assert_non_null(strstr(draw(&topology, text, sizeof(text)), "  device 0000:00:05.0\n"
								    "   pasid 1-4\n"
								    "    process 90\n"
								    "   process 91\n"
								    "iommu dmar1\n"));
}

static void limits(void **state)
{
	const struct topology_need need = { .depth = TOPOLOGY_DEVICE };
	_cleanup_topology_ struct topology topology = { 0 };
	char text[4096] = "";
	bool keep[64] = { false };

	make(*state);
	assert_int_equal(topology_read(&((struct tree *)*state)->root, &need, &topology), 0);
	keep[3] = true; /* the inner bridge */
	assert_int_equal(topology_limit(&topology, keep), 0);
	assert_string_equal(draw(&topology, text, sizeof(text)), "iommu dmar0\n"
								 " group 2\n"
								 "  bridge 0000:00:0a.0\n"
								 "   bridge 0000:04:00.0\n"
								 "    device 0000:03:01.0\n");
}

static void names_kinds(void **state)
{
	enum topology_kind kind;

	(void)state;
	for (int i = TOPOLOGY_IOMMU; i <= TOPOLOGY_PROCESS; i++) {
		assert_int_equal(
			topology_kind_parse(topology_kind_name((enum topology_kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(topology_kind_parse("Device", &kind), -EINVAL);
	assert_int_equal(topology_kind_parse("", &kind), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(nests),        tree_test(is_as_deep_as_wanted),
		tree_test(unreadable),   tree_test(nothing_is_no_error),
		tree_test(joins_pasids), tree_test(tells_a_process_once),
		tree_test(limits),       cmocka_unit_test(names_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
