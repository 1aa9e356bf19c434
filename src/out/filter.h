/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rows of a list are wanted, said by the columns of its table. */
#pragma once

#include <stdbool.h>

#include "out/value.h"
#include "util/cleanup.h"

struct out_filter;

void out_filter_free(struct out_filter **filter);
#define _cleanup_filter_ _cleanup_(out_filter_free)

/* What is wrong with a term. */
enum out_fault_kind {
	OUT_FAULT_COLUMN, /* TEXT is no column */
	OUT_FAULT_VALUE,  /* COLUMN can never have the value TEXT */
	OUT_FAULT_ORDER,  /* < and > ask for one number of a column of numbers; TEXT is the term */
	OUT_FAULT_OUTPUT, /* TEXT is a list of columns, as of -o */
};

struct out_fault {
	enum out_fault_kind kind;
	const struct out_column *column; /* borrowed */
	char *text;                      /* to be freed */
};

/*
 * From what a person calls a thing to the value that COLUMN, which is OUT_OF_..., has for it; without a
 * value for it in RET it stands for itself. BARE: the term named no column. Returns 0, -errno, or
 * a positive number that out_filter_new() returns.
 */
struct out_resolver {
	int (*resolve)(void *data, const struct out_column *column, const char *text, bool bare,
		       char **ret);
	void *data;
};

/*
 * Each of the N TERMS is "COLUMN OPERATOR PATTERN[,PATTERN...]" without the blanks, or
 * "PATTERN[,...]" for the table's first column. A row is wanted when it matches all terms.
 *
 * "=": one of the patterns matches the value, of a list one item. "!=": none does, and so it is where
 * there is no value. "<", "<=", ">", ">=": of numbers, sizes and addresses. Patterns are shell
 * patterns, without regard to case, against what -r prints, but with blanks; LO-HI matches all
 * numbers from LO to HI; sizes take K, M, G, T; yes, no, true and false stand for 1 and 0; an empty one
 * asks for rows without a value. RESOLVER may be NULL.
 *
 * Returns 0, -ENOMEM, -EINVAL with RET_FAULT set, or what the resolver has returned.
 */
int out_filter_new(const struct out_column *columns, const char *const *terms, size_t n,
		   const struct out_resolver *resolver, struct out_filter **ret,
		   struct out_fault *ret_fault);

/* May it leave out a row? */
bool out_filter_has_terms(const struct out_filter *filter);

/* The bits of what the filter's columns need. */
unsigned int out_filter_need(const struct out_filter *filter);

/* The one value of the column KEY that is wanted, borrowed; NULL where there may be several. */
const char *out_filter_only(const struct out_filter *filter, const char *key);

/* 1 or 0; -errno for which a value that decides cannot be read. */
int out_filter_match(const struct out_filter *filter, const void *row);
