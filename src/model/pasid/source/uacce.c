/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uacce: a queue is an open node of the accelerator. If its flags have UACCE_DEV_SVA, the opener's
 * address space is bound (uacce_bind_queue()). The number is not reported.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "util/cleanup.h"

#define CLASS         "sys/class/uacce"
#define UACCE_DEV_SVA 1u /* <uapi/misc/uacce/uacce.h> */

/* Returns 1, 0 for an accelerator without SVA, or -errno. */
static int read_accelerator(struct pasid_reader *reader, const char *name)
{
	char sysfs[PATH_MAX], dev[NAME_MAX + 8], id[NAME_MAX + 1];
	struct binding claim = { .device = id,
				 .what = PASID_CLAIM_SOME,
				 .kind = PASID_KIND_SVA,
				 .through = field_str_borrow(name) };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	struct pasid_node node;
	uint64_t flags;
	int r;

	snprintf(sysfs, sizeof(sysfs), CLASS "/%s", name);
	dir = sys_dir_open(reader->root, sysfs);
	r = sys_read_u64(dir, "flags", &flags);
	if (r < 0 || !(flags & UACCE_DEV_SVA))
		return r == -ENOENT ? 0 : r;
	r = pasid_source_device(reader->root, sysfs, id, sizeof(id));
	if (r < 0)
		return r;
	snprintf(dev, sizeof(dev), "/dev/%s", name);
	pasid_node_get(reader->root, sysfs, dev, &node);
	return pasid_reader_openers(reader, &node, &claim);
}

static int uacce_read(struct pasid_reader *reader)
{
	return pasid_reader_entries(reader, read_accelerator, "no accelerator here has SVA");
}

const struct pasid_source pasid_source_uacce = {
	.name = "uacce",
	.what = "The address spaces of processes that have a queue of an accelerator open",
	.path = "/" CLASS,
	.absent = "no accelerator here has SVA",
	.read = uacce_read,
};
