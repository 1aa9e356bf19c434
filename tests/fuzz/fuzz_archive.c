/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A captured file. Plain tar is accepted like a compressed one, so that changes to it are not
 * hidden by compression.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/archive.h"

static int each(const struct archive_entry *entry, void *data)
{
	size_t *total = data;
	const char *part = entry->path;

	fuzz_check(*part && *part != '/' && strlen(part) < ARCHIVE_PATH_MAX);
	for (; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
		fuzz_check(strcspn(part, "/") > 0 && strncmp(part, "../", 3) != 0 &&
			   strcmp(part, "..") != 0 && strncmp(part, "./", 2) != 0);
	fuzz_check((entry->type == ARCHIVE_LINK) == (entry->target != NULL));
	fuzz_check(entry->type != ARCHIVE_FILE || entry->data[entry->size] == '\0');
	*total += entry->size;
	fuzz_check(*total <= ARCHIVE_SIZE_MAX);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Next to the directory unpacked into, another must stay empty. */
static void unpack(int fd)
{
	char top[] = "/tmp/ioasidctl-fuzz.XXXXXX";
	int dir, beside, in;

	fuzz_check(mkdtemp(top));
	dir = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(mkdirat(dir, "in", 0700) == 0 && mkdirat(dir, "beside", 0700) == 0);
	in = openat(dir, "in", O_PATH | O_DIRECTORY | O_CLOEXEC);
	beside = openat(dir, "beside", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(in >= 0 && beside >= 0);
	(void)archive_unpack(fd, in, NULL);
	fuzz_check(unlinkat(dir, "beside", AT_REMOVEDIR) == 0);
	close(in);
	close(beside);
	close(dir);
	fuzz_check(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	size_t total = 0;

	fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size &&
		   lseek(fd, 0, SEEK_SET) == 0);
	if (archive_read(fd, each, &total, NULL) == 0) {
		fuzz_check(lseek(fd, 0, SEEK_SET) == 0);
		unpack(fd);
	}
	close(fd);
	return 0;
}
