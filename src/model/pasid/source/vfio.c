/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that have a device open through VFIO, by its cdev or its group's node: PASIDs in the
 * hardware's table that are in no record were bound by such a process.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define CDEVS  "sys/class/vfio-dev"
#define NODES  "sys/class/vfio"
#define GROUPS "sys/kernel/iommu_groups"

struct node {
	struct pasid_node node;
	char *name;
	struct strv devices;
};

struct nodes {
	struct node *v;
	size_t n;
};

static void nodes_done(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++) {
		free(nodes->v[i].name);
		strv_done(&nodes->v[i].devices);
	}
	free(nodes->v);
}

static struct node *add_node(const struct sys_root *root, const char *class, const char *directory,
			     const char *name, struct nodes *nodes)
{
	char sysfs[PATH_MAX], dev[NAME_MAX + 32];
	struct node *node = array_push(nodes->v, nodes->n);

	if (!node)
		return NULL;
	*node = (struct node){ .name = strdup(name) };
	if (!node->name)
		return NULL;
	snprintf(sysfs, sizeof(sysfs), "%s/%s", class, name);
	snprintf(dev, sizeof(dev), "%s/%s", directory, name);
	pasid_node_get(root, sysfs, dev, &node->node);
	return node;
}

static int add_cdev(const struct sys_root *root, const char *name, struct nodes *nodes)
{
	char sysfs[PATH_MAX], id[NAME_MAX + 1];
	struct node *node;
	int r;

	snprintf(sysfs, sizeof(sysfs), CDEVS "/%s", name);
	r = pasid_source_device(root, sysfs, id, sizeof(id));
	if (r < 0)
		return r == -ENODEV || r == -ENOENT ? 0 : r;
	node = add_node(root, CDEVS, "/dev/vfio/devices", name, nodes);
	return node ? strv_push(&node->devices, id) : -ENOMEM;
}

/* The node of a group gives access to all its members. */
static int add_group(const struct sys_root *root, const char *name, struct nodes *nodes)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[PATH_MAX];
	struct node *node;
	uint64_t number;
	int r;

	/* "noiommu-3" is not an IOMMU group. */
	if (parse_u64(name, UINT32_MAX, &number) < 0)
		return 0;
	node = add_node(root, NODES, "/dev/vfio", name, nodes);
	if (!node)
		return -ENOMEM;
	snprintf(path, sizeof(path), GROUPS "/%s/devices", name);
	dir = sys_dir_open(root, path);
	r = sys_list(dir, ".", &node->devices);
	return r == -ENOENT ? 0 : r;
}

static int add_class(const struct sys_root *root, const char *class,
		     int (*add)(const struct sys_root *, const char *, struct nodes *),
		     struct nodes *nodes)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(root, class);
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < list.n; i++) {
		r = add(root, list.v[i], nodes);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Files are grouped by process. */
static bool has_iommufd(const struct pasid_files *files, size_t at)
{
	const pid_t pid = files->v[at].pid;

	while (at > 0 && files->v[at - 1].pid == pid)
		at--;
	for (; at < files->n && files->v[at].pid == pid; at++)
		if (strcmp(files->v[at].path, "/dev/iommu") == 0)
			return true;
	return false;
}

static int claim_file(struct pasid_reader *reader, const struct nodes *nodes,
		      const struct pasid_files *files, size_t at)
{
	const struct pasid_file *file = &files->v[at];
	struct binding claim = { .device = file->vfio_device,
				 .what = PASID_CLAIM_OPENER,
				 .pid = field_u64((uint64_t)file->pid) };
	int r = 0;

	if (file->vfio_device) {
		claim.iommufd = has_iommufd(files, at);
		return pasid_reader_claim(reader, &claim);
	}
	for (size_t i = 0; i < nodes->n; i++) {
		const struct node *node = &nodes->v[i];

		if (!pasid_node_is(&node->node, file))
			continue;
		claim.iommufd = has_iommufd(files, at);
		claim.through = field_str_borrow(node->name);
		for (size_t k = 0; r == 0 && k < node->devices.n; k++) {
			claim.device = node->devices.v[k];
			r = pasid_reader_claim(reader, &claim);
		}
	}
	return r;
}

static int vfio_read(struct pasid_reader *reader)
{
	_cleanup_(nodes_done) struct nodes nodes = { 0 };
	const struct pasid_files *files;
	int r, status;

	r = add_class(reader->root, CDEVS, add_cdev, &nodes);
	if (r == 0)
		r = add_class(reader->root, NODES, add_group, &nodes);
	if (r < 0)
		return r;
	if (nodes.n == 0) {
		pasid_reader_reason(reader, "no device has a VFIO driver");
		return 0;
	}
	status = pasid_reader_files(reader, &files);
	if (status == -ENOMEM)
		return status;
	for (size_t i = 0; i < files->n; i++) {
		r = claim_file(reader, &nodes, files, i);
		if (r < 0)
			return r;
	}
	return status;
}

const struct pasid_source pasid_source_vfio = {
	.name = "vfio",
	.what = "The processes that have a device open through VFIO",
	.path = "/proc/PID/fd",
	.openers = true,
	.read = vfio_read,
};
