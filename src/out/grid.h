/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws a layout's rows in columns of the chosen widths. Only for out/. */
#pragma once

#include "out/layout.h"

/* Prints nothing on failure. Returns 0 or -ENOMEM. */
int grid_draw(const struct layout *layout);
