/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's dumps of I/O page tables in debugfs:
 * sys/kernel/debug/iommu/intel/BDF/domain_translation_struct for the device's own requests, and one
 * in the directory BDF/PASID (hexadecimal) for each PASID that is not a process's. A line has a
 * leaf entry and those above it (dump_page_info()); directories without a leaf below them are not
 * printed.
 *
 * The kernel walks the table with the unit's lock held and formats the whole text before the first
 * byte is read, in a buffer that starts at 4 KiB and is doubled up to 1 GiB, each time with another
 * walk (seq_file). Larger ones fail with -ENOMEM.
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

/*
 * Levels as the kernel counts them: 1 is the table of 4-KiB pages, 5 is PML5. Returns the number of
 * address bits below an entry.
 */
static inline unsigned int intel_level_shift(unsigned int level)
{
	return INTEL_PAGE_SHIFT + INTEL_STRIDE * (level - 1);
}

/* One page. */
struct intel_page {
	uint64_t iova;      /* as an index: bits above the table's width are zero */
	unsigned int level; /* of the leaf entry: 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB */
	unsigned int top;   /* level of the first entry; all from there down to the leaf are set */
	uint64_t entry[INTEL_LEVELS_MAX + 1]; /* by level; 0 if there is none */
};

/* Position in a dump. All but WANTED is zero before the first line. */
struct intel_pages {
	bool found;       /* the heading was seen: there is a table, perhaps empty */
	uint64_t wanted;  /* expected address of the top table, else -ESTALE; 0: any */
	uint64_t table;   /* physical address of the top table */
	unsigned int top; /* level of the first entry of all pages; 0: no page yet */
	uint64_t next;    /* lowest IOVA that may follow */
};

typedef int intel_page_fn(const struct intel_page *page, void *data);

/*
 * Calls EACH for the page of every complete line of TEXT, which continues where PAGES stopped. A
 * non-zero return of EACH ends the walk and is returned. RET_USED is the size of the lines read.
 * Returns 0; -EBADMSG on an unknown format or if pages do not ascend; -ESTALE if it is not the
 * wanted table.
 */
int sys_intel_pages_parse(const char *text, size_t size, struct intel_pages *pages,
			  intel_page_fn *each, void *data, size_t *ret_used);

/*
 * The same for all pages of DEVICE (sysfs id) and PASID, 0 for its own requests, in bounded memory.
 * Also returns -ENOENT if there is no dump, -EACCES, -ENOMEM, another -errno.
 */
int sys_intel_pages(const struct sys_root *root, const char *device, uint32_t pasid,
		    struct intel_pages *pages, intel_page_fn *each, void *data);
