/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>

#include "model/machine/device.h"
#include "model/machine/gather.h"
#include "model/machine/group.h"

#define NIC_UEVENT \
	"DRIVER=e1000e\nPCI_CLASS=20000\nPCI_ID=8086:10D3\nPCI_SUBSYS_ID=8086:A01F\n" \
	"PCI_SLOT_NAME=0000:00:03.0\nMODALIAS=pci:v00008086d000010D3sv0sd0bc02sc00i00\n"
#define NIC  "pci0000:00/0000:00:03.0"
#define ROOT "sys/devices/" NIC "/"

static const struct device *find(const struct device_list *list, const char *id)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].id, id) == 0)
			return &list->v[i];
	fail_msg("no device %s", id);
	return NULL;
}

static void lists_nothing(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_list_ struct device_list list = { 0 };
	_cleanup_group_list_ struct group_list groups = { 0 };

	assert_int_equal(device_list(&tree->root, DEVICE_NEED_ALL, &list), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(group_list(&tree->root, GROUP_NEED_ALL, DEVICE_NEED_ALL, &groups), 0);
	assert_int_equal(groups.n, 0);
}

static void lists_all_buses(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_list_ struct device_list list = { 0 };

	tree_pci(tree, "pci0000:00/0000:00:1f.0", NULL, "");
	tree_pci(tree, "pci0000:00/0000:00:10.0", "12", "");
	tree_pci(tree, "pci10000:e0/10000:e0:01.0", "4000000000", "");
	tree_file(tree, "sys/devices/platform/dma0/uevent", "DRIVER=pl330\n");
	tree_link(tree, "sys/devices/platform/dma0/subsystem", "../../../bus/platform");
	tree_link(tree, "sys/kernel/iommu_groups/7/devices/dma0",
		  "../../../../devices/platform/dma0");
	tree_link(tree, "sys/kernel/iommu_groups/7/devices/gone", "../../../../devices/gone");
	tree_link(tree, "sys/kernel/iommu_groups/nonsense/devices/x", "/");
	assert_int_equal(device_list(&tree->root,
				     DEVICE_NEED_PATH | DEVICE_NEED_GROUP | DEVICE_NEED_DRIVER,
				     &list),
			 0);
	assert_int_equal(list.n, 5);
	assert_string_equal(list.v[0].id, "0000:00:10.0");
	assert_string_equal(list.v[1].id, "0000:00:1f.0");
	assert_string_equal(list.v[2].id, "10000:e0:01.0");
	assert_int_equal(list.v[0].group.value, 12);
	assert_string_equal(list.v[0].path.value, "/sys/devices/pci0000:00/0000:00:10.0");
	assert_int_equal(list.v[1].group.status, 0);
	assert_true(list.v[2].group.value == UINT64_C(4000000000));
	assert_string_equal(find(&list, "dma0")->bus, "platform");
	assert_int_equal(find(&list, "dma0")->group.value, 7);
	/* Removed, or not captured: listed as unreadable. */
	assert_int_equal(find(&list, "gone")->driver.status, -ENODEV);
}

static void reads_facts(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	tree_pci(tree, NIC, "3", NIC_UEVENT);
	tree_file(tree, ROOT "driver_override", "(null)\n");
	tree_file(tree, ROOT "numa_node", "-1\n");
	tree_file(tree, ROOT "sriov_totalvfs", "7\n");
	tree_link(tree, ROOT "sriov_numvfs", "errno:13");
	tree_file(tree, ROOT "power/runtime_status", "active\n");
	tree_link(tree, ROOT "iommu", "../../virtual/iommu/dmar0");
	tree_dir(tree, ROOT "vfio-dev/vfio3");
	tree_link(tree, "sys/class/vfio/3", "../../devices/virtual/vfio/3");
	assert_int_equal(device_get(&tree->root, "/sys/bus/pci/devices/0000:00:03.0",
				    DEVICE_NEED_ALL, &device),
			 0);
	assert_string_equal(device.path.value, "/sys/devices/" NIC);
	assert_string_equal(device.bus, "pci");
	assert_string_equal(device.driver.value, "e1000e");
	assert_int_equal(device.vendor.value, 0x8086);
	assert_int_equal(device.device.value, 0x10d3);
	assert_int_equal(device.subsystem_device.value, 0xa01f);
	assert_int_equal(device.class.value, 0x020000);
	assert_string_equal(device.class_name.value, "ethernet");
	assert_int_equal(device.group.value, 3);
	assert_string_equal(device.iommu.value, "dmar0");
	assert_int_equal(device.driver_override.status, 0);
	assert_int_equal(device.numa_node.status, 0);
	assert_int_equal(device.sriov_totalvfs.value, 7);
	assert_int_equal(device.sriov_numvfs.status, -EACCES);
	assert_int_equal(device.physfn.status, 0);
	assert_string_equal(device.power.value, "active");
	assert_string_equal(device.vfio_cdev.value, "vfio3");
	assert_int_equal(device.vfio_group.value, 3);
	assert_false(device_is_bridge(&device));
	assert_int_equal(device_get(&tree->root, "/sys/bus/pci/devices/none", 0, &device), -ENODEV);
	assert_int_equal(device_get(&tree->root, "/etc", 0, &device), -ENODEV);
	assert_int_equal(device_get(&tree->root, "/sys/", 0, &device), -ENODEV);
}

static void reads_single_files(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };
	char place[256];

	tree_pci(tree, NIC, "3", "");
	assert_int_equal(unlink(tree_place(tree, ROOT "uevent", place, sizeof(place))), 0);
	tree_file(tree, ROOT "vendor", "0x8086\n");
	tree_file(tree, ROOT "device", "0x10d3\n");
	tree_file(tree, ROOT "class", "0x060400\n");
	tree_link(tree, ROOT "driver", "../../../bus/pci/drivers/pcieport");
	assert_int_equal(device_get(&tree->root, "/sys/devices/" NIC,
				    DEVICE_NEED_IDS | DEVICE_NEED_NAME | DEVICE_NEED_CLASS,
				    &device),
			 0);
	assert_int_equal(device.device.value, 0x10d3);
	assert_string_equal(device.driver.value, "pcieport");
	assert_true(device_is_bridge(&device));
	assert_int_equal(device.subsystem_vendor.status, 0);
}

static void refuses_wrong_numbers(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device device = { 0 };

	tree_pci(tree, NIC, "3",
		 "PCI_CLASS=1020000\nPCI_ID=8086\nPCI_SUBSYS_ID=18086:-1\nMODALIAS=\n");
	tree_file(tree, ROOT "numa_node", "-2\n");
	tree_file(tree, ROOT "sriov_totalvfs", "7x\n");
	assert_int_equal(device_get(&tree->root, "/sys/devices/" NIC, DEVICE_NEED_ALL, &device), 0);
	assert_int_equal(device.class.status, -EBADMSG);
	assert_int_equal(device.class_name.status, -EBADMSG);
	assert_int_equal(device.vendor.status, -EBADMSG);
	assert_int_equal(device.subsystem_vendor.status, -EBADMSG);
	assert_int_equal(device.subsystem_device.status, -EBADMSG);
	assert_int_equal(device.numa_node.status, -EBADMSG);
	assert_int_equal(device.sriov_totalvfs.status, -EINVAL);
}

static void leaves_sleepers_alone(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device asleep = { 0 }, woken = { 0 };
	uint8_t config[256] = { 0x86, 0x80 };

	tree_pci(tree, NIC, "3", NIC_UEVENT);
	tree_data(tree, ROOT "config", config, sizeof(config));
	tree_file(tree, ROOT "power/runtime_status", "suspended\n");
	assert_int_equal(device_get(&tree->root, "/sys/devices/" NIC, DEVICE_NEED_CAPS, &asleep),
			 0);
	assert_int_equal(asleep.caps.pasid.status, -EAGAIN);
	assert_int_equal(device_get(&tree->root, "/sys/devices/" NIC,
				    DEVICE_NEED_CAPS | DEVICE_WAKE, &woken),
			 0);
	assert_int_equal(woken.caps.pasid.status, 1);
	assert_int_equal(woken.caps.pasid.value, 0);
}

/* A VF has PASID and PRI of its PF, but its own ATS. */
static void asks_the_pf(void **state)
{
	const struct tree *tree = *state;
	_cleanup_device_ struct device vf = { 0 }, asleep = { 0 };
	uint8_t config[4096] = { 0x86, 0x80 };

	tree_pci(tree, NIC, "3", "");
	tree_pci(tree, "pci0000:00/0000:00:03.1", "4", "");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:03.1/physfn", "../0000:00:03.0");
	tree_data(tree, "sys/devices/pci0000:00/0000:00:03.1/config", config, sizeof(config));
	config[0x100] = 0x1b;
	config[0x105] = 16;
	tree_data(tree, ROOT "config", config, sizeof(config));
	assert_int_equal(
		device_get(&tree->root, "/sys/bus/pci/devices/0000:00:03.1", DEVICE_NEED_CAPS, &vf),
		0);
	assert_int_equal(vf.caps.pasid.value, 1);
	assert_int_equal(vf.caps.pasid_width.value, 16);
	assert_int_equal(vf.caps.ats.status, 1);
	assert_int_equal(vf.caps.ats.value, 0);
	tree_file(tree, ROOT "power/runtime_status", "suspended\n");
	assert_int_equal(device_get(&tree->root, "/sys/bus/pci/devices/0000:00:03.1",
				    DEVICE_NEED_CAPS, &asleep),
			 0);
	assert_int_equal(asleep.caps.pasid.status, -EAGAIN);
	assert_int_equal(asleep.caps.ats.status, 1);
}

static void check_owns(const char *path, bool owned)
{
	assert_int_equal(gather_owns("/sys/devices/pci0000:00/0000:00:03.0", path), owned);
}

static void tells_owners(void **state)
{
	(void)state;
	check_owns("/sys/devices/pci0000:00/0000:00:03.0/net/eth0", true);
	check_owns("/sys/devices/pci0000:00/0000:00:03.0/virtio0/net/eth0", true);
	check_owns("/sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/net/eth0", false);
	check_owns("/sys/devices/pci0000:00/0000:00:03.0/pci10000:e0/10000:e0:01.0/net/e", false);
	check_owns("/sys/devices/pci0000:00/0000:00:03.00/net/eth0", false);
	check_owns("/sys/devices/pci0000:00/0000:00:03.0", false);
}

/* Takes over groups up to number 10. */
static int take_group(struct group *group, void *data)
{
	struct group *taken = data;

	taken += taken->members != NULL;
	*taken = *group;
	*group = (struct group){ 0 };
	return taken->number == 10 ? 7 : 0;
}

static void gets_one_group_after_the_other(const struct tree *tree)
{
	struct group taken[3] = { 0 };

	tree_dir(tree, "sys/kernel/iommu_groups/11/devices");
	assert_int_equal(group_each(&tree->root, GROUP_NEED_MEMBERS, 0, take_group, taken), 7);
	assert_int_equal(taken[0].number, 9);
	assert_int_equal(taken[1].number, 10);
	assert_int_equal(taken[1].n_members, 2);
	assert_null(taken[2].members);
	for (size_t i = 0; i < 3; i++)
		group_done(&taken[i]);
}

static void lists_groups(void **state)
{
	const struct tree *tree = *state;
	_cleanup_group_list_ struct group_list list = { 0 };
	_cleanup_group_ struct group one = { 0 };

	tree_pci(tree, "pci0000:00/0000:00:10.0", "10", "");
	tree_pci(tree, "pci0000:00/0000:00:0a.0", "10", "");
	tree_pci(tree, NIC, "9", "");
	tree_file(tree, "sys/kernel/iommu_groups/10/type", "DMA-FQ\n");
	tree_link(tree, "sys/kernel/iommu_groups/9/type", "errno:4");
	tree_file(tree, "sys/kernel/iommu_groups/10/reserved_regions",
		  "0x00000000fee00000 0x00000000feefffff msi\n"
		  "0x0000000000000000 0xffffffffffffffff direct-relaxable\n");
	tree_file(tree, "sys/kernel/iommu_groups/9/reserved_regions", "0x1 0x2\n0x1 0x2 msi\n");
	tree_dir(tree, "sys/kernel/iommu_groups/4294967296");
	tree_dir(tree, "sys/kernel/iommu_groups/+1");
	assert_int_equal(group_list(&tree->root, GROUP_NEED_ALL, 0, &list), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.v[0].number, 9);
	assert_int_equal(list.v[0].type.status, -EINTR);
	assert_int_equal(list.v[0].regions_status, -EBADMSG);
	assert_int_equal(list.v[0].n_regions, 1);
	assert_string_equal(list.v[1].type.value, "DMA-FQ");
	assert_int_equal(list.v[1].n_members, 2);
	assert_string_equal(list.v[1].members[0].id, "0000:00:0a.0");
	assert_int_equal(list.v[1].n_regions, 2);
	assert_true(list.v[1].regions[1].end == UINT64_MAX);
	assert_string_equal(list.v[1].regions[1].type, "direct-relaxable");
	assert_int_equal(group_get(&tree->root, 11, GROUP_NEED_ALL, 0, &one), -ENOENT);
	assert_int_equal(group_get(&tree->root, 10, GROUP_NEED_MEMBERS, 0, &one), 0);
	assert_int_equal(one.type.status, 0);
	assert_int_equal(one.n_members, 2);
	gets_one_group_after_the_other(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(lists_nothing),         tree_test(lists_all_buses),
		tree_test(reads_facts),           tree_test(reads_single_files),
		tree_test(refuses_wrong_numbers), tree_test(leaves_sleepers_alone),
		tree_test(asks_the_pf),           cmocka_unit_test(tells_owners),
		tree_test(lists_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
