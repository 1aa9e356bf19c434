/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of VT-d page tables: sections 9.7 "First-Stage Paging Entries", same as the CPU's, and
 * 9.8 "Second-Stage Paging Entries" of the specification.
 */
#include "model/pagetable/internal.h"

#define BIT(n)  (UINT64_C(1) << (n))
#define ADDRESS UINT64_C(0x000ffffffffff000) /* bits 51:12 */

/* A bit and its name when set, and where it is valid: in leaf entries, in the others, or both. */
enum place {
	LEAF = 1,
	TABLE = 2,
	ANY = LEAF | TABLE,
};

struct bit {
	uint64_t mask;
	enum place place;
	const char *name;
};

static const struct bit first_bits[] = {
	{ BIT(0), ANY, "present" },
	{ BIT(1), ANY, "write" },
	{ BIT(2), ANY, "user" },
	{ BIT(3), ANY, "write-through" },
	{ BIT(4), ANY, "cache-disable" },
	{ BIT(5), ANY, "accessed" },
	{ BIT(6), LEAF, "dirty" },
	{ BIT(8), LEAF, "global" },
	{ BIT(10), ANY, "extended-accessed" },
	{ BIT(63), ANY, "no-execute" },
	{ 0 },
};

static const struct bit second_bits[] = {
	{ BIT(0), ANY, "read" },     { BIT(1), ANY, "write" },
	{ BIT(2), ANY, "execute" },  { BIT(6), LEAF, "ignore-pat" },
	{ BIT(8), ANY, "accessed" }, { BIT(9), LEAF, "dirty" },
	{ BIT(11), LEAF, "snoop" },  { 0 },
};

struct pagetable_access pagetable_access(const struct intel_page *page)
{
	uint64_t all = UINT64_MAX;

	for (unsigned int level = page->level; level <= page->top; level++)
		all &= page->entry[level];
	/*
	 * Second stage: read and write bits. First stage: present, which implies read, and write.
	 */
	return (struct pagetable_access){ .read = all & BIT(0), .write = all & BIT(1) };
}

uint64_t pagetable_physical(const struct intel_page *page)
{
	/*
	 * In the entry of a large page, the lowest of these bits is not part of the address (PAT).
	 */
	return page->entry[page->level] & ADDRESS & ~(BIT(intel_level_shift(page->level)) - 1);
}

static unsigned int width(const struct pagetable *table)
{
	return intel_level_shift(table->levels + 1);
}

uint64_t pagetable_iova(const struct pagetable *table, uint64_t indexed)
{
	if (table->stage == PAGETABLE_FIRST && indexed & BIT(width(table) - 1))
		return indexed | ~(BIT(width(table)) - 1);
	return indexed;
}

bool pagetable_index(const struct pagetable *table, uint64_t iova, uint64_t *ret_indexed)
{
	*ret_indexed = iova & (BIT(width(table)) - 1);
	return pagetable_iova(table, *ret_indexed) == iova;
}

void pagetable_describe(enum pagetable_stage stage, unsigned int level, uint64_t entry, bool leaf,
			struct pagetable_step *step)
{
	const struct bit *bit = stage == PAGETABLE_FIRST ? first_bits : second_bits;
	const uint64_t offset = leaf ? BIT(intel_level_shift(level)) - 1 : 0;

	step->entry = field_u64(entry);
	step->address = field_u64(entry & ADDRESS & ~offset);
	for (; bit->name; bit++)
		if (entry & bit->mask && bit->place & (leaf ? LEAF : TABLE))
			step->flags[step->n_flags++] = (char *)bit->name;
	/* Bit 7 is PS, except in the entry of a 4-KiB page. */
	if (leaf && level > 1)
		step->flags[step->n_flags++] = (char *)"large";
}
