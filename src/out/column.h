/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns by name. */
#pragma once

#include <stdio.h>

#include "out/value.h"

/* The name of a column: "pasid_width" is PASID-WIDTH. Cut at SIZE. */
void out_column_name(const struct out_column *column, char *buf, size_t size);

/* The column that NAME means, without regard to case and to - or _; NULL where there is none. */
const struct out_column *out_column_find(const struct out_column *columns, const char *name);

/*
 * Is COLUMN printed when none are chosen? DEFAULTS is a list of keys that stands for the columns' own
 * word, or NULL; SINGLE is a "show".
 */
bool out_column_is_default(const struct out_column *column, const char *defaults, bool single);
