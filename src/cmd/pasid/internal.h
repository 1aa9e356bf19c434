/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cmd.h"
#include "model/pagetable/pages.h"
#include "out/value.h"

/* The columns of pasid translate and pasid map. */

/* The default columns of "pasid translate". */
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

/* Verbs in files of their own, for the file of their noun. */

extern const struct cmd pasid_bind_cmd;
extern const struct cmd pasid_list_cmd;
extern const struct cmd pasid_map_cmd;
extern const struct cmd pasid_translate_cmd;
extern const struct cmd pasid_show_cmd;
extern const struct cmd pasid_unbind_cmd;
extern const struct cmd pasid_why_cmd;
