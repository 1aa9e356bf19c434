/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a binding. */
#pragma once

#include "model/pasid.h"
#include "out/value.h"

/* A row of the list: one PASID and the range it is of. */
struct pasid_row {
	uint32_t pasid;
	const struct pasid_range *range;
};

extern const struct out_column pasid_columns[];
