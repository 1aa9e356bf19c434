/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "model/machine/gather.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define GROUPS "sys/kernel/iommu_groups"

void pasid_device_done(struct pasid_device *device)
{
	field_str_done(&device->driver);
	field_str_done(&device->unit);
	*device = (struct pasid_device){ 0 };
}

/* Devices on other buses than PCI are found through their group. */
static int open_member(const struct sys_root *root, const char *id)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_close_ int groups = sys_dir_open(root, GROUPS);
	int r = groups < 0 ? groups : sys_list(groups, ".", &list);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		char path[PATH_MAX];
		int dir;

		/* Long enough: an ID beyond NAME_MAX has failed before. */
		snprintf(path, sizeof(path), GROUPS "/%s/devices/%s", list.v[i], id);
		dir = sys_dir_open(root, path);
		if (dir != -ENOENT)
			return dir;
	}
	return -ENOENT;
}

static int open_device(const struct sys_root *root, const char *id)
{
	char path[PATH_MAX];
	int dir;

	/* The id may come from another user's context, so it is not trusted. */
	if (!*id || strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", id) >= (int)sizeof(path))
		return -ENOENT;
	dir = sys_dir_open(root, path);
	return dir == -ENOENT ? open_member(root, id) : dir;
}

static struct field_u64 group_number(int dir)
{
	struct field_str name = { 0 };
	struct field_u64 group = { 0 };

	gather_link(dir, "iommu_group", &name);
	if (name.status != 1)
		group.status = name.status;
	else if (parse_u64(name.value, UINT32_MAX, &group.value) == 0)
		group.status = 1;
	else
		group.status = -EBADMSG;
	field_str_done(&name);
	return group;
}

void pasid_device_get(const struct sys_root *root, const char *id, unsigned int need,
		      bool with_unit, struct pasid_device *ret)
{
	_cleanup_close_ int dir = -1;

	*ret = (struct pasid_device){ 0 };
	if (!(need & (PASID_NEED_GROUP | PASID_NEED_DRIVER)) && !with_unit)
		return;
	dir = open_device(root, id);
	if (dir == -ENOENT)
		return;
	if (need & PASID_NEED_GROUP)
		ret->group = dir < 0 ? field_u64_error(dir) : group_number(dir);
	if (need & PASID_NEED_DRIVER)
		gather_link(dir, "driver", &ret->driver);
	if (with_unit)
		gather_link(dir, "iommu", &ret->unit);
}

/* A device owned by a VFIO user still has a default domain, but does not use it. */
bool pasid_device_is_dma(const struct sys_root *root, const char *id)
{
	struct pasid_device device;
	char path[64], type[32];
	bool own;

	pasid_device_get(root, id, PASID_NEED_GROUP | PASID_NEED_DRIVER, false, &device);
	own = device.group.status == 1 && device.driver.status == 1 &&
	      !strstr(device.driver.value, "vfio");
	if (own) {
		_cleanup_close_ int dir = -1;

		snprintf(path, sizeof(path), GROUPS "/%" PRIu64, device.group.value);
		dir = sys_dir_open(root, path);
		own = dir >= 0 && sys_read(dir, "type", type, sizeof(type)) > 0 &&
		      str_starts(type, "DMA");
	}
	pasid_device_done(&device);
	return own;
}
