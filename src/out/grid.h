/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws a layout's rows in columns of the widths that were chosen. For out/ only. */
#pragma once

#include "out/layout.h"

/* Nothing is printed on failure. Returns 0 or -ENOMEM. */
int grid_draw(const struct layout *layout);
