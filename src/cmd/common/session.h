/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb's talk with the holder of its context. */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "client/holder.h"

/*
 * Connects to the context that -c or $IOASIDCTL_CONTEXT names. Returns 0 or a reported status: that
 * of a machine without IOMMU groups where there is no such context, since there can be none. With
 * --dry-run all that changes something prints its steps instead.
 */
int session_open(struct app *app, const struct context_args *args, struct holder_client **ret);

/* Prints a step of a dry run: a holder_plan_fn. */
void session_print_step(const char *line, void *data);

/* Nothing can be changed of a captured machine. Returns 0, or a reported status with --sysroot. */
int session_require_live(struct app *app);

/* The same for a verb that only looks: a captured machine has the contexts that it was captured with. */
int session_open_reading(struct app *app, const struct context_args *args,
			 struct holder_client **ret);

/* The contexts that the caller may see, or those of a captured machine. Returns 0 or a reported status. */
int session_list(struct app *app, struct holder_entries *ret);

/* The same without a report: -errno; -EREMOTE of a tree that was captured without. */
int session_get(struct app *app, struct holder_entries *ret);

/* The context, a live one, that NAME names: RET, to be freed, is what lists show. Returns 0 or a reported status. */
int session_find(struct app *app, const char *name, char **ret);

/* Is it known which contexts there are? Not of a tree that was captured without. */
bool session_tells(struct app *app);

/*
 * The same, and the device that the first operand names; RET_PATH to be freed. Returns 0 or a reported
 * status.
 */
int session_open_device(struct app *app, const struct context_args *args, char **ret_path,
			struct holder_client **ret);

/* Reports ERROR about OBJECT, as the user wrote it, with its hints. Returns the status. */
int session_fail(struct app *app, const char *object, const struct holder_error *error);

/* The hints of ERROR about OBJECT alone, for what has reported the rest. */
void session_hint(struct app *app, const char *object, const struct holder_error *error);

/* No VFIO device can be without an IOMMU group. Returns 0, or a reported status where none is. */
int session_require_groups(struct app *app, const char *object);

/* What the holder of one context says. EACH may take *CONTEXT by zeroing it; returns 0 or -errno. */
typedef int session_each_fn(struct holder_client *client, struct holder_context *context,
			    struct holder_error *error, void *data);

/*
 * Calls EACH for every context that the caller may see. One that ends, hangs or may not be read
 * meanwhile is noted and does not hide the others: STATUS_PARTIAL then, with one's -errno in RET_ERROR,
 * which may be NULL. Returns that, 0, or another reported status.
 */
int session_each(struct app *app, session_each_fn *each, void *data, int *ret_error);
