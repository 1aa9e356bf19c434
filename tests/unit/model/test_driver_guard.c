/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The obstacle reported for each fact of a device, or for one that could not be read. */
#include "../obstacles.h"

#include "sys/block.h"
#include "sys/netlink.h"
#include "util/array.h"

#define ID   "0000:01:00.0"
#define PATH "/sys/devices/pci0000:00/" ID

/* Block devices claimed by the kernel; "!" before the name: unknown. */
static const char *claimed[4];

int __wrap_sys_block_claimed(const char *name);

int __wrap_sys_block_claimed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(claimed) && claimed[i]; i++) {
		if (strcmp(claimed[i], name) == 0)
			return 1;
		if (*claimed[i] == '!' && strcmp(claimed[i] + 1, name) == 0)
			return -EACCES;
	}
	return 0;
}

/* A device without obstacles. */
static struct device bare(void)
{
	return (struct device){ .id = (char *)ID,
				.bus = (char *)"pci",
				.path = { (char *)PATH, 1 },
				.class = field_u64(0x020000),
				.nets_status = 1,
				.blocks_status = 1,
				.openers_status = 1 };
}

static void guard(const struct tree *tree, const struct device *device, const char *expected)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };

	driver_guard_device(&tree->root, device, GUARD_ALL, &list);
	assert_int_equal(list.error, 0);
	obstacles_check(&list, ID, expected);
}

static void functions(void **state)
{
	const struct tree *tree = *state;
	struct device device = bare();

	guard(tree, &device, "");
	device.class = field_u64(0x060400);
	guard(tree, &device, "bridge: it is a bridge\n");
	device.class_name = (struct field_str){ (char *)"isa bridge", 1 };
	guard(tree, &device, "bridge: it is an isa bridge\n");
	device.class = field_u64(0x050000);
	guard(tree, &device, "");
	device.class = field_u64(0x070000);
	guard(tree, &device, "");
	device.class = field_u64_error(-EACCES);
	guard(tree, &device, "unknown bridge: its class could not be read: Permission denied\n");
	device.class = (struct field_u64){ 0 };
	guard(tree, &device, "");
}

static void virtual_functions(void **state)
{
	const struct tree *tree = *state;
	struct device device = bare();

	device.sriov_numvfs = field_u64(0);
	guard(tree, &device, "");
	device.sriov_numvfs = field_u64(1);
	guard(tree, &device,
	      "virtual-functions: it has 1 virtual function [echo 0 > " PATH "/sriov_numvfs]\n");
	device.sriov_numvfs = (struct field_u64){ .value = 3, .status = -EACCES };
	guard(tree, &device, "");
	/* A bridge has both, in this order. */
	device.sriov_numvfs = field_u64(256);
	device.class = field_u64(0x060000);
	device.path = (struct field_str){ 0 };
	guard(tree, &device,
	      "bridge: it is a bridge\n"
	      "virtual-functions: it has 256 virtual functions [echo 0 > /sriov_numvfs]\n");
}

/* Interfaces that are up, down, or unknown; a name that needs quoting. */
static void networks(void **state)
{
	const struct tree *tree = *state;
	struct device_net nets[] = {
		{ (char *)"eth0", field_u64(1) },
		{ (char *)"eth1", field_u64(0) },
		{ (char *)"eth2", field_u64_error(-EBADMSG) },
		{ (char *)"eth3", { 0 } },
		{ (char *)"e;x", field_u64(1) },
	};
	struct device device = bare();

	tree_link(tree, "sys/class/net/eth0/master", "../../../virtual/net/br0");
	device.nets = nets;
	device.n_nets = ARRAY_SIZE(nets);
	guard(tree, &device,
	      "network: eth0 is up and a part of br0 [ip link set dev eth0 down]\n"
	      "unknown network: eth2 could not be read: Bad message\n"
	      "network: e;x is up [ip link set dev 'e;x' down]\n");
	device.n_nets = 0;
	device.nets_status = -EACCES;
	guard(tree, &device,
	      "unknown network: the network interfaces could not be read: Permission denied\n");
}

/* The route to the machine: through the interface, or a few levels of others above it. */
static void default_routes(void **state)
{
	const struct tree *tree = *state;
	struct device_net nets[] = { { (char *)"eth0", field_u64(1) },
				     { (char *)"eth1", field_u64(1) } };
	struct device device = bare();

	device.nets = nets;
	device.n_nets = 2;
	tree_file(tree, NETLINK_ROUTES_CAPTURED "/eth0", "");
	tree_dir(tree, "sys/class/net/eth1/lower_x");
	guard(tree, &device,
	      "network: eth0 is up, with a default route [ip link set dev eth0 down]\n"
	      "network: eth1 is up [ip link set dev eth1 down]\n");
	device.n_nets = 1;
	assert_int_equal(unlinkat(tree->root.fd, NETLINK_ROUTES_CAPTURED "/eth0", 0), 0);
	tree_file(tree, NETLINK_ROUTES_CAPTURED "/up8", "");
	tree_link(tree, "sys/class/net/eth0/master", "../../../virtual/net/up1");
	tree_dir(tree, "sys/class/net/eth0/upper_other");
	tree_dir(tree, "sys/class/net/eth0/upper_up1");
	for (int i = 1; i < 8; i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/class/net/up%d/upper_up%d", i, i + 1);
		tree_dir(tree, path);
	}
	guard(tree, &device,
	      "network: eth0 is up and a part of up1, with a default route over up8 "
	      "[ip link set dev eth0 down]\n");
	/* One level more is too many, and a circle has no end. */
	assert_int_equal(unlinkat(tree->root.fd, NETLINK_ROUTES_CAPTURED "/up8", 0), 0);
	tree_file(tree, NETLINK_ROUTES_CAPTURED "/up9", "");
	tree_dir(tree, "sys/class/net/up8/upper_up9");
	tree_dir(tree, "sys/class/net/up2/upper_up1");
	guard(tree, &device, "network: eth0 is up and a part of up1 [ip link set dev eth0 down]\n");
}

/* An empty directory `net` means interfaces in another network namespace. */
static void namespaces(void **state)
{
	const struct tree *tree = *state;
	struct device_block swap = { .name = (char *)"sda", .uses_status = 1, .swap = true };
	struct device device = bare();

	tree_dir(tree, &(PATH)[1]);
	guard(tree, &device, "");
	tree_dir(tree, &(PATH "/net")[1]);
	guard(tree, &device,
	      "network: a network interface of it is in another network namespace\n");
	device.path.status = -EACCES;
	guard(tree, &device, "");
	device.blocks = &swap;
	device.n_blocks = 1;
	guard(tree, &device, "swap: /dev/sda is in use as swap [swapoff /dev/sda]\n");
	device.n_blocks = 0;
	device.path.status = 1;
	tree_dir(tree, &(PATH "/net/eth0")[1]);
	guard(tree, &device, "");
}

static void uses_of_disks(void **state)
{
	const struct tree *tree = *state;
	char *points[] = { (char *)"/", (char *)"/a b" }, *other[] = { (char *)"/c" };
	struct device_block blocks[] = {
		{ .name = (char *)"sda", .uses_status = 1, .swap = true },
		{ .name = (char *)"sda1",
		  .parent = (char *)"sda",
		  .uses_status = 1,
		  .mounts = { points, 2 } },
		{ .name = (char *)"sda2",
		  .parent = (char *)"sda",
		  .uses_status = -EIO,
		  .mounts = { other, 1 },
		  .swap = true },
		{ .name = (char *)"sda3", .parent = (char *)"sda", .uses_status = 1 },
	};
	struct device device = bare();

	device.blocks = blocks;
	device.n_blocks = ARRAY_SIZE(blocks);
	guard(tree, &device,
	      "swap: /dev/sda is in use as swap [swapoff /dev/sda]\n"
	      "mount: /dev/sda1 is mounted on / [umount /]\n"
	      "mount: /dev/sda1 is mounted on /a b [umount '/a b']\n"
	      "unknown mount: /dev/sda2 could not be read: Input/output error\n"
	      "mount: /dev/sda2 is mounted on /c [umount /c]\n"
	      "swap: /dev/sda2 is in use as swap [swapoff /dev/sda2]\n");
	device.n_blocks = 0;
	device.blocks_status = -EACCES;
	guard(tree, &device,
	      "unknown mount: the block devices could not be read: Permission denied\n");
}

/* md, LUKS, LVM, an unnamed one, and the disk of a multipath NVMe. */
static void stacked_devices(void **state)
{
	static const char *const names[] = { "md127", "dm-0", "dm-1", "dm-2", "dm-3", "nvme2n1" };
	const struct tree *tree = *state;
	struct device_block blocks[ARRAY_SIZE(names)];
	struct device device = bare();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		blocks[i] = (struct device_block){ .name = (char *)names[i],
						   .parent = (char *)"sda1",
						   .stacked = true,
						   .uses_status = 1 };
	tree_file(tree, "sys/class/block/dm-0/dm/name", "luks-1\n");
	tree_file(tree, "sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-1\n");
	tree_file(tree, "sys/class/block/dm-1/dm/name", "vg-a b\n");
	tree_file(tree, "sys/class/block/dm-1/dm/uuid", "LVM-CRYPT-\n");
	tree_file(tree, "sys/class/block/dm-2/dm/name", "bare\n");
	tree_file(tree, "sys/class/block/dm-3/dm/name", "\n");
	device.blocks = blocks;
	device.n_blocks = ARRAY_SIZE(blocks);
	guard(tree, &device,
	      "stacked: /dev/sda1 is held by md127 [mdadm --stop /dev/md127]\n"
	      "stacked: /dev/sda1 is held by dm-0 (luks-1) [cryptsetup close luks-1]\n"
	      "stacked: /dev/sda1 is held by dm-1 (vg-a b) [dmsetup remove 'vg-a b']\n"
	      "stacked: /dev/sda1 is held by dm-2 (bare) [dmsetup remove bare]\n"
	      "stacked: /dev/sda1 is held by dm-3\n");
	blocks[0].stacked = false;
	device.n_blocks = 1;
	guard(tree, &device, "");
}

/*
 * On a live machine, if there is no other explanation: a claim on a partition is one on its disk
 * too.
 */
static void claims(void **state)
{
	const struct tree *tree = *state;
	struct tree live = *tree;
	struct device_block blocks[] = {
		{ .name = (char *)"sda", .uses_status = 1 },
		{ .name = (char *)"sda1", .parent = (char *)"sda", .uses_status = 1 },
		{ .name = (char *)"sdb", .uses_status = 1 }
	};
	struct device device = bare();

#define CLAIMED(node) \
	"claimed: /dev/" node " is held in the kernel, by another mount namespace or a pool\n"
	live.root.captured = false;
	device.blocks = blocks;
	device.n_blocks = ARRAY_SIZE(blocks);
	memset(claimed, 0, sizeof(claimed));
	guard(&live, &device, "");
	claimed[0] = "!sda";
	guard(&live, &device, "");
	claimed[0] = "sda";
	guard(&live, &device, CLAIMED("sda"));
	claimed[1] = "sda1";
	guard(&live, &device, CLAIMED("sda1"));
	claimed[2] = "sdb";
	guard(&live, &device, CLAIMED("sda1") CLAIMED("sdb"));
	guard(tree, &device, "");
	blocks[2].swap = true;
	guard(&live, &device, "swap: /dev/sdb is in use as swap [swapoff /dev/sdb]\n");
	memset(claimed, 0, sizeof(claimed));
}

static void openers(void **state)
{
	const struct tree *tree = *state;
	struct device_opener of[] = {
		{ .pid = 7, .comm = (char *)"qemu", .node = (char *)"/dev/vfio/6" },
		{ .pid = 8,
		  .comm = (char *)"dpdk",
		  .node = (char *)"/dev/uio0",
		  .unit = (char *)"d p.service",
		  .service = true },
		{ .pid = 9,
		  .comm = (char *)"x",
		  .node = (char *)"/dev/uio0",
		  .unit = (char *)"y.service" },
		{ .pid = 10, .comm = (char *)"ioasid:vm1", .node = (char *)"/dev/vfio/6" },
	};
	struct device device = bare();

	device.openers = of;
	device.n_openers = ARRAY_SIZE(of);
	guard(tree, &device,
	      "in-use: process 7 (qemu) has /dev/vfio/6 open [kill 7] (7)\n"
	      "in-use: process 8 (dpdk) has /dev/uio0 open [systemctl stop 'd p.service'] (8)\n"
	      "in-use: process 9 (x) has /dev/uio0 open [kill 9] (9)\n"
	      "in-use: process 10 (ioasid:vm1) has /dev/vfio/6 open (10)\n");
}

/* Unreadable processes matter if unbinding waits for an open node, or if a disk may be open. */
static void openers_unknown(void **state)
{
#define UNSEEN \
	"unknown in-use: the open files of all processes could not be read: Permission denied\n"
	const struct tree *tree = *state;
	struct device_block block = { .name = (char *)"sda", .uses_status = 1 };
	struct device device = bare();

	device.openers_status = -EACCES;
	guard(tree, &device, "");
	device.driver = (struct field_str){ (char *)"vfio-pci", 1 };
	guard(tree, &device, UNSEEN);
	device.driver.value = (char *)"igb_uio";
	guard(tree, &device, UNSEEN);
	device.driver.value = (char *)"ahci";
	guard(tree, &device, "");
	device.blocks = &block;
	device.n_blocks = 1;
	guard(tree, &device, UNSEEN);
	device.openers_status = 1;
	guard(tree, &device, "");
}

/* A command with an unprintable byte cannot be copied. */
static void commands_that_can_be_shown(void **state)
{
	const struct tree *tree = *state;
	struct device_net nets[] = { { (char *)"e\001x", field_u64(1) } };
	struct device device = bare();

	device.nets = nets;
	device.n_nets = 1;
	guard(tree, &device, "network: e\001x is up\n");
}

static int try_guard(void *data)
{
	const struct tree *tree = data;
	_cleanup_finding_list_ struct finding_list list = { 0 };
	struct device_net nets[] = { { (char *)"eth0", field_u64(1) },
				     { (char *)"eth1", field_u64_error(-EIO) } };
	char *points[] = { (char *)"/" };
	struct device_block blocks[] = {
		{ .name = (char *)"sda",
		  .uses_status = -EIO,
		  .mounts = { points, 1 },
		  .swap = true },
		{ .name = (char *)"md1", .parent = (char *)"sda", .stacked = true }
	};
	struct device_opener opener = { .pid = 7,
					.comm = (char *)"qemu",
					.node = (char *)"/dev/vfio/6" };
	struct device device = bare();

	device.class = field_u64(0x060000);
	device.sriov_numvfs = field_u64(1);
	device.nets = nets;
	device.n_nets = 2;
	device.blocks = blocks;
	device.n_blocks = 2;
	device.openers = &opener;
	device.n_openers = 1;
	device.openers_status = -EACCES;
	driver_guard_device(&tree->root, &device, GUARD_ALL, &list);
	assert_true(list.error < 0 || list.n == 10);
	return list.error;
}

static void runs_out_of_memory(void **state)
{
	memory_exhaust(try_guard, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(functions),
		tree_test(virtual_functions),
		tree_test(networks),
		tree_test(default_routes),
		tree_test(namespaces),
		tree_test(uses_of_disks),
		tree_test(stacked_devices),
		tree_test(claims),
		tree_test(openers),
		tree_test(openers_unknown),
		tree_test(commands_that_can_be_shown),
		tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
