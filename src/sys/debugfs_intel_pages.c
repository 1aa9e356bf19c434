/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/debugfs_intel_pages.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define DIRECTORY  "sys/kernel/debug/iommu/intel"
#define CHUNK_SIZE 65536

/*
 * DMA_PTE_READ and DMA_PTE_WRITE: the kernel considers an entry with either of them present, in any
 * format.
 */
#define PRESENT    UINT64_C(3)
#define LARGE_PAGE (UINT64_C(1) << 7) /* DMA_PTE_LARGE_PAGE */

/* Text parsed from the left. */
struct text {
	const char *at, *end;
};

static bool take(struct text *text, const char *what)
{
	size_t len = strlen(what);

	if ((size_t)(text->end - text->at) < len || memcmp(text->at, what, len) != 0)
		return false;
	text->at += len;
	return true;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "0x" and 1 to 16 digits. sscanf(3) would dominate the time for millions of pages. */
static bool take_hex(struct text *text, uint64_t *ret)
{
	uint64_t value = 0;
	int digits = 0, d;

	if (!take(text, "0x"))
		return false;
	for (; text->at < text->end && (d = digit(*text->at)) >= 0; text->at++, digits++)
		value = value << 4 | (uint64_t)d;
	*ret = value;
	return digits >= 1 && digits <= 16;
}

/* The leaf is the last entry printed; those from it to the top are present, none above. */
static bool find_levels(struct intel_page *page)
{
	unsigned int level = 1;

	while (level < INTEL_LEVELS_MAX && !page->entry[level])
		level++;
	page->level = level;
	for (; level <= INTEL_LEVELS_MAX && page->entry[level]; level++) {
		bool large = page->entry[level] & LARGE_PAGE;

		if (!(page->entry[level] & PRESENT))
			return false;
		/* In the entry of a 4-KiB page this bit is PAT. */
		if (level > 1 && large != (level == page->level))
			return false;
	}
	page->top = level - 1;
	for (; level <= INTEL_LEVELS_MAX; level++)
		if (page->entry[level])
			return false;
	return page->top >= INTEL_LEVELS_MIN && page->top >= page->level;
}

/* "0xPFN |<TAB>PML5E<TAB>PML4E<TAB>PDPE[<TAB>PDE[<TAB>PTE]]" */
static bool parse_page(struct text text, struct intel_page *ret)
{
	struct intel_page page = { 0 };
	unsigned int level = INTEL_LEVELS_MAX;
	uint64_t pfn;

	if (!take_hex(&text, &pfn) || !take(&text, " |"))
		return false;
	for (; text.at < text.end; level--) {
		if (level == 0 || !take(&text, "\t") || !take_hex(&text, &page.entry[level]))
			return false;
	}
	if (level > 2 || !find_levels(&page))
		return false;
	if (pfn >> (intel_level_shift(page.top + 1) - INTEL_PAGE_SHIFT))
		return false;
	page.iova = pfn << INTEL_PAGE_SHIFT;
	if (page.iova & ((UINT64_C(1) << intel_level_shift(page.level)) - 1))
		return false;
	*ret = page;
	return true;
}

static int on_page(const struct intel_page *page, struct intel_pages *pages, intel_page_fn *each,
		   void *data)
{
	if (!pages->found || page->iova < pages->next || (pages->top && page->top != pages->top))
		return -EBADMSG;
	pages->top = page->top;
	pages->next = page->iova + (UINT64_C(1) << intel_level_shift(page->level));
	return each(page, data);
}

/* "Device 0000:00:10.0 with pasid 2a @0x103a000", without PASID in legacy mode. */
static int on_heading(struct text text, struct intel_pages *pages)
{
	const char *at = memchr(text.at, '@', (size_t)(text.end - text.at));
	uint64_t table;

	if (!at || pages->found)
		return -EBADMSG;
	text.at = at + 1;
	if (!take_hex(&text, &table) || text.at != text.end)
		return -EBADMSG;
	if (pages->wanted && pages->wanted != table)
		return -ESTALE;
	pages->found = true;
	pages->table = table;
	return 0;
}

static int on_line(struct text text, struct intel_pages *pages, intel_page_fn *each, void *data)
{
	struct intel_page page;

	if (parse_page(text, &page))
		return on_page(&page, pages, each, data);
	if (take(&text, "Device "))
		return on_heading(text, pages);
	/* Printed for a disabled unit of the same segment, before the device's own. */
	if (take(&text, "IOVA_PFN ") || take(&text, "DMA Remapping is not enabled on "))
		return 0;
	return -EBADMSG;
}

int sys_intel_pages_parse(const char *text, size_t size, struct intel_pages *pages,
			  intel_page_fn *each, void *data, size_t *ret_used)
{
	size_t used = 0;
	int r = 0;

	while (r == 0) {
		const char *line = text + used, *end = memchr(line, '\n', size - used);

		if (!end)
			break;
		r = on_line((struct text){ line, end }, pages, each, data);
		used += (size_t)(end - line) + 1;
	}
	*ret_used = used;
	return r;
}

static int open_dump(const struct sys_root *root, const char *device, uint32_t pasid)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[PATH_MAX];
	int len;

	len = pasid ? snprintf(path, sizeof(path), DIRECTORY "/%s/%" PRIx32, device, pasid)
		    : snprintf(path, sizeof(path), DIRECTORY "/%s", device);
	if (len < 0 || (size_t)len >= sizeof(path))
		return -ENAMETOOLONG;
	dir = sys_dir_open(root, path);
	return sys_file_open(dir, "domain_translation_struct");
}

int sys_intel_pages(const struct sys_root *root, const char *device, uint32_t pasid,
		    struct intel_pages *pages, intel_page_fn *each, void *data)
{
	_cleanup_close_ int fd = -1;
	char buf[CHUNK_SIZE];
	size_t len = 0, used;
	ssize_t n;
	int r;

	fd = open_dump(root, device, pasid);
	if (fd < 0)
		return fd;
	while ((n = read(fd, buf + len, sizeof(buf) - len)) > 0) {
		len += (size_t)n;
		r = sys_intel_pages_parse(buf, len, pages, each, data, &used);
		if (r != 0)
			return r;
		len -= used;
		memmove(buf, buf + used, len);
		if (len == sizeof(buf))
			return -EBADMSG;
	}
	if (n < 0)
		return -errno;
	return len ? -EBADMSG : 0;
}
