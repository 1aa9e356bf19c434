/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What --help says that argp does not. */
#pragma once

#include "cmd.h"

/* Makes argp fill the terminal that stdout is. */
void help_margin(void);

/* The list of GROUP's commands, which comes from the table, so it cannot go stale. argp frees it. */
char *help_commands(const struct cmd *group);

/*
 * What the help of C, called NAME ("tool noun verb"), ends with: an example, the statuses that matter, the
 * manual. argp frees it.
 */
char *help_end(const struct cmd *c, const char *name);
