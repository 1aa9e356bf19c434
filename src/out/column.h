/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns by name. */
#pragma once

#include <stdio.h>

#include "out/value.h"

/* The name of a column: "pasid_width" is PASID-WIDTH. Cut at SIZE. */
void out_column_name(const struct out_column *column, char *buf, size_t size);

/* The column that NAME means, without regard to case and to - or _; NULL where there is none. */
const struct out_column *out_column_find(const struct out_column *columns, const char *name);

/* For --list-columns: name, help, and whether it is a default, one a line. */
void out_columns_print(const struct out_column *columns, FILE *f);
