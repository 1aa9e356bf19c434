/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "app.h"
#include "client/holder.h"
#include "cmd/common/options.h"
#include "out/filter.h"

/* Terms that select rows of a list. The objects they name are resolved as in operands. */

/* Parses the operands of ARGS as a filter. Returns 0 or a reported status. */
int terms_parse(struct app *app, const struct view_args *args, struct out_filter **ret);

/* Reports that COLUMNS have no NAME. Returns the status. */
int terms_fail_column(struct app *app, const struct out_column *columns, const char *name);

/* A holder_progress_fn: a line on the terminal. DATA is the struct app. */
void session_progress(const struct holder_progress *progress, void *data);
