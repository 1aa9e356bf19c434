/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the owners of entries in the hardware's table that no source claims. */
#include "../pasid_rows.h"

#define OF_6    " group=6 driver=vfio-pci"
#define OF_8    " group=8 driver=hisi_zip"
#define PROCESS " command=accel uid=1000 user=ann started=1700000004"

/* The VFIO device's only entry, 4, and its owner. */
#define ENTRY(owner, by) \
	VFIO_ID " 4-4 unknown not-recorded" OF_6 owner \
		" hardware=1 record=0 domain=8 type=1 by vt-d" by "\n"
#define OWNER(pid) ENTRY(" pid=" pid PROCESS, " vfio")
#define NOBODY     ENTRY("", "")

static const struct pasid_query all;
static const struct hardware entry_4 = { "00:10.0", 4, 4, 8, 1 };

/* The device's node, vfio0, and its group's. */
static void make(const struct tree *tree)
{
	pasid_machine(tree, &entry_4, 1);
	tree_link(tree, "sys/class/vfio-dev/vfio0",
		  "../../devices/pci0000:00/" VFIO_ID "/vfio-dev/vfio0");
	tree_link(tree, "sys/class/vfio/6", "../../devices/virtual/vfio/6");
}

static void add_iommufd(const struct tree *tree, int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/9", pid);
	tree_link(tree, path, "/dev/iommu");
}

static void only_one_has_it_open(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	rows_list(tree, all, NOBODY);
	pasid_opener(tree, 20, 1, "/dev/vfio/devices/vfio0");
	pasid_opener(tree, 21, 1, "/dev/vfio/devices/vfio1");
	rows_list(tree, all, OWNER("20"));
	/* The same process, also through the group. */
	tree_link(tree, "proc/20/fd/4", "/dev/vfio/6");
	rows_list(tree, all, OWNER("20"));
	pasid_opener(tree, 22, 1, "/dev/vfio/6");
	rows_list(tree, all, NOBODY);
}

/* PASIDs are attached through an iommufd: of several processes, the one that has one. */
static void of_several_one_has_an_iommufd(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
	pasid_opener(tree, 21, 1, "/dev/vfio/devices/vfio0");
	pasid_opener(tree, 22, 1, "/dev/vfio/6");
	add_iommufd(tree, 21);
	rows_list(tree, all, OWNER("21"));
	add_iommufd(tree, 22);
	rows_list(tree, all, NOBODY);
}

/* What a context's process has is in its record. */
static void a_context_is_no_owner(void **state)
{
	const struct tree *tree = *state;
	static const pid_t holders[] = { 20, 21 };

	make(tree);
	pasid_opener(tree, 20, 1, "/dev/vfio/devices/vfio0");
	pasid_opener(tree, 21, 1, "/dev/vfio/devices/vfio0");
	pasid_opener(tree, 22, 1, "/dev/vfio/6");
	rows_list(tree, (struct pasid_query){ .contexts = { .holders = holders, .n_holders = 1 } },
		  NOBODY);
	rows_list(tree, (struct pasid_query){ .contexts = { .holders = holders, .n_holders = 2 } },
		  OWNER("22"));
	assert_int_equal(unlinkat(tree->root.fd, "proc/22/fd/3", 0), 0);
	rows_list(tree, (struct pasid_query){ .contexts = { .holders = holders, .n_holders = 2 } },
		  NOBODY);
}

static void some_cannot_be_looked_at(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	tree_link(tree, "proc/30/fd", "errno:13");
	rows_list(tree, all,
		  ENTRY(" pid!-13 command!-13 uid!-13 user!-13 unit!-13 started!-13", ""));
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
	rows_list(tree, all, OWNER("20"));
	pasid_opener(tree, 21, 1, "/dev/vfio/6");
	rows_list(tree, all, NOBODY);
}

/* Each device has its own owner; and an address space does not belong to a VFIO user. */
static void each_device_has_its_own(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 },
					     { "00:10.0", 5, 5, 1, 1 },
					     { "00:10.0", 6, 6, 9, 2 },
					     { "00:11.0", 4, 4, 8, 1 },
					     { "00:12.0", 4, 4, 8, 1 } };

	make(tree);
	pasid_hardware_write(tree, hardware, ARRAY_SIZE(hardware));
	tree_link(tree, "sys/class/vfio/7", "../../devices/virtual/vfio/7");
	/* In another order than the devices. */
	pasid_opener(tree, 19, 1, "/dev/vfio/7");
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
#define REST " hardware=1 record=0 domain="
	rows_list(tree, all,
		  OWNER("20") VFIO_ID
		  " 5-5 sva not-recorded" OF_6 REST "1 type=1 by vt-d\n" VFIO_ID
		  " 6-6 unknown not-recorded" OF_6 " pid=20" PROCESS REST
		  "9 type=2 by vt-d vfio\n" UIO_ID
		  " 4-4 unknown not-recorded group=7 driver=uio_pci_sva pid=19" PROCESS REST
		  "8 type=1 by vt-d vfio\n" ACCEL_ID " 4-4 unknown not-recorded" OF_8 REST
		  "8 type=1 by vt-d\n");
}

static void nobody_is_looked_for_unasked(void **state)
{
	const struct tree *tree = *state;
	struct pasid_query query = { .need = PASID_NEED_ALL & ~PASID_NEED_OWNER &
					     ~PASID_NEED_TABLES };

	make(tree);
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
	rows_list(tree, query, NOBODY);
}

/* Contexts that could not be asked may have it, unless it is an address space. */
static void a_context_may_have_it(void **state)
{
	const struct tree *tree = *state;
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 1 }, { "00:10.0", 5, 5, 1, 1 } };
	const struct pasid_query query = { .contexts.status = -EACCES };

	make(tree);
	pasid_hardware_write(tree, hardware, 2);
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
	rows_list(tree, query,
		  VFIO_ID " 4-4 unknown unknown-state" OF_6
			  " ioas!-13 name!-13 hwpt!-13 context!-13 pid=20" PROCESS
			  " hardware=1 record!-13 domain=8 type=1 by vt-d vfio\n" VFIO_ID
			  " 5-5 sva not-recorded" OF_6 REST "1 type=1 by vt-d\n");
}

/*
 * A kernel driver's PASID in the domain of the device's own requests: it belongs to the DMA API if
 * the group has such a domain and the device no VFIO user.
 */
static void the_kernel_has_it(void **state)
{
	static const struct {
		const char *type;
		bool dma;
	} cases[] = { { "DMA\n", true },      { "DMA-FQ\n", true }, { "identity\n", false },
		      { "blocked\n", false }, { "", false },        { NULL, false } };
	const struct hardware hardware[] = { { "00:12.0", 0, 0, 8, 2 },
					     { "00:12.0", 4, 5, 8, 2 },
					     { "00:12.0", 6, 6, 9, 2 } };
	const struct tree *tree = *state;
	struct pasid_query query = { .need = PASID_NEED_ALL & ~PASID_NEED_KIND &
					     ~PASID_NEED_TABLES };

#define UNKNOWN  ACCEL_ID " 4-5 unknown not-recorded" OF_8 REST "8 type=2 by vt-d\n"
#define ANOTHER  ACCEL_ID " 6-6 unknown not-recorded" OF_8 REST "9 type=2 by vt-d\n"
#define THE_DMAS ACCEL_ID " 4-5 dma not-recorded" OF_8 REST "8 type=2 by vt-d\n"
	make(tree);
	pasid_hardware_write(tree, hardware, ARRAY_SIZE(hardware));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (cases[i].type)
			tree_file(tree, "sys/kernel/iommu_groups/8/type", cases[i].type);
		else
			assert_int_equal(
				unlinkat(tree->root.fd, "sys/kernel/iommu_groups/8/type", 0), 0);
		rows_list(tree, all, cases[i].dma ? THE_DMAS ANOTHER : UNKNOWN ANOTHER);
	}
	tree_file(tree, "sys/kernel/iommu_groups/8/type", "DMA\n");
	rows_list(tree, query, UNKNOWN ANOTHER);
}

/* The same with a VFIO driver, without a driver, or without a group. */
static void the_kernel_has_it_not(void **state)
{
	const struct hardware hardware[] = { { "00:10.0", 0, 0, 8, 2 }, { "00:10.0", 4, 4, 8, 2 } };
	const struct tree *tree = *state;

	make(tree);
	pasid_hardware_write(tree, hardware, ARRAY_SIZE(hardware));
	tree_file(tree, "sys/kernel/iommu_groups/6/type", "DMA\n");
	pasid_opener(tree, 20, 1, "/dev/vfio/6");
	rows_list(tree, all,
		  VFIO_ID " 4-4 unknown not-recorded" OF_6 " pid=20" PROCESS REST
			  "8 type=2 by vt-d vfio\n");
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/pci0000:00/" VFIO_ID "/driver", 0),
			 0);
	rows_list(tree, all,
		  VFIO_ID " 4-4 unknown not-recorded group=6 pid=20" PROCESS REST
			  "8 type=2 by vt-d vfio\n");
	tree_link(tree, "sys/devices/pci0000:00/" VFIO_ID "/driver", "../hisi_zip");
	rows_list(tree, all,
		  VFIO_ID " 4-4 dma not-recorded group=6 driver=hisi_zip" REST
			  "8 type=2 by vt-d\n");
	assert_int_equal(
		unlinkat(tree->root.fd, "sys/devices/pci0000:00/" VFIO_ID "/iommu_group", 0), 0);
	rows_list(tree, all,
		  VFIO_ID " 4-4 unknown not-recorded driver=hisi_zip pid=20" PROCESS REST
			  "8 type=2 by vt-d vfio\n");
}

/* A nested table is shown as one, whatever it is nested on. */
static void nested_tables_are_shown(void **state)
{
	const struct hardware hardware[] = { { "00:10.0", 4, 4, 8, 3 } };
	const struct tree *tree = *state;

	make(tree);
	pasid_hardware_write(tree, hardware, 1);
	rows_list(tree, all, VFIO_ID " 4-4 nested not-recorded" OF_6 REST "8 type=3 by vt-d\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(only_one_has_it_open),    tree_test(of_several_one_has_an_iommufd),
		tree_test(a_context_is_no_owner),   tree_test(some_cannot_be_looked_at),
		tree_test(each_device_has_its_own), tree_test(nobody_is_looked_for_unasked),
		tree_test(a_context_may_have_it),   tree_test(the_kernel_has_it),
		tree_test(the_kernel_has_it_not),   tree_test(nested_tables_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
