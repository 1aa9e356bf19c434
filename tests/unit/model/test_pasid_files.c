/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources of PASIDs that go by the files of processes, and how files, nodes and devices are told apart. */
#include "../pasid_claims.h"

#include <sys/sysmacros.h>

#define ID    "0000:00:10.0"
#define PLACE "pci0000:00/" ID
#define check claims_check

/* Follows amdgpu_show_fdinfo() and drm_show_fdinfo(). */
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

static void make_gpu(const struct tree *tree)
{
	tree_pci(tree, PLACE, "6", "DRIVER=amdgpu\n");
	tree_link(tree, "sys/devices/" PLACE "/driver", "../../../bus/pci/drivers/amdgpu");
	tree_link(tree, "sys/devices/" PLACE "/drm/renderD128/device", "../../../" ID);
	tree_link(tree, "sys/class/drm/renderD128", "../../devices/" PLACE "/drm/renderD128");
}

static void amdgpu(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree);
	add_drm(tree, "20/fd/3", "/dev/dri/renderD128", AMDGPU("32770"));
	add_drm(tree, "20/fd/4", "/dev/dri/renderD128", AMDGPU("32771"));
	add_drm(tree, "20/fd/5", "/dev/dri/renderD128", AMDGPU("32771"));
	add_drm(tree, "21/fd/3", "/dev/dri/card0", AMDGPU("0"));
	add_drm(tree, "22/fd/3", "/dev/dri/card1", "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\n");
	/* Format of Linux 5.14 to 5.18. */
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
	      ID " opener 0-0 unknown pid 20 vfio0 iommufd\n" ID " opener 0-0 unknown pid 21 6\n"
		 "0000:00:11.0 opener 0-0 unknown pid 21 6\n"
		 "0000:00:11.0 opener 0-0 unknown pid 22 -\n",
	      "");
}

static void amdgpu_absent(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, "proc");
	check(tree, "amdgpu", 0, "", "no GPU has the driver amdgpu");
	/* A connector is no GPU; another driver's GPU; what only ends like the driver. */
	tree_link(tree, "sys/class/drm/card0-DP-1/device/driver", "../drivers/amdgpu");
	tree_link(tree, "sys/class/drm/card1/device/driver", "../drivers/i915");
	tree_link(tree, "sys/class/drm/card2/device/driver", "../drivers/xamdgpu");
	tree_dir(tree, "sys/class/drm/version");
	check(tree, "amdgpu", 0, "", "no GPU has the driver amdgpu");
	assert_int_equal(renameat(tree->root.fd, "sys/class/drm", tree->root.fd, "x"), 0);
	tree_link(tree, "sys/class/drm", "errno:13");
	check(tree, "amdgpu", -EACCES, "", "Permission denied");
}

/* What fdinfo says and does not say; a number is good up to 20 bits, as any PASID is. */
static void amdgpu_fdinfo(void **state)
{
	static const struct {
		const char *info;
		int status;
		const char *claims;
	} cases[] = {
		{ AMDGPU("1048575"), 1, ID " number 1048575-1048575 unknown pid 20 card0 own\n" },
		{ AMDGPU("1048576"), -EBADMSG, "" },
		{ AMDGPU("x"), -EBADMSG, "" },
		{ "pasid:\t5\n", 1, "" },
		{ "drm-pdev:\t" ID "\n", 1, "" },
		{ "", 1, "" },
		{ "pasid:\t5\ndrm-pdev:\t0000:00:11.0\npdev:\t" ID "\n", 1,
		  "0000:00:11.0 number 5-5 unknown pid 20 card0 own\n" },
	};
	const struct tree *tree = *state;

	make_gpu(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)unlinkat(tree->root.fd, "proc/20/fd/3", 0);
		add_drm(tree, "20/fd/3", "/dev/dri/card0", cases[i].info);
		check(tree, "amdgpu", cases[i].status, cases[i].claims,
		      cases[i].status < 0 ? "Bad message" : "");
	}
	/* Closed meanwhile; or not for us to see, as another process. */
	assert_int_equal(unlinkat(tree->root.fd, "proc/20/fdinfo/3", 0), 0);
	check(tree, "amdgpu", 1, "", "");
	tree_link(tree, "proc/20/fdinfo/3", "errno:5");
	check(tree, "amdgpu", -EIO, "", "Input/output error");
	tree_link(tree, "proc/30/fd", "errno:13");
	check(tree, "amdgpu", -EACCES, "", "some processes could not be examined");
	add_drm(tree, "21/fd/3", "/dev/dri/card0", AMDGPU("5"));
	add_drm(tree, "22/fd/3", "/dev/dri/card0", AMDGPU("6"));
	claims_check_device(tree, "amdgpu", ID,
			    ID " number 5-5 unknown pid 21 card0 own\n" ID
			       " number 6-6 unknown pid 22 card0 own\n");
	claims_check_device(tree, "amdgpu", "0000:00:11.0", "");
}

static void vfio_absent(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, "proc");
	check(tree, "vfio", 0, "", "no device has a VFIO driver");
	/* No group of the IOMMU's, the node that is there always, and what is no device. */
	tree_link(tree, "sys/class/vfio/noiommu-1", "../../devices/virtual/vfio/noiommu-1");
	tree_link(tree, "sys/class/vfio/vfio", "../../devices/virtual/misc/vfio");
	tree_link(tree, "sys/class/vfio/4294967296", "../../devices/virtual/vfio/4294967296");
	tree_link(tree, "sys/class/vfio-dev/vfio0", "../../devices/virtual/vfio0");
	check(tree, "vfio", 0, "", "no device has a VFIO driver");
	tree_link(tree, "sys/class/vfio-dev/vfio1", "errno:5");
	check(tree, "vfio", -EIO, "", "Input/output error");
	assert_int_equal(unlinkat(tree->root.fd, "sys/class/vfio-dev/vfio1", 0), 0);
	/* A group that is gone, and one that cannot be read. */
	tree_link(tree, "sys/class/vfio/7", "../../devices/virtual/vfio/7");
	tree_link(tree, "proc/20/fd/3", "/dev/vfio/7");
	check(tree, "vfio", 1, "", "");
	tree_link(tree, "sys/kernel/iommu_groups/7/devices", "errno:13");
	check(tree, "vfio", -EACCES, "", "Permission denied");
	assert_int_equal(renameat(tree->root.fd, "sys/class/vfio", tree->root.fd, "x"), 0);
	tree_link(tree, "sys/class/vfio", "errno:1");
	check(tree, "vfio", -EPERM, "", "Operation not permitted");
}

/* Whether the process has an iommufd is asked of all of its files, and of no other's. */
static void vfio_with_iommufd(void **state)
{
	const struct tree *tree = *state;

	tree_pci(tree, PLACE, "6", "");
	tree_link(tree, "sys/class/vfio-dev/vfio0", "../../devices/" PLACE "/vfio-dev/vfio0");
	tree_link(tree, "proc/19/fd/3", "/dev/iommu");
	tree_link(tree, "proc/20/fd/3", "/dev/vfio/devices/vfio0");
	tree_link(tree, "proc/20/fd/4", "/dev/x");
	tree_link(tree, "proc/21/fd/3", "/dev/iommu");
	tree_link(tree, "proc/21/fd/4", "/dev/x");
	tree_link(tree, "proc/21/fd/5", "/dev/vfio/devices/vfio0");
	tree_link(tree, "proc/22/fd/3", "/dev/vfio/devices/vfio0");
	tree_link(tree, "proc/22/fd/4", "/dev/x");
	tree_link(tree, "proc/22/fd/5", "/dev/iommu");
	tree_link(tree, "proc/23/fd/3", "/dev/vfio/devices/vfio1");
	check(tree, "vfio", 1,
	      ID " opener 0-0 unknown pid 20 vfio0\n" ID
		 " opener 0-0 unknown pid 21 vfio0 iommufd\n" ID
		 " opener 0-0 unknown pid 22 vfio0 iommufd\n",
	      "");
	claims_check_device(tree, "vfio", "0000:00:11.0", "");
	tree_link(tree, "proc/30/fd", "errno:13");
	claims_check_device(tree, "vfio", ID,
			    ID " opener 0-0 unknown pid 20 vfio0\n" ID
			       " opener 0-0 unknown pid 21 vfio0 iommufd\n" ID
			       " opener 0-0 unknown pid 22 vfio0 iommufd\n");
}

static void put_device(FILE *f, const char *name, const char *value)
{
	if (value)
		fprintf(f, " %s=%s", name, value);
}

static void files_check(const struct sys_root *root, int status, const char *expected)
{
	struct pasid_files files = { 0 };
	struct pasid_reader reader = { .root = root, .files = &files };
	const struct pasid_files *found = NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(pasid_reader_files(&reader, &found), status);
	assert_ptr_equal(found, &files);
	assert_int_equal(files.status, status);
	for (size_t i = 0; i < files.n; i++) {
		const struct pasid_file *file = &files.v[i];

		fprintf(f, "%d %s", (int)file->pid, file->path);
		put_device(f, "vfio", file->vfio_device);
		put_device(f, "drm", file->drm_device);
		if (file->pasid.status) {
			fprintf(f, " pasid ");
			claims_field(f, &file->pasid);
		}
		if (file->rdev)
			fprintf(f, " %u:%u", major(file->rdev), minor(file->rdev));
		fprintf(f, "\n");
	}
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, expected);
	free(text);
	/* Once for all sources; each says why some are missing. */
	*reader.reason = '\0';
	assert_int_equal(pasid_reader_files(&reader, &found), status);
	assert_string_equal(reader.reason,
			    status == -EACCES ? "some processes could not be examined" : "");
	pasid_files_done(&files);
}

/* The same file of a process counts once. */
static void lists_files(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "proc/20/fd/3", "/dev/a");
	tree_link(tree, "proc/20/fd/4", "/dev/b");
	tree_link(tree, "proc/20/fd/5", "/dev/a");
	tree_link(tree, "proc/20/fd/6", "/home/x");
	tree_link(tree, "proc/21/fd/3", "/dev/a");
	tree_link(tree, "proc/21/fd/4", "anon_inode:[vfio-device]");
	tree_file(tree, "proc/21/fdinfo/4", "vfio-device-syspath: /sys/devices/x/0000:00:10.0\n");
	tree_link(tree, "proc/21/fd/5", "anon_inode:[vfio-device]");
	tree_file(tree, "proc/21/fdinfo/5", "vfio-device-syspath: alone\n");
	tree_link(tree, "proc/21/fd/6", "anon_inode:[vfio-device]");
	tree_file(tree, "proc/21/fdinfo/6", "vfio-device-syspath: /y/0000:00:10.0\n");
	add_drm(tree, "22/fd/3", "/dev/dri/card0", AMDGPU("5"));
	add_drm(tree, "22/fd/4", "/dev/dri/card0", AMDGPU("6"));
	add_drm(tree, "22/fd/5", "/dev/dri/card0", AMDGPU("5"));
	add_drm(tree, "22/fd/6", "/dev/driver", AMDGPU("7"));
	/* Duplicates of another driver, closed meanwhile, and without a device. */
	add_drm(tree, "23/fd/3", "/dev/dri/card1", "drm-driver:\ti915\n");
	add_drm(tree, "23/fd/4", "/dev/dri/card1", "drm-driver:\ti915\n");
	tree_link(tree, "proc/23/fd/5", "/dev/dri/card2");
	tree_link(tree, "proc/23/fd/6", "/dev/dri/card2");
	add_drm(tree, "23/fd/7", "/dev/dri/card3", "pasid:\t8\n");
	add_drm(tree, "23/fd/8", "/dev/dri/card3", "pasid:\t8\n");
	tree_link(tree, "proc/24/fd/3", "/dev/b");
	files_check(&tree->root, 1,
		    "20 /dev/a\n20 /dev/b\n21 /dev/a\n"
		    "21 anon_inode:[vfio-device] vfio=0000:00:10.0\n"
		    "21 anon_inode:[vfio-device] vfio=alone\n"
		    "22 /dev/dri/card0 drm=" ID " pasid 5\n"
		    "22 /dev/dri/card0 drm=" ID " pasid 6\n"
		    "22 /dev/driver\n23 /dev/dri/card1\n23 /dev/dri/card2\n"
		    "23 /dev/dri/card3 pasid 8\n24 /dev/b\n");
	tree_link(tree, "proc/30/fd", "errno:1");
	files_check(&tree->root, -EACCES,
		    "20 /dev/a\n20 /dev/b\n21 /dev/a\n"
		    "21 anon_inode:[vfio-device] vfio=0000:00:10.0\n"
		    "21 anon_inode:[vfio-device] vfio=alone\n"
		    "22 /dev/dri/card0 drm=" ID " pasid 5\n"
		    "22 /dev/dri/card0 drm=" ID " pasid 6\n"
		    "22 /dev/driver\n23 /dev/dri/card1\n23 /dev/dri/card2\n"
		    "23 /dev/dri/card3 pasid 8\n24 /dev/b\n");
}

/* Of a live machine with their numbers; without /proc there are none. */
static void lists_live_files(void **state)
{
	const struct tree *tree = *state;
	struct sys_root live = tree->root;

	live.captured = false;
	files_check(&live, -ENOENT, "");
	tree_dir(tree, "proc/1");
	tree_link(tree, "proc/20/fd/3", "/dev/full");
	tree_link(tree, "proc/20/fd/4", "/dev/none-such");
	files_check(&live, 1, "20 /dev/full 1:7\n");
}

/* It looks back at 64: of thousands that one process may have, some stand twice. */
static void looks_back_a_little(void **state)
{
	const struct tree *tree = *state;
	char path[64], name[64], expected[4096] = "20 /dev/d0\n";

	for (int i = 0; i < 66; i++) {
		snprintf(path, sizeof(path), "proc/20/fd/%d", i);
		snprintf(name, sizeof(name), "/dev/d%d", i == 65 ? 0 : i);
		tree_link(tree, path, name);
		if (i > 0)
			snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
				 "20 %s\n", name);
	}
	files_check(&tree->root, 1, expected);
	assert_int_equal(unlinkat(tree->root.fd, "proc/20/fd/64", 0), 0);
	*strstr(expected, "20 /dev/d64\n") = '\0';
	files_check(&tree->root, 1, expected);
}

/* By the numbers where both are known: a container's path may be another one. */
static void tells_nodes_apart(void **state)
{
	const struct {
		const char *dev;
		dev_t rdev;
	} cases[] = { { "1:3\n", makedev(1, 3) },
		      { "240:70000\n", makedev(240, 70000) },
		      { "1\n", 0 },
		      { "1:\n", 0 },
		      { "", 0 },
		      { "x:3\n", 0 } };
	const struct tree *tree = *state;
	struct sys_root live = tree->root;
	struct pasid_file file = { .path = (char *)"/dev/a", .rdev = makedev(1, 3) };
	struct pasid_node node;

	live.captured = false;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_file(tree, "sys/class/x/a/dev", cases[i].dev);
		pasid_node_get(&live, "sys/class/x/a", "/dev/a", &node);
		assert_true(node.rdev == cases[i].rdev);
		assert_string_equal(node.path, "/dev/a");
	}
	tree_file(tree, "sys/class/x/a/dev", "1:3\n");
	pasid_node_get(&tree->root, "sys/class/x/a", "/dev/a", &node);
	assert_true(node.rdev == 0);
	pasid_node_get(&live, "sys/class/x/none", "/dev/a", &node);
	assert_true(node.rdev == 0);
	assert_true(pasid_node_is(&node, &file));
	pasid_node_get(&live, "sys/class/x/a", "/dev/b", &node);
	assert_true(pasid_node_is(&node, &file));
	file.rdev = makedev(1, 4);
	assert_false(pasid_node_is(&node, &file));
	file.path = (char *)"/dev/b";
	assert_false(pasid_node_is(&node, &file));
	file.rdev = 0;
	assert_true(pasid_node_is(&node, &file));
	file.path = (char *)"/dev/c";
	assert_false(pasid_node_is(&node, &file));
}

/* The innermost PCI function, or member of a group, that a path is or stands beneath. */
static void finds_devices(void **state)
{
	static const struct {
		const char *link, *target;
		int status;
		const char *id;
	} cases[] = {
		{ "sys/class/a/0", "../../devices/pci0000:00/" ID "/x/y", 0, ID },
		{ "sys/class/a/1", "../../devices/pci0000:00/" ID, 0, ID },
		{ "sys/class/a/2", "../../devices/pci0000:00/" ID "/0000:01:00.0/x", 0,
		  "0000:01:00.0" },
		{ "sys/class/a/3", "../../devices/platform/dma0/x", 0, "dma0" },
		{ "sys/class/a/4", "../../devices/platform/other/x", -ENODEV, "" },
		{ "sys/class/a/5", "../../devices", -ENODEV, "" },
		{ "sys/class/a/6", "../../../" ID, -ENODEV, "" },
		{ "sys/class/a/7", "errno:13", -EACCES, "" },
	};
	const struct tree *tree = *state;
	char id[64] = "", long_path[5000];

	tree_link(tree, "sys/devices/platform/dma0/iommu_group", "../../../kernel/iommu_groups/3");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_link(tree, cases[i].link, cases[i].target);
		*id = '\0';
		assert_int_equal(pasid_source_device(&tree->root, cases[i].link, id, sizeof(id)),
				 cases[i].status);
		assert_string_equal(id, cases[i].id);
	}
	/* A folder, and what does not exist. */
	tree_dir(tree, "sys/devices/pci0000:00/" ID "/wq0.1");
	assert_int_equal(pasid_source_device(&tree->root, "sys/devices/pci0000:00/" ID "/wq0.1", id,
					     sizeof(id)),
			 0);
	assert_string_equal(id, ID);
	assert_int_equal(pasid_source_device(&tree->root, "sys/class/a/none", id, sizeof(id)),
			 -ENOENT);
	/* With room for it, and with one byte less. */
	assert_int_equal(pasid_source_device(&tree->root, "sys/class/a/1", id, sizeof(ID)), 0);
	assert_int_equal(pasid_source_device(&tree->root, "sys/class/a/1", id, sizeof(ID) - 1),
			 -ENAMETOOLONG);
	memset(long_path, 'a', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(pasid_source_device(&tree->root, long_path, id, sizeof(id)),
			 -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(amdgpu),
		tree_test(amdgpu_absent),
		tree_test(amdgpu_fdinfo),
		tree_test(vfio),
		tree_test(vfio_absent),
		tree_test(vfio_with_iommufd),
		tree_test(lists_files),
		tree_test(lists_live_files),
		tree_test(looks_back_a_little),
		tree_test(tells_nodes_apart),
		tree_test(finds_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
