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

/* For sys/root.c only: unpacks a capture file into memory or a temporary directory. */

/* Returns 0, or the errors of archive_read(), with RET_PLACE. */
int sys_root_unpack(int fd, struct sys_root *ret, char **ret_place);
void sys_root_remove(struct sys_root *root);

/*
 * For sys/root_unpack.c only: a directory in memory that disappears with its last fd. Returns an
 * O_PATH fd, or -errno where the kernel or its administrator does not allow it.
 */
int sys_root_memory_open(void);
