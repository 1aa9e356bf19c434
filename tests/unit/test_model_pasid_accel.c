/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources of PASIDs that no machine of the lab has, on trees written after drivers/dma/idxd/{sysfs,cdev}.c,
 * drivers/gpu/drm/amd/amdkfd/{kfd_process,kfd_topology,kfd_debugfs}.c and drivers/iommu/amd/debugfs.c.
 */
#include "pasid_claims.h"

#include <errno.h>

#include "sys/kfd.h"
#include "sys/proc.h"

#define DSA_ID  "0000:6a:01.0"
#define DSA     "sys/devices/pci0000:6a/" DSA_ID "/dsa0"
#define QUEUE   DSA "/wq0.1"
#define BUS     "sys/bus/dsa/devices/"
#define BUS_UP  "../../../devices/pci0000:6a/" DSA_ID "/dsa0"
#define GPU_ID  "0000:c1:00.0"
#define KFD     "sys/class/kfd/kfd/"
#define NUMBERS "sys/kernel/debug/kfd/proc/"

static void check(const struct tree *tree, const char *source, int status, const char *text,
		  const char *reason)
{
	struct claims claims;
	int r = claims_read(tree, claims_source(source), &claims);

	assert_string_equal(claims.text, text);
	assert_string_equal(claims.reason, reason);
	assert_int_equal(r, status);
}

static void absent(void **state)
{
	const struct tree *tree = *state;

	check(tree, "idxd", 0, "", "the driver idxd is not loaded");
	check(tree, "kfd", 0, "", "the driver amdkfd is not loaded");
	check(tree, "amd", 0, "", "no AMD IOMMU");
	tree_dir(tree, BUS);
	tree_dir(tree, "sys/class/iommu/dmar0");
	check(tree, "idxd", 0, "", "no device is bound to idxd");
	check(tree, "amd", 0, "", "no AMD IOMMU");
}

static void make_dsa(const struct tree *tree, const char *enabled, const char *type,
		     const char *mode)
{
	tree_file(tree, DSA "/pasid_enabled", enabled);
	tree_link(tree, BUS "dsa0", BUS_UP);
	tree_file(tree, QUEUE "/state", "enabled\n");
	tree_file(tree, QUEUE "/type", type);
	tree_file(tree, QUEUE "/mode", mode);
	tree_file(tree, QUEUE "/clients", "1\n");
	tree_link(tree, BUS "wq0.1", BUS_UP "/wq0.1");
	tree_dir(tree, QUEUE "/dsa!wq0.1");
	tree_link(tree, BUS "dsa!wq0.1", BUS_UP "/wq0.1/dsa!wq0.1");
	tree_dir(tree, "proc");
}

static void make_opener(const struct tree *tree, const char *pid)
{
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/pid", pid);
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/cr_faults", "5\n");
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/cr_fault_failures", "2\n");
	tree_link(tree, BUS "file7", BUS_UP "/wq0.1/dsa!wq0.1/file7");
}

/* 7 is the entry's own number, and 31 a thread of process 30. */
static void idxd(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "user\n", "shared\n");
	make_opener(tree, "31\n");
	tree_file(tree, "proc/31/status", "Name:\tx\nTgid:\t30\nPid:\t31\n");
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 30 wq0.1 5/2\n", "");
}

static void idxd_gone(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "user\n", "shared\n");
	make_opener(tree, "31\n");
	tree_link(tree, BUS "file8", BUS_UP "/wq0.1/dsa!wq0.1/file8");
	tree_link(tree, BUS "wq0.2", BUS_UP "/wq0.2");
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 31 wq0.1 5/2\n", "");
}

/* Without PASIDs the entry of an opener has no files. */
static void idxd_without_pasids(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "0\n", "user\n", "dedicated\n");
	tree_dir(tree, QUEUE "/dsa!wq0.1/file7");
	tree_link(tree, BUS "file7", BUS_UP "/wq0.1/dsa!wq0.1/file7");
	tree_link(tree, "proc/40/fd/3", "/dev/dsa/wq0.1");
	check(tree, "idxd", 1, "", "1 of 1 devices have pasid_enabled 0");
}

static void idxd_before_entries(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "user\n", "shared\n");
	tree_link(tree, "proc/40/fd/3", "/dev/dsa/wq0.1");
	tree_link(tree, "proc/41/fd/3", "/dev/dsa/wq0.2");
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 40 wq0.1\n", "");
	tree_link(tree, "proc/42/fd", "errno:13");
	check(tree, "idxd", -EACCES, DSA_ID " some 0-0 sva pid 40 wq0.1\n",
	      "/sys/bus/dsa/devices/wq0.1/clients: Permission denied");
}

static void idxd_kernel(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "kernel\n", "shared\n");
	tree_file(tree, DSA "/wq0.2/state", "enabled\n");
	tree_file(tree, DSA "/wq0.2/type", "kernel\n");
	tree_file(tree, DSA "/wq0.2/mode", "shared\n");
	tree_file(tree, DSA "/wq0.2/clients", "1\n");
	tree_link(tree, BUS "wq0.2", BUS_UP "/wq0.2");
	check(tree, "idxd", 1, DSA_ID " some 0-0 dma pid - wq0.1\n", "");
}

static void idxd_hostile(void **state)
{
	const struct tree *tree = *state;
	char text[9000];

	make_dsa(tree, "1\n", "user\n", "shared\n");
	memset(text, '7', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	make_opener(tree, text);
	check(tree, "idxd", -E2BIG, DSA_ID " some 0-0 sva pid -7 wq0.1 5/2\n",
	      "/sys/bus/dsa/devices/file7/pid: Argument list too long");
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/pid", "-1\n");
	check(tree, "idxd", -EINVAL, DSA_ID " some 0-0 sva pid -22 wq0.1 5/2\n",
	      "/sys/bus/dsa/devices/file7/pid: Invalid argument");
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/pid", "4294967297\n");
	check(tree, "idxd", -EBADMSG, DSA_ID " some 0-0 sva pid -74 wq0.1 5/2\n",
	      "/sys/bus/dsa/devices/file7/pid: Bad message");
	/* Entries of other names, and a file that hangs from no queue. */
	tree_link(tree, BUS "file", BUS_UP);
	tree_link(tree, BUS "file1x", BUS_UP);
	tree_link(tree, BUS "wq0", BUS_UP);
	tree_link(tree, BUS "wq0.1234567890", BUS_UP);
	tree_link(tree, BUS "file9", "/sys");
	tree_file(tree, QUEUE "/dsa!wq0.1/file7/pid", "3\n");
	check(tree, "idxd", -EBADMSG, DSA_ID " some 0-0 sva pid 3 wq0.1 5/2\n",
	      "/sys/bus/dsa/devices/file9/pid: Bad message");
}

static void idxd_unreadable(void **state)
{
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "user\n", "shared\n");
	tree_link(tree, QUEUE "/dsa!wq0.1/file7/pid", "errno:5");
	tree_link(tree, QUEUE "/dsa!wq0.1/file7/cr_faults", "errno:13");
	tree_link(tree, BUS "file7", BUS_UP "/wq0.1/dsa!wq0.1/file7");
	check(tree, "idxd", -EIO, DSA_ID " some 0-0 sva pid -5 wq0.1\n",
	      "/sys/bus/dsa/devices/file7/pid: Input/output error");
}

static void idxd_unreadable_bus(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "sys/bus/dsa/devices", "errno:13");
	check(tree, "idxd", -EACCES, "", "Permission denied");
}

static void make_gpu(const struct tree *tree, const char *node, const char *id,
		     const char *location)
{
	char path[256], text[256];

	snprintf(path, sizeof(path), KFD "topology/nodes/%s/gpu_id", node);
	tree_file(tree, path, id);
	snprintf(path, sizeof(path), KFD "topology/nodes/%s/properties", node);
	snprintf(text, sizeof(text), "simd_count 4\nlocation_id %s\ndomain 0\n", location);
	tree_file(tree, path, text);
}

static void make_process(const struct tree *tree, const char *pid, const char *pasid)
{
	char path[256];

	snprintf(path, sizeof(path), KFD "proc/%s/pasid", pid);
	tree_file(tree, path, pasid);
	snprintf(path, sizeof(path), KFD "proc/%s/vram_51471", pid);
	tree_file(tree, path, "0\n");
}

static void kfd(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "0", "0\n", "0");
	make_gpu(tree, "1", "51471\n", "49408");
	make_gpu(tree, "2", "7\n", "50432");
	make_process(tree, "20", "0\n");
	make_process(tree, "20/context_1", "0\n");
	tree_file(tree, KFD "proc/20/counters_51471/faults", "12\n");
	tree_file(tree, NUMBERS "20/pasid_51471", "33\n");
	tree_file(tree, NUMBERS "20/context_1/pasid_51471", "34\n");
	check(tree, "kfd", 1,
	      GPU_ID " number 33-33 unknown pid 20 kfd own 12/0\n" GPU_ID
		     " number 34-34 unknown pid 20 kfd/context_1 own\n",
	      "");
}

/* In debugfs 0 is none; in sysfs it is one unknown. */
static void kfd_zero(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_process(tree, "20", "0\n");
	tree_file(tree, NUMBERS "20/pasid_51471", "0\n");
	check(tree, "kfd", 1, "", "");
	make_process(tree, "30", "0\n");
	check(tree, "kfd", -EOPNOTSUPP, GPU_ID " some 0-0 unknown pid 30 kfd own\n",
	      "this kernel shows the numbers only in debugfs (/sys/kernel/debug/kfd/proc): "
	      "absent");
}

static void kfd_unreadable(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_process(tree, "20", "0\n");
	tree_link(tree, "sys/kernel/debug", "errno:13");
	check(tree, "kfd", -EACCES, GPU_ID " some 0-0 unknown pid 20 kfd own\n",
	      "this kernel shows the numbers only in debugfs (/sys/kernel/debug/kfd/proc): "
	      "Permission denied");
}

/* Before 6.14: one for all GPUs; before 5.8: without a list of them. */
static void kfd_old(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_gpu(tree, "2", "7\n", "50432");
	make_process(tree, "20", "32769\n");
	tree_file(tree, KFD "proc/21/pasid", "32770\n");
	check(tree, "kfd", 1,
	      GPU_ID " number 32769-32769 unknown pid 20 kfd own\n" GPU_ID
		     " number 32770-32770 unknown pid 21 kfd own\n"
		     "0000:c5:00.0 number 32770-32770 unknown pid 21 kfd own\n",
	      "");
}

static void kfd_hostile(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_process(tree, "20", "1048576\n");
	check(tree, "kfd", -EBADMSG, "", "/sys/class/kfd/kfd/proc/20/pasid: Bad message");
	tree_file(tree, KFD "proc/20/pasid", "0\n");
	tree_file(tree, NUMBERS "20/pasid_51471", "many\n");
	tree_file(tree, KFD "proc/0/pasid", "1\n");
	tree_file(tree, KFD "proc/x/pasid", "1\n");
	tree_file(tree, KFD "proc/00000000000000000020/pasid", "1\n");
	check(tree, "kfd", -EINVAL, GPU_ID " some 0-0 unknown pid 20 kfd own\n",
	      "/sys/class/kfd/kfd/proc/20/pasid: Invalid argument");
}

static void kfd_unreadable_gpu(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	tree_link(tree, KFD "topology/nodes/2/gpu_id", "errno:1");
	make_process(tree, "20", "5\n");
	check(tree, "kfd", -EPERM, GPU_ID " number 5-5 unknown pid 20 kfd own\n",
	      "some GPUs in the topology could not be read: Operation not permitted");
}

/* A node's number stands where the function's was. */
static void kfd_split(void **state)
{
	const struct tree *tree = *state;
	struct kfd_gpus gpus;

	tree_link(tree, "sys/bus/pci/devices/" GPU_ID "/driver", "../../bus/pci/drivers/amdgpu");
	make_gpu(tree, "1", "51471\n", "49410");
	make_gpu(tree, "2", "7\n", "50434");
	assert_int_equal(sys_kfd_gpus(&tree->root, &gpus), 0);
	assert_int_equal(gpus.n, 2);
	assert_string_equal(gpus.v[0].device, GPU_ID);
	assert_string_equal(gpus.v[1].device, "0000:c5:00.2");
	sys_kfd_gpus_done(&gpus);
}

static void properties(void **state)
{
	static const char *const bad[] = { "",
					   "location_id",
					   "location_id \n",
					   "location_id x\n",
					   "location_id 4294967296\n",
					   "location_id 99999999999999999999999999\n",
					   "xlocation_id 1\n" };
	uint32_t domain = 7, location = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(
			sys_kfd_properties_parse(bad[i], strlen(bad[i]), &domain, &location),
			-EBADMSG);
	assert_int_equal(location, 7);
	assert_int_equal(sys_kfd_properties_parse("location_id 18", 13, &domain, &location), 0);
	assert_int_equal(location, 1);
	assert_int_equal(domain, 0);
}

static void leader(void **state)
{
	static const char text[] = "Name:\tTgid:\t1\nTgid:\t30\nPid:\t31\n";

	(void)state;
	assert_int_equal(sys_proc_leader_parse(text, sizeof(text) - 1), 30);
	assert_int_equal(sys_proc_leader_parse(text, 20), 0);
	assert_int_equal(sys_proc_leader_parse("\nTgid:\t99999999999\n", 19), 0);
	assert_int_equal(sys_proc_leader_parse("\nTgid:\tx\n", 9), 0);
	assert_int_equal(sys_proc_leader_parse("", 0), 0);
}

#define DEVTBL "sys/kernel/debug/iommu/amd/devtbl-of/"
#define UNIT   "sys/class/iommu/ivhd0/devices/"
#define HEAD   "DeviceId    QWORD[3] QWORD[2] QWORD[1] QWORD[0] iommu\n"
#define ZERO   " 0000000000000000 0000000000000000 "

static void amd(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, UNIT);
	check(tree, "amd", -EOPNOTSUPP, "", "no debugfs of AMD's IOMMUs");
	tree_file(tree, "sys/kernel/debug/iommu/amd/devtbl", "");
	tree_dir(tree, UNIT "0000:c1:00.0");
	check(tree, "amd", -EOPNOTSUPP, "", "no entry of the device table was captured");
	tree_file(tree, DEVTBL "0000:c1:00.0",
		  HEAD "0000:c1:00.0" ZERO "0000000000000007 6000000000000603 iommu0\n");
	tree_dir(tree, UNIT "not-pci");
	check(tree, "amd", 1, "", "none of 1 devices has a table of PASIDs");
	tree_dir(tree, UNIT "0000:c5:00.0");
	tree_file(tree, DEVTBL "0000:c5:00.0",
		  HEAD "0000:c5:00.0" ZERO "0000000000000007 6180000000000003 iommu0\n");
	check(tree, "amd", -EOPNOTSUPP, "",
	      "1 of 2 devices (0000:c5:00.0) have a table of PASIDs of up to 18 bits, which this "
	      "kernel does not show");
	tree_dir(tree, UNIT "0000:c6:00.0");
	tree_file(tree, DEVTBL "0000:c6:00.0", "garbage");
	check(tree, "amd", -EBADMSG, "", "0000:c6:00.0: Bad message");
}

static void amd_unreadable(void **state)
{
	const struct tree *tree = *state;

	tree_dir(tree, UNIT);
	tree_link(tree, "sys/kernel/debug", "errno:13");
	check(tree, "amd", -EACCES, "", "Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(absent),
		tree_test(idxd),
		tree_test(idxd_gone),
		tree_test(idxd_without_pasids),
		tree_test(idxd_before_entries),
		tree_test(idxd_kernel),
		tree_test(idxd_hostile),
		tree_test(idxd_unreadable),
		tree_test(idxd_unreadable_bus),
		tree_test(kfd),
		tree_test(kfd_zero),
		tree_test(kfd_unreadable),
		tree_test(kfd_old),
		tree_test(kfd_hostile),
		tree_test(kfd_unreadable_gpu),
		tree_test(kfd_split),
		tree_test(properties),
		tree_test(leader),
		tree_test(amd),
		tree_test(amd_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
