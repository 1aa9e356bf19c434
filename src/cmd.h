/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command tree: what exists, how it is reached, what it accepts. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct app;

struct cmd {
	const char *name;
	const char *summary;          /* one line, shown by the parent's --help */
	const struct cmd *const *sub; /* group: NULL-terminated table, else NULL */
	const struct cmd *fallback;   /* group: what it means without a command */
	const struct argp *argp; /* command: its options and operands; root: the global options */
	const void *defaults;    /* command: options before parsing; copied per run */
	size_t args_size;
	bool in_order;        /* command: operands hold another command line */
	const char *example;  /* command: a line that --help ends with */
	const char *statuses; /* command: digits of those that matter besides 0 */
	const struct argp_option
		*early; /* root: options of commands that may come before the noun */
	int (*run)(struct app *app, const void *args); /* returns an enum status */
	/* Root: may FOUND, called NAME ("ioasidctl device list"), run with its options? Returns 0 or a reported status. */
	int (*check)(struct app *app, const struct cmd *found, const char *name);
};

/* Has C, a command, an option of that long name? */
bool cmd_takes(const struct cmd *c, const char *option);

/* An entry of a struct argp_option[], wherever --sysroot is taken. */
#define OPTION_SYSROOT(key) \
	{ \
		"sysroot", key, "FILE|DIR", 0, "Look at a captured machine instead of this one", 0 \
	}

/* The name of the command whose parser is called with STATE, "tool noun verb"; borrowed. */
const char *cmd_name(const struct argp_state *state);

/* Operands of a command, as written. Its defaults say how many it takes. */
#define CMD_OPERANDS_MAX 16

struct operands {
	unsigned int min, max; /* max at most CMD_OPERANDS_MAX */
	const char *v[CMD_OPERANDS_MAX];
	unsigned int n;
};

/*
 * For the parser of a command: handles ARGP_KEY_ARG and ARGP_KEY_END, answers ARGP_ERR_UNKNOWN to
 * everything else.
 */
error_t cmd_operands(struct operands *operands, int key, char *arg, struct argp_state *state);

/*
 * Parses and runs. ROOT_ARGS is the input of the root's own argp. FLAGS is 0, or ARGP_NO_EXIT to
 * stay in the process (tests). Returns the exit status.
 */
int cmd_main(struct app *app, void *root_args, const struct cmd *root, int argc, char **argv,
	     unsigned int flags);

/*
 * Every command, operand list and option, one a line and separated by tabs: "path, option, argument,
 * short option, text". The source of completions and of the check of the man pages.
 */
void cmd_dump(const struct cmd *root, FILE *out);
