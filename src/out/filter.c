/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/filter.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "out/column.h"

struct term {
	const struct out_column *column;
	char *patterns; /* commas turned into NULs, ended by an empty one */
};

struct out_filter {
	struct term *terms;
	size_t n;
};

void out_filter_free(struct out_filter **filter)
{
	if (!*filter)
		return;
	for (size_t i = 0; i < (*filter)->n; i++)
		free((*filter)->terms[i].patterns);
	free((*filter)->terms);
	free(*filter);
	*filter = NULL;
}

static int term_parse(const struct out_column *columns, const char *text, struct term *ret,
		      char **ret_bad)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	size_t len;

	if (equals && !name)
		return -ENOMEM;
	ret->column = equals ? out_column_find(columns, name) : columns;
	if (!ret->column) {
		*ret_bad = TAKE_PTR(name);
		return -EINVAL;
	}
	if (equals)
		text = equals + 1;
	len = strlen(text);
	ret->patterns = calloc(1, len + 2);
	if (!ret->patterns)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		ret->patterns[i] = text[i] == ',' ? '\0' : text[i];
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
	for (; filter->n < n; filter->n++) {
		r = term_parse(columns, terms[filter->n], &filter->terms[filter->n], ret_bad);
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
	for (const char *p = term->patterns; *p; p += strlen(p) + 1)
		if (fnmatch(p, text, FNM_CASEFOLD) == 0)
			return true;
	/* "driver=" asks for rows without one. */
	return !*term->patterns && !*text;
}

static bool match_term(const struct term *term, const void *row)
{
	_cleanup_free_ char *text = NULL;
	struct out_value value = { 0 };
	char *rest, *item;

	term->column->get(row, &value);
	if (value.type == OUT_UNREADABLE)
		return false;
	text = out_value_format(&value, false, "\n");
	rest = text;
	while ((item = strsep(&rest, "\n")))
		if (match_text(term, item))
			return true;
	return false;
}

bool out_filter_match(const struct out_filter *filter, const void *row)
{
	for (size_t i = 0; i < filter->n; i++)
		if (!match_term(&filter->terms[i], row))
			return false;
	return true;
}
