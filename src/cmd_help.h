/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of --help that argp does not provide. */
#pragma once

#include "cmd.h"

/* Sets argp's margin to the width of the terminal. */
void help_margin(void);

/* The list of GROUP's commands, generated from the table. argp frees it. */
char *help_commands(const struct cmd *group);

/*
 * The end of the help of C, called NAME ("tool noun verb"): example, exit statuses, manual page.
 * argp frees it.
 */
char *help_end(const struct cmd *c, const char *name);
