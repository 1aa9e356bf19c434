/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of pasid translate and pasid map. */
#pragma once

#include "model/pagetable/pages.h"
#include "out/value.h"

/* What "pasid translate" prints unless columns are chosen. */
#define PAGES_WALK_DEFAULTS "iova,pasid,stage,state,physical,page_size,access,walk"

struct pages_walk_row {
	const struct pagetable *table;
	const struct pagetable_walk *walk;
};
extern const struct out_column pages_walk_columns[];

struct pages_range_row {
	const struct pagetable *table;
	const struct pagetable_range *range;
};
extern const struct out_column pages_range_columns[];
