/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal that output goes to, if any. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Width of the terminal F: $COLUMNS, else TIOCGWINSZ, else 80; 0 if F is not a terminal. */
size_t terminal_width(FILE *f);

/* Is F a terminal with colours, and $NO_COLOR not set? */
bool terminal_has_color(FILE *f);
