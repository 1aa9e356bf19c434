/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Intel's driver dumps of I/O page tables in debugfs: a file for the device's own requests,
 * sys/kernel/debug/iommu/intel/BDF/domain_translation_struct, and one for each PASID that is not a
 * process's, in a folder BDF/PASID (hexadecimal). A line is a leaf entry with those above it
 * (dump_page_info()); directories without a leaf beneath are not in it.
 *
 * The kernel walks the table under the lock of the unit, and makes all of the text in memory before
 * the first byte is read, in a buffer that begins with 4 KiB and is doubled, each time with another
 * walk, up to a GiB (seq_file): beyond that it is -ENOMEM.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

#define INTEL_LEVELS_MIN 2
#define INTEL_LEVELS_MAX 5
#define INTEL_PAGE_SHIFT 12
#define INTEL_STRIDE     9

/* Levels as the kernel counts them: 1 is the table of 4-KiB pages, 5 PML5. Bits an entry leaves over. */
static inline unsigned int intel_level_shift(unsigned int level)
{
	return INTEL_PAGE_SHIFT + INTEL_STRIDE * (level - 1);
}

/* One page. */
struct intel_page {
	uint64_t iova;      /* as the table is indexed: bits above its width are zero */
	unsigned int level; /* of the leaf entry: 1 is 4 KiB, 2 is 2 MiB, 3 is 1 GiB */
	unsigned int top;   /* level of the first entry; those from there to the leaf are set */
	uint64_t entry[INTEL_LEVELS_MAX + 1]; /* by level; 0 where there is none */
};

/* How far a dump was read; zeroed before its first line, but what is WANTED. */
struct intel_pages {
	bool found;       /* its heading was seen: there is a table, though perhaps an empty one */
	uint64_t wanted;  /* where the top table must be, else -ESTALE; 0: anywhere */
	uint64_t table;   /* physical address of the top table */
	unsigned int top; /* level of all pages' first entry; 0: no page yet */
	uint64_t next;    /* the lowest IOVA that may follow */
};

typedef int intel_page_fn(const struct intel_page *page, void *data);

/*
 * Calls EACH for the page of every whole line of TEXT, which goes on where PAGES has stopped; what it
 * returns but 0 ends the walk and is returned. RET_USED is the size of the lines that were read.
 * Returns 0; -EBADMSG on meeting a line that is not written as known, or pages that do not ascend;
 * -ESTALE for another table than was wanted.
 */
int sys_intel_pages_parse(const char *text, size_t size, struct intel_pages *pages,
			  intel_page_fn *each, void *data, size_t *ret_used);

/*
 * The same of all pages of DEVICE (sysfs id) for PASID, 0 being its own requests, in bounded memory.
 * -ENOENT where there is no dump of it, -EACCES, -ENOMEM, -errno.
 */
int sys_intel_pages(const struct sys_root *root, const char *device, uint32_t pasid,
		    struct intel_pages *pages, intel_page_fn *each, void *data);
