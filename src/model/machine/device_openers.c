/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes that have a device open: its VFIO, UIO or NVMe node, or a disk of it. */
#include "model/machine/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util/array.h"

struct node {
	char path[300];
	bool block;
	dev_t rdev; /* 0: unknown */
	struct device *device;
};

struct use {
	pid_t pid;
	size_t node;
};

struct search {
	const struct sys_root *root;
	struct node *nodes; /* several for the node of a group */
	size_t n_nodes;
	struct use *uses;
	size_t n_uses;
};

static void search_done(struct search *search)
{
	free(search->nodes);
	free(search->uses);
}

/*
 * Adds /dev/DIRECTORY/NAME, with the device number from /sys/class/CLASS/NAME. Numbers in a capture
 * are not comparable.
 */
static int add_node(struct search *search, struct device *device, const char *class,
		    const char *directory, const char *name)
{
	struct node *node = array_push(search->nodes, search->n_nodes);
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	unsigned int major, minor;
	char text[512];

	if (!node)
		return -ENOMEM;
	*node = (struct node){ .device = device, .block = strcmp(class, "block") == 0 };
	snprintf(node->path, sizeof(node->path), "%s/%s", directory, name);
	if (search->root->captured)
		return 0;
	snprintf(text, sizeof(text), "sys/class/%s/%s", class, name);
	dir = sys_dir_open(search->root, text);
	if (sys_read(dir, "dev", text, sizeof(text)) > 0 &&
	    sscanf(text, "%u:%u", &major, &minor) == 2)
		node->rdev = makedev(major, minor);
	return 0;
}

/* Disks and partitions. Nodes stacked on them are not the device's own. */
static int add_blocks(struct search *search, struct device *device)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < device->n_blocks; i++) {
		const struct device_block *block = &device->blocks[i];

		/* The disk of a multipath NVMe counts as the device's own. */
		if (!block->stacked || str_starts(block->name, "nvme"))
			r = add_node(search, device, "block", "/dev", block->name);
	}
	return r;
}

/* Classes whose nodes are directly in /dev, with the same name as in the class. */
static const char *const classes[] = { "uio", "nvme", "nvme-generic" };

struct links {
	struct class_links of[ARRAY_SIZE(classes)];
};

static void links_done(struct links *links)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		class_links_done(&links->of[i]);
}

static int add_nodes(struct search *search, const struct links *links, struct device *device)
{
	char number[24];
	int r = 0;

	if (device->vfio_cdev.status == 1)
		r = add_node(search, device, "vfio-dev", "/dev/vfio/devices",
			     device->vfio_cdev.value);
	if (r == 0 && device->vfio_group.status == 1) {
		snprintf(number, sizeof(number), "%" PRIu64, device->vfio_group.value);
		r = add_node(search, device, "vfio", "/dev/vfio", number);
	}
	for (size_t k = 0; device->path.status == 1 && k < ARRAY_SIZE(classes); k++) {
		const struct class_links *class = &links->of[k];

		for (size_t i = 0; r == 0 && i < class->n; i++)
			if (gather_owns(device->path.value, class->v[i].path))
				r = add_node(search, device, classes[k], "/dev", class->v[i].name);
	}
	return r == 0 ? add_blocks(search, device) : r;
}

static bool is_same(const struct node *node, const struct proc_file *file)
{
	if (file->vfio_syspath)
		return node->device->path.status == 1 &&
		       strcmp(node->device->path.value, file->vfio_syspath) == 0;
	/* The path may differ in a container's mount namespace. */
	if (node->rdev && file->rdev)
		return node->rdev == file->rdev && node->block == file->block;
	return strcmp(node->path, file->path) == 0;
}

static int on_file(const struct proc_file *file, void *data)
{
	struct search *search = data;

	for (size_t i = 0; i < search->n_nodes; i++) {
		struct use *use;
		bool known = false;

		if (!is_same(&search->nodes[i], file))
			continue;
		for (size_t k = search->n_uses; k-- > 0 && search->uses[k].pid == file->pid;)
			known = known || search->uses[k].node == i;
		if (known)
			continue;
		use = array_push(search->uses, search->n_uses);
		if (!use)
			return -ENOMEM;
		*use = (struct use){ .pid = file->pid, .node = i };
	}
	return 0;
}

static int add_opener(struct device *device, const struct proc_process *process, const char *node)
{
	struct device_opener opener = { .pid = process->pid,
					.uid = process->uid,
					.service = process->service };
	struct device_opener *slot = NULL;
	int r;

	r = str_replace(&opener.comm, process->comm);
	if (r == 0)
		r = str_replace(&opener.unit, process->unit);
	if (r == 0)
		r = str_replace(&opener.node, node);
	if (r == 0)
		slot = array_push(device->openers, device->n_openers);
	if (!slot) {
		free(opener.comm);
		free(opener.unit);
		free(opener.node);
		return -ENOMEM;
	}
	*slot = opener;
	return 0;
}

/* Uses are sorted by process, so that each process is read once. */
static int tell_devices(const struct search *search)
{
	int r = 0;

	for (size_t i = 0; i < search->n_uses && r == 0;) {
		_cleanup_proc_process_ struct proc_process process = { 0 };
		pid_t pid = search->uses[i].pid;
		int found = sys_proc_process(search->root, pid, &process);

		if (found == -ENOMEM)
			return found;
		for (; i < search->n_uses && search->uses[i].pid == pid && r == 0; i++) {
			const struct node *node = &search->nodes[search->uses[i].node];

			/* The process has ended. */
			if (found == 0)
				r = add_opener(node->device, &process, node->path);
		}
	}
	return r;
}

int gather_openers(const struct gather *gather, struct device **devices, size_t n)
{
	_cleanup_(search_done) struct search search = { .root = gather->root };
	_cleanup_(links_done) struct links links = { 0 };
	int r = 0, walked = 0;

	if (!(gather->need & DEVICE_NEED_OPENERS))
		return 0;
	for (size_t k = 0; r == 0 && k < ARRAY_SIZE(classes); k++)
		r = gather_class(gather->root, classes[k], &links.of[k]);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_nodes(&search, &links, devices[i]);
	if (r < 0)
		return r;
	if (search.n_nodes > 0)
		walked = sys_proc_files(gather->root, on_file, &search);
	if (walked == -ENOMEM)
		return walked;
	for (size_t i = 0; i < n; i++)
		devices[i]->openers_status = walked < 0 ? walked : 1;
	return tell_devices(&search);
}
