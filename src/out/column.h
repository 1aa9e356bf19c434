/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns by name. */
#pragma once

#include <stdio.h>

#include "out/value.h"

/* The name of a column: PASID-WIDTH for "pasid_width". Truncated to SIZE. */
void out_column_name(const struct out_column *column, char *buf, size_t size);

/* The column called NAME, case-insensitive and with - and _ equal; NULL if none. */
const struct out_column *out_column_find(const struct out_column *columns, const char *name);

/*
 * Is COLUMN printed if none are chosen? DEFAULTS is a list of keys that overrides OUT_DEFAULT, or
 * NULL; SINGLE is a "show".
 */
bool out_column_is_default(const struct out_column *column, const char *defaults, bool single);
