/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uio_pci_sva: the device's file `pasid` has the number of the last opener of the node, and keeps
 * it after close (uio_pci_sva_open(), uio_pci_sva_release()).
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/array.h"
#include "util/cleanup.h"

#define CLASS  "sys/class/uio"
#define DRIVER "uio_pci_sva"

#define GENERATIONS_MAX 32

/* The number of the device behind the node NAME. Returns 1, 0 if there is none, -errno. */
static int read_number(const struct sys_root *root, const char *id, uint32_t *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[PATH_MAX], driver[NAME_MAX + 1];
	uint64_t pasid;
	int r;

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", id);
	dir = sys_dir_open(root, path);
	r = sys_read_link(dir, "driver", driver, sizeof(driver));
	if (r < 0 || strcmp(driver, DRIVER) != 0)
		return r == -ENOENT || r >= 0 ? 0 : r;
	r = sys_read_u64(dir, "pasid", &pasid);
	/* Not opened yet: IOMMU_PASID_INVALID, or no such file. */
	if (r < 0)
		return r == -ENOENT || r == -EINVAL || r == -ERANGE ? 0 : r;
	if (pasid == 0 || pasid > PASID_MAX)
		return 0;
	*ret = (uint32_t)pasid;
	return 1;
}

/* The processes that have the node open, sorted by pid. */
struct openers {
	pid_t *v;
	size_t n;
};

static void openers_done(struct openers *openers)
{
	free(openers->v);
}

static int openers_get(const struct pasid_files *files, const struct pasid_node *node,
		       struct openers *ret)
{
	for (size_t i = 0; i < files->n; i++) {
		const pid_t pid = files->v[i].pid;
		pid_t *slot;

		/* Files are grouped by process. */
		if (!pasid_node_is(node, &files->v[i]) || (ret->n && ret->v[ret->n - 1] == pid))
			continue;
		slot = array_push(ret->v, ret->n);
		if (!slot)
			return -ENOMEM;
		*slot = pid;
	}
	return 0;
}

/* Is an ancestor of PID in the list, from which it may have inherited the open file? */
static bool is_descendant(const struct sys_root *root, const struct openers *openers, pid_t pid)
{
	for (int i = 0; i < GENERATIONS_MAX && pid > 1; i++) {
		pid = sys_proc_parent(root, pid);
		for (size_t k = 0; k < openers->n; k++)
			if (openers->v[k] == pid)
				return true;
	}
	return false;
}

/*
 * The last opener of the node. Processes that inherited the file do not count; if several unrelated
 * ones remain, it is unknown.
 */
static struct field_u64 find_opener(const struct sys_root *root, const struct openers *openers)
{
	struct field_u64 opener = { 0 };

	if (openers->n == 1)
		return field_u64((uint64_t)openers->v[0]);
	for (size_t i = 0; i < openers->n; i++) {
		if (is_descendant(root, openers, openers->v[i]))
			continue;
		if (opener.status == 1)
			return (struct field_u64){ 0 };
		opener = field_u64((uint64_t)openers->v[i]);
	}
	return opener;
}

static int claim_openers(struct pasid_reader *reader, const struct pasid_node *node,
			 struct binding *claim)
{
	_cleanup_(openers_done) struct openers openers = { 0 };
	const struct pasid_files *files;
	int r, status = pasid_reader_files(reader, &files);

	if (status == -ENOMEM || openers_get(files, node, &openers) < 0)
		return -ENOMEM;
	if (openers.n == 0 && status == 1)
		return 1;
	if (openers.n) {
		claim->pid = find_opener(reader->root, &openers);
	} else {
		/* A process that may not be examined may have it open. */
		claim->what = PASID_CLAIM_STALE;
		claim->pid = field_u64_error(status);
	}
	r = pasid_reader_claim(reader, claim);
	return r < 0 ? r : openers.n ? 1 : status;
}

/* Returns 1, 0 if the node belongs to another driver, -errno. */
static int read_node(struct pasid_reader *reader, const char *name)
{
	char sysfs[PATH_MAX], dev[NAME_MAX + 8], id[NAME_MAX + 1];
	struct binding claim = { .device = id,
				 .kind = PASID_KIND_SVA,
				 .through = field_str_borrow(name) };
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
	return claim_openers(reader, &node, &claim);
}

#define NONE "no device of " DRIVER " has been opened"

static int uio_read(struct pasid_reader *reader)
{
	return pasid_reader_entries(reader, read_node, NONE);
}

const struct pasid_source pasid_source_uio = {
	.name = "uio",
	.what = "The address space of the process that has a device of uio_pci_sva open",
	.path = "/" CLASS,
	.absent = NONE,
	.read = uio_read,
};
