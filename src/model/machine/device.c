/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/device.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/array.h"
#include "util/parse.h"

#define BUS_DEVICES "sys/bus/pci/devices"
#define GROUPS      "sys/kernel/iommu_groups"

/* A device that was found but not read yet. */
struct entry {
	char *id;
	char *link; /* path relative to the root */
	struct field_u64 group;
};

struct entries {
	struct entry *v;
	size_t n;
};

static void entries_done(struct entries *entries)
{
	for (size_t i = 0; i < entries->n; i++) {
		free(entries->v[i].id);
		free(entries->v[i].link);
	}
	free(entries->v);
}

static void block_done(struct device_block *block)
{
	free(block->name);
	free(block->parent);
	strv_done(&block->mounts);
}

static void opener_done(struct device_opener *opener)
{
	free(opener->comm);
	free(opener->unit);
	free(opener->node);
}

void device_done(struct device *device)
{
	struct field_str *fields[] = {
		&device->path,      &device->driver,          &device->class_name,
		&device->name,      &device->driver_override, &device->iommu,
		&device->vfio_cdev, &device->physfn,          &device->power
	};

	free(device->id);
	free(device->bus);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		field_str_done(fields[i]);
	for (size_t i = 0; i < device->n_nets; i++)
		free(device->nets[i].name);
	for (size_t i = 0; i < device->n_blocks; i++)
		block_done(&device->blocks[i]);
	for (size_t i = 0; i < device->n_openers; i++)
		opener_done(&device->openers[i]);
	free(device->nets);
	free(device->blocks);
	free(device->openers);
	field_str_done(&device->attached.name);
	field_str_done(&device->attached.context);
	*device = (struct device){ 0 };
}

void device_list_done(struct device_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		device_done(&list->v[i]);
	free(list->v);
	*list = (struct device_list){ 0 };
}

bool device_is_bridge(const struct device *device)
{
	return device->class.status == 1 && device->class.value >> 16 == 0x06;
}

bool device_releases_group(const struct device *device)
{
	const char *driver = device->driver.value;

	if (device->driver.status != 1)
		return device->driver.status == 0;
	/* The driver of an mdev can have any name, but creates a VFIO node. */
	return device->vfio_cdev.status == 1 || strstr(driver, "vfio") ||
	       strcmp(driver, "pcieport") == 0 || strcmp(driver, "pci-stub") == 0;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = str_compare(x->id, y->id);

	return order ? order : strcmp(x->link, y->link);
}

static int add_entry(struct entries *entries, const char *directory, const char *id,
		     const struct field_u64 *group)
{
	struct entry entry = { .group = *group }, *slot = NULL;

	entry.id = strdup(id);
	if (asprintf(&entry.link, "%s/%s", directory, id) < 0)
		entry.link = NULL;
	if (entry.id && entry.link)
		slot = array_push(entries->v, entries->n);
	if (!slot) {
		free(entry.id);
		free(entry.link);
		return -ENOMEM;
	}
	*slot = entry;
	return 0;
}

/* Adds the entries of DIRECTORY; a missing one counts as empty. */
static int add_entries(const struct sys_root *root, const char *directory,
		       const struct field_u64 *group, struct entries *entries)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(root, directory);
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < list.n; i++) {
		r = add_entry(entries, directory, list.v[i], group);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_groups(const struct sys_root *root, struct entries *entries)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(root, GROUPS);
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < list.n; i++) {
		struct field_u64 group = { .status = 1 };
		char path[PATH_MAX];

		if (parse_u64(list.v[i], UINT32_MAX, &group.value) < 0)
			continue;
		snprintf(path, sizeof(path), GROUPS "/%s/devices", list.v[i]);
		r = add_entries(root, path, &group, entries);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * A device found in both places has two adjacent entries when sorted: first from its bus, whose
 * path is shorter, then from its group, which only the second knows. Merges the two.
 */
static void merge_entries(struct entries *entries)
{
	size_t n = 0;

	if (entries->n > 1)
		qsort(entries->v, entries->n, sizeof(entries->v[0]), compare_entries);
	for (size_t i = 0; i < entries->n; i++) {
		struct entry *entry = &entries->v[i];

		if (n == 0 || strcmp(entries->v[n - 1].id, entry->id) != 0) {
			entries->v[n++] = *entry;
			continue;
		}
		if (entry->group.status)
			entries->v[n - 1].group = entry->group;
		free(entry->id);
		free(entry->link);
	}
	entries->n = n;
}

static int read_entries(struct gather *gather, const struct entries *entries,
			struct device_list *list)
{
	_cleanup_free_ struct device **devices = calloc(entries->n + 1, sizeof(struct device *));
	int r;

	list->v = calloc(entries->n + 1, sizeof(list->v[0]));
	if (!list->v || !devices)
		return -ENOMEM;
	for (; list->n < entries->n; list->n++) {
		const struct entry *entry = &entries->v[list->n];

		r = gather_device(gather, entry->link, entry->id, &entry->group, &list->v[list->n]);
		if (r < 0)
			return r;
		devices[list->n] = &list->v[list->n];
	}
	return gather_openers(gather, devices, list->n);
}

int device_list(const struct sys_root *root, unsigned int need, struct device_list *ret)
{
	_cleanup_(entries_done) struct entries entries = { 0 };
	_cleanup_device_list_ struct device_list list = { 0 };
	const struct field_u64 no_group = { 0 };
	_cleanup_gather_ struct gather gather = { 0 };
	int r;

	r = add_entries(root, BUS_DEVICES, &no_group, &entries);
	if (r == 0)
		r = add_groups(root, &entries);
	if (r < 0)
		return r;
	merge_entries(&entries);
	r = gather_open(root, need, &gather);
	if (r == 0)
		r = read_entries(&gather, &entries, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct device_list){ 0 };
	return 0;
}

/* Resolves PATH, which may be a link, because its parent directories matter. */
static int find_directory(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	char target[PATH_MAX], directory[PATH_MAX];
	const char *last = strrchr(path, '/');
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	if (!last || !last[1] || !str_starts(path, "/sys/"))
		return -ENODEV;
	if (sys_root_link(root, path + 1, target, sizeof(target)) > 0) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(last - path), path);
		if (sys_path_resolve(directory, target, buf, size) < 0)
			return -ENAMETOOLONG;
	} else if ((size_t)snprintf(buf, size, "%s", path) >= size) {
		return -ENAMETOOLONG;
	}
	if (!str_starts(buf, "/sys/"))
		return -ENODEV;
	dir = sys_dir_open(root, buf + 1);
	if (dir.error < 0)
		return dir.error == -ENOENT || dir.error == -ENOTDIR ? -ENODEV : dir.error;
	return 0;
}

int device_get(const struct sys_root *root, const char *path, unsigned int need, struct device *ret)
{
	_cleanup_device_ struct device device = { 0 };
	_cleanup_gather_ struct gather gather = { 0 };
	struct device *one = &device;
	char found[PATH_MAX];
	int r;

	r = find_directory(root, path, found, sizeof(found));
	if (r == 0)
		r = gather_open(root, need, &gather);
	if (r == 0)
		r = gather_device(&gather, found + 1, strrchr(found, '/') + 1, NULL, &device);
	if (r == 0)
		r = gather_openers(&gather, &one, 1);
	if (r < 0)
		return r;
	*ret = device;
	device = (struct device){ 0 };
	return 0;
}
