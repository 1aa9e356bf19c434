/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * amdgpu: each open of a GPU node has a GPU address space, whose PASID is in fdinfo
 * (amdgpu_show_fdinfo()). The number belongs to the GPU's own MMU, not to the IOMMU.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define CLASS "sys/class/drm"

/* Is there a GPU with this driver? Returns 1, 0 or -errno. */
static int has_amdgpu(const struct sys_root *root)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	int r;

	dir = sys_dir_open(root, CLASS);
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < list.n; i++) {
		char path[PATH_MAX], target[PATH_MAX];

		/* "card0-DP-1" is a connector of card0. */
		if (strchr(list.v[i], '-'))
			continue;
		snprintf(path, sizeof(path), CLASS "/%s/device/driver", list.v[i]);
		if (sys_root_link(root, path, target, sizeof(target)) > 0 &&
		    str_ends(target, "/amdgpu"))
			return 1;
	}
	return 0;
}

static int amdgpu_read(struct pasid_reader *reader)
{
	const struct pasid_files *files;
	int r, status = has_amdgpu(reader->root);

	if (status == 0)
		pasid_reader_reason(reader, "no GPU has the driver amdgpu");
	if (status <= 0)
		return status;
	status = pasid_reader_files(reader, &files);
	if (status == -ENOMEM)
		return status;
	for (size_t i = 0; i < files->n; i++) {
		const struct pasid_file *file = &files->v[i];
		struct binding claim = { .device = file->drm_device,
					 .pid = field_u64((uint64_t)file->pid),
					 .through = field_str_borrow(strrchr(file->path, '/') + 1),
					 .own = true };

		if (file->pasid.status < 0 && status == 1)
			status = file->pasid.status;
		/* 0: none yet for this open. */
		if (file->pasid.status != 1 || file->pasid.value == 0 || !file->drm_device)
			continue;
		claim.lo = claim.hi = (uint32_t)file->pasid.value;
		r = pasid_reader_claim(reader, &claim);
		if (r < 0)
			return r;
	}
	return status;
}

const struct pasid_source pasid_source_amdgpu = {
	.name = "amdgpu",
	.what = "The GPU address spaces of processes that have an amdgpu GPU open",
	.path = "/proc/PID/fdinfo",
	.read = amdgpu_read,
};
