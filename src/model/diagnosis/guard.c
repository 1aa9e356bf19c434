/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The obstacles to taking a device from its driver. */
#include "model/driver/plan.h"

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

static void obstacle_done(struct driver_obstacle *obstacle)
{
	free(obstacle->object);
	free(obstacle->detail);
	free(obstacle->command);
}

void driver_obstacles_done(struct driver_obstacles *list)
{
	for (size_t i = 0; i < list->n; i++)
		obstacle_done(&list->v[i]);
	free(list->v);
	*list = (struct driver_obstacles){ 0 };
}

/* The command that removes an obstacle: BEFORE and AFTER around ARG, an untrusted name. */
struct command {
	const char *before, *arg, *after;
};

/*
 * Returns 0 or -ENOMEM. A name with unprintable characters gets no command: it could not be copied
 * from the screen.
 */
static int command_text(const struct command *command, char **ret)
{
	_cleanup_free_ char *quoted = str_quote(command->arg), *shown = str_printable(command->arg);
	char *text;

	if (!quoted || !shown)
		return -ENOMEM;
	if (strcmp(shown, command->arg) != 0)
		return 0;
	if (asprintf(&text, "%s%s%s", command->before, quoted,
		     command->after ? command->after : "") < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}

/* COMMAND: NULL: none. */
static int add(struct driver_obstacles *list, enum driver_obstacle_kind kind, const char *object,
	       const char *detail, const struct command *command)
{
	struct driver_obstacle obstacle = { .kind = kind }, *slot = NULL;
	int r = command ? command_text(command, &obstacle.command) : 0;

	obstacle.object = strdup(object);
	obstacle.detail = strdup(detail);
	if (r == 0 && obstacle.object && obstacle.detail)
		slot = array_push(list->v, list->n);
	if (!slot) {
		obstacle_done(&obstacle);
		return -ENOMEM;
	}
	*slot = obstacle;
	return 0;
}

/* KIND could not be excluded, because WHAT could not be read. */
static int add_unknown(struct driver_obstacles *list, enum driver_obstacle_kind kind,
		       const char *what, int error)
{
	char detail[256];
	int r;

	snprintf(detail, sizeof(detail), "could not be read: %s", strerror(-error));
	r = add(list, kind, what, detail, NULL);
	if (r == 0)
		list->v[list->n - 1].unknown = true;
	return r;
}

static int guard_function(const struct device *device, struct driver_obstacles *list)
{
	char detail[128], file[4096];
	int r = 0;

	if (device->class.status < 0)
		r = add_unknown(list, DRIVER_OBSTACLE_BRIDGE, "its class", device->class.status);
	if (r == 0 && device_is_bridge(device)) {
		const char *word = device->class_name.value ? device->class_name.value : "bridge";

		snprintf(detail, sizeof(detail), "is %s %s", strchr("aeiou", *word) ? "an" : "a",
			 word);
		r = add(list, DRIVER_OBSTACLE_BRIDGE, device->id, detail, NULL);
	}
	/* Unbinding a PF removes its VFs (pci_disable_sriov()). */
	if (r == 0 && device->sriov_numvfs.status == 1 && device->sriov_numvfs.value > 0) {
		snprintf(detail, sizeof(detail), "has %" PRIu64 " virtual functions",
			 device->sriov_numvfs.value);
		snprintf(file, sizeof(file), "%s/sriov_numvfs",
			 device->path.value ? device->path.value : "");
		r = add(list, DRIVER_OBSTACLE_VFS, device->id, detail,
			&(struct command){ "echo 0 > ", file, NULL });
	}
	return r;
}

/*
 * The directory `net` of a device exists as long as it has any interface, but only lists those of
 * this network namespace (class_dir_child_ns_type()).
 */
static int guard_namespaces(const struct sys_root *root, const struct device *device,
			    struct driver_obstacles *list)
{
	_cleanup_strv_ struct strv entries = { 0 };
	_cleanup_close_ int dir = -1;

	if (device->path.status != 1)
		return 0;
	dir = sys_dir_open(root, device->path.value + 1);
	if (dir < 0 || sys_list(dir, "net", &entries) < 0 || entries.n > 0)
		return 0;
	return add(list, DRIVER_OBSTACLE_NETWORK, "a network interface of it",
		   "is in another network namespace", NULL);
}

/*
 * Finds the interface with a default route: NAME, or a bond, bridge or vlan above it. Returns false
 * if none.
 */
static bool find_route(const struct sys_root *root, const struct strv *routes, const char *name,
		       unsigned int depth, char *buf, size_t size)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_close_ int dir = -1;
	char path[512];

	if (strv_has(routes, name)) {
		snprintf(buf, size, "%s", name);
		return true;
	}
	snprintf(path, sizeof(path), "sys/class/net/%s", name);
	dir = sys_dir_open(root, path);
	if (dir < 0 || sys_list(dir, ".", &list) < 0)
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
	_cleanup_close_ int dir = -1;
	size_t len;

	snprintf(path, sizeof(path), "sys/class/net/%s", name);
	dir = sys_dir_open(root, path);
	if (dir >= 0 && sys_read_link(dir, "master", master, sizeof(master)) == 0)
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

static int guard_nets(const struct sys_root *root, const struct device *device,
		      struct driver_obstacles *list)
{
	_cleanup_strv_ struct strv routes = { 0 };
	int r = 0;

	/*
	 * An interface that is up blocks with or without a default route: the routes only add
	 * detail.
	 */
	if (device->n_nets > 0)
		(void)sys_netlink_default_routes(root, &routes);
	if (device->nets_status < 0)
		r = add_unknown(list, DRIVER_OBSTACLE_NETWORK, "the network interfaces",
				device->nets_status);
	for (size_t i = 0; r == 0 && i < device->n_nets; i++) {
		const struct device_net *net = &device->nets[i];
		char detail[1024];

		if (net->up.status < 0)
			r = add_unknown(list, DRIVER_OBSTACLE_NETWORK, net->name, net->up.status);
		if (net->up.status != 1 || !net->up.value)
			continue;
		describe_net(root, &routes, net->name, detail, sizeof(detail));
		r = add(list, DRIVER_OBSTACLE_NETWORK, net->name, detail,
			&(struct command){ "ip link set dev ", net->name, " down" });
	}
	return r == 0 ? guard_namespaces(root, device, list) : r;
}

/* How to release a stacked device depends on what created it. */
static int add_stacked(const struct sys_root *root, const struct device_block *block,
		       struct driver_obstacles *list)
{
	char path[512], object[300], node[300], detail[600], name[256] = "", uuid[256] = "";
	_cleanup_close_ int dir = -1;

	snprintf(object, sizeof(object), "/dev/%s", block->parent);
	snprintf(node, sizeof(node), "/dev/%s", block->name);
	snprintf(detail, sizeof(detail), "is held by %s", block->name);
	if (str_starts(block->name, "md"))
		return add(list, DRIVER_OBSTACLE_STACKED, object, detail,
			   &(struct command){ "mdadm --stop ", node, NULL });
	snprintf(path, sizeof(path), "sys/class/block/%s", block->name);
	dir = sys_dir_open(root, path);
	if (dir < 0 || sys_read(dir, "dm/name", name, sizeof(name)) <= 0)
		return add(list, DRIVER_OBSTACLE_STACKED, object, detail, NULL);
	(void)sys_read(dir, "dm/uuid", uuid, sizeof(uuid));
	snprintf(detail, sizeof(detail), "is held by %s (%s)", block->name, name);
	return add(list, DRIVER_OBSTACLE_STACKED, object, detail,
		   &(struct command){ str_starts(uuid, "CRYPT-") ? "cryptsetup close "
								 : "dmsetup remove ",
				      name, NULL });
}

static int guard_block(const struct sys_root *root, const struct device_block *block,
		       struct driver_obstacles *list)
{
	char node[300], detail[4200];
	int r = 0;

	snprintf(node, sizeof(node), "/dev/%s", block->name);
	if (block->uses_status < 0)
		r = add_unknown(list, DRIVER_OBSTACLE_MOUNT, node, block->uses_status);
	for (size_t i = 0; r == 0 && i < block->mounts.n; i++) {
		snprintf(detail, sizeof(detail), "is mounted on %s", block->mounts.v[i]);
		r = add(list, DRIVER_OBSTACLE_MOUNT, node, detail,
			&(struct command){ "umount ", block->mounts.v[i], NULL });
	}
	if (r == 0 && block->swap)
		r = add(list, DRIVER_OBSTACLE_SWAP, node, "is in use as swap",
			&(struct command){ "swapoff ", node, NULL });
	/* The disk of a multipath NVMe exists whether it is used or not. */
	if (r == 0 && block->stacked && !str_starts(block->name, "nvme"))
		r = add_stacked(root, block, list);
	return r;
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
static int guard_claims(const struct device *device, struct driver_obstacles *list)
{
	_cleanup_free_ bool *claimed = calloc(device->n_blocks + 1, sizeof(*claimed));
	char node[300];
	int r = 0;

	if (!claimed)
		return -ENOMEM;
	for (size_t i = 0; i < device->n_blocks; i++)
		claimed[i] = sys_block_claimed(device->blocks[i].name) == 1;
	for (size_t i = 0; i < device->n_blocks && r == 0; i++) {
		if (!claimed[i] || is_of_partition(device, claimed, i))
			continue;
		snprintf(node, sizeof(node), "/dev/%s", device->blocks[i].name);
		r = add(list, DRIVER_OBSTACLE_CLAIMED, node,
			"is held in the kernel, by another mount namespace or a pool", NULL);
	}
	return r;
}

static int guard_blocks(const struct sys_root *root, const struct device *device,
			struct driver_obstacles *list)
{
	size_t before = list->n;
	int r = 0;

	if (device->blocks_status < 0)
		r = add_unknown(list, DRIVER_OBSTACLE_MOUNT, "the block devices",
				device->blocks_status);
	for (size_t i = 0; r == 0 && i < device->n_blocks; i++)
		r = guard_block(root, &device->blocks[i], list);
	/*
	 * A claim on a partition is one on its disk too, so claims only help if nothing else was
	 * found.
	 */
	if (r == 0 && list->n == before && !root->captured)
		r = guard_claims(device, list);
	return r;
}

/*
 * Ending the holder of a context destroys all it has. Anyone can take the name of one, and only the
 * contexts themselves know which process it is, so no command is suggested for such names.
 */
static int add_opener(const struct device_opener *opener, struct driver_obstacles *list)
{
	char object[256], detail[320], pid[24];
	struct command stop = { "systemctl stop ", opener->unit, NULL },
		       kill = { "kill ", pid, NULL };
	bool context = str_starts(opener->comm, "ioasid:");
	int r;

	snprintf(object, sizeof(object), "process %d (%s)", (int)opener->pid, opener->comm);
	snprintf(detail, sizeof(detail), "has %s open", opener->node);
	snprintf(pid, sizeof(pid), "%d", (int)opener->pid);
	r = add(list, DRIVER_OBSTACLE_OPENER, object, detail,
		context           ? NULL
		: opener->service ? &stop
				  : &kill);
	if (r == 0)
		list->v[list->n - 1].pid = opener->pid;
	return r;
}

/* Unbinding waits until the node is closed (vfio_unregister_group_dev()). */
static int guard_openers(const struct device *device, struct driver_obstacles *list)
{
	const char *driver = device->driver.value ? device->driver.value : "";
	int r = 0;

	for (size_t i = 0; r == 0 && i < device->n_openers; i++)
		r = add_opener(&device->openers[i], list);
	if (r == 0 && device->openers_status < 0 &&
	    (strstr(driver, "vfio") || strstr(driver, "uio") || device->n_blocks))
		r = add_unknown(list, DRIVER_OBSTACLE_OPENER, "the open files of all processes",
				device->openers_status);
	return r;
}

int driver_guard_device(const struct sys_root *root, const struct device *device,
			struct driver_obstacles *ret)
{
	_cleanup_driver_obstacles_ struct driver_obstacles list = { 0 };
	int r;

	r = guard_function(device, &list);
	if (r == 0)
		r = guard_nets(root, device, &list);
	if (r == 0)
		r = guard_blocks(root, device, &list);
	if (r == 0)
		r = guard_openers(device, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct driver_obstacles){ 0 };
	return 0;
}

int driver_guard(const struct sys_root *root, const char *path, struct driver_obstacles *ret)
{
	_cleanup_device_ struct device device = { 0 };
	int r = device_get(root, path, DRIVER_GUARD_NEED, &device);

	return r < 0 ? r : driver_guard_device(root, &device, ret);
}
