/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selects rows of a list by terms on the columns of its table. */
#pragma once

#include <stdbool.h>

#include "out/value.h"
#include "util/cleanup.h"

struct out_filter;

void out_filter_free(struct out_filter **filter);
#define _cleanup_filter_ _cleanup_(out_filter_free)

/* Why a term is not valid. */
enum out_fault_kind {
	OUT_FAULT_COLUMN, /* TEXT is no column */
	OUT_FAULT_VALUE,  /* COLUMN can never have the value TEXT */
	OUT_FAULT_ORDER,  /* < and > need a column of numbers and one number; TEXT is the term */
	OUT_FAULT_OUTPUT, /* TEXT is a list of columns, as for -o */
};

struct out_fault {
	enum out_fault_kind kind;
	const struct out_column *column; /* borrowed */
	char *text;                      /* to be freed */
};

/*
 * Translates a person's name of a thing to the value of COLUMN, which is OUT_OF_...; if RET is not
 * set, the text is used as it is. BARE: the term did not name a column. Returns 0, -errno, or a
 * positive number that out_filter_new() then returns.
 */
struct out_resolver {
	int (*resolve)(void *data, const struct out_column *column, const char *text, bool bare,
		       char **ret);
	void *data;
};

/*
 * Each of the N TERMS is "COLUMN OPERATOR PATTERN[,PATTERN...]" without spaces, or "PATTERN[,...]"
 * for the table's first column. A row must match all terms.
 *
 * "=": a pattern matches the value, or an item of a list. "!=": none does, also if there is no
 * value. "<", "<=", ">", ">=": for numbers, sizes and addresses. Patterns are case-insensitive
 * shell patterns for the output of -r with unescaped spaces; LO-HI matches numbers from LO to HI;
 * sizes take K, M, G, T; yes, no, true and false mean 1 and 0; an empty pattern matches rows
 * without a value. RESOLVER may be NULL.
 *
 * Returns 0, -ENOMEM, -EINVAL with RET_FAULT set, or what the resolver returned.
 */
int out_filter_new(const struct out_column *columns, const char *const *terms, size_t n,
		   const struct out_resolver *resolver, struct out_filter **ret,
		   struct out_fault *ret_fault);

/* Are there any terms? */
bool out_filter_has_terms(const struct out_filter *filter);

/* The facts that the filter's columns need. */
unsigned int out_filter_need(const struct out_filter *filter);

/* The only value that the filter accepts for column KEY, borrowed; NULL if there may be several. */
const char *out_filter_only(const struct out_filter *filter, const char *key);

/* Returns 1, 0, or the -errno of an unreadable value that decides. */
int out_filter_match(const struct out_filter *filter, const void *row);
