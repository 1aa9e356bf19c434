/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that clients bring to be mapped. What is not one of those that the kernel can pin, by its own test
 * (memfd_pin_folios()), it would often refuse only when a device is attached, and some of it not at all:
 * it asks neither how the file was opened nor how it is sealed.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "holder/rules/internal.h"
#include "util/cleanup.h"

#define HUGETLBFS_MAGIC 0x958458f6

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

/* fstat() would ask the daemon of a FUSE file, which need not answer. */
static bool is_regular(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) == 0 &&
	       S_ISREG(st.stx_mode);
}

/* What it is, if it should not be mapped; else NULL. */
static const char *unfit(int fd, unsigned int flags)
{
	const int how = fcntl(fd, F_GETFL), seals = fcntl(fd, F_GET_SEALS);

	if (!is_regular(fd))
		return "not-regular";
	/* Only shared memory has seals: memfd, tmpfs, hugetlbfs. */
	if (how < 0 || how & O_PATH || seals < 0)
		return "not-memory";
	if (flags & IOMMUFD_MAP_WRITE) {
		if ((how & O_ACCMODE) == O_RDONLY)
			return "read-only";
		if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return "sealed";
	}
	return flags & IOMMUFD_MAP_READ && (how & O_ACCMODE) == O_WRONLY ? "write-only" : NULL;
}

static int refuse(const char *kind, const uint64_t *size, struct fault *fault)
{
	json_object *parameters = json_object_new_object();

	json_add_string(parameters, "kind", kind);
	if (size)
		json_add_u64(parameters, "size", *size);
	return fault_raise(fault, "UnfitFile", parameters);
}

/*
 * Bytes to be allocated for LENGTH of them: what the file has may all lie outside. Huge pages come from
 * the pool that they were set aside in.
 */
static uint64_t count_absent(int fd, const struct stat *st, uint64_t length)
{
	const uint64_t has = (uint64_t)st->st_blocks * 512,
		       outside = (uint64_t)st->st_size - length,
		       inside = has > outside ? has - outside : 0;
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == HUGETLBFS_MAGIC)
		return 0;
	return inside < length ? length - inside : 0;
}

int rules_check_file(struct map_file *file, uint64_t length, unsigned int flags,
		     struct fault *fault)
{
	const char *kind = unfit(file->fd, flags);
	struct stat st = { 0 };
	uint64_t size;

	if (kind)
		return refuse(kind, NULL, fault);
	if (fstat(file->fd, &st) < 0)
		return fault_system(fault, "fstat", -errno);
	size = (uint64_t)st.st_size;
	if (file->offset > size || length > size - file->offset)
		return refuse("too-short", &size, fault);
	file->absent = count_absent(file->fd, &st, length);
	return 0;
}
