/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a binding, and of a source. */
#pragma once

#include "model/pasid.h"
#include "out/value.h"

/* A row of the list: one PASID and the range it is of. */
struct pasid_row {
	uint32_t pasid;
	const struct pasid_range *range;
	struct pasid_scratch *scratch;  /* for what columns put together; not NULL */
	const struct pasid_row *others; /* of a show: what contradicts it */
	size_t n_others;
};

struct pasid_scratch {
	char target[512];
	char *names[PASID_SOURCES_MAX];
	struct strv sources; /* of NAMES */
};

/* Unreadable where it is not known since not all could be asked who may say so. */
void pasid_out_kind(struct out_value *ret, const struct pasid_range *range);
void pasid_out_state(struct out_value *ret, const struct pasid_range *range);

extern const struct out_column pasid_columns[];
/* The same, and what contradicts it, which a list has as rows of their own. */
extern const struct out_column pasid_show_columns[];

/* Of a struct pasid_report. */
extern const struct out_column pasid_source_columns[];
