/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over the dump of a table: translates single addresses, or lists all ranges. */
#include <errno.h>

#include "model/pagetable/internal.h"

/* Translations in progress. */
struct walking {
	const struct pagetable *table;
	struct pagetable_walk *walks;
	struct progress *progress; /* one per address */
	size_t n, open;
};

/* What is known about the walk to an address. */
struct progress {
	bool open; /* later pages may add to it */
	uint64_t index;
	struct intel_page nearest; /* the page that shares most levels with the walk */
	unsigned int shared;       /* lowest level that both pass through; 0: no page yet */
};

/*
 * The lowest level above the leaf of PAGE whose entry is on the walk to the address; top + 1: none.
 */
static unsigned int shared_level(const struct intel_page *page, uint64_t index)
{
	unsigned int level = page->level;

	while (level <= page->top &&
	       index >> intel_level_shift(level) != page->iova >> intel_level_shift(level))
		level++;
	return level;
}

static void on_page(struct walking *walking, size_t i, const struct intel_page *page)
{
	struct progress *progress = &walking->progress[i];
	unsigned int level = shared_level(page, progress->index);
	bool mapped = level == page->level;

	if (!progress->shared || level < progress->shared) {
		progress->nearest = *page;
		progress->shared = level;
	}
	if (mapped)
		walking->walks[i].state = PAGETABLE_MAPPED;
	/* Pages are ascending: those after the next one share fewer levels. */
	if (mapped || page->iova > progress->index) {
		progress->open = false;
		walking->open--;
	}
}

static int on_each_page(const struct intel_page *page, void *data)
{
	struct walking *walking = data;

	if (page->top != walking->table->levels)
		return -ESTALE;
	for (size_t i = 0; i < walking->n; i++)
		if (walking->progress[i].open)
			on_page(walking, i, page);
	return walking->open ? 0 : 1;
}

static void fill_access(struct pagetable_walk *walk, uint64_t physical, uint64_t size)
{
	walk->physical = field_u64(physical | (walk->iova & (size - 1)));
	walk->page_size = field_u64(size);
}

/* From the top level down as far as known, and one more where the walk ends. */
static void fill_walk(const struct pagetable *table, const struct progress *progress,
		      struct pagetable_walk *walk)
{
	const struct intel_page *page = &progress->nearest;
	unsigned int shared = progress->shared ? progress->shared : table->levels + 1;
	bool mapped = walk->state == PAGETABLE_MAPPED;

	for (unsigned int level = table->levels; level >= 1; level--) {
		struct pagetable_step *step = &walk->steps[walk->n_steps++];

		*step = (struct pagetable_step){
			.level = level,
			.index = (unsigned int)(progress->index >> intel_level_shift(level)) &
				 ((1U << INTEL_STRIDE) - 1),
		};
		if (level < shared)
			return;
		pagetable_describe(table->stage, level, page->entry[level],
				   mapped && level == page->level, step);
		if (mapped && level == page->level)
			break;
	}
	fill_access(walk, pagetable_physical(page), UINT64_C(1) << intel_level_shift(page->level));
	walk->read = pagetable_access(page).read;
	walk->write = pagetable_access(page).write;
}

static void pass_through(struct pagetable_walk *walk)
{
	walk->state = PAGETABLE_MAPPED;
	walk->physical = field_u64(walk->iova);
	walk->read = walk->write = true;
}

/* Returns false if no page is needed for the address. */
static bool begin_walk(const struct pagetable *table, struct pagetable_walk *walk,
		       uint64_t *ret_index)
{
	*walk = (struct pagetable_walk){ .iova = walk->iova };
	if (!pagetable_index(table, walk->iova, ret_index)) {
		walk->state = PAGETABLE_BEYOND;
		return false;
	}
	if (table->stage == PAGETABLE_PASS_THROUGH) {
		pass_through(walk);
		return false;
	}
	return true;
}

static int read_dump(const struct sys_root *root, const struct pagetable *table,
		     intel_page_fn *each, void *data)
{
	struct intel_pages pages = { .wanted = table->table };
	int r;

	r = sys_intel_pages(root, table->device, table->pasid, &pages, each, data);
	/* It had an entry a moment ago; the kernel prints nothing if it has none. */
	return r == 0 && !pages.found ? -ESTALE : r;
}

int pagetable_translate(const struct sys_root *root, const struct pagetable *table,
			struct pagetable_walk *walks, size_t n)
{
	struct walking walking = { .table = table, .walks = walks, .n = n };
	_cleanup_free_ struct progress *progress = NULL;
	int r = 0;

	progress = calloc(n + 1, sizeof(*progress));
	if (!progress)
		return -ENOMEM;
	walking.progress = progress;
	for (size_t i = 0; i < n; i++) {
		progress[i].open = begin_walk(table, &walks[i], &progress[i].index);
		walking.open += progress[i].open;
	}
	if (table->stage == PAGETABLE_PASS_THROUGH)
		return 0;
	r = read_dump(root, table, on_each_page, &walking);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (walks[i].state != PAGETABLE_BEYOND)
			fill_walk(table, &progress[i], &walks[i]);
	return 0;
}

/* State of listing ranges. */
struct mapping {
	const struct pagetable *table;
	bool physical;
	int (*each)(const struct pagetable_range *range, void *data);
	void *data;
	bool any; /* RANGE is valid */
	struct pagetable_range range;
	uint64_t counts[PAGETABLE_LEVELS]; /* number of pages, by level */
};

static int flush(struct mapping *mapping)
{
	struct pagetable_range *range = &mapping->range;

	if (!mapping->any)
		return 0;
	for (unsigned int level = 1; level <= PAGETABLE_LEVELS; level++)
		if (mapping->counts[level - 1])
			range->pages[range->n_pages++] =
				(struct pagetable_pages){ UINT64_C(1) << intel_level_shift(level),
							  mapping->counts[level - 1] };
	return mapping->each(range, mapping->data);
}

/* Does PAGE at IOVA continue the range, regardless of physical memory? */
static bool goes_on(const struct mapping *mapping, uint64_t iova, struct pagetable_access access)
{
	const struct pagetable_range *range = &mapping->range;

	return mapping->any && iova == range->end + 1 && access.read == range->read &&
	       access.write == range->write;
}

static int map_page(const struct intel_page *page, void *data)
{
	struct mapping *mapping = data;
	struct pagetable_range *range = &mapping->range;
	struct pagetable_access access = pagetable_access(page);
	uint64_t iova = pagetable_iova(mapping->table, page->iova);
	uint64_t physical = pagetable_physical(page);
	bool contiguous = physical == range->physical + (iova - range->start);
	int r;

	if (page->top != mapping->table->levels)
		return -ESTALE;
	if (!goes_on(mapping, iova, access) || (mapping->physical && !contiguous)) {
		r = flush(mapping);
		if (r != 0)
			return r;
		*range = (struct pagetable_range){ .start = iova,
						   .read = access.read,
						   .write = access.write,
						   .physical = physical,
						   .contiguous = true };
		for (size_t i = 0; i < PAGETABLE_LEVELS; i++)
			mapping->counts[i] = 0;
		mapping->any = true;
	} else if (!contiguous) {
		range->contiguous = false;
	}
	range->end = iova + (UINT64_C(1) << intel_level_shift(page->level)) - 1;
	mapping->counts[page->level - 1]++;
	return 0;
}

int pagetable_map(const struct sys_root *root, const struct pagetable *table, bool physical,
		  int (*each)(const struct pagetable_range *range, void *data), void *data)
{
	struct mapping mapping = {
		.table = table, .physical = physical, .each = each, .data = data
	};
	int r;

	if (table->stage == PAGETABLE_PASS_THROUGH) {
		mapping.range = (struct pagetable_range){
			.end = (UINT64_C(1) << intel_level_shift(table->levels + 1)) - 1,
			.read = true,
			.write = true,
			.contiguous = true
		};
		return each(&mapping.range, data);
	}
	r = read_dump(root, table, map_page, &mapping);
	return r ? r : flush(&mapping);
}
