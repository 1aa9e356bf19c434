/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d's dump of a page table: as a whole, and in two pieces, split as the first byte says. */
#include "fuzz.h"

#include "sys/debugfs_intel_pages.h"

struct seen {
	size_t n;
	uint64_t sum;
};

static int see(const struct intel_page *page, void *data)
{
	struct seen *seen = data;

	fuzz_check(page->level >= 1 && page->level <= page->top && page->top <= INTEL_LEVELS_MAX);
	for (unsigned int i = 0; i <= INTEL_LEVELS_MAX; i++)
		fuzz_check(!page->entry[i] || (i >= page->level && i <= page->top));
	seen->n++;
	seen->sum = seen->sum * 31 + page->iova;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct intel_pages whole = { 0 }, parted = { 0 };
	struct seen all = { 0 }, pieces = { 0 };
	size_t cut, used = 0, more = 0;
	char *text;
	int r;

	if (size == 0)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	size--;
	cut = size * data[0] / 255;
	r = sys_intel_pages_parse(text, size, &whole, see, &all, &used);
	if (r == 0) {
		fuzz_check(used <= size && (used == 0 || text[used - 1] == '\n'));
		fuzz_check(sys_intel_pages_parse(text, cut, &parted, see, &pieces, &more) == 0);
		fuzz_check(more <= cut);
		fuzz_check(sys_intel_pages_parse(text + more, size - more, &parted, see, &pieces,
						 &cut) == 0);
		fuzz_check(more + cut == used && pieces.n == all.n && pieces.sum == all.sum);
	}
	free(text);
	return 0;
}
