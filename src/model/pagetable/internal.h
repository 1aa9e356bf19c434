/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/pagetable/pages.h"
#include "sys/debugfs_intel_pages.h"

/* Decoding of page table entries. */

/* Permissions granted by all entries on the way to a page. */
struct pagetable_access {
	bool read, write;
};
struct pagetable_access pagetable_access(const struct intel_page *page);

/* Physical address of the page. */
uint64_t pagetable_physical(const struct intel_page *page);

/* The IOVA as a device sends it: sign-extended (canonical) in a first stage. */
uint64_t pagetable_iova(const struct pagetable *table, uint64_t indexed);

/* The reverse. Returns false if IOVA is outside the table. */
bool pagetable_index(const struct pagetable *table, uint64_t iova, uint64_t *ret_indexed);

/* Fills STEP from ENTRY at LEVEL; LEAF: it maps a page. */
void pagetable_describe(enum pagetable_stage stage, unsigned int level, uint64_t entry, bool leaf,
			struct pagetable_step *step);
