/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an unprivileged user may do: open the nodes, pin memory. */
#include "model/diagnosis/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/access.h"
#include "sys/user.h"
#include "util/array.h"

static const struct question ask_node = {
	"node-access", FOR_USERS,
	"a user other than root needs access to it, or must be passed it open",
	.status = STATUS_NOT_PERMITTED
};
static const struct question ask_memlock = {
	"memlock", FOR_USERS,
	"all memory that devices may reach is pinned, huge pages included: mapping more "
	"fails with ENOMEM"
};

static const struct question ask_devices = {
	"vfio-devices", FOR_USERS, "a user can only have a device that has a VFIO driver"
};
static const struct question ask_way = {
	"vfio-devices", FOR_USERS,
	"it needs /dev/iommu and the device's own node, or /dev/vfio/vfio and its group's node",
	.status = STATUS_NOT_PERMITTED
};

struct node {
	char path[300]; /* relative to the root */
	struct sys_node node;
	int status; /* 0 or -errno */
	bool open;  /* the caller may open it; if root asks: some other user may */
};

struct nodes {
	struct node *v;
	size_t n;
};

static void nodes_done(struct nodes *nodes)
{
	free(nodes->v);
}

/* May the node at PATH be opened? Nodes shared by several devices are checked once. */
static bool is_open(struct pasid_chain *chain, struct nodes *nodes, const char *path)
{
	struct node node = { 0 }, *slot;

	for (size_t i = 0; i < nodes->n; i++)
		if (strcmp(nodes->v[i].path, path) == 0)
			return nodes->v[i].open;
	snprintf(node.path, sizeof(node.path), "%s", path);
	node.status = sys_node_read(chain->root, path, &node.node);
	if (node.status == -ENOENT)
		return false;
	if (node.status == 0)
		node.open = sys_is_root() ? sys_node_for_users(&node.node) : node.node.may;
	slot = array_push(nodes->v, nodes->n);
	if (slot)
		*slot = node;
	else
		chain->list.error = -ENOMEM;
	return node.open;
}

static bool is_prepared(const struct device *device)
{
	return device->vfio_cdev.status == 1 || device->vfio_group.status == 1;
}

/*
 * A device is reached through its own node with iommufd, or through its group's with a container.
 */
static bool has_way(struct pasid_chain *chain, struct nodes *nodes, const struct device *device)
{
	bool iommufd = is_open(chain, nodes, "dev/iommu");
	bool container = is_open(chain, nodes, "dev/vfio/vfio");
	bool cdev = false, group = false;
	char path[300];

	if (device->vfio_cdev.status == 1) {
		snprintf(path, sizeof(path), "dev/vfio/devices/%s", device->vfio_cdev.value);
		cdev = is_open(chain, nodes, path);
	}
	if (device->vfio_group.status == 1) {
		snprintf(path, sizeof(path), "dev/vfio/%" PRIu64, device->vfio_group.value);
		group = is_open(chain, nodes, path);
	}
	return (iommufd && cdev) || (container && group);
}

static const char *who(const struct node *node)
{
	if (sys_is_root())
		return node->open ? "users who are not root may open it" : "only root may open it";
	return node->open ? "you may open it" : "you may not open it";
}

static void add_node(struct pasid_chain *chain, const struct node *node, bool way)
{
	char user[64], group[64], object[304];
	static const char remedy[] =
		"give it to the user: chown, or a udev rule; or 'ioasidctl context exec' hands "
		"it over";
	enum finding_result result = FINDING_OK;

	snprintf(object, sizeof(object), "/%s", node->path);
	if (node->status < 0) {
		finding_unknown(&chain->list, &ask_node, object, node->status);
		return;
	}
	if (sys_user_name(chain->root, node->node.uid, user, sizeof(user)) < 0)
		snprintf(user, sizeof(user), "%u", (unsigned int)node->node.uid);
	if (sys_group_name(chain->root, node->node.gid, group, sizeof(group)) < 0)
		snprintf(group, sizeof(group), "%u", (unsigned int)node->node.gid);
	/* Not needed if another way is open. */
	if (!node->open)
		result = way ? FINDING_NOTE : FINDING_BLOCKED;
	finding_add(&chain->list, &ask_node, result, object, remedy, "%s:%s %04o%s: %s", user,
		    group, (unsigned int)node->node.mode, node->node.acl ? " and an ACL" : "",
		    who(node));
}

/*
 * Devices with a VFIO driver, and for how many of them a way is OPEN, which a captured tree does
 * not show.
 */
static void add_devices(struct check_machine *machine, size_t prepared, size_t open)
{
	struct pasid_chain *chain = &machine->chain;

	if (machine->devices_status < 0)
		finding_unknown(&chain->list, &ask_devices, NULL, machine->devices_status);
	else if (prepared == 0)
		finding_add(&chain->list, &ask_devices, FINDING_BLOCKED, NULL,
			    "ioasidctl driver set DEVICE vfio-pci",
			    "no device has a VFIO driver: none is prepared");
	else if (chain->root->captured)
		finding_add(&chain->list, &ask_devices, FINDING_OK, NULL, NULL,
			    "%zu device%s a VFIO driver", prepared,
			    prepared == 1 ? " has" : "s have");
	else
		finding_add(&chain->list, &ask_way, open ? FINDING_OK : FINDING_BLOCKED, NULL, NULL,
			    "%zu of %zu devices with a VFIO driver can be opened", open, prepared);
}

static void add_nodes(struct check_machine *machine)
{
	struct pasid_chain *chain = &machine->chain;
	_cleanup_(nodes_done) struct nodes nodes = { 0 };
	size_t prepared = 0, open = 0;

	for (size_t i = 0; i < machine->devices.n; i++)
		prepared += is_prepared(&machine->devices.v[i]);
	if (chain->root->captured) {
		finding_add(&chain->list, &ask_node, FINDING_UNKNOWN, NULL, NULL,
			    "could not be measured: a capture has no permissions");
		add_devices(machine, prepared, 0);
		return;
	}
	is_open(chain, &nodes, "dev/iommu");
	is_open(chain, &nodes, "dev/vfio/vfio");
	for (size_t i = 0; i < machine->devices.n; i++)
		if (is_prepared(&machine->devices.v[i]))
			open += has_way(chain, &nodes, &machine->devices.v[i]);
	for (size_t i = 0; i < nodes.n; i++)
		add_node(chain, &nodes.v[i], open > 0);
	add_devices(machine, prepared, open);
}

/* "8M", the syntax of ulimit and systemd. */
static void size_text(uint64_t bytes, char *buf, size_t size)
{
	if (bytes == UINT64_MAX)
		snprintf(buf, size, "no limit");
	else if (bytes >= 1u << 30)
		snprintf(buf, size, "%.1f GiB", (double)bytes / (1u << 30));
	else if (bytes >= 1u << 20)
		snprintf(buf, size, "%.1f MiB", (double)bytes / (1u << 20));
	else
		snprintf(buf, size, "%" PRIu64 " KiB", bytes >> 10);
}

static void add_memlock(struct pasid_chain *chain)
{
	static const char remedy[] = "LimitMEMLOCK= of the unit, or memlock in "
				     "/etc/security/limits.conf: the VM's memory and some more";
	char soft[32], hard[32], memory[32];
	struct sys_memlock lock;
	int r = sys_memlock_read(chain->root, &lock);

	if (r == -EREMOTE) {
		finding_add(&chain->list, &ask_memlock, FINDING_UNKNOWN, NULL, NULL,
			    "could not be measured: a capture has no limits");
		return;
	}
	if (r < 0) {
		finding_unknown(&chain->list, &ask_memlock, NULL, r);
		return;
	}
	size_text(lock.soft, soft, sizeof(soft));
	size_text(lock.hard, hard, sizeof(hard));
	size_text(lock.memory, memory, sizeof(memory));
	if (lock.capable)
		finding_add(&chain->list, &ask_memlock, FINDING_OK, NULL, NULL,
			    "any amount can be pinned (CAP_IPC_LOCK); without it %s", soft);
	else if (lock.unlimited || lock.soft >= lock.memory)
		finding_add(&chain->list, &ask_memlock, FINDING_OK, NULL, NULL,
			    "all memory (%s) can be pinned", memory);
	else
		/* With less than a page, nothing can be mapped. */
		finding_add(&chain->list, &ask_memlock,
			    lock.soft < 4096 ? FINDING_BROKEN : FINDING_WARNING, NULL, remedy,
			    "only %s of %s of memory can be pinned%s%s", soft, memory,
			    lock.hard > lock.soft ? ", and with 'ulimit -l' " : "",
			    lock.hard > lock.soft ? hard : "");
}

void check_user(struct check_machine *machine)
{
	add_nodes(machine);
	add_memlock(&machine->chain);
}
