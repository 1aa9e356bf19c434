/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out/column.h"
#include "util/array.h"
#include "util/parse.h"

/* What a pattern means to a number: one, or all of LO to HI. Without either LO is above HI. */
struct numbers {
	uint64_t lo, hi;
};

struct term {
	const struct out_column *column;
	struct strv patterns;
	struct numbers *numbers; /* one for each pattern */
};

struct out_filter {
	struct term *terms;
	size_t n;
};

void out_filter_free(struct out_filter **filter)
{
	if (!*filter)
		return;
	for (size_t i = 0; i < (*filter)->n; i++) {
		strv_done(&(*filter)->terms[i].patterns);
		free((*filter)->terms[i].numbers);
	}
	free((*filter)->terms);
	free(*filter);
	*filter = NULL;
}

static struct numbers parse_numbers(const char *pattern)
{
	const struct numbers none = { 1, 0 };
	const char *dash = strchr(pattern, '-');
	struct numbers ret;
	char lo[24];

	snprintf(lo, sizeof(lo), "%.*s", dash ? (int)(dash - pattern) : 23, pattern);
	if (parse_u64(lo, UINT64_MAX, &ret.lo) < 0 ||
	    parse_u64(dash ? dash + 1 : pattern, UINT64_MAX, &ret.hi) < 0)
		return none;
	return ret;
}

static int add_pattern(struct term *term, const char *pattern)
{
	size_t n = term->patterns.n;
	struct numbers *slot = array_push(term->numbers, n);

	if (!slot)
		return -ENOMEM;
	*slot = parse_numbers(pattern);
	return strv_push(&term->patterns, pattern);
}

static int term_parse(const struct out_column *columns, const char *text, struct term *ret,
		      char **ret_bad)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	_cleanup_free_ char *list = NULL;
	char *rest, *pattern;
	int r;

	if (equals && !name)
		return -ENOMEM;
	ret->column = equals ? out_column_find(columns, name) : columns;
	if (!ret->column) {
		*ret_bad = TAKE_PTR(name);
		return -EINVAL;
	}
	list = strdup(equals ? equals + 1 : text);
	if (!list)
		return -ENOMEM;
	rest = list;
	while ((pattern = strsep(&rest, ","))) {
		r = add_pattern(ret, pattern);
		if (r < 0)
			return r;
	}
	return 0;
}

int out_filter_new(const struct out_column *columns, const char *const *terms, size_t n,
		   struct out_filter **ret, char **ret_bad)
{
	_cleanup_filter_ struct out_filter *filter = calloc(1, sizeof(*filter));
	int r;

	if (!filter)
		return -ENOMEM;
	filter->terms = calloc(n ? n : 1, sizeof(*filter->terms));
	if (!filter->terms)
		return -ENOMEM;
	while (filter->n < n) {
		const char *term = terms[filter->n];

		/* Counted first, so that a term that fails half-way is freed too. */
		r = term_parse(columns, term, &filter->terms[filter->n++], ret_bad);
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(filter);
	return 0;
}

unsigned int out_filter_need(const struct out_filter *filter)
{
	unsigned int need = 0;

	for (size_t i = 0; i < filter->n; i++)
		need |= filter->terms[i].column->need;
	return need;
}

static bool match_text(const struct term *term, const char *text)
{
	/* An empty pattern asks for rows without a value: "driver=". */
	for (size_t i = 0; i < term->patterns.n; i++)
		if (fnmatch(term->patterns.v[i], text, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static bool match_number(const struct term *term, uint64_t number)
{
	for (size_t i = 0; i < term->patterns.n; i++)
		if (term->numbers[i].lo <= number && number <= term->numbers[i].hi)
			return true;
	return false;
}

/* 1, 0, or -errno for which the value cannot be read. */
static int match_term(const struct term *term, const void *row)
{
	const struct out_style style = { .separator = "\n", .unsafe = "" };
	_cleanup_free_ char *text = NULL;
	struct out_value value = { 0 };
	char *rest, *item;

	term->column->get(row, &value);
	if (value.type == OUT_UNREADABLE)
		return value.error;
	if ((value.type == OUT_NUMBER || value.type == OUT_SIZE) &&
	    match_number(term, value.number))
		return 1;
	text = out_value_format(&value, &style);
	if (!text)
		return -ENOMEM;
	rest = text;
	while ((item = strsep(&rest, "\n")))
		if (match_text(term, item))
			return 1;
	return 0;
}

int out_filter_match(const struct out_filter *filter, const void *row)
{
	int undecided = 0;

	/* What fails one term is out, whatever cannot be read for another. */
	for (size_t i = 0; i < filter->n; i++) {
		int r = match_term(&filter->terms[i], row);

		if (r == 0)
			return 0;
		if (r < 0)
			undecided = r;
	}
	return undecided < 0 ? undecided : 1;
}
