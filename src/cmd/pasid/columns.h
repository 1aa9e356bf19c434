/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a binding, and of a source. */
#pragma once

#include "model/pasid/walk.h"
#include "out/value.h"
#include "util/parse.h"

/* A row of the list: a PASID, or several, and the binding that contains them. */
struct pasid_row {
	uint32_t pasid;
	bool fold; /* SCRATCH->FOLDED, which are equal */
	const struct binding *binding;
	struct pasid_scratch *scratch;  /* buffers for columns; not NULL */
	const struct pasid_row *others; /* in a "show": what contradicts it */
	size_t n_others;
};

struct pasid_scratch {
	char target[512];
	struct range folded;
	char *names[PASID_SOURCES_MAX];
	struct strv sources; /* of NAMES */
};

/* "42", "100-163"; for programs an object with both ends. */
void pasid_out_range(struct out_value *ret, const struct range *range);

/* Unreadable if not all sources could be asked. */
void pasid_out_kind(struct out_value *ret, const struct binding *binding);
void pasid_out_owner(struct out_value *ret, const struct binding *binding);
void pasid_out_state(struct out_value *ret, const struct binding *binding);

extern const struct out_column pasid_columns[];
/* Default columns for programs, for out_options.defaults. */
extern const char pasid_program_defaults[];
/* The same, and contradicting claims, which are separate rows in a list. */
extern const struct out_column pasid_show_columns[];

/* Columns of the objects of pasid_out_range() and pasid_out_owner(). */
extern const struct out_column pasid_range_columns[], pasid_owner_columns[];

/* Columns of a struct pasid_report. */
extern const struct out_column pasid_source_columns[];
