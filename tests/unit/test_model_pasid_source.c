/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of machines that the lab has not are written after the kernel's source and documentation. */
#include "pasid_claims.h"

#include <errno.h>

#define ID    "0000:00:10.0"
#define PLACE "pci0000:00/" ID

static void check(const struct tree *tree, const char *source, int status, const char *text,
		  const char *reason)
{
	struct claims claims;

	assert_int_equal(claims_read(tree, claims_source(source), &claims), status);
	assert_string_equal(claims.text, text);
	assert_string_equal(claims.reason, reason);
}

static void absent(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, "proc");
	check(tree, "uio", 0, "", "no device of uio_pci_sva has been opened");
	check(tree, "uacce", 0, "", "no accelerator of this kind");
	check(tree, "amdgpu", 0, "", "no GPU has the driver amdgpu");
	check(tree, "vfio", 0, "", "no device has a VFIO driver");
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
	/* Forked with it open, through one that has closed it. */
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
}

static void uio_without_number(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_sva", "-1\n");
	check(tree, "uio", 0, "", "no device of uio_pci_sva has been opened");
}

static void uio_of_another_driver(void **state)
{
	const struct tree *tree = *state;

	make_uio(tree, "../uio_pci_generic", "2\n");
	tree_link(tree, "proc/20/fd/3", "/dev/uio0");
	check(tree, "uio", 0, "", "no device of uio_pci_sva has been opened");
}

/* After Documentation/ABI/testing/sysfs-driver-uacce and uacce_register(). */
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
}

/* After accel_sysfs_init() and drm_minor_register(); parameters of amdxdna_iommu.c. */
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

/* The parameter is root's to read (0600). */
static void amdxdna_denied(void **state)
{
	const struct tree *tree = *state;

	make_accel(tree, "../../../bus/pci/drivers/amdxdna");
	tree_link(tree, "sys/module/amdxdna/parameters/force_iova", "errno:13");
	check(tree, "amdxdna", -EACCES,
	      ID " some 0-0 sva pid 20 accel0\n" ID " some 0-0 sva pid 22 accel0\n",
	      "whether amdxdna has force_iova on could not be read");
}

static void accel_of_another_driver(void **state)
{
	const struct tree *tree = *state;

	make_accel(tree, "../../../bus/pci/drivers/intel_vpu");
	check(tree, "amdxdna", 0, "", "no accelerator has the driver amdxdna");
}

/* After amdgpu_show_fdinfo() and drm_show_fdinfo(). */
static void add_drm(const struct tree *tree, const char *fd, const char *node, const char *info)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%s", fd);
	tree_link(tree, path, node);
	snprintf(path, sizeof(path), "proc/%.*s/fdinfo/%s", (int)strcspn(fd, "/"), fd,
		 strrchr(fd, '/') + 1);
	snprintf(text, sizeof(text), "pos:\t0\nflags:\t02100002\nmnt_id:\t29\nino:\t441\n%s", info);
	tree_file(tree, path, text);
}

#define AMDGPU(pasid) \
	"drm-driver:\tamdgpu\ndrm-client-id:\t9\ndrm-pdev:\t" ID "\npasid:\t" pasid "\n"

static void amdgpu(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, PLACE, "6", "DRIVER=amdgpu\n");
	tree_link(tree, "sys/devices/" PLACE "/driver", "../../../bus/pci/drivers/amdgpu");
	tree_link(tree, "sys/devices/" PLACE "/drm/renderD128/device", "../../../" ID);
	tree_link(tree, "sys/class/drm/renderD128", "../../devices/" PLACE "/drm/renderD128");
	add_drm(tree, "20/fd/3", "/dev/dri/renderD128", AMDGPU("32770"));
	add_drm(tree, "20/fd/4", "/dev/dri/renderD128", AMDGPU("32771"));
	add_drm(tree, "20/fd/5", "/dev/dri/renderD128", AMDGPU("32771"));
	add_drm(tree, "21/fd/3", "/dev/dri/card0", AMDGPU("0"));
	add_drm(tree, "22/fd/3", "/dev/dri/card1", "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\n");
	/* As Linux 5.14 to 5.18 wrote it. */
	add_drm(tree, "22/fd/4", "/dev/dri/card0",
		"pdev:\t" ID "\npasid:\t32772\nvram mem:\t0 kB\n");
	check(tree, "amdgpu", 1,
	      ID " number 32770-32770 unknown pid 20 renderD128 own\n" ID
		 " number 32771-32771 unknown pid 20 renderD128 own\n" ID
		 " number 32772-32772 unknown pid 22 card0 own\n",
	      "");
	add_drm(tree, "23/fd/3", "/dev/dri/card0", AMDGPU("4294967295"));
	tree_link(tree, "proc/23/fd/4", "/dev/dri/card0");
	tree_link(tree, "proc/23/fdinfo/4", "errno:13");
	check(tree, "amdgpu", -EBADMSG,
	      ID " number 32770-32770 unknown pid 20 renderD128 own\n" ID
		 " number 32771-32771 unknown pid 20 renderD128 own\n" ID
		 " number 32772-32772 unknown pid 22 card0 own\n",
	      "Bad message");
}

static void vfio(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, PLACE, "6", "DRIVER=vfio-pci\n");
	tree_pci(tree, "pci0000:00/0000:00:11.0", "6", "DRIVER=vfio-pci\n");
	tree_dir(tree, "sys/devices/" PLACE "/vfio-dev");
	tree_dir(tree, "sys/devices/" PLACE "/vfio-dev/vfio0");
	tree_link(tree, "sys/class/vfio-dev/vfio0", "../../devices/" PLACE "/vfio-dev/vfio0");
	tree_link(tree, "sys/class/vfio/6", "../../devices/virtual/vfio/6");
	tree_link(tree, "sys/class/vfio/noiommu-1", "../../devices/virtual/vfio/noiommu-1");
	tree_link(tree, "proc/20/fd/3", "/dev/vfio/devices/vfio0");
	tree_link(tree, "proc/20/fd/4", "/dev/iommu");
	tree_link(tree, "proc/21/fd/3", "/dev/vfio/6");
	tree_link(tree, "proc/22/fd/3", "anon_inode:[vfio-device]");
	tree_file(tree, "proc/22/fdinfo/3",
		  "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:11.0\n");
	check(tree, "vfio", 1,
	      ID " holder 0-0 unknown pid 20 vfio0 iommufd\n" ID " holder 0-0 unknown pid 21 6\n"
		 "0000:00:11.0 holder 0-0 unknown pid 21 6\n"
		 "0000:00:11.0 holder 0-0 unknown pid 22 -\n",
	      "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(absent),
		tree_test(uio),
		tree_test(uio_unseen),
		tree_test(uio_without_number),
		tree_test(uacce),
		tree_test(uio_of_another_driver),
		tree_test(amdgpu),
		tree_test(uacce_without_sva),
		tree_test(vfio),
		tree_test(amdxdna),
		tree_test(amdxdna_unseen),
		tree_test(amdxdna_denied),
		tree_test(accel_of_another_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
