/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "out/tree.h"
#include "out/value.h"

/* Prints one row as a JSON object, without a newline. Returns 0 or -ENOMEM. */
int out_json_row(FILE *f, const struct out_column *const *columns, size_t n, const void *row);

/* Prints N nodes as an array of nested objects with "children". Returns 0 or -ENOMEM. */
int out_json_tree(FILE *f, const struct out_column *const *columns, size_t n_columns,
		  const struct out_node *nodes, size_t n);
