/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a table's entries say, for model/pagetable*.c alone. */
#pragma once

#include "model/pagetable.h"
#include "sys/debugfs_intel_pages.h"

/* What all entries on the way to a page allow. */
struct pagetable_access {
	bool read, write;
};
struct pagetable_access pagetable_access(const struct intel_page *page);

/* Where the page begins. */
uint64_t pagetable_physical(const struct intel_page *page);

/* Its IOVA as a device would send it: a first stage's is sign-extended (canonical). */
uint64_t pagetable_iova(const struct pagetable *table, uint64_t indexed);

/* The opposite: false where the table has no place for it. */
bool pagetable_index(const struct pagetable *table, uint64_t iova, uint64_t *ret_indexed);

/* Fills STEP for an ENTRY of LEVEL; LEAF: it leads to a page. */
void pagetable_describe(enum pagetable_stage stage, unsigned int level, uint64_t entry, bool leaf,
			struct pagetable_step *step);
