/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A header of a tar archive, as POSIX has it (ustar), and of GNU tar what is read. */
#pragma once

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
	TAR_PAX = 'x', /* records for the next entry: names that are longer than a header's */
	TAR_PAX_GLOBAL = 'g', /* for all: of no interest */
	TAR_GNU_NAME = 'L',   /* GNU's way to say long names */
	TAR_GNU_LINK = 'K',
};

/* The sum over a header's bytes, its own field taken as blanks. */
static inline unsigned int tar_checksum(const struct tar_header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	const unsigned char *own = (const unsigned char *)header->checksum;
	unsigned int sum = 0;

	for (unsigned int i = 0; i < TAR_BLOCK; i++)
		sum += bytes + i >= own && bytes + i < own + sizeof(header->checksum) ? ' '
										      : bytes[i];
	return sum;
}
