/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices of a device: disks, partitions, what is stacked on them, and what uses each. */
#include "model/machine/gather.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"

static bool has_block(const struct device *device, const char *name)
{
	for (size_t i = 0; i < device->n_blocks; i++)
		if (strcmp(device->blocks[i].name, name) == 0)
			return true;
	return false;
}

static int add_block(struct device *device, const char *name, const char *parent, bool stacked)
{
	struct device_block block = { .stacked = stacked }, *slot = NULL;
	int r;

	if (has_block(device, name))
		return 0;
	r = str_replace(&block.name, name);
	if (r == 0)
		r = str_replace(&block.parent, parent);
	if (r == 0)
		slot = array_push(device->blocks, device->n_blocks);
	if (!slot) {
		free(block.name);
		free(block.parent);
		return -ENOMEM;
	}
	*slot = block;
	return 0;
}

/* Is LINK a partition: does its path go through PARENT, of the same class? */
static bool is_below(const struct class_link *link, const char *parent)
{
	size_t len = strlen(link->path), name = strlen(link->name), up = strlen(parent);

	/* ".../PARENT/NAME" */
	return len > name + up + 2 && link->path[len - name - up - 2] == '/' &&
	       strncmp(link->path + len - name - up - 1, parent, up) == 0 &&
	       link->path[len - name - 1] == '/';
}

static int add_partitions(const struct gather *gather, struct device *device, const char *disk)
{
	for (size_t i = 0; i < gather->blocks.n; i++) {
		const struct class_link *link = &gather->blocks.v[i];

		if (is_below(link, disk) && add_block(device, link->name, disk, false) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * A path of a multipath NVMe, "nvme1c2n3", is hidden behind the disk "nvme1n3", which is not below
 * any device (nvme_mpath_alloc_disk()).
 */
static int add_multipath(const struct gather *gather, struct device *device, const char *name)
{
	unsigned int subsystem, controller, space;
	char head[64];
	int end = 0;

	if (sscanf(name, "nvme%uc%un%u%n", &subsystem, &controller, &space, &end) != 3 || name[end])
		return 0;
	snprintf(head, sizeof(head), "nvme%un%u", subsystem, space);
	for (size_t i = 0; i < gather->blocks.n; i++)
		if (strcmp(gather->blocks.v[i].name, head) == 0)
			return add_block(device, head, name, true);
	return 0;
}

/* With btrfs, mountinfo has the device-mapper name ("vg-home") instead of dm-N. */
static void mapper_name(struct sys_dir dir, char *buf, size_t size)
{
	char name[256];

	if (sys_read(dir, "dm/name", name, sizeof(name)) > 0)
		snprintf(buf, size, "/dev/mapper/%s", name);
}

static int add_uses(const struct gather *gather, struct sys_dir dir, struct device_block *block)
{
	char numbers[32], node[300], mapper[300] = "", text[32];
	ssize_t len;

	snprintf(node, sizeof(node), "/dev/%s", block->name);
	len = sys_read(dir, "dev", numbers, sizeof(numbers));
	/* Without its device number, a mount under another name would be missed. */
	block->uses_status = gather->uses_status == 1 && len < 0 ? (int)len : gather->uses_status;
	mapper_name(dir, mapper, sizeof(mapper));
	for (size_t i = 0; i < gather->mounts.n; i++) {
		const struct proc_mount *mount = &gather->mounts.v[i];

		snprintf(text, sizeof(text), "%u:%u", mount->major, mount->minor);
		if (strcmp(text, numbers) != 0 && strcmp(mount->source, node) != 0 &&
		    (!*mapper || strcmp(mount->source, mapper) != 0))
			continue;
		if (!strv_has(&block->mounts, mount->point) &&
		    strv_push(&block->mounts, mount->point) < 0)
			return -ENOMEM;
	}
	block->swap =
		strv_has(&gather->swaps, node) || (*mapper && strv_has(&gather->swaps, mapper));
	return 0;
}

/* A loop device backed by the block device itself does not appear in `holders/`. */
static int add_loops(const struct gather *gather, struct device *device, const char *name)
{
	char node[300], path[512], file[300];

	snprintf(node, sizeof(node), "/dev/%s", name);
	for (size_t i = 0; i < gather->blocks.n; i++) {
		const char *loop = gather->blocks.v[i].name;
		_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

		if (!str_starts(loop, "loop"))
			continue;
		snprintf(path, sizeof(path), "sys/class/block/%s", loop);
		dir = sys_dir_open(gather->root, path);
		if (sys_read(dir, "loop/backing_file", file, sizeof(file)) < 0)
			continue;
		if (strcmp(file, node) == 0 && add_block(device, loop, name, true) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Finds what is on block I: partitions, holders, uses. Appends blocks. */
static int expand(const struct gather *gather, struct device *device, size_t i)
{
	_cleanup_free_ char *name = strdup(device->blocks[i].name);
	_cleanup_strv_ struct strv holders = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[512];
	int r;

	if (!name)
		return -ENOMEM;
	snprintf(path, sizeof(path), "sys/class/block/%s", name);
	dir = sys_dir_open(gather->root, path);
	if (dir.error < 0) {
		device->blocks[i].uses_status = dir.error;
		return 0;
	}
	r = add_uses(gather, dir, &device->blocks[i]);
	if (r == 0)
		r = add_partitions(gather, device, name);
	if (r == 0)
		r = add_multipath(gather, device, name);
	if (r == 0)
		r = add_loops(gather, device, name);
	if (r < 0)
		return r;
	r = sys_list(dir, "holders", &holders);
	if (r < 0 && r != -ENOENT)
		device->blocks[i].uses_status = r;
	for (size_t k = 0; k < holders.n; k++)
		if (add_block(device, holders.v[k], name, true) < 0)
			return -ENOMEM;
	return 0;
}

/* Is the link a disk, with no other block device in its path? */
static bool is_disk(const struct gather *gather, const struct class_link *link)
{
	for (size_t i = 0; i < gather->blocks.n; i++)
		if (is_below(link, gather->blocks.v[i].name))
			return false;
	return true;
}

int gather_blocks(const struct gather *gather, struct device *device)
{
	const struct class_links *links = &gather->blocks;
	int r = 0;

	device->blocks_status = links->status;
	if (device->path.status != 1)
		device->blocks_status = device->path.status;
	for (size_t i = 0; device->blocks_status == 1 && i < links->n && r == 0; i++)
		if (gather_owns(device->path.value, links->v[i].path) &&
		    is_disk(gather, &links->v[i]))
			r = add_block(device, links->v[i].name, NULL, false);
	for (size_t i = 0; i < device->n_blocks && r == 0; i++)
		r = expand(gather, device, i);
	return r;
}
