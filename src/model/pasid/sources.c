/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/pasid/sources.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "sys/proc.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/parse.h"

const struct pasid_source *const pasid_sources[PASID_SOURCES_MAX + 1] = {
	[PASID_SOURCE_CONTEXT] = &pasid_source_context,
	[PASID_SOURCE_VTD] = &pasid_source_vtd,
	&pasid_source_uio,
	&pasid_source_uacce,
	&pasid_source_idxd,
	&pasid_source_amdxdna,
	&pasid_source_kfd,
	&pasid_source_amdgpu,
	&pasid_source_vfio,
	&pasid_source_amd,
};

static bool is_absent(const struct pasid_source *source, const struct sys_root *root)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;

	if (source->absent)
		dir = sys_dir_open(root, source->path + 1);
	return dir.error == -ENOENT;
}

int pasid_source_read(unsigned int n, struct pasid_reader *reader)
{
	const struct pasid_source *source = pasid_sources[n];
	int r;

	reader->n_rows = 0;
	reader->source = n;
	*reader->reason = '\0';
	if (is_absent(source, reader->root)) {
		pasid_reader_reason(reader, "%s", source->absent);
		return 0;
	}
	r = source->read(reader);
	if (r < 0 && !*reader->reason)
		pasid_reader_reason(reader, "%s", strerror(-r));
	return r;
}

static bool is_numbered(const struct binding *claim)
{
	return claim->what == PASID_CLAIM_NUMBER || claim->what == PASID_CLAIM_STALE;
}

/* Makes CLAIM one of the source. Returns false if it is not wanted, or not valid. */
static bool adopt(struct pasid_reader *reader, struct binding *claim)
{
	if (reader->device && strcmp(claim->device, reader->device) != 0)
		return false;
	reader->n_rows += claim->hi - claim->lo + 1;
	claim->sources = 1u << reader->source;
	/* PASID 0 is the RID's own, whatever a source reports. */
	if (claim->lo == 0 && is_numbered(claim))
		claim->lo = 1;
	if (!is_numbered(claim))
		claim->lo = claim->hi = 0;
	return claim->lo <= claim->hi && claim->hi <= PASID_MAX;
}

int pasid_reader_claim(struct pasid_reader *reader, const struct binding *claim)
{
	struct binding copy = *claim;

	return adopt(reader, &copy) ? bindings_add(reader->claims, &copy) : 0;
}

void pasid_reader_take(struct pasid_reader *reader, struct bindings *list)
{
	struct bindings *claims = reader->claims;
	size_t n = 0;

	*claims = *list;
	*list = (struct bindings){ 0 };
	for (size_t i = 0; i < claims->n; i++)
		if (adopt(reader, &claims->v[i]))
			claims->v[n++] = claims->v[i];
	claims->n = n;
}

void pasid_reader_reason(struct pasid_reader *reader, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(reader->reason, sizeof(reader->reason), format, ap);
	va_end(ap);
}

/* Is the directory a PCI function, or a member of a group on another bus? */
static bool is_device(const struct sys_root *root, const char *path)
{
	struct pci_address address;
	char link[PATH_MAX + sizeof("/iommu_group")], target[PATH_MAX];

	if (parse_pci_address(strrchr(path, '/') + 1, &address) == 0)
		return true;
	snprintf(link, sizeof(link), "%s/iommu_group", path);
	return sys_root_link(root, link + 1, target, sizeof(target)) > 0;
}

/* Resolves PATH. Follows only its last link by text, because a capture may lack the target. */
static int find_place(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX], directory[PATH_MAX];

	if (sys_root_link(root, path, target, sizeof(target)) <= 0)
		return sys_root_realpath(root, path, buf, size);
	if (snprintf(directory, sizeof(directory), "/%.*s", (int)(slash - path), path) >=
	    (int)sizeof(directory))
		return -ENAMETOOLONG;
	return sys_path_resolve(directory, target, buf, size);
}

int pasid_source_device(const struct sys_root *root, const char *path, char *buf, size_t size)
{
	char real[PATH_MAX];
	int r;

	r = find_place(root, path, real, sizeof(real));
	if (r < 0)
		return r;
	if (!str_starts(real, "/sys/devices/"))
		return -ENODEV;
	for (char *slash; (slash = strrchr(real, '/')) > real; *slash = '\0') {
		if (!is_device(root, real))
			continue;
		return (size_t)snprintf(buf, size, "%s", slash + 1) < size ? 0 : -ENAMETOOLONG;
	}
	return -ENODEV;
}

void pasid_node_get(const struct sys_root *root, const char *sysfs, const char *dev,
		    struct pasid_node *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	unsigned int major, minor;
	char text[64];

	*ret = (struct pasid_node){ 0 };
	snprintf(ret->path, sizeof(ret->path), "%s", dev);
	/* Device numbers of a captured machine are not valid here. */
	if (root->captured)
		return;
	dir = sys_dir_open(root, sysfs);
	if (sys_read(dir, "dev", text, sizeof(text)) > 0 &&
	    sscanf(text, "%u:%u", &major, &minor) == 2)
		ret->rdev = makedev(major, minor);
}

bool pasid_node_is(const struct pasid_node *node, const struct pasid_file *file)
{
	/* The path may differ in a container's mount namespace. */
	if (node->rdev && file->rdev)
		return node->rdev == file->rdev;
	return strcmp(node->path, file->path) == 0;
}

int pasid_reader_openers(struct pasid_reader *reader, const struct pasid_node *node,
			 const struct binding *claim)
{
	const struct pasid_files *files;
	struct binding opened = *claim;
	int status = pasid_reader_files(reader, &files);

	for (size_t i = 0; status != -ENOMEM && i < files->n; i++) {
		if (!pasid_node_is(node, &files->v[i]))
			continue;
		opened.pid = field_u64((uint64_t)files->v[i].pid);
		if (pasid_reader_claim(reader, &opened) < 0)
			return -ENOMEM;
	}
	return status;
}

int pasid_reader_entries(struct pasid_reader *reader,
			 int (*read)(struct pasid_reader *reader, const char *name),
			 const char *none)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir =
		sys_dir_open(reader->root, pasid_sources[reader->source]->path + 1);
	int r = sys_list(dir, ".", &list), status = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		r = read(reader, list.v[i]);
		if (r == -ENOMEM)
			return r;
		if (r < 0 || status == 0)
			status = r;
	}
	if (status == 0)
		pasid_reader_reason(reader, "%s", none);
	return status;
}

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
