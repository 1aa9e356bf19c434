/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uio_pci_sva: the device's file `pasid` has the number of who opened the node last, and keeps it
 * when that one closes (uio_pci_sva_open(), uio_pci_sva_release()).
 */
#include "model/pasid_source.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define CLASS  "sys/class/uio"
#define DRIVER "uio_pci_sva"

/* The number of the device behind the node NAME. Returns 1, 0 where it tells none, -errno. */
static int read_number(const struct sys_root *root, const char *id, uint32_t *ret)
{
	_cleanup_close_ int dir = -1;
	char path[PATH_MAX], driver[NAME_MAX + 1];
	uint64_t pasid;
	int r;

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", id);
	dir = sys_dir_open(root, path);
	r = dir < 0 ? dir : sys_read_link(dir, "driver", driver, sizeof(driver));
	if (r < 0 || strcmp(driver, DRIVER) != 0)
		return r == -ENOENT || r >= 0 ? 0 : r;
	r = sys_read_u64(dir, "pasid", &pasid);
	/* Nobody has opened it yet: IOMMU_PASID_INVALID, or a file that is not there. */
	if (r < 0)
		return r == -ENOENT || r == -EINVAL || r == -ERANGE ? 0 : r;
	if (pasid == 0 || pasid > PASID_MAX)
		return 0;
	*ret = (uint32_t)pasid;
	return 1;
}

static int claim_holders(struct pasid_reader *reader, const struct pasid_node *node,
			 struct pasid_claim *claim)
{
	const struct pasid_files *files;
	int r, status = pasid_reader_files(reader, &files);
	bool held = false;

	if (status == -ENOMEM)
		return status;
	for (size_t i = 0; i < files->n; i++) {
		if (!pasid_node_is(node, &files->v[i]))
			continue;
		held = true;
		claim->pid = field_u64((uint64_t)files->v[i].pid);
		r = pasid_reader_claim(reader, claim);
		if (r < 0)
			return r;
	}
	if (held || status == 1)
		return 1;
	/* Somebody whom we may not see may have it open. */
	claim->what = PASID_CLAIM_STALE;
	claim->pid = field_u64_error(status);
	r = pasid_reader_claim(reader, claim);
	return r < 0 ? r : status;
}

/* Returns 1, 0 for the node of another driver, -errno. */
static int read_node(struct pasid_reader *reader, const char *name)
{
	char sysfs[PATH_MAX], dev[NAME_MAX + 8], id[NAME_MAX + 1];
	struct pasid_claim claim = { .device = id, .kind = PASID_KIND_SVA, .target = name };
	struct pasid_node node;
	int r;

	snprintf(sysfs, sizeof(sysfs), CLASS "/%s", name);
	r = pasid_source_device(reader->root, sysfs, id, sizeof(id));
	if (r < 0)
		return r == -ENODEV || r == -ENOENT ? 0 : r;
	r = read_number(reader->root, id, &claim.lo);
	if (r <= 0)
		return r;
	claim.hi = claim.lo;
	snprintf(dev, sizeof(dev), "/dev/%s", name);
	pasid_node_get(reader->root, sysfs, dev, &node);
	return claim_holders(reader, &node, &claim);
}

static int uio_read(struct pasid_reader *reader)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_close_ int dir = -1;
	int r, status = 0;

	dir = sys_dir_open(reader->root, CLASS);
	r = dir < 0 ? dir : sys_list(dir, ".", &list);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		r = read_node(reader, list.v[i]);
		if (r == -ENOMEM)
			return r;
		if (r < 0 || status == 0)
			status = r;
	}
	if (status == 0)
		pasid_reader_reason(reader, "no device of %s has been opened", DRIVER);
	return status;
}

const struct pasid_source pasid_source_uio = {
	.name = "uio",
	.what = "The address space of who has a device of uio_pci_sva open",
	.path = "/" CLASS,
	.read = uio_read,
};
