/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal that something is printed to, if it is one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Columns of the terminal that F is: $COLUMNS, else its own word, else 80; 0 where it is none. */
size_t terminal_width(FILE *f);

/* F is a terminal that knows colours, and $NO_COLOR is not set. */
bool terminal_has_color(FILE *f);
