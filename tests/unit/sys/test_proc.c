/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "../tree.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "sys/proc.h"
#include "util/array.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check_unit(const char *text, const char *expected)
{
	_cleanup_free_ char *unit = NULL;

	assert_int_equal(sys_proc_cgroup_unit(text, &unit), 0);
	if (expected)
		assert_string_equal(unit, expected);
	else
		assert_null(unit);
}

static void finds_units(void **state)
{
	(void)state;
	check_unit("0::/system.slice/sshd.service\n", "sshd.service");
	check_unit("0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope");
	check_unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/vm.service\n",
		   "vm.service");
	check_unit("0::/system.slice/x.service/inner\n", "x.service");
	check_unit("12:cpu:/other.service\n1:name=systemd:/system.slice/a.service\n", "a.service");
	check_unit("12:cpu,cpuacct:/b.service\n", NULL);
	check_unit("0::/\n", NULL);
	check_unit("", NULL);
	check_unit("0::", NULL);
	check_unit("nonsense", NULL);
	check_unit("0::/.service\n", NULL);
}

static void tells_services_that_systemctl_stops(void **state)
{
	(void)state;
	assert_true(sys_proc_cgroup_service("0::/system.slice/sshd.service\n", "sshd.service"));
	assert_true(
		sys_proc_cgroup_service("0::/a.slice/a-b.slice/x.service/inner\n", "x.service"));
	assert_true(
		sys_proc_cgroup_service("1:name=systemd:/system.slice/a.service\n", "a.service"));
	assert_true(sys_proc_cgroup_service("0::/vm@a\\x2db.service\n", "vm@a\\x2db.service"));
	/*
	 * The name was chosen by whoever may create groups below: systemctl would stop another
	 * service.
	 */
	assert_false(sys_proc_cgroup_service(
		"0::/user.slice/user-1000.slice/user@1000.service/sshd.service\n", "sshd.service"));
	assert_false(sys_proc_cgroup_service("0::/group/sshd.service\n", "sshd.service"));
	assert_false(sys_proc_cgroup_service("0::/sshd.service.d/x\n", "sshd.service"));
	/* Not a valid unit name for systemd. */
	assert_false(sys_proc_cgroup_service("0::/$(id).service\n", "$(id).service"));
	assert_false(sys_proc_cgroup_service("0::/a b.service\n", "a b.service"));
	assert_false(sys_proc_cgroup_service("0::/-f.service\n", "-f.service"));
	assert_false(sys_proc_cgroup_service("0::/session-3.scope\n", "session-3.scope"));
	assert_false(sys_proc_cgroup_service("0::/\n", ".service"));
	assert_false(sys_proc_cgroup_service("", "a.service"));
}

static void finds_containers(void **state)
{
	(void)state;
	check_unit("0::/system.slice/docker-" HEX64 ".scope\n", HEX64);
	check_unit("0::/docker/" HEX64 "\n", HEX64);
	check_unit("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" HEX64 ".scope", HEX64);
	check_unit("0::/machine.slice/libpod-" HEX64 ".scope/container\n", HEX64);
	check_unit("0::/lxc.payload.web1/system.slice/nginx.service\n", "web1");
	check_unit("0::/docker/" HEX64 "0\n", NULL); /* 65 digits */
}

static void parses_mounts(void **state)
{
	_cleanup_proc_mounts_ struct proc_mounts list = { 0 };
	char text[] = "29 1 259:2 / / rw,relatime shared:1 master:2 - ext4 /dev/nvme0n1p2 rw\n"
		      "31 29 0:26 / /home/my\\040dir rw - btrfs /dev/mapper/a\\134b rw,subvol=/@\n"
		      "broken line\n"
		      "32 29 x:y / /a rw - ext4 /dev/sda rw\n"
		      "33 29 1:2 / /b rw -\n"
		      "34 29 1:2 / /c rw - tmpfs\n"
		      "35 29 8:1 / /tail\\04 rw - ext4 src rw";

	(void)state;
	assert_int_equal(sys_proc_mounts_parse(text, &list), 0);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.v[0].major, 259);
	assert_int_equal(list.v[0].minor, 2);
	assert_string_equal(list.v[0].point, "/");
	assert_string_equal(list.v[0].source, "/dev/nvme0n1p2");
	assert_string_equal(list.v[0].type, "ext4");
	assert_string_equal(list.v[1].point, "/home/my dir");
	assert_string_equal(list.v[1].source, "/dev/mapper/a\\b");
	assert_string_equal(list.v[2].point, "/tail\\04");
}

static void reads_swaps(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strv_ struct strv list = { 0 };

	tree_dir(tree, "proc");
	assert_int_equal(sys_proc_swaps(&tree->root, &list), 0);
	assert_int_equal(list.n, 0);
	tree_file(tree, "proc/swaps",
		  "Filename\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
		  "/dev/dm-1                               partition\t8388604\t\t0\t\t-2\n"
		  "/swap\\040file file 1 0 -3\n");
	assert_int_equal(sys_proc_swaps(&tree->root, &list), 0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[0], "/dev/dm-1");
	assert_string_equal(list.v[1], "/swap file");
}

static void reads_processes(void **state)
{
	const struct tree *tree = *state;
	_cleanup_proc_process_ struct proc_process process = { 0 };

	tree_file(tree, "proc/812/comm", "qemu (x) y\n");
	tree_file(tree, "proc/812/stat",
		  "812 (qemu (x) y) S 1 812 812 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9\n");
	tree_file(tree, "proc/812/status", "Name:\tqemu\nUid:\t107\t0\t107\t107\nGid:\t1\n");
	tree_file(tree, "proc/812/cgroup", "0::/machine.slice/vm.scope\n");
	assert_int_equal(sys_proc_process(&tree->root, 812, &process), 0);
	assert_string_equal(process.comm, "qemu (x) y");
	assert_int_equal(process.uid.value, 107);
	assert_int_equal(process.start, 4711);
	assert_string_equal(process.unit, "vm.scope");
	assert_int_equal(sys_proc_process(&tree->root, 813, &process), -ESRCH);
	assert_int_equal(process.pid, 812);
}

struct seen {
	size_t n;
	struct {
		pid_t pid;
		char path[64], syspath[64];
	} v[8];
};

static int on_file(const struct proc_file *file, void *data)
{
	struct seen *seen = data;

	assert_true(seen->n < ARRAY_SIZE(seen->v));
	seen->v[seen->n].pid = file->pid;
	snprintf(seen->v[seen->n].path, 64, "%s", file->path);
	snprintf(seen->v[seen->n].syspath, 64, "%s", file->vfio_syspath ? file->vfio_syspath : "");
	seen->n++;
	return 0;
}

static void walks_files(void **state)
{
	const struct tree *tree = *state;
	struct seen seen = { 0 };

	tree_link(tree, "proc/7/fd/0", "/dev/null");
	tree_link(tree, "proc/7/fd/3", "/dev/vfio/12");
	tree_link(tree, "proc/7/fd/4", "anon_inode:[vfio-device]");
	tree_file(tree, "proc/7/fdinfo/4", "pos:\t0\nvfio-device-syspath: /sys/devices/x\nq: 1\n");
	tree_link(tree, "proc/7/fd/5", "anon_inode:[vfio-device]");
	tree_link(tree, "proc/7/fd/6", "socket:[12]");
	tree_dir(tree, "proc/8/fd");
	tree_dir(tree, "proc/9");
	tree_link(tree, "proc/sys/fd/3", "/dev/vfio/13");
	assert_int_equal(sys_proc_files(&tree->root, on_file, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.v[0].pid, 7);
	assert_string_equal(seen.v[0].path, "/dev/vfio/12");
	assert_string_equal(seen.v[1].syspath, "/sys/devices/x");
	tree_link(tree, "proc/9/fd", "errno:13");
	seen.n = 0;
	assert_int_equal(sys_proc_files(&tree->root, on_file, &seen), -EACCES);
	assert_int_equal(seen.n, 2);
}

/* A /proc mounted with hidepid=, or equivalent. */
static void tells_hidden_from_gone(void **state)
{
	const struct tree *tree = *state;
	struct sys_root live = tree->root;
	struct proc_process process;

	tree_dir(tree, "proc");
	live.captured = false;
	assert_int_equal(sys_proc_process(&live, 1, &process), -EACCES);
	assert_int_equal(sys_proc_process(&live, INT_MAX, &process), -ESRCH);
	assert_int_equal(sys_proc_process(&live, 0, &process), -ESRCH);
	assert_int_equal(sys_proc_process(&tree->root, 1, &process), -ESRCH);
}

struct openers {
	pid_t child;
	int own, childs;
};

static int count_openers(const struct proc_file *file, void *data)
{
	struct openers *openers = data;

	if (strcmp(file->path, "/dev/full") == 0) {
		openers->own += file->pid == getpid();
		openers->childs += file->pid == openers->child;
	}
	return 0;
}

/* Whatever a script has open its commands inherit; the inspecting process is not reported. */
static void leaves_itself_out(void **state)
{
	const struct sys_root live = { .fd = open("/", O_PATH) };
	int fd = open("/dev/full", O_RDWR);
	struct openers openers = { .child = fork() };

	(void)state;
	assert_true(fd >= 0 && openers.child >= 0);
	if (openers.child == 0) {
		pause();
		_exit(0);
	}
	(void)sys_proc_files(&live, count_openers, &openers);
	kill(openers.child, SIGKILL);
	assert_int_equal(waitpid(openers.child, NULL, 0), openers.child);
	assert_int_equal(openers.childs, 1);
	assert_int_equal(openers.own, 0);
	close(fd);
	close(live.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_units),
		cmocka_unit_test(tells_services_that_systemctl_stops),
		cmocka_unit_test(finds_containers),
		cmocka_unit_test(parses_mounts),
		tree_test(reads_swaps),
		tree_test(reads_processes),
		tree_test(walks_files),
		tree_test(tells_hidden_from_gone),
		cmocka_unit_test(leaves_itself_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
