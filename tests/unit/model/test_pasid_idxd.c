/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's DSA and IAA, which no machine of the lab has, on trees written after drivers/dma/idxd/{sysfs,cdev}.c. */
#include "../pasid_claims.h"

#include "sys/proc.h"

#define DSA_ID "0000:6a:01.0"
#define DSA    "sys/devices/pci0000:6a/" DSA_ID "/dsa0"
#define QUEUE  DSA "/wq0.1"
#define BUS    "sys/bus/dsa/devices/"
#define BUS_UP "../../../devices/pci0000:6a/" DSA_ID "/dsa0"
#define IAX_ID "0000:6a:02.0"
#define IAX    "sys/devices/pci0000:6a/" IAX_ID "/iax1"
#define IAX_UP "../../../devices/pci0000:6a/" IAX_ID "/iax1"

#define check claims_check

static void absent(void **state)
{
	const struct tree *tree = *state;

	check(tree, "idxd", 0, "", "the driver idxd is not loaded");
	tree_dir(tree, BUS);
	check(tree, "idxd", 0, "", "no device is bound to idxd");
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

/* 7 is the number of the entry, and 31 a thread of process 30. */
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

/* Without PASIDs, an opener's entry has no files. */
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
	/* Entries with other names, and a file that is not below a queue. */
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
	check(tree, "idxd", -EIO, DSA_ID " some 0-0 sva pid -5 wq0.1 -13/-\n",
	      "/sys/bus/dsa/devices/file7/pid: Input/output error");
}

static void idxd_unreadable_bus(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "sys/bus/dsa/devices", "errno:13");
	check(tree, "idxd", -EACCES, "", "Permission denied");
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

/* A second queue of DSA, wq0.2, and its opener's entry, file8. */
static void make_second(const struct tree *tree, const char *pid)
{
	tree_file(tree, DSA "/wq0.2/state", "enabled\n");
	tree_file(tree, DSA "/wq0.2/type", "user\n");
	tree_file(tree, DSA "/wq0.2/mode", "shared\n");
	tree_file(tree, DSA "/wq0.2/clients", "2\n");
	tree_link(tree, BUS "wq0.2", BUS_UP "/wq0.2");
	if (!pid)
		return;
	tree_file(tree, DSA "/wq0.2/dsa!wq0.2/file8/pid", pid);
	tree_link(tree, BUS "file8", BUS_UP "/wq0.2/dsa!wq0.2/file8");
}

/* A second device, of IAA: iax1 with the queue wq1.0. */
static void make_iax(const struct tree *tree, const char *enabled, const char *type)
{
	tree_file(tree, IAX "/pasid_enabled", enabled);
	tree_link(tree, BUS "iax1", IAX_UP);
	tree_file(tree, IAX "/wq1.0/state", "enabled\n");
	tree_file(tree, IAX "/wq1.0/type", type);
	tree_file(tree, IAX "/wq1.0/mode", "shared\n");
	tree_file(tree, IAX "/wq1.0/clients", "1\n");
	tree_link(tree, BUS "wq1.0", IAX_UP "/wq1.0");
	tree_link(tree, BUS "iax!wq1.0", IAX_UP "/wq1.0/iax!wq1.0");
}

static void idxd_of_several_devices(void **state)
{
	const struct tree *tree = *state;

#define FIRST  DSA_ID " some 0-0 sva pid 31 wq0.1 5/2\n"
#define SECOND DSA_ID " some 0-0 sva pid 32 wq0.2\n"
#define THIRD  IAX_ID " some 0-0 sva pid 33 wq1.0\n"
	make_dsa(tree, "1\n", "user\n", "shared\n");
	make_opener(tree, "31\n");
	make_second(tree, "32\n");
	make_iax(tree, "1\n", "user\n");
	tree_link(tree, "proc/33/fd/3", "/dev/iax/wq1.0");
	tree_link(tree, "proc/34/fd/3", "/dev/dsa/wq1.0");
	tree_link(tree, "proc/35/fd/3", "/dev/iax/wq0.1");
	check(tree, "idxd", 1, FIRST SECOND THIRD, "");
	claims_check_device(tree, "idxd", IAX_ID, THIRD);
	claims_check_device(tree, "idxd", DSA_ID, FIRST SECOND);
	/* The third has no PASIDs any more: nothing is bound by who has it open. */
	tree_file(tree, IAX "/pasid_enabled", "0\n");
	check(tree, "idxd", 1, FIRST SECOND, "1 of 2 devices have pasid_enabled 0");
	assert_int_equal(unlinkat(tree->root.fd, IAX "/pasid_enabled", 0), 0);
	check(tree, "idxd", 1, FIRST SECOND, "1 of 2 devices have pasid_enabled 0");
	tree_link(tree, IAX "/pasid_enabled", "errno:13");
	check(tree, "idxd", -EACCES, FIRST SECOND,
	      "/sys/bus/dsa/devices/iax1/pasid_enabled: Permission denied");
}

/* Openers without an entry are looked for where a queue of users has some. */
static void idxd_openers(void **state)
{
	const struct tree *tree = *state;
	static const char opener[] = IAX_ID " some 0-0 sva pid 33 wq1.0\n";

	make_iax(tree, "1\n", "user\n");
	tree_link(tree, "proc/33/fd/3", "/dev/iax/wq1.0");
	claims_check_device(tree, "idxd", IAX_ID, opener);
	tree_file(tree, IAX "/wq1.0/state", "");
	tree_file(tree, IAX "/wq1.0/mode", "\n");
	check(tree, "idxd", 1, opener, "");
	tree_file(tree, IAX "/wq1.0/clients", "0\n");
	check(tree, "idxd", 1, "", "");
	tree_file(tree, IAX "/wq1.0/clients", "1\n");
	tree_file(tree, IAX "/wq1.0/type", "none\n");
	check(tree, "idxd", 1, "", "");
	tree_file(tree, IAX "/wq1.0/type", "user\n");
	assert_int_equal(unlinkat(tree->root.fd, IAX "/wq1.0/clients", 0), 0);
	check(tree, "idxd", 1, "", "");
	tree_link(tree, IAX "/wq1.0/clients", "errno:5");
	check(tree, "idxd", -EIO, "",
	      "/sys/bus/dsa/devices/wq1.0/{state,type,mode,clients}: Input/output error");
	assert_int_equal(unlinkat(tree->root.fd, IAX "/wq1.0/clients", 0), 0);
	tree_file(tree, IAX "/wq1.0/clients", "1\n");
	assert_int_equal(renameat(tree->root.fd, "proc", tree->root.fd, "x"), 0);
	tree_link(tree, "proc", "errno:5");
	check(tree, "idxd", -EIO, "", "Input/output error");
}

/* Each of the files of a queue; the first that cannot be read is named. */
static void idxd_queue_unreadable(void **state)
{
	static const char *const files[] = { "state", "type", "mode", "clients" };
	const struct tree *tree = *state;

	make_iax(tree, "1\n", "user\n");
	tree_dir(tree, "proc");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128];

		snprintf(path, sizeof(path), IAX "/wq1.0/%s", files[i]);
		assert_int_equal(renameat(tree->root.fd, path, tree->root.fd, "x"), 0);
		tree_link(tree, path, "errno:1");
		check(tree, "idxd", -EPERM, "",
		      "/sys/bus/dsa/devices/wq1.0/{state,type,mode,clients}: "
		      "Operation not permitted");
		assert_int_equal(renameat(tree->root.fd, "x", tree->root.fd, path), 0);
		check(tree, "idxd", 1, "", "");
	}
	/* Of no device. */
	assert_int_equal(unlinkat(tree->root.fd, BUS "wq1.0", 0), 0);
	tree_dir(tree, BUS "wq1.0");
	check(tree, "idxd", -ENODEV, "",
	      "/sys/bus/dsa/devices/wq1.0/{state,type,mode,clients}: No such device");
	assert_int_equal(unlinkat(tree->root.fd, BUS "wq1.0", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(tree->root.fd, BUS "iax1", 0), 0);
	tree_file(tree, BUS "iax1/pasid_enabled", "1\n");
	check(tree, "idxd", -ENODEV, "", "/sys/bus/dsa/devices/iax1/..: No such device");
}

/* One PASID of the kernel's for a device, where a shared queue of its own is enabled. */
static void idxd_kernel_queues(void **state)
{
	const struct tree *tree = *state;
	static const char both[] =
		DSA_ID " some 0-0 dma pid - wq0.1\n" IAX_ID " some 0-0 dma pid - wq1.0\n";
	static const char later[] =
		DSA_ID " some 0-0 dma pid - wq0.2\n" IAX_ID " some 0-0 dma pid - wq1.0\n";

	make_dsa(tree, "1\n", "kernel\n", "shared\n");
	make_second(tree, NULL);
	tree_file(tree, DSA "/wq0.2/type", "kernel\n");
	make_iax(tree, "1\n", "kernel\n");
	check(tree, "idxd", 1, both, "");
	claims_check_device(tree, "idxd", IAX_ID, IAX_ID " some 0-0 dma pid - wq1.0\n");
	tree_file(tree, QUEUE "/mode", "dedicated\n");
	check(tree, "idxd", 1, later, "");
	tree_file(tree, QUEUE "/mode", "shared\n");
	tree_file(tree, QUEUE "/state", "disabled\n");
	check(tree, "idxd", 1, later, "");
	tree_file(tree, QUEUE "/state", "enabled\n");
	tree_file(tree, QUEUE "/type", "mdev\n");
	check(tree, "idxd", 1, later, "");
}

/* Each counter by itself, and the highest number of a process. */
static void idxd_counters(void **state)
{
#define OPENER QUEUE "/dsa!wq0.1/file7/"
	const struct tree *tree = *state;

	make_dsa(tree, "1\n", "user\n", "shared\n");
	make_opener(tree, "2147483647\n");
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 2147483647 wq0.1 5/2\n", "");
	tree_file(tree, OPENER "pid", "2147483648\n");
	check(tree, "idxd", -EBADMSG, DSA_ID " some 0-0 sva pid -74 wq0.1 5/2\n",
	      "/sys/bus/dsa/devices/file7/pid: Bad message");
	tree_file(tree, OPENER "pid", "31\n");
	assert_int_equal(unlinkat(tree->root.fd, OPENER "cr_faults", 0), 0);
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 31 wq0.1 -/2\n", "");
	tree_link(tree, OPENER "cr_faults", "errno:19"); /* the queue was disabled */
	check(tree, "idxd", 1, DSA_ID " some 0-0 sva pid 31 wq0.1 -/2\n", "");
	assert_int_equal(unlinkat(tree->root.fd, OPENER "cr_fault_failures", 0), 0);
	tree_link(tree, OPENER "cr_fault_failures", "errno:5");
	check(tree, "idxd", -EIO, DSA_ID " some 0-0 sva pid 31 wq0.1 -/-5\n",
	      "/sys/bus/dsa/devices/file7/cr_fault_failures: Input/output error");
	assert_int_equal(unlinkat(tree->root.fd, OPENER "pid", 0), 0);
	check(tree, "idxd", 1, "", "");
	tree_link(tree, OPENER "pid", "errno:19");
	check(tree, "idxd", 1, "", "");
}

/* "dsa", "iax", "wq", "file" and up to nine digits; of a queue two numbers. */
static void idxd_names(void **state)
{
	static const char *const devices[] = { "dsa0", "iax999999999" };
	static const char *const others[] = {
		"dsa",  "dsa1234567890", "dsa0x",  "xdsa0",  "iax",     "wq.1",
		"wq0.", "wq0",           "wq0.1x", "xwq0.1", "wq0.1.2", "wq1234567890.1"
	};
	const struct tree *tree = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		snprintf(path, sizeof(path), BUS "%s/pasid_enabled", devices[i]);
		tree_file(tree, path, "0\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(path, sizeof(path), BUS "%s", others[i]);
		tree_link(tree, path, "errno:13");
	}
	check(tree, "idxd", 1, "", "2 of 2 devices have pasid_enabled 0");
	/* Those of queues are read: they cannot be. */
	tree_link(tree, BUS "wq123456789.0", "errno:13");
	check(tree, "idxd", -EACCES, "",
	      "/sys/bus/dsa/devices/wq123456789.0/{state,type,mode,clients}: Permission denied");
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
		tree_test(leader),
		tree_test(idxd_of_several_devices),
		tree_test(idxd_openers),
		tree_test(idxd_queue_unreadable),
		tree_test(idxd_kernel_queues),
		tree_test(idxd_counters),
		tree_test(idxd_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
