/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/pasid/internal.h"

/* Absent if no access is allowed. */
static void out_access(struct out_value *ret, bool read, bool write)
{
	out_text(ret, "%s%s", read ? "r" : "", write ? "w" : "");
}

static const char *const accesses[] = { "r", "w", "rw", NULL };

/* One level of a page walk. */
static void get_level(const void *p, struct out_value *ret)
{
	out_string(ret, pagetable_level_name(((const struct pagetable_step *)p)->level));
}

static void get_index(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pagetable_step *)p)->index);
}

static void get_entry(const void *p, struct out_value *ret)
{
	out_field_address(ret, &((const struct pagetable_step *)p)->entry);
}

static void get_address(const void *p, struct out_value *ret)
{
	out_field_address(ret, &((const struct pagetable_step *)p)->address);
}

static void get_flags(const void *p, struct out_value *ret)
{
	const struct pagetable_step *step = p;

	if (step->entry.status > 0)
		out_strv(ret, &(struct strv){ (char **)step->flags, step->n_flags });
}

static const struct out_column step_columns[] = {
	{ "level", "PML5, PML4, PDPT, PD or PT", OUT_DEFAULT | OUT_ALWAYS, 0, get_level,
	  pagetable_level_names },
	{ "index", "Index of the entry in its table", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_index },
	{ "entry", "The entry", OUT_DEFAULT | OUT_IS_ADDRESS, 0, get_entry },
	{ "address", "Physical address of the table or page it leads to",
	  OUT_DEFAULT | OUT_IS_ADDRESS, 0, get_address },
	{ "flag", "Names of the bits that are set in it", OUT_DEFAULT | OUT_INLINE | OUT_IS_LIST, 0,
	  get_flags },
	{ 0 },
};

static void get_walk_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct pages_walk_row *)p)->table->device);
}

static void get_walk_pasid(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pages_walk_row *)p)->table->pasid);
}

static void get_walk_stage(const void *p, struct out_value *ret)
{
	out_string(ret, pagetable_stage_name(((const struct pages_walk_row *)p)->table->stage));
}

static void get_walk_iova(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct pages_walk_row *)p)->walk->iova);
}

static void get_walk_state(const void *p, struct out_value *ret)
{
	out_string(ret, pagetable_state_name(((const struct pages_walk_row *)p)->walk->state));
}

static void get_walk_physical(const void *p, struct out_value *ret)
{
	out_field_address(ret, &((const struct pages_walk_row *)p)->walk->physical);
}

static void get_walk_page_size(const void *p, struct out_value *ret)
{
	const struct field_u64 *size = &((const struct pages_walk_row *)p)->walk->page_size;

	if (size->status > 0)
		out_size(ret, size->value);
}

static void get_walk_access(const void *p, struct out_value *ret)
{
	const struct pagetable_walk *walk = ((const struct pages_walk_row *)p)->walk;

	out_access(ret, walk->read, walk->write);
}

static void get_walk_steps(const void *p, struct out_value *ret)
{
	const struct pagetable_walk *walk = ((const struct pages_walk_row *)p)->walk;

	out_table(ret, step_columns, walk->steps, walk->n_steps, sizeof(walk->steps[0]));
}

const struct out_column pages_walk_columns[] = {
	{ "iova", "Address that a request of the device carries", OUT_IS_ADDRESS | OUT_ALWAYS, 0,
	  get_walk_iova },
	{ "device", "The device", OUT_OF_DEVICE | OUT_ALWAYS, 0, get_walk_device },
	{ "pasid", "PASID of the request; 0: none, the device's own", OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_walk_pasid },
	{ "stage", "first-stage, second-stage, nested (its second stage), pass-through", OUT_ALWAYS,
	  0, get_walk_stage, pagetable_stage_names },
	{ "state", "mapped, unmapped, or beyond what the table can map", OUT_RESULT | OUT_ALWAYS, 0,
	  get_walk_state, pagetable_state_names },
	{ "physical", "Physical address", OUT_IS_ADDRESS, 0, get_walk_physical },
	{ "page_size", "Size of the page", OUT_IS_SIZE, 0, get_walk_page_size },
	{ "access", "What all levels allow: r, rw, w", 0, 0, get_walk_access, accesses },
	{ "walk", "The entries on the way, from the top level down", OUT_IS_TABLE | OUT_ALWAYS, 0,
	  get_walk_steps, NULL, OUT_INNER(step_columns) },
	{ 0 },
};

/* The columns of a page count. */
static void get_size(const void *p, struct out_value *ret)
{
	out_size(ret, ((const struct pagetable_pages *)p)->size);
}

static void get_count(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pagetable_pages *)p)->count);
}

static const struct out_column page_columns[] = {
	{ "size", "Size of the pages", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_size },
	{ "count", "Number of such pages", OUT_DEFAULT | OUT_IS_NUMBER | OUT_ALWAYS, 0, get_count },
	{ 0 },
};

static void get_range_device(const void *p, struct out_value *ret)
{
	out_string(ret, ((const struct pages_range_row *)p)->table->device);
}

static void get_range_pasid(const void *p, struct out_value *ret)
{
	out_number(ret, ((const struct pages_range_row *)p)->table->pasid);
}

static void get_range_stage(const void *p, struct out_value *ret)
{
	out_string(ret, pagetable_stage_name(((const struct pages_range_row *)p)->table->stage));
}

static void get_range_iova(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct pages_range_row *)p)->range->start);
}

static void get_range_end(const void *p, struct out_value *ret)
{
	out_address(ret, ((const struct pages_range_row *)p)->range->end);
}

static void get_range_size(const void *p, struct out_value *ret)
{
	const struct pagetable_range *range = ((const struct pages_range_row *)p)->range;

	out_size(ret, range->end - range->start + 1);
}

static void get_range_access(const void *p, struct out_value *ret)
{
	const struct pagetable_range *range = ((const struct pages_range_row *)p)->range;

	out_access(ret, range->read, range->write);
}

static void get_range_physical(const void *p, struct out_value *ret)
{
	const struct pagetable_range *range = ((const struct pages_range_row *)p)->range;

	if (range->contiguous)
		out_address(ret, range->physical);
}

static void get_range_contiguous(const void *p, struct out_value *ret)
{
	out_bool(ret, ((const struct pages_range_row *)p)->range->contiguous);
}

static void get_range_pages(const void *p, struct out_value *ret)
{
	const struct pagetable_range *range = ((const struct pages_range_row *)p)->range;

	out_table(ret, page_columns, range->pages, range->n_pages, sizeof(range->pages[0]));
}

const struct out_column pages_range_columns[] = {
	{ "iova", "First IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_range_iova },
	{ "end", "Last IOVA", OUT_DEFAULT | OUT_IS_ADDRESS | OUT_ALWAYS, 0, get_range_end },
	{ "size", "Bytes", OUT_DEFAULT | OUT_IS_SIZE | OUT_ALWAYS, 0, get_range_size },
	{ "access", "What all levels allow: r, rw, w", OUT_DEFAULT, 0, get_range_access, accesses },
	{ "physical", "Physical address of the first page, if all are contiguous",
	  OUT_DEFAULT | OUT_IS_ADDRESS, 0, get_range_physical },
	{ "contiguous", "Whether all pages are contiguous in physical memory",
	  OUT_IS_BOOL | OUT_ALWAYS, 0, get_range_contiguous },
	{ "page", "Sizes of the pages; in JSON with their numbers",
	  OUT_DEFAULT | OUT_INLINE | OUT_IS_TABLE | OUT_ALWAYS | OUT_FILLED, 0, get_range_pages,
	  NULL, OUT_INNER(page_columns) },
	{ "device", "The device", OUT_OF_DEVICE | OUT_ALWAYS, 0, get_range_device },
	{ "pasid", "PASID; 0: none, the device's own requests", OUT_IS_NUMBER | OUT_ALWAYS, 0,
	  get_range_pasid },
	{ "stage", "first-stage, second-stage, nested (its second stage), pass-through", OUT_ALWAYS,
	  0, get_range_stage, pagetable_stage_names },
	{ 0 },
};
