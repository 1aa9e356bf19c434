/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * amdxdna, the NPU of Ryzen AI: opening its node binds the process's address space
 * (amdxdna_drm_open()). No file has the number, and opening the node to ask for it would bind
 * another.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sys/kernel_param.h"
#include "util/cleanup.h"

#define CLASS "sys/class/accel"

/* The class also has accelerators of other drivers. */
static bool is_amdxdna(const struct sys_root *root, const char *name)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), CLASS "/%s/device/driver", name);
	return sys_root_link(root, path, target, sizeof(target)) > 0 &&
	       str_ends(target, "/amdxdna");
}

static int read_node(struct pasid_reader *reader, const char *name)
{
	char sysfs[PATH_MAX], dev[NAME_MAX + 16], id[NAME_MAX + 1];
	struct binding claim = { .device = id,
				 .what = PASID_CLAIM_SOME,
				 .kind = PASID_KIND_SVA,
				 .through = field_str_borrow(name) };
	struct pasid_node node;
	int r;

	if (!is_amdxdna(reader->root, name))
		return 0;
	snprintf(sysfs, sizeof(sysfs), CLASS "/%s", name);
	r = pasid_source_device(reader->root, sysfs, id, sizeof(id));
	if (r < 0)
		return r;
	snprintf(dev, sizeof(dev), "/dev/accel/%s", name);
	pasid_node_get(reader->root, sysfs, dev, &node);
	return pasid_reader_openers(reader, &node, &claim);
}

/*
 * With this parameter the driver maps all buffers itself and binds no process (amdxdna_iova_on()).
 * Returns 1, 0 or -errno.
 */
static int binds_nobody(const struct sys_root *root)
{
	struct field_str value = sys_module_param(root, PARAM_AMDXDNA_IOVA);
	int r = value.status == 1 ? strcmp(value.value, "Y") == 0 : value.status;

	field_str_done(&value);
	return r;
}

#define NONE "no accelerator has the driver amdxdna"

static int amdxdna_read(struct pasid_reader *reader)
{
	int r, none = binds_nobody(reader->root);

	if (none == -ENOMEM)
		return none;
	if (none == 1) {
		pasid_reader_reason(reader, "amdxdna has force_iova on: it binds no process");
		return 0;
	}
	r = pasid_reader_entries(reader, read_node, NONE);
	if (r != 1 || none >= 0)
		return r;
	pasid_reader_reason(reader, "whether amdxdna has force_iova on could not be read");
	return none;
}

const struct pasid_source pasid_source_amdxdna = {
	.name = "amdxdna",
	.what = "The address spaces of processes that have an NPU of amdxdna open",
	.path = "/" CLASS,
	.absent = NONE,
	.read = amdxdna_read,
};
