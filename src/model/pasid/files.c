/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open files related to PASIDs: one walk over all processes for all sources. */
#include "model/pasid/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define LOOK_BACK 64

static void file_done(struct pasid_file *file)
{
	free(file->path);
	free(file->vfio_device);
	free(file->drm_device);
}

void pasid_files_done(struct pasid_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		file_done(&files->v[i]);
	free(files->v);
	*files = (struct pasid_files){ 0 };
}

/* drm_show_fdinfo() writes "drm-pdev", amdgpu_show_fdinfo() "pasid". */
static int read_drm(const struct proc_file *from, struct pasid_file *file)
{
	char text[16384], value[64];
	ssize_t len = sys_proc_fdinfo(from, text, sizeof(text));
	uint64_t pasid;

	if (len < 0) {
		/* The file was closed in the meantime. */
		file->pasid.status = len == -ENOENT ? 0 : (int)len;
		return 0;
	}
	if (!sys_proc_fdinfo_value(text, "pasid", value, sizeof(value)))
		return 0;
	file->pasid = parse_u64(value, PASID_MAX, &pasid) < 0 ? field_u64_error(-EBADMSG)
							      : field_u64(pasid);
	/* Before 5.19 the driver wrote "pdev" itself. */
	if (!sys_proc_fdinfo_value(text, "drm-pdev", value, sizeof(value)) &&
	    !sys_proc_fdinfo_value(text, "pdev", value, sizeof(value)))
		return 0;
	return str_replace(&file->drm_device, value);
}

/* Only looks at the last few: a process may have thousands open, and duplicates do no harm. */
static bool is_known(const struct pasid_files *files, const struct pasid_file *file)
{
	size_t end = files->n > LOOK_BACK ? files->n - LOOK_BACK : 0;

	for (size_t i = files->n; i-- > end && files->v[i].pid == file->pid;) {
		const struct pasid_file *other = &files->v[i];

		if (strcmp(other->path, file->path) == 0 && other->rdev == file->rdev &&
		    other->pasid.value == file->pasid.value &&
		    strcmp(other->vfio_device ? other->vfio_device : "",
			   file->vfio_device ? file->vfio_device : "") == 0)
			return true;
	}
	return false;
}

static int on_file(const struct proc_file *from, void *data)
{
	struct pasid_files *files = data;
	struct pasid_file file = { .pid = from->pid, .rdev = from->rdev }, *slot;
	int r;

	/* The number of a block device is not comparable. */
	if (from->block)
		return 0;
	r = str_replace(&file.path, from->path);
	if (r == 0 && from->vfio_syspath) {
		const char *slash = strrchr(from->vfio_syspath, '/');

		r = str_replace(&file.vfio_device, slash ? slash + 1 : from->vfio_syspath);
	}
	if (r == 0 && str_starts(from->path, "/dev/dri/"))
		r = read_drm(from, &file);
	if (r < 0 || is_known(files, &file)) {
		file_done(&file);
		return r;
	}
	slot = array_push(files->v, files->n);
	if (!slot) {
		file_done(&file);
		return -ENOMEM;
	}
	*slot = file;
	return 0;
}

int pasid_reader_files(struct pasid_reader *reader, const struct pasid_files **ret)
{
	if (reader->files->status == 0) {
		int r = sys_proc_files(reader->root, on_file, reader->files);

		if (r == -ENOMEM)
			return r;
		reader->files->status = r < 0 ? r : 1;
	}
	if (reader->files->status == -EACCES)
		pasid_reader_reason(reader, "some processes could not be examined");
	*ret = reader->files;
	return reader->files->status;
}
