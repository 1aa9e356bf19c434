/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diagnosis/guard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/block.h"
#include "sys/netlink.h"
#include "util/array.h"
#include "util/cleanup.h"

/* A vlan on a bridge on a bond is three. */
#define NET_DEPTH 8

static const struct question ask_bridge = { "bridge", 0, "the devices behind it would be lost" };
static const struct question ask_vfs = { "virtual-functions", 0, "they go with the driver" };
static const struct question ask_net = { "network", 0, "the interface goes with the driver" };
static const struct question ask_mount = { "mount", 0, "the file system would lose its disk" };
static const struct question ask_swap = { "swap", 0,
					  "the processes whose memory is there would end" };
static const struct question ask_stacked = { "stacked", 0,
					     "what is stacked on the disk would lose it" };
static const struct question ask_claimed = { "claimed", 0, "what holds the disk would lose it" };
static const struct question ask_in_use = {
	"in-use", 0, "only one process can have a group, and a driver waits until it is closed"
};

/* A device, and the findings that it gets. */
struct guard {
	const struct sys_root *root;
	const struct device *device;
	struct finding_list *list;
};

/*
 * The command that removes an obstacle: BEFORE and AFTER around ARG, an untrusted name. NULL for a
 * name with unprintable characters: it could not be copied from the screen.
 */
static char *command(const struct guard *guard, const char *before, const char *arg,
		     const char *after)
{
	_cleanup_free_ char *quoted = str_quote(arg), *shown = str_printable(arg);
	char *text = NULL;

	if (quoted && shown && strcmp(shown, arg) != 0)
		return NULL;
	if (!quoted || !shown || asprintf(&text, "%s%s%s", before, quoted, after) < 0) {
		guard->list->error = -ENOMEM;
		return NULL;
	}
	return text;
}

/* REMEDY may be NULL. */
static void add(const struct guard *guard, const struct question *question, const char *subject,
		const char *detail, const char *remedy)
{
	finding_add(guard->list, question, FINDING_BLOCKED, guard->device->id, remedy, "%s %s",
		    subject, detail);
}

/* QUESTION has no answer, because WHAT could not be read. */
static void add_unknown(const struct guard *guard, const struct question *question,
			const char *what, int error)
{
	struct finding *finding =
		finding_add(guard->list, question, FINDING_UNKNOWN, guard->device->id, NULL,
			    "%s could not be read: %s", what, strerror(-error));

	if (finding)
		finding->error = error;
}

static void guard_bridge(const struct guard *guard)
{
	const struct device *device = guard->device;
	const char *word = device->class_name.value ? device->class_name.value : "bridge";
	char detail[128];

	if (device->class.status < 0)
		add_unknown(guard, &ask_bridge, "its class", device->class.status);
	snprintf(detail, sizeof(detail), "is %s %s", strchr("aeiou", *word) ? "an" : "a", word);
	if (device_is_bridge(device))
		add(guard, &ask_bridge, "it", detail, NULL);
}

/* Unbinding a PF removes its VFs (pci_disable_sriov()). */
static void guard_functions(const struct guard *guard)
{
	const struct device *device = guard->device;
	_cleanup_free_ char *remedy = NULL;
	char detail[64], file[4096];

	if (device->sriov_numvfs.status != 1 || device->sriov_numvfs.value == 0)
		return;
	snprintf(detail, sizeof(detail), "has %" PRIu64 " virtual function%s",
		 device->sriov_numvfs.value, device->sriov_numvfs.value == 1 ? "" : "s");
	snprintf(file, sizeof(file), "%s/sriov_numvfs",
		 device->path.value ? device->path.value : "");
	remedy = command(guard, "echo 0 > ", file, "");
	add(guard, &ask_vfs, "it", detail, remedy);
}

/*
 * The directory `net` of a device exists as long as it has any interface, but only lists those of
 * this network namespace (class_dir_child_ns_type()).
 */
static void guard_namespaces(const struct guard *guard)
{
	const struct field_str *path = &guard->device->path;
	_cleanup_strv_ struct strv entries = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	if (path->status != 1)
		return;
	dir = sys_dir_open(guard->root, path->value + 1);
	if (sys_list(dir, "net", &entries) == 0 && entries.n == 0)
		add(guard, &ask_net, "a network interface of it", "is in another network namespace",
		    NULL);
}

/*
 * Finds the interface with a default route: NAME, or a bond, bridge or vlan above it. Returns false
 * if none.
 */
static bool find_route(const struct sys_root *root, const struct strv *routes, const char *name,
		       unsigned int depth, char *buf, size_t size)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[512];

	if (strv_has(routes, name)) {
		snprintf(buf, size, "%s", name);
		return true;
	}
	snprintf(path, sizeof(path), "sys/class/net/%s", name);
	dir = sys_dir_open(root, path);
	if (sys_list(dir, ".", &list) < 0)
		return false;
	for (size_t i = 0; depth > 0 && i < list.n; i++)
		if (str_starts(list.v[i], "upper_") &&
		    find_route(root, routes, list.v[i] + strlen("upper_"), depth - 1, buf, size))
			return true;
	return false;
}

/* A bond, bridge or team that would lose this port. */
static void describe_net(const struct sys_root *root, const struct strv *routes, const char *name,
			 char *buf, size_t size)
{
	char path[512], master[256], route[256];
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	size_t len;

	snprintf(path, sizeof(path), "sys/class/net/%s", name);
	dir = sys_dir_open(root, path);
	if (sys_read_link(dir, "master", master, sizeof(master)) == 0)
		snprintf(buf, size, "is up and a part of %s", master);
	else
		snprintf(buf, size, "is up");
	len = strlen(buf);
	if (!find_route(root, routes, name, NET_DEPTH, route, sizeof(route)))
		return;
	if (strcmp(route, name) == 0)
		snprintf(buf + len, size - len, ", with a default route");
	else
		snprintf(buf + len, size - len, ", with a default route over %s", route);
}

static void guard_nets(const struct guard *guard)
{
	const struct device *device = guard->device;
	_cleanup_strv_ struct strv routes = { 0 };

	/*
	 * An interface that is up blocks with or without a default route: the routes only add
	 * detail.
	 */
	if (device->n_nets > 0)
		(void)sys_netlink_default_routes(guard->root, &routes);
	if (device->nets_status < 0)
		add_unknown(guard, &ask_net, "the network interfaces", device->nets_status);
	for (size_t i = 0; i < device->n_nets; i++) {
		const struct device_net *net = &device->nets[i];
		_cleanup_free_ char *remedy = NULL;
		char detail[1024];

		if (net->up.status < 0)
			add_unknown(guard, &ask_net, net->name, net->up.status);
		if (net->up.status != 1 || !net->up.value)
			continue;
		describe_net(guard->root, &routes, net->name, detail, sizeof(detail));
		remedy = command(guard, "ip link set dev ", net->name, " down");
		add(guard, &ask_net, net->name, detail, remedy);
	}
	guard_namespaces(guard);
}

/* How to release a stacked device depends on what created it. */
static void add_stacked(const struct guard *guard, const struct device_block *block)
{
	char path[512], node[300], detail[600], name[256] = "", uuid[256] = "";
	_cleanup_free_ char *remedy = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	snprintf(detail, sizeof(detail), "is held by %s", block->name);
	snprintf(path, sizeof(path), "sys/class/block/%s", block->name);
	dir = sys_dir_open(guard->root, path);
	if (str_starts(block->name, "md")) {
		snprintf(node, sizeof(node), "/dev/%s", block->name);
		remedy = command(guard, "mdadm --stop ", node, "");
	} else if (sys_read(dir, "dm/name", name, sizeof(name)) > 0) {
		(void)sys_read(dir, "dm/uuid", uuid, sizeof(uuid));
		snprintf(detail, sizeof(detail), "is held by %s (%s)", block->name, name);
		remedy = command(
			guard, str_starts(uuid, "CRYPT-") ? "cryptsetup close " : "dmsetup remove ",
			name, "");
	}
	snprintf(node, sizeof(node), "/dev/%s", block->parent);
	add(guard, &ask_stacked, node, detail, remedy);
}

static void guard_block(const struct guard *guard, const struct device_block *block)
{
	char node[300], detail[4200];

	snprintf(node, sizeof(node), "/dev/%s", block->name);
	if (block->uses_status < 0)
		add_unknown(guard, &ask_mount, node, block->uses_status);
	for (size_t i = 0; i < block->mounts.n; i++) {
		_cleanup_free_ char *remedy = command(guard, "umount ", block->mounts.v[i], "");

		snprintf(detail, sizeof(detail), "is mounted on %s", block->mounts.v[i]);
		add(guard, &ask_mount, node, detail, remedy);
	}
	if (block->swap) {
		_cleanup_free_ char *remedy = command(guard, "swapoff ", node, "");

		add(guard, &ask_swap, node, "is in use as swap", remedy);
	}
	/* The disk of a multipath NVMe exists whether it is used or not. */
	if (block->stacked && !str_starts(block->name, "nvme"))
		add_stacked(guard, block);
}

/* Is the claim on BLOCK, one of CLAIMED, due to one of its partitions? */
static bool is_of_partition(const struct device *device, const bool *claimed, size_t block)
{
	for (size_t i = 0; i < device->n_blocks; i++)
		if (claimed[i] && device->blocks[i].parent &&
		    strcmp(device->blocks[i].parent, device->blocks[block].name) == 0)
			return true;
	return false;
}

/* Claims for which no other reason was found: a ZFS pool, a mount in another namespace. */
static void guard_claims(const struct guard *guard)
{
	const struct device *device = guard->device;
	_cleanup_free_ bool *claimed = calloc(device->n_blocks + 1, sizeof(*claimed));
	char node[300];

	if (!claimed) {
		guard->list->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < device->n_blocks; i++)
		claimed[i] = sys_block_claimed(device->blocks[i].name) == 1;
	for (size_t i = 0; i < device->n_blocks; i++) {
		if (!claimed[i] || is_of_partition(device, claimed, i))
			continue;
		snprintf(node, sizeof(node), "/dev/%s", device->blocks[i].name);
		add(guard, &ask_claimed, node,
		    "is held in the kernel, by another mount namespace or a pool", NULL);
	}
}

static void guard_blocks(const struct guard *guard)
{
	const struct device *device = guard->device;
	size_t before = guard->list->n;

	if (device->blocks_status < 0)
		add_unknown(guard, &ask_mount, "the block devices", device->blocks_status);
	for (size_t i = 0; i < device->n_blocks; i++)
		guard_block(guard, &device->blocks[i]);
	/*
	 * A claim on a partition is one on its disk too, so claims only help if nothing else was
	 * found.
	 */
	if (guard->list->n == before && !guard->root->captured)
		guard_claims(guard);
}

/*
 * Ending the holder of a context destroys all it has. Anyone can take the name of one, and only the
 * contexts themselves know which process it is, so no command is suggested for such names.
 */
static void add_opener(const struct guard *guard, const struct device_opener *opener)
{
	_cleanup_free_ char *remedy = NULL;
	struct finding *finding;
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)opener->pid);
	if (!str_starts(opener->comm, "ioasid:"))
		remedy = opener->service ? command(guard, "systemctl stop ", opener->unit, "")
					 : command(guard, "kill ", pid, "");
	finding = finding_add(guard->list, &ask_in_use, FINDING_BLOCKED, guard->device->id, remedy,
			      "process %s (%s) has %s open", pid, opener->comm, opener->node);
	if (finding)
		finding->pid = opener->pid;
}

/* Unbinding waits until the node is closed (vfio_unregister_group_dev()). */
static void guard_openers(const struct guard *guard)
{
	const struct device *device = guard->device;
	const char *driver = device->driver.value ? device->driver.value : "";

	for (size_t i = 0; i < device->n_openers; i++)
		add_opener(guard, &device->openers[i]);
	if (device->openers_status < 0 &&
	    (strstr(driver, "vfio") || strstr(driver, "uio") || device->n_blocks))
		add_unknown(guard, &ask_in_use, "the open files of all processes",
			    device->openers_status);
}

void driver_guard_device(const struct sys_root *root, const struct device *device,
			 unsigned int what, struct finding_list *list)
{
	const struct guard guard = { root, device, list };

	if (what & GUARD_BRIDGE)
		guard_bridge(&guard);
	if (what & GUARD_LOSSES) {
		guard_functions(&guard);
		guard_nets(&guard);
		guard_blocks(&guard);
	}
	if (what & GUARD_OPENERS)
		guard_openers(&guard);
}

int driver_guard(const struct sys_root *root, const char *path, struct finding_list *ret)
{
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_device_ struct device device = { 0 };
	int r = device_get(root, path, DRIVER_GUARD_NEED, &device);

	if (r < 0)
		return r;
	driver_guard_device(root, &device, GUARD_ALL, &list);
	return finding_list_take(&list, ret);
}
