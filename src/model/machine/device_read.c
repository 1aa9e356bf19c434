/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a device from its directory in sysfs. */
#include "model/machine/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"

/* The target of the link, or LINK itself if it is already a directory. */
static void read_path(const struct sys_root *root, const char *link, struct field_str *ret)
{
	char directory[PATH_MAX], target[PATH_MAX], path[PATH_MAX];
	const char *last = strrchr(link, '/');
	ssize_t len;
	int r;

	snprintf(directory, sizeof(directory), "/%.*s", last ? (int)(last - link) : 0, link);
	len = sys_root_link(root, link, target, sizeof(target));
	if (len == -EINVAL) {
		snprintf(path, sizeof(path), "/%s", link);
		gather_set(ret, path);
		return;
	}
	r = len < 0 ? (int)len : sys_path_resolve(directory, target, path, sizeof(path));
	if (r < 0)
		ret->status = r == -ENOENT ? -ENODEV : r;
	else
		gather_set(ret, path);
}

/* Only PCI names look like an address with a domain; for others read the link `subsystem`. */
static int read_bus(struct sys_dir dir, const char *id, char **ret)
{
	struct pci_address address;
	char name[NAME_MAX + 1];

	if (parse_pci_address(id, &address) == 0)
		return str_replace(ret, "pci");
	if (sys_read_link(dir, "subsystem", name, sizeof(name)) < 0)
		return 0;
	return str_replace(ret, name);
}

static struct field_u64 read_group(struct sys_dir dir)
{
	char name[32];
	uint64_t number;
	int r = sys_read_link(dir, "iommu_group", name, sizeof(name));

	if (r == 0)
		r = parse_u64(name, UINT32_MAX, &number);
	if (r < 0)
		return field_u64_error(r == -ENOENT ? 0 : r);
	return field_u64(number);
}

/* "(null)" means that there is none (driver_override_show()). */
static void read_override(struct sys_dir dir, struct field_str *ret)
{
	gather_str(dir, "driver_override", ret);
	if (ret->status == 1 && (!*ret->value || strcmp(ret->value, "(null)") == 0))
		field_str_done(ret);
}

static int read_vfio(const struct gather *gather, struct sys_dir dir, struct device *device)
{
	_cleanup_strv_ struct strv list = { 0 };
	char number[24];
	int r = sys_list(dir, "vfio-dev", &list);

	if (r < 0)
		device->vfio_cdev.status = r == -ENOENT ? 0 : r;
	else if (list.n > 0)
		gather_set(&device->vfio_cdev, list.v[0]);
	if (device->group.status == 1) {
		snprintf(number, sizeof(number), "%" PRIu64, device->group.value);
		if (strv_has(&gather->vfio_groups, number))
			device->vfio_group = device->group;
	}
	return r == -ENOMEM ? r : 0;
}

/* -1 if the firmware does not specify a node. */
static struct field_u64 read_numa(struct sys_dir dir)
{
	char text[32];
	uint64_t node;
	ssize_t len = sys_read(dir, "numa_node", text, sizeof(text));

	if (len < 0)
		return field_u64_error(len == -ENOENT ? 0 : (int)len);
	if (strcmp(text, "-1") == 0)
		return (struct field_u64){ 0 };
	if (parse_u64(text, INT_MAX, &node) < 0)
		return field_u64_error(-EBADMSG);
	return field_u64(node);
}

/*
 * For an IOMMU that is a PCI function, `iommu` is a directory of its own units: it is not behind
 * one.
 */
static void read_unit(struct sys_dir dir, struct device *device)
{
	gather_link(dir, "iommu", &device->iommu);
	if (device->iommu.status == -EINVAL)
		device->iommu.status = 0;
}

static void read_simple(const struct gather *gather, struct sys_dir dir, struct device *device)
{
	unsigned int need = gather->need;

	if (need & DEVICE_NEED_OVERRIDE)
		read_override(dir, &device->driver_override);
	if (need & DEVICE_NEED_IOMMU)
		read_unit(dir, device);
	if (need & DEVICE_NEED_NUMA)
		device->numa_node = read_numa(dir);
	if (need & DEVICE_NEED_POWER)
		gather_str(dir, "power/runtime_status", &device->power);
	if (need & DEVICE_NEED_SRIOV) {
		device->sriov_totalvfs = gather_u64(dir, "sriov_totalvfs");
		if (device->sriov_totalvfs.status != 0)
			device->sriov_numvfs = gather_u64(dir, "sriov_numvfs");
	}
	if (need & (DEVICE_NEED_SRIOV | DEVICE_NEED_CAPS))
		gather_link(dir, "physfn", &device->physfn);
	if (need & DEVICE_NEED_CAPS)
		gather_caps(gather, dir, device->physfn.value, &device->caps);
}

static int read_all(struct gather *gather, struct sys_dir dir, struct device *device)
{
	int r = 0;

	gather_identity(gather, dir, device);
	read_simple(gather, dir, device);
	if (gather->need & DEVICE_NEED_VFIO)
		r = read_vfio(gather, dir, device);
	if (r == 0 && gather->need & DEVICE_NEED_NET)
		r = gather_nets(gather, device);
	if (r == 0 && gather->need & DEVICE_NEED_BLOCK)
		r = gather_blocks(gather, device);
	return r;
}

/* Group and path may be known from elsewhere, and the bus from the name. */
static bool needs_directory(const struct gather *gather, const char *id, bool group_known)
{
	unsigned int elsewhere = DEVICE_NEED_PATH | (group_known ? DEVICE_NEED_GROUP : 0);
	struct pci_address address;

	return gather->need & ~elsewhere || parse_pci_address(id, &address) < 0;
}

int gather_device(struct gather *gather, const char *link, const char *id,
		  const struct field_u64 *group, struct device *ret)
{
	_cleanup_device_ struct device device = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	if (needs_directory(gather, id, group != NULL))
		dir = sys_dir_open_from(gather->root, gather->base, gather->base_length, link);
	if (dir.error == -ENOENT)
		dir.error = -ENODEV;
	r = str_replace(&device.id, id);
	if (r == 0)
		r = read_bus(dir, id, &device.bus);
	if (r < 0)
		return r;
	if (gather->need & DEVICE_NEED_PATH)
		read_path(gather->root, link, &device.path);
	if (gather->need & DEVICE_NEED_GROUP)
		device.group = group ? *group : read_group(dir);
	r = read_all(gather, dir, &device);
	if (r < 0)
		return r;
	*ret = device;
	device = (struct device){ 0 };
	return 0;
}
