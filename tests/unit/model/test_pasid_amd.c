/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's GPUs and IOMMUs, on trees written after
 * drivers/gpu/drm/amd/amdkfd/{kfd_process,kfd_topology,kfd_debugfs}.c and drivers/iommu/amd/debugfs.c.
 */
#include "../pasid_claims.h"

#include "sys/kfd.h"

#define GPU_ID  "0000:c1:00.0"
#define KFD     "sys/class/kfd/kfd/"
#define NUMBERS "sys/kernel/debug/kfd/proc/"
#define check   claims_check

static void absent(void **state)
{
	const struct tree *tree = *state;

	check(tree, "kfd", 0, "", "the driver amdkfd is not loaded");
	check(tree, "amd", 0, "", "no AMD IOMMU");
	tree_dir(tree, "sys/class/iommu/dmar0");
	check(tree, "amd", 0, "", "no AMD IOMMU");
	/* Processes, and no topology; then what cannot be read. */
	tree_dir(tree, KFD "proc");
	check(tree, "kfd", 0, "", "the driver amdkfd is not loaded");
	tree_link(tree, KFD "topology", "errno:13");
	check(tree, "kfd", -EACCES, "", "Permission denied");
	assert_int_equal(renameat(tree->root.fd, "sys/class/iommu", tree->root.fd, "x"), 0);
	tree_link(tree, "sys/class/iommu", "errno:5");
	check(tree, "amd", -EIO, "", "Input/output error");
	assert_int_equal(renameat(tree->root.fd, KFD "proc", tree->root.fd, "y"), 0);
	tree_link(tree, KFD "proc", "errno:1");
	check(tree, "kfd", -EPERM, "", "Operation not permitted");
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
	      GPU_ID " number 33-33 unknown pid 20 kfd own 12/-\n" GPU_ID
		     " number 34-34 unknown pid 20 kfd/context_1 own\n",
	      "");
}

/* In debugfs 0 means none; in sysfs an unknown one. */
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

/* The partition's number replaces the function. */
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

#define GPU_2 "0000:c5:00.0"

/* Two GPUs and two processes, one of which has to do with both. */
static void kfd_of_several_gpus(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_gpu(tree, "2", "7\n", "50432");
	make_process(tree, "20", "0\n");
	tree_file(tree, KFD "proc/20/vram_7", "0\n");
	make_process(tree, "21", "0\n");
	tree_file(tree, NUMBERS "20/pasid_51471", "33\n");
	tree_file(tree, NUMBERS "20/pasid_7", "34\n");
	tree_file(tree, NUMBERS "21/pasid_51471", "35\n");
	tree_file(tree, NUMBERS "21/pasid_7", "36\n");
	tree_file(tree, KFD "proc/20/counters_7/faults", "3\n");
	tree_link(tree, KFD "proc/20/counters_51471/faults", "errno:13");
	check(tree, "kfd", 1,
	      GPU_ID " number 33-33 unknown pid 20 kfd own -13/-\n" GPU_2
		     " number 34-34 unknown pid 20 kfd own 3/-\n" GPU_ID
		     " number 35-35 unknown pid 21 kfd own\n",
	      "");
	claims_check_device(tree, "kfd", GPU_2, GPU_2 " number 34-34 unknown pid 20 kfd own 3/-\n");
	claims_check_device(tree, "kfd", GPU_ID,
			    GPU_ID " number 33-33 unknown pid 20 kfd own -13/-\n" GPU_ID
				   " number 35-35 unknown pid 21 kfd own\n");
}

/* Numbers and their bounds, in sysfs and in debugfs. */
static void kfd_numbers(void **state)
{
	static const struct {
		const char *pasid, *number;
		int status;
		const char *claims, *reason;
	} cases[] = {
#define BAD "/sys/class/kfd/kfd/proc/20/pasid: Bad message"
		{ "1048575\n", "5\n", 1, GPU_ID " number 1048575-1048575 unknown pid 20 kfd own\n",
		  "" },
		{ "1048576\n", "5\n", -EBADMSG, "", BAD },
		{ "0\n", "1048575\n", 1, GPU_ID " number 1048575-1048575 unknown pid 20 kfd own\n",
		  "" },
		{ "0\n", "1048576\n", -EBADMSG, GPU_ID " some 0-0 unknown pid 20 kfd own\n", BAD },
		{ "0\n", "0\n", 1, "", "" },
		{ "0\n", "1\n", 1, GPU_ID " number 1-1 unknown pid 20 kfd own\n", "" },
		{ "x\n", "5\n", -EINVAL, "", "/sys/class/kfd/kfd/proc/20/pasid: Invalid argument" },
	};
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_process(tree, "20", cases[i].pasid);
		tree_file(tree, NUMBERS "20/pasid_51471", cases[i].number);
		check(tree, "kfd", cases[i].status, cases[i].claims, cases[i].reason);
	}
	/* One number that may not be read; then the error of a process that may not either. */
	make_process(tree, "20", "0\n");
	assert_int_equal(unlinkat(tree->root.fd, NUMBERS "20/pasid_51471", 0), 0);
	tree_link(tree, NUMBERS "20/pasid_51471", "errno:13");
	check(tree, "kfd", -EOPNOTSUPP, GPU_ID " some 0-0 unknown pid 20 kfd own\n",
	      "this kernel shows the numbers only in debugfs (/sys/kernel/debug/kfd/proc): absent");
	tree_link(tree, KFD "proc/21/pasid", "errno:5");
	make_process(tree, "22", "9\n");
	check(tree, "kfd", -EIO,
	      GPU_ID " some 0-0 unknown pid 20 kfd own\n" GPU_ID
		     " number 9-9 unknown pid 22 kfd own\n",
	      "/sys/class/kfd/kfd/proc/21/pasid: Input/output error");
	/* A process that has ended. */
	assert_int_equal(unlinkat(tree->root.fd, KFD "proc/21/pasid", 0), 0);
	assert_int_equal(unlinkat(tree->root.fd, KFD "proc/20/pasid", 0), 0);
	check(tree, "kfd", 1, GPU_ID " number 9-9 unknown pid 22 kfd own\n", "");
	tree_link(tree, KFD "proc/20/pasid", "errno:19");
	check(tree, "kfd", 1, GPU_ID " number 9-9 unknown pid 22 kfd own\n", "");
}

/* Folders of processes, up to 2^31 - 1 and ten digits, and of their contexts, up to twenty characters. */
static void kfd_names(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	make_process(tree, "2147483648", "8\n");
	make_process(tree, "0", "8\n");
	make_process(tree, "00000000020", "8\n");
	make_process(tree, "-1", "8\n");
	check(tree, "kfd", 1, "", "");
	make_process(tree, "2147483647", "5\n");
	make_process(tree, "0000000020", "7\n");
	make_process(tree, "0000000020/context_12345678901", "8\n");
	make_process(tree, "0000000020/context_1234567890123", "8\n");
	make_process(tree, "0000000020/xcontext_1", "8\n");
	make_process(tree, "0000000020/context_123456789012", "9\n");
	make_process(tree, "0000000020/context_1/context_2", "8\n");
	check(tree, "kfd", 1,
	      GPU_ID " number 7-7 unknown pid 20 kfd own\n" GPU_ID
		     " number 8-8 unknown pid 20 kfd/context_12345678901 own\n" GPU_ID
		     " number 9-9 unknown pid 20 kfd/context_123456789012 own\n" GPU_ID
		     " number 5-5 unknown pid 2147483647 kfd own\n",
	      "");
}

/* The topology's own error is said where nothing else went wrong. */
static void kfd_errors_in_order(void **state)
{
	const struct tree *tree = *state;

	make_gpu(tree, "1", "51471\n", "49408");
	tree_link(tree, KFD "topology/nodes/2/gpu_id", "errno:1");
	make_process(tree, "20", "x\n");
	make_process(tree, "21", "5\n");
	check(tree, "kfd", -EINVAL, GPU_ID " number 5-5 unknown pid 21 kfd own\n",
	      "/sys/class/kfd/kfd/proc/20/pasid: Invalid argument");
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

/* Several units and devices: the first with a table is named, and the widest counts. */
static void amd_of_several_units(void **state)
{
#define DTE(id, word) HEAD id ZERO "0000000000000007 " word " iommu0\n"
	const struct tree *tree = *state;
	struct claims claims = { .fails = 0 };

	tree_file(tree, "sys/kernel/debug/iommu/amd/devtbl", "");
	tree_dir(tree, UNIT "0000:c1:00.0");
	tree_dir(tree, "sys/class/iommu/ivhd1/devices/0000:c2:00.0");
	tree_dir(tree, "sys/class/iommu/ivhd1/devices/0000:c3:00.0");
	tree_dir(tree, "sys/class/iommu/dmar0/devices/0000:c4:00.0");
	tree_file(tree, DEVTBL "0000:c1:00.0", DTE("0000:c1:00.0", "6080000000000003"));
	tree_file(tree, DEVTBL "0000:c2:00.0", DTE("0000:c2:00.0", "6280000000000003"));
	tree_file(tree, DEVTBL "0000:c3:00.0", DTE("0000:c3:00.0", "6180000000000003"));
	tree_file(tree, DEVTBL "0000:c4:00.0", DTE("0000:c4:00.0", "6280000000000003"));
	check(tree, "amd", -EOPNOTSUPP, "",
	      "3 of 3 devices (0000:c1:00.0, ...) have a table of PASIDs of up to 20 bits, which "
	      "this kernel does not show");
	assert_int_equal(claims_ask(&tree->root, claims_source("amd"), "0000:c3:00.0",
				    PASID_NEED_ALL, &claims),
			 -EOPNOTSUPP);
	assert_string_equal(
		claims.reason,
		"1 of 1 devices (0000:c3:00.0) have a table of PASIDs of up to 18 bits, "
		"which this kernel does not show");
	/* Not asked for, the tables are not read: that would be a write. */
	assert_int_equal(claims_ask(&tree->root, claims_source("amd"), NULL,
				    PASID_NEED_ALL & ~PASID_NEED_TABLES, &claims),
			 1);
	assert_string_equal(claims.reason, "not asked");
	/* The first error counts, and what has no entry is none. */
	tree_file(tree, DEVTBL "0000:c2:00.0", "garbage");
	assert_int_equal(unlinkat(tree->root.fd, DEVTBL "0000:c1:00.0", 0), 0);
	tree_link(tree, DEVTBL "0000:c1:00.0", "errno:5");
	check(tree, "amd", -EIO, "", "0000:c1:00.0: Input/output error");
	assert_int_equal(unlinkat(tree->root.fd, DEVTBL "0000:c1:00.0", 0), 0);
	tree_link(tree, DEVTBL "0000:c1:00.0", "errno:19");
	check(tree, "amd", -EBADMSG, "", "0000:c2:00.0: Bad message");
	assert_int_equal(
		renameat(tree->root.fd, "sys/class/iommu/ivhd1/devices", tree->root.fd, "x"), 0);
	check(tree, "amd", -ENOENT, "", "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(absent),
		tree_test(kfd),
		tree_test(kfd_zero),
		tree_test(kfd_unreadable),
		tree_test(kfd_old),
		tree_test(kfd_hostile),
		tree_test(kfd_unreadable_gpu),
		tree_test(kfd_split),
		tree_test(properties),
		tree_test(kfd_of_several_gpus),
		tree_test(kfd_numbers),
		tree_test(kfd_names),
		tree_test(kfd_errors_in_order),
		tree_test(amd),
		tree_test(amd_unreadable),
		tree_test(amd_of_several_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
