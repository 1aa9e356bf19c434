/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd_options.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

/* Above every character, so that argp takes such a key for one of a long option only. */
enum { KEY_FIRST = 0x100 };

static int key_of(const struct cmd_option *row, size_t index)
{
	return row->letter ? row->letter : KEY_FIRST + (int)index;
}

static error_t refuse_conflict(const struct cmd_option *row, const struct argp_state *state)
{
	argp_error(state, "%s", row->conflict);
	return EINVAL;
}

static error_t take_number(const struct cmd_option *row, const char *arg,
			   const struct argp_state *state, struct option_number *ret)
{
	uint64_t value;

	if (parse_u64(arg, row->max ? row->max : UINT64_MAX, &value) == 0 && value >= row->min) {
		*ret = (struct option_number){ arg, value };
		return 0;
	}
	if (row->max)
		argp_error(state, "%s: is not a valid %s: it must be %" PRIu64 " to %" PRIu64, arg,
			   row->what, row->min, row->max);
	else
		argp_error(state, "%s: is not a valid %s", arg, row->what);
	return EINVAL;
}

/* "--depth takes one of iommu, group and device" */
static error_t refuse_word(const struct cmd_option *row, const struct argp_state *state)
{
	_cleanup_free_ char *list = NULL;
	size_t size;
	FILE *f = open_memstream(&list, &size);

	if (!f)
		return ENOMEM;
	for (const struct option_word *word = row->words; word->name; word++)
		fprintf(f, "%s%s",
			word == row->words ? ""
			: word[1].name     ? ", "
					   : " and ",
			word->name);
	if (fclose(f) != 0)
		return ENOMEM;
	argp_error(state, "--%s takes %s%s", row->name, row->words[1].name ? "one of " : "only ",
		   list);
	return EINVAL;
}

static error_t take_word(const struct cmd_option *row, const char *arg,
			 const struct argp_state *state, unsigned int *ret)
{
	for (const struct option_word *word = row->words; word->name; word++)
		if (strcmp(word->name, arg) == 0) {
			*ret = word->value;
			return 0;
		}
	return refuse_word(row, state);
}

static error_t take(const struct cmd_option *row, void *args, struct app *app, char *arg,
		    struct argp_state *state)
{
	char *base = row->of_app ? (char *)app : args;
	void *place = base + row->place;

	switch (row->type) {
	case OPTION_FLAG:
		if (row->conflict && *(const bool *)(const void *)(base + row->rival))
			return refuse_conflict(row, state);
		*(bool *)place = true;
		return 0;
	case OPTION_VALUE:
		if (row->conflict && *(unsigned int *)place && *(unsigned int *)place != row->value)
			return refuse_conflict(row, state);
		*(unsigned int *)place = row->value;
		return 0;
	case OPTION_TEXT:
		*(const char **)place = arg;
		return 0;
	case OPTION_NUMBER:
		return take_number(row, arg, state, place);
	case OPTION_WORD:
		return take_word(row, arg, state, place);
	case OPTION_CALL:
		return row->call(base, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t set_parse(int key, char *arg, struct argp_state *state)
{
	const struct option_set *set = state->input;

	for (size_t i = 0; set && i < set->n; i++)
		if (key_of(set->places[i].row, i) == key)
			return take(set->places[i].row, set->places[i].args, set->app, arg, state);
	return ARGP_ERR_UNKNOWN;
}

static struct option_set *add_set(struct option_sets *sets, const char *heading, struct app *app)
{
	struct option_set *set = &sets->v[sets->n++];

	*set = (struct option_set){ .heading = heading, .app = app };
	set->argp.parser = set_parse;
	return set;
}

static int add_row(struct option_set *set, const struct cmd_option *row, void *args)
{
	const size_t i = set->n;

	if (i == OPTION_SET_MAX)
		return -E2BIG;
	set->places[i] = (struct option_place){ row, args };
	set->options[i] = (struct argp_option){ row->name,     key_of(row, i),
						row->argument, row->help ? 0 : OPTION_HIDDEN,
						row->help,     row->last ? -1 : 0 };
	set->n++;
	return 0;
}

static int add_rows(struct option_sets *sets, struct option_set *set, const struct cmd_option *rows,
		    void *args)
{
	int r = 0;

	for (const struct cmd_option *row = rows; r == 0 && row && row->type; row++) {
		if (row->type != OPTION_ROWS) {
			r = add_row(set, row, args);
			continue;
		}
		if (row->help && sets->n == OPTION_SETS_MAX)
			return -E2BIG;
		r = add_rows(sets, row->help ? add_set(sets, row->help, set->app) : set, row->rows,
			     (char *)args + row->place);
	}
	return r;
}

int option_sets_init(const struct cmd_option *rows, struct app *app, void *args,
		     struct option_sets *ret)
{
	int r;

	ret->n = 0;
	r = add_rows(ret, add_set(ret, NULL, app), rows, args);
	/* argp_help() loses memory for options that are none. */
	for (size_t i = 0; i < ret->n; i++)
		ret->v[i].argp.options = ret->v[i].n ? ret->v[i].options : NULL;
	return r;
}

void option_set_hide(struct option_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		set->options[i].flags |= OPTION_HIDDEN;
}

size_t option_sets_children(const struct option_sets *sets, struct argp_child *children)
{
	for (size_t i = 0; i < sets->n; i++) {
		const struct option_set *set = &sets->v[i];

		children[i] = (struct argp_child){ &set->argp, 0, set->heading, !!set->heading };
	}
	return sets->n;
}

void option_sets_inputs(struct option_sets *sets, struct argp_state *state)
{
	for (size_t i = 0; i < sets->n; i++)
		state->child_inputs[i] = &sets->v[i];
}

const struct cmd_option *option_find(const struct cmd_option *rows, const char *name)
{
	const struct cmd_option *found = NULL;

	for (const struct cmd_option *row = rows; !found && row && row->type; row++) {
		if (row->type == OPTION_ROWS)
			found = option_find(row->rows, name);
		else if (strcmp(row->name, name) == 0)
			found = row;
	}
	return found;
}

void option_dump(const struct cmd_option *rows, const char *path, FILE *out)
{
	for (const struct cmd_option *row = rows; row && row->type; row++) {
		if (row->type == OPTION_ROWS)
			option_dump(row->rows, path, out);
		else if (row->help)
			fprintf(out, "%s\t--%s\t%s\t%c\t%s\n", path, row->name,
				row->argument ? row->argument : "", row->letter ? row->letter : '-',
				row->help);
	}
}
