/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "out/filter.h"

/* Terms that choose rows of a list: what they name is looked up as every verb looks it up. */

/* The filter that the operands of ARGS ask for. Returns 0 or a reported status. */
int terms_parse(struct app *app, const struct view_args *args, struct out_filter **ret);

/* Reports that COLUMNS have none of that NAME. Returns the status. */
int terms_fail_column(struct app *app, const struct out_column *columns, const char *name);
