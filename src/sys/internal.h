/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "sys/root.h"

/* A tar header in POSIX (ustar) format, and the parts of GNU's format that are read. */

#define TAR_BLOCK 512

struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char pad[12];
};

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is a block");

enum {
	TAR_FILE = '0',
	TAR_LINK = '2',
	TAR_DIRECTORY = '5',
	TAR_PAX = 'x',        /* pax records for the next entry: long names */
	TAR_PAX_GLOBAL = 'g', /* for all entries: ignored */
	TAR_GNU_NAME = 'L',   /* GNU's format of long names */
	TAR_GNU_LINK = 'K',
};

/* Sum of a header's bytes, with its own field counted as spaces. */
static inline unsigned int tar_checksum(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned int sum = 0;

	for (unsigned int i = 0; i < TAR_BLOCK; i++)
		sum += bytes[i];
	for (unsigned int i = 0; i < sizeof(header->checksum); i++)
		sum += ' ' - (unsigned char)header->checksum[i];
	return sum;
}

/* N of a link to "errno:N" as -N, else 0 (sys/root.h). */
int sys_link_error(const char *target);

/*
 * For sys/root.c only: reading below a directory of a file system (sys/root_files.c). DIR is the fd
 * of a directory. They return an fd, a length or 0, or -errno.
 */

/*
 * Opens DIR through a mount without device nodes, because opening one that a captured tree contains
 * can have effects. Needs CAP_SYS_ADMIN.
 */
int sys_files_guard(const char *dir);
int sys_files_dir(const struct sys_root *root, const char *path);
int sys_files_dir_from(int dir, const char *path); /* only on this machine */
int sys_files_dir_in(int dir, const char *name);
int sys_files_open(int dir, const char *name);
int sys_files_type(int dir, const char *name);
ssize_t sys_files_link(int dir, const char *name, char *buf, size_t size);
ssize_t sys_files_root_link(const struct sys_root *root, const char *path, char *buf, size_t size);
int sys_files_list(int dir, const char *name, struct strv *list); /* adds to LIST */
