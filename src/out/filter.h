/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows of a list are wanted, told by the columns of its table. */
#pragma once

#include <stdbool.h>

#include "out/value.h"
#include "util/cleanup.h"

struct out_filter;

void out_filter_free(struct out_filter **filter);
#define _cleanup_filter_ _cleanup_(out_filter_free)

/*
 * Each of the N TERMS is "COLUMN=PATTERN[,PATTERN...]", or "PATTERN[,...]" for the table's first
 * column: shell patterns, without regard to case, against what -r prints, but with blanks. A row is wanted when it
 * matches one pattern of every term; of a list, one item. Of a number, LO-HI matches all from LO to HI,
 * and 0x2a the 42. Returns 0, -ENOMEM, or -EINVAL with *RET_BAD
 * (to be freed) the name that is no column.
 */
int out_filter_new(const struct out_column *columns, const char *const *terms, size_t n,
		   struct out_filter **ret, char **ret_bad);

/* The bits of what the filter's columns need. */
unsigned int out_filter_need(const struct out_filter *filter);

/* 1 or 0; -errno for which a value that decides cannot be read. */
int out_filter_match(const struct out_filter *filter, const void *row);
