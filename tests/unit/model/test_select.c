/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "model/machine/select.h"
#include "util/cleanup.h"

#define PORT  "pci0000:00/0000:00:08.0"
#define NIC   PORT "/0000:03:00.0"
#define OTHER "pci0000:00/0000:00:09.0"

static void make(const struct tree *tree)
{
	tree_pci(tree, PORT, "1", "");
	tree_pci(tree, NIC, "2", "");
	tree_pci(tree, OTHER, NULL, "");
	tree_dir(tree, "sys/devices/" NIC "/virtio0/net/eth1");
	tree_link(tree, "sys/class/net/eth1", "../../devices/" NIC "/virtio0/net/eth1");
	tree_link(tree, "sys/devices/" NIC "/virtio0/net/eth1/device", "../..");
	tree_dir(tree, "sys/devices/" OTHER "/twin");
	tree_dir(tree, "sys/devices/" NIC "/twin");
	tree_link(tree, "sys/class/a/twin", "../../devices/" OTHER "/twin");
	tree_link(tree, "sys/class/b/twin", "../../devices/" NIC "/twin");
	tree_dir(tree, "sys/devices/virtual/net/br0");
	tree_link(tree, "sys/class/net/br0", "../../devices/virtual/net/br0");
	tree_dir(tree, "sys/devices/platform/dma0");
	tree_link(tree, "sys/bus/platform/devices/dma0", "../../../devices/platform/dma0");
	tree_link(tree, "sys/devices/platform/dma0/iommu_group", "/sys/kernel/iommu_groups/7");
	tree_dir(tree, "sys/kernel/iommu_groups/7");
}

static void check(const struct tree *tree, const char *operand, const char *expected)
{
	_cleanup_free_ char *path = NULL;

	assert_int_equal(select_device(&tree->root, operand, &path, NULL), 0);
	assert_string_equal(path, expected);
}

static void check_fails(const struct tree *tree, const char *operand, int error)
{
	char *path = NULL;

	assert_int_equal(select_device(&tree->root, operand, &path, NULL), error);
	assert_null(path);
}

static void finds_devices(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	check(tree, "0000:03:00.0", "/sys/devices/" NIC);
	check(tree, "03:00.0", "/sys/devices/" NIC);
	check(tree, "00:09.0", "/sys/devices/" OTHER);
	check(tree, "eth1", "/sys/devices/" NIC);
	check(tree, "/dev/eth1", "/sys/devices/" NIC);
	check(tree, "dma0", "/sys/devices/platform/dma0");
	check(tree, "/sys/class/net/eth1", "/sys/devices/" NIC);
	check(tree, "/sys/class/net/eth1/device", "/sys/devices/" NIC);
	check(tree, "class/net/eth1/device/../virtio0", "/sys/devices/" NIC);
	check(tree, "bus/pci/devices/0000:00:08.0/", "/sys/devices/" PORT);
}

static void finds_no_device(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	check_fails(tree, "eth2", -ENODEV);
	check_fails(tree, "br0", -ENODEV);
	check_fails(tree, "0000:04:00.0", -ENODEV);
	check_fails(tree, "0001:03:00.0", -ENODEV);
	check_fails(tree, "/sys/devices", -ENODEV);
	check_fails(tree, "/", -ENODEV);
	check_fails(tree, "/etc/passwd", -ENODEV);
	check_fails(tree, "../../etc", -ENODEV);
	check_fails(tree, "*", -ENODEV);
	check_fails(tree, "/dev/", -ENODEV);
	check_fails(tree, "", -EINVAL);
	check_fails(tree, "..", -EINVAL);
}

static void lists_candidates(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strv_ struct strv candidates = { 0 };
	char *path = NULL;

	make(tree);
	assert_int_equal(select_device(&tree->root, "twin", &path, &candidates), -ENOTUNIQ);
	assert_null(path);
	assert_int_equal(candidates.n, 2);
	assert_string_equal(candidates.v[0], "0000:00:09.0");
	assert_string_equal(candidates.v[1], "0000:03:00.0");
	check_fails(tree, "twin", -ENOTUNIQ);
}

/* A multipath NVMe disk is the disk of all its controllers' devices. */
static void finds_multipath(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strv_ struct strv candidates = { 0 };
	char *path = NULL;

	make(tree);
	tree_dir(tree, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1");
	tree_link(tree, "sys/class/block/nvme0n1p1",
		  "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/nvme0n1p1");
	tree_dir(tree, "sys/devices/" NIC "/nvme/nvme0");
	tree_link(tree, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0",
		  "../../../" NIC "/nvme/nvme0");
	check(tree, "nvme0n1p1", "/sys/devices/" NIC);
	tree_dir(tree, "sys/devices/" OTHER "/nvme/nvme1");
	tree_link(tree, "sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme1",
		  "../../../" OTHER "/nvme/nvme1");
	assert_int_equal(select_device(&tree->root, "nvme0n1p1", &path, &candidates), -ENOTUNIQ);
	assert_int_equal(candidates.n, 2);
}

static void finds_groups(void **state)
{
	const struct tree *tree = *state;
	uint32_t number = 0;

	make(tree);
	assert_int_equal(select_group(&tree->root, "7", &number), 0);
	assert_int_equal(number, 7);
	assert_int_equal(select_group(&tree->root, "8", &number), -ENOENT);
	assert_int_equal(select_group(&tree->root, "-1", &number), -EINVAL);
	assert_int_equal(select_group(&tree->root, "../7", &number), -EINVAL);
	assert_int_equal(select_group(&tree->root, "4294967296", &number), -EINVAL);
	assert_int_equal(number, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(finds_devices),   tree_test(finds_no_device), tree_test(lists_candidates),
		tree_test(finds_multipath), tree_test(finds_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
