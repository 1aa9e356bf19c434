/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of machines that are not in the lab follow the kernel's source and documentation. */
#include "../pasid_claims.h"

#define ID    "0000:00:10.0"
#define PLACE "pci0000:00/" ID

#define check claims_check

static void absent(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, "proc");
	check(tree, "uio", 0, "", "no device of uio_pci_sva has been opened");
	check(tree, "uacce", 0, "", "no accelerator here has SVA");
	tree_link(tree, "sys/class/uio", "errno:13");
	tree_link(tree, "sys/class/uacce", "errno:13");
	tree_link(tree, "sys/class/accel", "errno:13");
	check(tree, "uio", -EACCES, "", "Permission denied");
	check(tree, "uacce", -EACCES, "", "Permission denied");
	check(tree, "amdxdna", -EACCES, "", "Permission denied");
}

static void make_uio(const struct tree *tree, const char *driver, const char *pasid)
{
	tree_pci(tree, PLACE, "6", "");
	tree_link(tree, "sys/devices/" PLACE "/driver", driver);
	tree_file(tree, "sys/devices/" PLACE "/pasid", pasid);
	tree_dir(tree, "sys/devices/" PLACE "/uio");
	tree_dir(tree, "sys/devices/" PLACE "/uio/uio0");
	tree_link(tree, "sys/class/uio/uio0", "../../devices/" PLACE "/uio/uio0");
	tree_dir(tree, "proc");
}

static void uio(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_sva", "2\n");
	check(tree, "uio", 1, "", "");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	tree_link(tree, "proc/20/fd/4", "/dev/uio0");
	tree_link(tree, "proc/40/fd/3", "/dev/uio1");
	check(tree, "uio", 1, ID " number 2-2 sva pid 20 uio0\n", "");
	/* Inherited it, through a parent that has closed it. */
	tree_link(tree, "proc/30/fd/3", "/dev/uio0");
	tree_file(tree, "proc/30/status", "Name:\tx\nPPid:\t25\n");
	tree_file(tree, "proc/25/status", "Name:\tx\nPPid:\t20\n");
	check(tree, "uio", 1, ID " number 2-2 sva pid 20 uio0\n", "");
	/* No kin. */
	tree_link(tree, "proc/50/fd/3", "/dev/uio0");
	tree_file(tree, "proc/50/status", "Name:\tx\nPPid:\t1\n");
	check(tree, "uio", 1, ID " number 2-2 sva pid - uio0\n", "");
}

static void uio_unseen(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_sva", "2\n");
	tree_link(tree, "proc/30/fd", "errno:13");
	check(tree, "uio", -EACCES, ID " stale 2-2 sva pid -13 uio0\n",
	      "some processes could not be examined");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	check(tree, "uio", 1, ID " number 2-2 sva pid 20 uio0\n",
	      "some processes could not be examined");
	assert_int_equal(renameat(tree->root.fd, "proc", tree->root.fd, "x"), 0);
	tree_link(tree, "proc", "errno:5");
	check(tree, "uio", -EIO, ID " stale 2-2 sva pid -5 uio0\n", "Input/output error");
}

#define NONE_OPENED "no device of uio_pci_sva has been opened"

/* -1 before the first process opens it; and whatever no number is. */
static void uio_numbers(void **state)
{
	static const struct {
		const char *pasid;
		int status;
		const char *claims, *reason;
	} cases[] = {
		{ "-1\n", 0, "", NONE_OPENED },
		{ "0\n", 0, "", NONE_OPENED },
		{ "x\n", 0, "", NONE_OPENED },
		{ "", 0, "", NONE_OPENED },
		{ "99999999999999999999\n", 0, "", NONE_OPENED },
		{ "1048576\n", 0, "", NONE_OPENED },
		{ "1048575\n", 1, ID " number 1048575-1048575 sva pid 20 uio0\n", "" },
		{ "1\n", 1, ID " number 1-1 sva pid 20 uio0\n", "" },
	};
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_sva", "2\n");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_file(tree, "sys/devices/" PLACE "/pasid", cases[i].pasid);
		check(tree, "uio", cases[i].status, cases[i].claims, cases[i].reason);
	}
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/" PLACE "/pasid", 0), 0);
	check(tree, "uio", 0, "", NONE_OPENED);
	tree_link(tree, "sys/devices/" PLACE "/pasid", "errno:5");
	check(tree, "uio", -EIO, "", "Input/output error");
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/" PLACE "/driver", 0), 0);
	check(tree, "uio", 0, "", NONE_OPENED);
	tree_link(tree, "sys/devices/" PLACE "/driver", "errno:13");
	check(tree, "uio", -EACCES, "", "Permission denied");
	assert_int_equal(unlinkat(tree->root.fd, "sys/bus/pci/devices/" ID, 0), 0);
	check(tree, "uio", 0, "", NONE_OPENED);
	/* No device of any bus, and none that could be read. */
	assert_int_equal(unlinkat(tree->root.fd, "sys/class/uio/uio0", 0), 0);
	tree_dir(tree, "sys/class/uio/uio0");
	check(tree, "uio", 0, "", NONE_OPENED);
	tree_link(tree, "sys/class/uio/uio1", "errno:13");
	check(tree, "uio", -EACCES, "", "Permission denied");
}

/* A second device, and a third that cannot be read: the claims of the others stand. */
static void uio_of_several_devices(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_sva", "2\n");
	tree_pci(tree, "pci0000:00/0000:00:11.0", "6", "");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:11.0/driver", "../uio_pci_sva");
	tree_file(tree, "sys/devices/pci0000:00/0000:00:11.0/pasid", "3\n");
	tree_link(tree, "sys/class/uio/uio1", "../../devices/pci0000:00/0000:00:11.0/uio/uio1");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	tree_link(tree, "proc/20/fd/4", "/dev/uio1");
	check(tree, "uio", 1,
	      ID " number 2-2 sva pid 20 uio0\n"
		 "0000:00:11.0 number 3-3 sva pid 20 uio1\n",
	      "");
	claims_check_device(tree, "uio", "0000:00:11.0",
			    "0000:00:11.0 number 3-3 sva pid 20 uio1\n");
	tree_file(tree, "sys/devices/pci0000:00/0000:00:11.0/pasid", "-1\n");
	check(tree, "uio", 1, ID " number 2-2 sva pid 20 uio0\n", "");
	tree_file(tree, "sys/devices/pci0000:00/0000:00:11.0/pasid", "3\n");
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/" PLACE "/pasid", 0), 0);
	tree_link(tree, "sys/devices/" PLACE "/pasid", "errno:5");
	check(tree, "uio", -EIO, "0000:00:11.0 number 3-3 sva pid 20 uio1\n", "Input/output error");
}

/* The process 1 has no forebears. A chain of 32 is followed, one of 33 not. */
static void uio_inherited(void **state)
{
	const struct tree *tree = *state;
	char path[64], text[64];

	make_uio(tree, "../uio_pci_sva", "2\n");
	tree_link(tree, "proc/1/fd/3", "/dev/uio0");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	tree_file(tree, "proc/20/status", "Name:\tx\nPPid:\t1\n");
	check(tree, "uio", 1, ID " number 2-2 sva pid 1 uio0\n", "");
	assert_int_equal(unlinkat(tree->root.fd, "proc/1/fd/3", 0), 0);
	tree_file(tree, "proc/20/status", "Name:\tx\nPPid:\t0\n");
	for (int pid = 100; pid < 133; pid++) {
		snprintf(path, sizeof(path), "proc/%d/status", pid);
		snprintf(text, sizeof(text), "Name:\tx\nPPid:\t%d\n", pid == 100 ? 20 : pid - 1);
		tree_file(tree, path, text);
	}
	tree_link(tree, "proc/131/fd/3", "/dev/uio0");
	check(tree, "uio", 1, ID " number 2-2 sva pid 20 uio0\n", "");
	assert_int_equal(unlinkat(tree->root.fd, "proc/131/fd/3", 0), 0);
	tree_link(tree, "proc/132/fd/3", "/dev/uio0");
	check(tree, "uio", 1, ID " number 2-2 sva pid - uio0\n", "");
}

static void uio_of_another_driver(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_generic", "2\n");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	check(tree, "uio", 0, "", NONE_OPENED);
}

/* Follows Documentation/ABI/testing/sysfs-driver-uacce and uacce_register(). */
static void make_uacce(const struct tree *tree, const char *flags)
{
	tree_pci(tree, PLACE, "6", "DRIVER=hisi_zip\n");
	tree_file(tree, "sys/devices/" PLACE "/uacce/hisi_zip-0/flags", flags);
	tree_link(tree, "sys/class/uacce/hisi_zip-0", "../../devices/" PLACE "/uacce/hisi_zip-0");
	tree_link(tree, "proc/20/fd/3", "/dev/hisi_zip-0");
}

static void uacce(void **state)
{
	const struct tree *tree = *state;

	make_uacce(tree, "1\n");
	tree_link(tree, "proc/20/fd/4", "/dev/hisi_zip-0");
	tree_link(tree, "proc/21/fd/4", "/dev/hisi_zip-1");
	check(tree, "uacce", 1, ID " some 0-0 sva pid 20 hisi_zip-0\n", "");
}

static void uacce_without_sva(void **state)
{
	const struct tree *tree = *state;

	make_uacce(tree, "0\n");
	check(tree, "uacce", 0, "", "no accelerator here has SVA");
	tree_file(tree, "sys/devices/" PLACE "/uacce/hisi_zip-0/flags", "2\n");
	check(tree, "uacce", 0, "", "no accelerator here has SVA");
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/" PLACE "/uacce/hisi_zip-0/flags", 0),
			 0);
	check(tree, "uacce", 0, "", "no accelerator here has SVA");
	assert_int_equal(
		unlinkat(tree->root.fd, "sys/devices/" PLACE "/uacce/hisi_zip-0", AT_REMOVEDIR), 0);
	check(tree, "uacce", 0, "", "no accelerator here has SVA");
}

/* Two with SVA, one without, and one that cannot be read. */
static void uacce_of_several_devices(void **state)
{
	const struct tree *tree = *state;

#define ZIP_0 ID " some 0-0 sva pid 20 hisi_zip-0\n" ID " some 0-0 sva pid 22 hisi_zip-0\n"
#define ZIP_1 "0000:00:11.0 some 0-0 sva pid 21 hisi_zip-1\n"
	make_uacce(tree, "3\n");
	tree_pci(tree, "pci0000:00/0000:00:11.0", "7", "");
	tree_file(tree, "sys/devices/pci0000:00/0000:00:11.0/uacce/hisi_zip-1/flags", "0x1\n");
	tree_link(tree, "sys/class/uacce/hisi_zip-1",
		  "../../devices/pci0000:00/0000:00:11.0/uacce/hisi_zip-1");
	tree_file(tree, "sys/devices/pci0000:00/0000:00:11.0/uacce/hisi_zip-2/flags", "0\n");
	tree_link(tree, "sys/class/uacce/hisi_zip-2",
		  "../../devices/pci0000:00/0000:00:11.0/uacce/hisi_zip-2");
	tree_link(tree, "proc/21/fd/4", "/dev/hisi_zip-1");
	tree_link(tree, "proc/21/fd/5", "/dev/hisi_zip-2");
	tree_link(tree, "proc/22/fd/4", "/dev/hisi_zip-0");
	check(tree, "uacce", 1, ZIP_0 ZIP_1, "");
	claims_check_device(tree, "uacce", "0000:00:11.0", ZIP_1);
	tree_link(tree, "proc/30/fd", "errno:13");
	check(tree, "uacce", -EACCES, ZIP_0 ZIP_1, "some processes could not be examined");
	assert_int_equal(unlinkat(tree->root.fd, "proc/30/fd", 0), 0);
	/* Of no device. */
	tree_file(tree, "sys/class/uacce/hisi_zip-00/flags", "1\n");
	check(tree, "uacce", -ENODEV, ZIP_0 ZIP_1, "No such device");
	tree_link(tree, "sys/class/uacce/hisi_zip-3", "errno:5");
	check(tree, "uacce", -EIO, ZIP_0 ZIP_1, "Input/output error");
}

/* Follows accel_sysfs_init() and drm_minor_register(); parameters from amdxdna_iommu.c. */
static void make_accel(const struct tree *tree, const char *driver)
{
	tree_pci(tree, PLACE, "6", "");
	tree_link(tree, "sys/devices/" PLACE "/driver", driver);
	tree_link(tree, "sys/devices/" PLACE "/accel/accel0/device", "../../../" ID);
	tree_link(tree, "sys/class/accel/accel0", "../../devices/" PLACE "/accel/accel0");
	tree_link(tree, "proc/20/fd/3", "/dev/accel/accel0");
	tree_link(tree, "proc/20/fd/4", "/dev/accel/accel0");
	tree_link(tree, "proc/21/fd/3", "/dev/accel/accel1");
	tree_link(tree, "proc/22/fd/7", "/dev/accel/accel0");
}

static void amdxdna(void **state)
{
	const struct tree *tree = *state;
	static const char claims[] =
		ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n";

	make_accel(tree, "../../../bus/pci/drivers/amdxdna");
	check(tree, "amdxdna", 1, claims, "");
	tree_file(tree, "sys/module/amdxdna/parameters/force_iova", "N\n");
	check(tree, "amdxdna", 1, claims, "");
	tree_file(tree, "sys/module/amdxdna/parameters/force_iova", "Y\n");
	check(tree, "amdxdna", 0, "", "amdxdna has force_iova on: it binds no process");
}

static void amdxdna_unseen(void **state)
{
	const struct tree *tree = *state;

	make_accel(tree, "../../../bus/pci/drivers/amdxdna");
	tree_link(tree, "proc/30/fd", "errno:13");
	check(tree, "amdxdna", -EACCES,
	      ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n",
	      "some processes could not be examined");
}

/* Only root can read the parameter (0600). */
static void amdxdna_denied(void **state)
{
	const struct tree *tree = *state;

	make_accel(tree, "../../../bus/pci/drivers/amdxdna");
	tree_link(tree, "sys/module/amdxdna/parameters/force_iova", "errno:13");
	check(tree, "amdxdna", -EACCES,
	      ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n",
	      "whether amdxdna has force_iova on could not be read");
}

/* A second NPU, a card of another driver, and a node of no device. */
static void amdxdna_of_several_devices(void **state)
{
	const struct tree *tree = *state;
	static const char accel0[] =
		ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n";
	static const char all[] =
		ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n"
		   "0000:00:11.0 some 0-0 sva pid 21 accel1\n";

	make_accel(tree, "../../../bus/pci/drivers/amdxdna");
	tree_pci(tree, "pci0000:00/0000:00:11.0", "6", "");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:11.0/driver", "../drivers/intel_vpu");
	tree_link(tree, "sys/devices/pci0000:00/0000:00:11.0/accel/accel1/device",
		  "../../../0000:00:11.0");
	tree_link(tree, "sys/class/accel/accel1",
		  "../../devices/pci0000:00/0000:00:11.0/accel/accel1");
	check(tree, "amdxdna", 1, accel0, "");
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/pci0000:00/0000:00:11.0/driver", 0),
			 0);
	tree_link(tree, "sys/devices/pci0000:00/0000:00:11.0/driver", "../drivers/amdxdna");
	check(tree, "amdxdna", 1, all, "");
	claims_check_device(tree, "amdxdna", "0000:00:11.0",
			    "0000:00:11.0 some 0-0 sva pid 21 accel1\n");
	tree_link(tree, "sys/class/accel/accel00/device/driver", "../drivers/amdxdna");
	check(tree, "amdxdna", -ENODEV, all, "No such device");
	/* The devices' own error counts, not the parameter's. */
	tree_link(tree, "sys/module/amdxdna/parameters/force_iova", "errno:13");
	check(tree, "amdxdna", -ENODEV, all, "No such device");
}

static void accel_of_another_driver(void **state)
{
	const struct tree *tree = *state;

	make_accel(tree, "../../../bus/pci/drivers/intel_vpu");
	check(tree, "amdxdna", 0, "", "no accelerator has the driver amdxdna");
	tree_link(tree, "sys/module/amdxdna/parameters/force_iova", "errno:13");
	check(tree, "amdxdna", 0, "", "no accelerator has the driver amdxdna");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(absent),
		tree_test(uio),
		tree_test(uio_unseen),
		tree_test(uio_numbers),
		tree_test(uio_of_several_devices),
		tree_test(uio_inherited),
		tree_test(uacce),
		tree_test(uio_of_another_driver),
		tree_test(uacce_without_sva),
		tree_test(uacce_of_several_devices),
		tree_test(amdxdna),
		tree_test(amdxdna_unseen),
		tree_test(amdxdna_denied),
		tree_test(amdxdna_of_several_devices),
		tree_test(accel_of_another_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
