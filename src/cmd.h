/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command tree: which commands exist and what they accept. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct app;

/* What an option does with its place. */
enum option_type {
	OPTION_END,    /* of the rows */
	OPTION_FLAG,   /* bool: set */
	OPTION_VALUE,  /* an enum: set to the row's value */
	OPTION_TEXT,   /* const char *: the argument as written; borrowed */
	OPTION_NUMBER, /* struct option_number: decimal or 0x, within the row's bounds */
	OPTION_WORD,   /* an enum: the value of the argument among the row's words */
	OPTION_CALL,   /* the row's call(), for the rare case */
	OPTION_ROWS,   /* the rows of a struct at this place, as if they stood here */
};

struct option_number {
	const char *text; /* as written; NULL: not given */
	uint64_t value;
};

struct option_word {
	const char *name; /* NULL: the end */
	unsigned int value;
};

/* An option is a row of data. What a row does not use is left out. */
struct cmd_option {
	const char *name;     /* long, without dashes */
	char letter;          /* short, or 0 */
	const char *argument; /* its name in --help; NULL: takes none */
	const char *help;     /* NULL: not shown; OPTION_ROWS: their heading, NULL: none */
	enum option_type type;
	size_t place;         /* in the struct that defaults are given for */
	bool of_app;          /* the place is in the struct app */
	bool last;            /* in --help after the others, as are the rows after it */
	unsigned int value;   /* OPTION_VALUE; not 0 */
	const char *conflict; /* refused if VALUE's place has another, or FLAG's rival is set */
	size_t rival;         /* OPTION_FLAG with a conflict: place of another flag */
	uint64_t min, max;    /* OPTION_NUMBER; max is 0 for no bounds */
	const char *what;     /* OPTION_NUMBER: "IOVA", for "is not a valid IOVA" */
	const struct option_word *words;
	const struct cmd_option *rows;
	/* Gets the struct. Returns 0, an errno after argp_error(), or ECANCELED to end the run. */
	error_t (*call)(void *args, struct argp_state *state);
};

/* The row that includes ROWS_, whose struct is MEMBER of TYPE. */
#define ROWS_OF(type_, member, rows_) \
	{ \
		.type = OPTION_ROWS, .place = offsetof(type_, member), .rows = (rows_) \
	}

struct cmd {
	const char *name;
	const char *summary;              /* one line, shown by the parent's --help */
	const struct cmd *const *sub;     /* group: NULL-terminated table, else NULL */
	const struct cmd *fallback;       /* group: the command it means without a verb */
	const struct cmd_option *options; /* command: its options; root: those of struct app */
	const char *takes;                /* command: its operands, "DEVICE PASIDS" */
	const char *doc;                  /* command: what it does, in --help */
	size_t operands;                  /* command: place of its struct operands */
	const void *defaults;             /* command: options before parsing; copied per run */
	size_t args_size;
	bool in_order;        /* command: its options come before its operands */
	const char *example;  /* command: an example for the end of --help */
	const char *statuses; /* command: digits of the exit statuses that matter besides 0 */
	const struct cmd_option *early; /* root: those accepted before the noun, by their letter */
	int (*run)(struct app *app, const void *args); /* returns an enum status */
	/*
	 * Root: checks the options of FOUND, called NAME ("ioasidctl device list"). Returns 0 or a
	 * reported status.
	 */
	int (*check)(struct app *app, const struct cmd *found, const char *name);
};

/* Does the command C have this long option? */
bool cmd_takes(const struct cmd *c, const char *option);

/* The name of the command whose parser has STATE, "tool noun verb"; borrowed. */
const char *cmd_name(const struct argp_state *state);

/* Operands of a command, as written. The defaults set how many it takes. */
#define CMD_OPERANDS_MAX 16

struct operands {
	unsigned int min, max; /* max is at most CMD_OPERANDS_MAX */
	const char *v[CMD_OPERANDS_MAX];
	unsigned int n;
	bool command; /* a command line follows the MAX operands */
	char **rest;  /* that, NULL-terminated */
};

/*
 * Parses the command line and runs the command. FLAGS is 0, or ARGP_NO_EXIT for tests. Returns the
 * exit status.
 */
int cmd_main(struct app *app, const struct cmd *root, int argc, char **argv, unsigned int flags);

/*
 * Prints every command, operand list and option, one per line, separated by tabs: "path, option,
 * argument, short option, text". Source of the completions and of the check of the man pages.
 */
void cmd_dump(const struct cmd *root, FILE *out);
