/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/topology/nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "model/topology/internal.h"
#include "util/str.h"

#define PCI_DEVICES "sys/bus/pci/devices"

/* Needed for every node: the tree is built from paths and units. */
#define DEVICE_NEED (DEVICE_NEED_PATH | DEVICE_NEED_IOMMU | DEVICE_NEED_CLASS)

const char *const topology_kind_names[] = {
	[TOPOLOGY_IOMMU] = "iommu",     [TOPOLOGY_GROUP] = "group", [TOPOLOGY_BRIDGE] = "bridge",
	[TOPOLOGY_DEVICE] = "device",   [TOPOLOGY_RID] = "rid",     [TOPOLOGY_PASID] = "pasid",
	[TOPOLOGY_CONTEXT] = "context", [TOPOLOGY_IOAS] = "ioas",   [TOPOLOGY_PROCESS] = "process",
	[TOPOLOGY_PROCESS + 1] = NULL,
};

const char *topology_kind_name(enum topology_kind kind)
{
	return topology_kind_names[kind];
}

int topology_kind_parse(const char *name, enum topology_kind *ret)
{
	for (size_t i = 0; topology_kind_names[i]; i++)
		if (strcmp(topology_kind_names[i], name) == 0) {
			*ret = (enum topology_kind)i;
			return 0;
		}
	return -EINVAL;
}

void topology_done(struct topology *topology)
{
	free(topology->v);
	free(topology->units);
	iommu_list_done(&topology->iommus);
	group_list_done(&topology->groups);
	device_list_done(&topology->others);
	*topology = (struct topology){ 0 };
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids of all members of all groups, sorted. Borrowed from the groups. */
static int list_members(const struct group_list *groups, const char ***ret, size_t *ret_n)
{
	size_t n = 0;
	const char **ids;

	for (size_t i = 0; i < groups->n; i++)
		n += groups->v[i].n_members;
	ids = calloc(n + 1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->v[i].n_members; k++)
			ids[n++] = groups->v[i].members[k].id;
	qsort(ids, n, sizeof(*ids), compare_texts);
	*ret = ids;
	*ret_n = n;
	return 0;
}

/* The PCI devices that are in no group. */
static int read_others(struct gather *gather, struct topology *topology)
{
	_cleanup_free_ const char **members = NULL;
	_cleanup_strv_ struct strv list = { 0 };
	struct device_list *others = &topology->others;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char link[512];
	size_t n;
	int r;

	dir = sys_dir_open(gather->root, PCI_DEVICES);
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = list_members(&topology->groups, &members, &n);
	if (r < 0)
		return r;
	others->v = calloc(list.n + 1, sizeof(others->v[0]));
	if (!others->v)
		return -ENOMEM;
	for (size_t i = 0; i < list.n; i++) {
		const char *id = list.v[i];

		if (bsearch(&id, members, n, sizeof(*members), compare_texts))
			continue;
		snprintf(link, sizeof(link), PCI_DEVICES "/%s", id);
		r = gather_device(gather, link, id, NULL, &others->v[others->n]);
		if (r < 0)
			return r;
		others->n++;
	}
	return 0;
}

/* Walks the processes once for all devices, and the contexts' records once. */
static int read_openers(const struct gather *gather, const struct topology_need *need,
			struct topology *topology)
{
	struct attached_query query;
	struct device_list *others = &topology->others;
	struct group_list *groups = &topology->groups;
	_cleanup_free_ struct device **devices = NULL;
	size_t n = others->n, at = 0;
	int r;

	for (size_t i = 0; i < groups->n; i++)
		n += groups->v[i].n_members;
	devices = calloc(n + 1, sizeof(struct device *));
	if (!devices)
		return -ENOMEM;
	for (size_t i = 0; i < groups->n; i++)
		for (size_t k = 0; k < groups->v[i].n_members; k++)
			devices[at++] = &groups->v[i].members[k];
	for (size_t i = 0; i < others->n; i++)
		devices[at++] = &others->v[i];
	r = gather_openers(gather, devices, n);
	for (size_t i = 0; i < n; i++)
		if (devices[i]->openers_status < 0 || topology->openers_status == 0)
			topology->openers_status = devices[i]->openers_status;
	if (r < 0 || !need->attached)
		return r;
	query = *need->attached;
	query.groups = groups;
	return attached_set(&query, devices, n);
}

static int read_all(const struct sys_root *root, const struct topology_need *need,
		    struct topology *topology)
{
	unsigned int device_need = need->device | DEVICE_NEED;
	_cleanup_gather_ struct gather gather = { 0 };
	int r;

	r = iommu_list(root, need->iommu, &topology->iommus);
	if (r < 0 || need->depth == TOPOLOGY_IOMMU)
		return r;
	if (need->depth == TOPOLOGY_GROUP)
		device_need = DEVICE_NEED_IOMMU;
	/* Openers are read at the end, for these and for devices without group at once. */
	if (need->depth >= TOPOLOGY_RID)
		device_need |= DEVICE_NEED_VFIO | DEVICE_NEED_GROUP;
	r = group_list(root, need->group | GROUP_NEED_MEMBERS, device_need, &topology->groups);
	if (r < 0 || need->depth == TOPOLOGY_GROUP)
		return r;
	if (need->depth == TOPOLOGY_PROCESS)
		device_need |= DEVICE_NEED_OPENERS;
	r = gather_open(root, device_need, &gather);
	if (r == 0)
		r = read_others(&gather, topology);
	return r == 0 ? read_openers(&gather, need, topology) : r;
}

int topology_read(const struct sys_root *root, const struct topology_need *need,
		  struct topology *ret)
{
	_cleanup_topology_ struct topology topology = { 0 };
	int r;

	r = read_all(root, need, &topology);
	if (r == 0)
		r = topology_build(&topology, need);
	if (r < 0)
		return r;
	*ret = topology;
	topology = (struct topology){ 0 };
	return 0;
}

int topology_limit(struct topology *topology, bool *keep)
{
	_cleanup_free_ size_t *places = calloc(topology->n + 1, sizeof(*places));
	size_t n = 0;

	if (!places)
		return -ENOMEM;
	/*
	 * Descendants first, then ancestors: a parent kept for its child must not keep its other
	 * children.
	 */
	for (size_t i = 0; i < topology->n; i++)
		if (topology->v[i].parent != TOPOLOGY_ROOT)
			keep[i] = keep[i] || keep[topology->v[i].parent];
	for (size_t i = topology->n; i-- > 0;)
		if (keep[i] && topology->v[i].parent != TOPOLOGY_ROOT)
			keep[topology->v[i].parent] = true;
	for (size_t i = 0; i < topology->n; i++) {
		struct topology_node *node = &topology->v[i];

		if (!keep[i])
			continue;
		if (node->parent != TOPOLOGY_ROOT)
			node->parent = places[node->parent];
		places[i] = n;
		topology->v[n++] = *node;
	}
	topology->n = n;
	return 0;
}
