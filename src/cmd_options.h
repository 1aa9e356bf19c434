/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of options as argp takes them, and the one parser that serves all of them. */
#pragma once

#include "cmd.h"

#define OPTION_SET_MAX  24 /* rows under one heading */
#define OPTION_SETS_MAX 4  /* headings */

/* A row, and the struct of its command in which its place is. */
struct option_place {
	const struct cmd_option *row;
	void *args;
};

/* The rows under one heading. The key of a row is its letter, or follows from its index. */
struct option_set {
	const char *heading; /* NULL: none */
	struct app *app;
	struct argp argp;
	struct argp_option options[OPTION_SET_MAX + 1];
	struct option_place places[OPTION_SET_MAX];
	size_t n;
};

struct option_sets {
	struct option_set v[OPTION_SETS_MAX];
	size_t n;
};

/*
 * Divides ROWS (may be NULL) by heading; the first set has those without, and exists always. Places
 * are in ARGS, or in APP. argp keeps pointers into RET. Returns 0, or -E2BIG for too many rows.
 */
int option_sets_init(const struct cmd_option *rows, struct app *app, void *args,
		     struct option_sets *ret);

/* Fills the first CHILDREN, OPTION_SETS_MAX at most. Returns how many. */
size_t option_sets_children(const struct option_sets *sets, struct argp_child *children);

/* Leaves its rows out of --help. */
void option_set_hide(struct option_set *set);

/* For the parent's ARGP_KEY_INIT: gives the sets to the parsers of these children. */
void option_sets_inputs(struct option_sets *sets, struct argp_state *state);

/* The row of a long option among ROWS and those that they include, or NULL. */
const struct cmd_option *option_find(const struct cmd_option *rows, const char *name);

/* Prints each row that --help shows, for cmd_dump(). */
void option_dump(const struct cmd_option *rows, const char *path, FILE *out);
