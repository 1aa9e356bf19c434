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

#define NUMERIC (OUT_IS_NUMBER | OUT_IS_SIZE | OUT_IS_ADDRESS)
#define NAMES   (OUT_OF_DEVICE | OUT_OF_GROUP | OUT_OF_UNIT | OUT_OF_CONTEXT)

enum term_op { EQUAL, UNEQUAL, LESS, GREATER, LESS_EQUAL, GREATER_EQUAL };

/* Longer operators before their prefixes. */
static const struct {
	const char *text;
	enum term_op op;
} operators[] = {
	{ "!=", UNEQUAL }, { "<=", LESS_EQUAL }, { ">=", GREATER_EQUAL },
	{ "=", EQUAL },    { "<", LESS },        { ">", GREATER },
};

/* A pattern as numbers: a single one, or LO to HI. LO is above HI if it is neither. */
struct numbers {
	uint64_t lo, hi;
};

struct term {
	const struct out_column *column;
	enum term_op op;
	struct strv patterns;
	struct numbers *numbers; /* one per pattern */
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

static int fault(struct out_fault *ret, enum out_fault_kind kind, const struct out_column *column,
		 const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	*ret = (struct out_fault){ kind, column, copy };
	return -EINVAL;
}

static int parse_number(const char *text, bool size, uint64_t *ret)
{
	return size ? parse_size(text, ret) : parse_u64(text, UINT64_MAX, ret);
}

static struct numbers parse_numbers(const char *pattern, bool size)
{
	const struct numbers none = { 1, 0 };
	const char *dash = strchr(pattern, '-');
	struct numbers ret;
	char lo[24];
	int length = snprintf(lo, sizeof(lo), "%.*s",
			      dash ? (int)(dash - pattern) : (int)strlen(pattern), pattern);

	/* Truncated, it would be another number. */
	if (length < 0 || (size_t)length >= sizeof(lo))
		return none;
	if (parse_number(lo, size, &ret.lo) < 0 ||
	    parse_number(dash ? dash + 1 : pattern, size, &ret.hi) < 0)
		return none;
	return ret;
}

static bool is_wild(const char *pattern)
{
	return strpbrk(pattern, "*?[");
}

static bool is_one_of(const char *const *values, const char *text)
{
	for (; *values; values++)
		if (str_same(*values, text))
			return true;
	return false;
}

/* The pattern for a yes/no column that PATTERN stands for; NULL if none. */
static const char *parse_bool(const char *pattern)
{
	static const char *const yes[] = { "yes", "true", "1", NULL };
	static const char *const no[] = { "no", "false", "0", NULL };

	return is_one_of(yes, pattern) ? "1" : is_one_of(no, pattern) ? "0" : NULL;
}

/*
 * Translates PATTERN to the column's type, in RET; NULL: unchanged. Returns 0, or -EINVAL for a
 * value that the column can never have.
 */
static int typed(const struct out_column *column, const char *pattern, struct numbers *ret_numbers,
		 const char **ret)
{
	*ret_numbers = parse_numbers(pattern, column->flags & OUT_IS_SIZE);
	*ret = NULL;
	/* Matches several kinds, or the absence of a value: "driver=". */
	if (!*pattern || is_wild(pattern))
		return 0;
	if (column->flags & OUT_IS_BOOL) {
		*ret = parse_bool(pattern);
		return *ret ? 0 : -EINVAL;
	}
	if (column->flags & NUMERIC)
		return ret_numbers->lo <= ret_numbers->hi ? 0 : -EINVAL;
	if (column->values && !(column->flags & OUT_OPEN))
		return is_one_of(column->values, pattern) ? 0 : -EINVAL;
	return 0;
}

static int add_pattern(struct term *term, const char *pattern, bool bare,
		       const struct out_resolver *resolver, struct out_fault *ret_fault)
{
	bool range = strchr(pattern, '-') &&
		     parse_numbers(pattern, false).lo <= parse_numbers(pattern, false).hi;
	_cleanup_free_ char *resolved = NULL;
	struct numbers numbers, *slot;
	size_t n = term->patterns.n;
	const char *known;
	int r = 0;

	if (resolver && *pattern && !is_wild(pattern) && term->column->flags & NAMES &&
	    !(range && term->column->flags & NUMERIC))
		r = resolver->resolve(resolver->data, term->column, pattern, bare, &resolved);
	if (r == 0 && typed(term->column, resolved ? resolved : pattern, &numbers, &known) < 0)
		return fault(ret_fault, OUT_FAULT_VALUE, term->column, pattern);
	if (r)
		return r;
	slot = array_push(term->numbers, n);
	if (!slot)
		return -ENOMEM;
	*slot = numbers;
	return strv_push(&term->patterns, known ? known : resolved ? resolved : pattern);
}

/* Does LIST consist of column names only, as if -o was missing? */
static bool is_output(const struct out_column *columns, const char *list)
{
	_cleanup_free_ char *copy = strdup(list);
	char *rest = copy, *name;

	while (rest && (name = strsep(&rest, ",")))
		if (!out_column_find(columns, name))
			return false;
	return copy;
}

/* Finds the term's operator; NULL: it has none. */
static const char *find_operator(const char *text, size_t *ret_index)
{
	const char *at = strpbrk(text, "=!<>");

	for (size_t i = 0; at && i < sizeof(operators) / sizeof(operators[0]); i++)
		if (str_starts(at, operators[i].text)) {
			*ret_index = i;
			return at;
		}
	return NULL;
}

static int term_parse(const struct out_column *columns, const char *text,
		      const struct out_resolver *resolver, struct term *ret,
		      struct out_fault *ret_fault)
{
	size_t op = 0;
	const char *at = find_operator(text, &op);
	_cleanup_free_ char *name = at ? strndup(text, (size_t)(at - text)) : NULL;
	_cleanup_free_ char *list = NULL;
	char *rest, *pattern;
	int r = 0;

	if (at && !name)
		return -ENOMEM;
	ret->column = at ? out_column_find(columns, name) : columns;
	ret->op = at ? operators[op].op : EQUAL;
	if (!ret->column)
		return fault(ret_fault, OUT_FAULT_COLUMN, NULL, name);
	if (!at && is_output(columns, text))
		return fault(ret_fault, OUT_FAULT_OUTPUT, NULL, text);
	list = strdup(at ? at + strlen(operators[op].text) : text);
	if (!list)
		return -ENOMEM;
	rest = list;
	while (r == 0 && (pattern = strsep(&rest, ",")))
		r = add_pattern(ret, pattern, !at, resolver, ret_fault);
	if (r || ret->op <= UNEQUAL)
		return r;
	if (!(ret->column->flags & NUMERIC) || ret->patterns.n != 1 ||
	    ret->numbers[0].lo != ret->numbers[0].hi)
		return fault(ret_fault, OUT_FAULT_ORDER, ret->column, text);
	return 0;
}

int out_filter_new(const struct out_column *columns, const char *const *terms, size_t n,
		   const struct out_resolver *resolver, struct out_filter **ret,
		   struct out_fault *ret_fault)
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

		/* Count it first, so that a term that fails half-way is freed too. */
		r = term_parse(columns, term, resolver, &filter->terms[filter->n++], ret_fault);
		if (r)
			return r;
	}
	*ret = TAKE_PTR(filter);
	return 0;
}

bool out_filter_has_terms(const struct out_filter *filter)
{
	return filter->n;
}

unsigned int out_filter_need(const struct out_filter *filter)
{
	unsigned int need = 0;

	for (size_t i = 0; i < filter->n; i++)
		need |= filter->terms[i].column->need;
	return need;
}

const char *out_filter_only(const struct out_filter *filter, const char *key)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct term *term = &filter->terms[i];

		if (term->op == EQUAL && term->patterns.n == 1 &&
		    strcmp(term->column->key, key) == 0 && *term->patterns.v[0] &&
		    !is_wild(term->patterns.v[0]) && !strchr(term->patterns.v[0], '\\'))
			return term->patterns.v[0];
	}
	return NULL;
}

static bool match_text(const struct term *term, const char *text)
{
	/* An empty pattern matches rows without a value: "driver=". */
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

static bool is_number(const struct out_value *value)
{
	return value->type == OUT_NUMBER || value->type == OUT_SIZE || value->type == OUT_ADDRESS;
}

/* An absent value is neither less nor greater. */
static bool match_order(const struct term *term, const struct out_value *value)
{
	uint64_t bound = term->numbers[0].lo;

	if (!is_number(value))
		return false;
	switch (term->op) {
	case LESS:
		return value->number < bound;
	case LESS_EQUAL:
		return value->number <= bound;
	case GREATER:
		return value->number > bound;
	default:
		return value->number >= bound;
	}
}

/* Does one of the patterns match? Returns 1, 0 or -ENOMEM. */
static int match_equal(const struct term *term, const struct out_value *value)
{
	const struct out_style style = { .separator = "\n", .unsafe = "" };
	_cleanup_free_ char *text = NULL;
	char *rest, *item;

	if (is_number(value) && match_number(term, value->number))
		return 1;
	text = out_value_format(value, &style);
	if (!text)
		return -ENOMEM;
	rest = text;
	while ((item = strsep(&rest, "\n")))
		if (match_text(term, item))
			return 1;
	return 0;
}

/* Returns 1, 0, or the -errno of an unreadable value. */
static int match_term(const struct term *term, const void *row)
{
	struct out_value value = { 0 };
	int r;

	term->column->get(row, &value);
	if (value.type == OUT_UNREADABLE)
		return value.error;
	if (term->op > UNEQUAL)
		return match_order(term, &value);
	r = match_equal(term, &value);
	return r < 0 || term->op == EQUAL ? r : !r;
}

int out_filter_match(const struct out_filter *filter, const void *row)
{
	int undecided = 0;

	/* A row that fails one term does not match, even if another term's value is unreadable. */
	for (size_t i = 0; i < filter->n; i++) {
		int r = match_term(&filter->terms[i], row);

		if (r == 0)
			return 0;
		if (r < 0)
			undecided = r;
	}
	return undecided < 0 ? undecided : 1;
}
