/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of devices with PASIDs, and of the processes behind them. */
#define MEMORY_FENCED
#include "../memory.h"

#include <inttypes.h>
#include <limits.h>

#include "model/pasid/internal.h"

#define ID  "0000:00:10.0"
#define PCI "sys/devices/pci0000:00/" ID
#define DMA "sys/devices/platform/dma0"
#define ALL (PASID_NEED_GROUP | PASID_NEED_DRIVER)

static void put_str(FILE *f, const char *name, const struct field_str *field)
{
	if (field->status == 1)
		fprintf(f, " %s=%s", name, field->value);
	else if (field->status)
		fprintf(f, " %s!%d", name, field->status);
}

static void check_of(const struct tree *tree, const char *id, unsigned int need, bool with_unit,
		     const char *expected)
{
	struct pasid_device device = { .group = field_u64(77) };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	pasid_device_get(&tree->root, id, need, with_unit, &device);
	if (device.group.status == 1)
		fprintf(f, " group=%" PRIu64, device.group.value);
	else if (device.group.status)
		fprintf(f, " group!%d", device.group.status);
	put_str(f, "driver", &device.driver);
	put_str(f, "unit", &device.unit);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
	pasid_device_done(&device);
}

static void make(const struct tree *tree)
{
	tree_pci(tree, "pci0000:00/" ID, "6", "");
	tree_link(tree, PCI "/driver", "../../../bus/pci/drivers/vfio-pci");
	tree_link(tree, PCI "/iommu", "../../virtual/iommu/dmar0");
}

static void reads_what_is_needed(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	check_of(tree, ID, ALL, true, " group=6 driver=vfio-pci unit=dmar0");
	check_of(tree, ID, ALL, false, " group=6 driver=vfio-pci");
	check_of(tree, ID, PASID_NEED_GROUP, false, " group=6");
	check_of(tree, ID, PASID_NEED_DRIVER, false, " driver=vfio-pci");
	check_of(tree, ID, PASID_NEED_OWNER, true, " unit=dmar0");
	check_of(tree, ID, 0, true, " unit=dmar0");
	check_of(tree, ID, ~(unsigned int)ALL, false, "");
}

/* A device on another bus than PCI is found by its group. */
static void finds_members_of_groups(void **state)
{
	const struct tree *tree = *state;

	check_of(tree, "dma0", ALL, true, "");
	tree_dir(tree, "sys/kernel/iommu_groups/3/devices");
	tree_link(tree, "sys/kernel/iommu_groups/11/devices/dma0",
		  "../../../../devices/platform/dma0");
	tree_link(tree, DMA "/iommu_group", "../../../kernel/iommu_groups/11");
	tree_link(tree, DMA "/driver", "../../../bus/platform/drivers/pl330");
	check_of(tree, "dma0", ALL, true, " group=11 driver=pl330");
	check_of(tree, "dma1", ALL, true, "");
	/* The device may be in a group that cannot be read. */
	tree_link(tree, "sys/kernel/iommu_groups/4/devices", "errno:13");
	check_of(tree, "dma0", ALL, true, " group!-13 driver!-13 unit!-13");
	assert_int_equal(renameat(tree->root.fd, "sys/kernel/iommu_groups", tree->root.fd, "x"), 0);
	check_of(tree, "dma0", ALL, true, "");
	tree_link(tree, "sys/kernel/iommu_groups", "errno:5");
	check_of(tree, "dma0", ALL, true, " group!-5 driver!-5 unit!-5");
}

/* An id may come from another user's context: it must not lead to another directory. */
static void trusts_no_id(void **state)
{
	static const char *const ids[] = {
		"", ".", "..", "../../../devices/platform/dma0", "0000:00:10.0/../" ID, "none"
	};
	const struct tree *tree = *state;
	char longest[PATH_MAX];

	make(tree);
	tree_link(tree, DMA "/iommu_group", "../../../kernel/iommu_groups/11");
	tree_link(tree, "sys/bus/pci/devices/iommu_group", "../../../kernel/iommu_groups/11");
	tree_link(tree, "sys/bus/pci/iommu_group", "../../../kernel/iommu_groups/11");
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		check_of(tree, ids[i], ALL, true, "");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	check_of(tree, longest, ALL, true, "");
	/* Longer than NAME_MAX. */
	longest[NAME_MAX + 1] = '\0';
	check_of(tree, longest, ALL, true, " group!-36 driver!-36 unit!-36");
}

static void says_what_cannot_be_read(void **state)
{
	static const struct {
		const char *group, *expected;
	} cases[] = { { "../x/4294967295", " group=4294967295" },
		      { "../x/4294967296", " group!-74" },
		      { "../x/none", " group!-74" },
		      { "errno:13", " group!-13" } };
	const struct tree *tree = *state;

	make(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(unlinkat(tree->root.fd, PCI "/iommu_group", 0), 0);
		tree_link(tree, PCI "/iommu_group", cases[i].group);
		check_of(tree, ID, PASID_NEED_GROUP, false, cases[i].expected);
	}
	assert_int_equal(unlinkat(tree->root.fd, "sys/bus/pci/devices/" ID, 0), 0);
	tree_link(tree, "sys/bus/pci/devices/" ID, "errno:5");
	check_of(tree, ID, ALL, true, " group!-5 driver!-5 unit!-5");
	check_of(tree, ID, PASID_NEED_GROUP, false, " group!-5");
}

static void add_process(const struct tree *tree, int pid, const char *start)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_file(tree, path, "x\n");
	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text), "%d (x) S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 %s 9\n", pid,
		 start);
	tree_file(tree, path, text);
}

/* Each process is read once, in any order, and the boot time with the first. */
static void reads_processes_once(void **state)
{
	static const struct {
		pid_t pid;
		int status;
		struct field_u64 started;
	} cases[] = {
		{ 30, 1, { 1003, 1 } }, { 10, 1, { 1000, 1 } },    { 20, 1, { 1001, 1 } },
		{ 25, 0, { 0, 0 } },    { 40, -EACCES, { 0, 0 } }, { 5, 1, { 0, 0 } },
	};
	const struct tree *tree = *state;
	struct pasid_processes processes = { .root = &tree->root };
	struct pasid_process *found[ARRAY_SIZE(cases)], *again;

	tree_file(tree, "proc/stat", "btime 1000\n");
	add_process(tree, 30, "399");
	add_process(tree, 10, "99");
	add_process(tree, 20, "100");
	add_process(tree, 5, "0"); /* a kernel thread: no start time */
	tree_link(tree, "proc/40", "errno:13");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(pasid_process_get(&processes, cases[i].pid, &found[i]), 0);
		assert_int_equal(found[i]->pid, cases[i].pid);
		assert_int_equal(found[i]->status, cases[i].status);
		assert_true(field_u64_same(&found[i]->started, &cases[i].started));
		tree_file(tree, "proc/stat", "btime 5000\n");
	}
	assert_int_equal(processes.n, ARRAY_SIZE(cases));
	for (size_t i = 1; i < processes.n; i++)
		assert_true(processes.v[i - 1]->pid < processes.v[i]->pid);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(pasid_process_get(&processes, cases[i].pid, &again), 0);
		assert_ptr_equal(again, found[i]);
	}
	assert_int_equal(processes.n, ARRAY_SIZE(cases));
	pasid_processes_done(&processes);
	assert_int_equal(processes.n, 0);
}

static int try_process(void *data)
{
	const struct tree *tree = data;
	struct pasid_processes processes = { .root = &tree->root };
	struct pasid_process *process;
	int r = pasid_process_get(&processes, 10, &process);

	if (r == 0)
		r = pasid_process_get(&processes, 20, &process);
	pasid_processes_done(&processes);
	return r;
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	tree_file(tree, "proc/stat", "btime 1000\n");
	add_process(tree, 10, "99");
	tree_file(tree, "proc/10/cgroup", "0::/system.slice/a.service\n");
	add_process(tree, 20, "99");
	memory_exhaust(try_process, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reads_what_is_needed), tree_test(finds_members_of_groups),
		tree_test(trusts_no_id),         tree_test(says_what_cannot_be_read),
		tree_test(reads_processes_once), tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
