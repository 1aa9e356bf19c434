/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/select.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "sys/udev.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define SUBSYSTEM_NVME "/nvme-subsystem/"

/* Is the directory at PATH in device_list(): a PCI device, or a member of a group? */
static bool is_device(const struct sys_root *root, const char *path)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, path + 1);
	char name[NAME_MAX + 1];

	if (sys_read_link(dir, "iommu_group", name, sizeof(name)) == 0)
		return true;
	return sys_read_link(dir, "subsystem", name, sizeof(name)) == 0 && strcmp(name, "pci") == 0;
}

/* Truncates PATH to the closest device at or above it. Returns false if there is none. */
static bool climb(const struct sys_root *root, char *path)
{
	while (str_starts(path, "/sys/devices/")) {
		if (is_device(root, path))
			return true;
		*strrchr(path, '/') = '\0';
	}
	return false;
}

static int add_owner(const struct sys_root *root, const char *path, struct strv *owners)
{
	char owner[PATH_MAX];

	if ((size_t)snprintf(owner, sizeof(owner), "%s", path) >= sizeof(owner))
		return -ENAMETOOLONG;
	if (!climb(root, owner) || strv_has(owners, owner))
		return 0;
	return strv_push(owners, owner);
}

/*
 * The disk of a multipath NVMe is below its subsystem, not below a device. Links next to it lead to
 * the controllers, which are below devices (nvme_mpath_alloc_disk(), nvme_init_subsystem()).
 */
static int add_controllers(const struct sys_root *root, const char *path, struct strv *owners)
{
	const char *name = strstr(path, SUBSYSTEM_NVME);
	char subsystem[PATH_MAX], link[PATH_MAX + NAME_MAX + 2], real[PATH_MAX];
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	if (!name)
		return 0;
	name += strlen(SUBSYSTEM_NVME);
	name += strcspn(name, "/");
	snprintf(subsystem, sizeof(subsystem), "%.*s", (int)(name - path), path);
	dir = sys_dir_open(root, subsystem + 1);
	if (sys_list(dir, ".", &list) < 0)
		return 0;
	for (size_t i = 0; i < list.n; i++) {
		if (!str_starts(list.v[i], "nvme"))
			continue;
		snprintf(link, sizeof(link), "%s/%s", subsystem, list.v[i]);
		if (sys_root_realpath(root, link, real, sizeof(real)) < 0)
			continue;
		r = add_owner(root, real, owners);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_path(const struct sys_root *root, const char *path, struct strv *owners)
{
	char real[PATH_MAX];
	size_t before = owners->n;
	int r;

	r = sys_root_realpath(root, path, real, sizeof(real));
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	r = add_owner(root, real, owners);
	if (r < 0 || owners->n > before)
		return r;
	return add_controllers(root, real, owners);
}

/* Looks for DIRECTORY/X/MIDDLE NAME for each X: "sys/class" and "", "sys/bus" and "devices/". */
static int find_in(const struct sys_root *root, const char *directory, const char *middle,
		   const char *name, struct strv *paths)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[PATH_MAX], target[PATH_MAX];
	int r;

	dir = sys_dir_open(root, directory);
	if (sys_list(dir, ".", &list) < 0)
		return 0;
	for (size_t i = 0; i < list.n; i++) {
		snprintf(path, sizeof(path), "%s/%s/%s%s", directory, list.v[i], middle, name);
		if (sys_root_link(root, path, target, sizeof(target)) < 0)
			continue;
		r = strv_push(paths, path);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_name(const struct sys_root *root, const char *name, struct strv *paths)
{
	int r;

	if (!root->captured)
		return sys_udev_find(name, paths);
	r = find_in(root, "sys/class", "", name, paths);
	if (r == 0)
		r = find_in(root, "sys/bus", "devices/", name, paths);
	/* In a capture of groups only, members may be on buses that are not captured. */
	if (r == 0)
		r = find_in(root, "sys/kernel/iommu_groups", "devices/", name, paths);
	return r;
}

static int add_name(const struct sys_root *root, const char *name, struct strv *owners)
{
	_cleanup_strv_ struct strv paths = { 0 };
	struct pci_address address;
	char path[64];
	int r;

	if (parse_pci_operand(name, &address) == 0) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%04x:%02x:%02x.%x",
			 address.domain, address.bus, address.device, address.function);
		return add_path(root, path, owners);
	}
	r = find_name(root, name, &paths);
	for (size_t i = 0; i < paths.n && r == 0; i++)
		r = add_path(root, paths.v[i], owners);
	return r;
}

static int compare_paths(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;

	return str_compare(strrchr(x, '/') + 1, strrchr(y, '/') + 1);
}

static int add_candidates(struct strv *owners, struct strv *candidates)
{
	int r = 0;

	qsort(owners->v, owners->n, sizeof(owners->v[0]), compare_paths);
	for (size_t i = 0; candidates && i < owners->n && r == 0; i++)
		r = strv_push(candidates, strrchr(owners->v[i], '/') + 1);
	return r < 0 ? r : -ENOTUNIQ;
}

/* The sysfs path meant by an operand: as it is, or below /sys ("class/net/eth1"). */
static int add_operand_path(const struct sys_root *root, const char *operand, struct strv *owners)
{
	char path[PATH_MAX];
	int n;

	n = snprintf(path, sizeof(path), "%s%s", *operand == '/' ? "" : "/sys/", operand);
	if ((size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	/* A node in /dev has the name of its device. */
	if (str_starts(operand, "/dev/"))
		return add_name(root, strrchr(operand, '/') + 1, owners);
	return add_path(root, path, owners);
}

int select_device(const struct sys_root *root, const char *operand, char **ret_path,
		  struct strv *candidates)
{
	_cleanup_strv_ struct strv owners = { 0 };
	int r;

	if (!*operand || strcmp(operand, ".") == 0 || strcmp(operand, "..") == 0)
		return -EINVAL;
	if (strchr(operand, '/'))
		r = add_operand_path(root, operand, &owners);
	else if (strlen(operand) > NAME_MAX)
		return -EINVAL;
	else
		r = add_name(root, operand, &owners);
	if (r < 0)
		return r;
	if (owners.n == 0)
		return -ENODEV;
	if (owners.n > 1)
		return add_candidates(&owners, candidates);
	*ret_path = TAKE_PTR(owners.v[0]);
	return 0;
}

int select_group(const struct sys_root *root, const char *operand, uint32_t *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	uint64_t number;
	char path[64];

	if (parse_u64(operand, UINT32_MAX, &number) < 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%u", (unsigned int)number);
	dir = sys_dir_open(root, path);
	if (dir.error < 0)
		return dir.error;
	*ret = (uint32_t)number;
	return 0;
}
