/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb's talk with the holder of its context. */
#pragma once

#include "app.h"
#include "cmd/options.h"
#include "holder/client.h"

/*
 * Connects to the context that -c or $IOASIDCTL_CONTEXT names. Returns 0 or a reported status.
 */
int session_open(struct app *app, const struct context_args *args, struct holder_client **ret);

/* Reports ERROR about OBJECT, as the user wrote it, with its hints. Returns the status. */
int session_fail(struct app *app, const char *object, const struct holder_error *error);
