/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Communication of a verb with the holder of its context. */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "client/holder.h"

/*
 * Connects to the context selected by -c or $IOASIDCTL_CONTEXT. Returns 0 or a reported status; if
 * there is no such context and the machine has no IOMMU groups, reports that as the reason. With
 * --dry-run, the functions of holder/client.h that change something print their steps instead.
 */
int session_open(struct app *app, const struct context_args *args, struct holder_client **ret);

/* A holder_plan_fn that prints a step of a dry run. */
void session_print_step(const char *line, void *data);

/* A captured machine cannot be changed. Returns 0, or a reported status with --sysroot. */
int session_require_live(struct app *app);

/* The same for a verb that only reads; a captured machine has the contexts in its capture. */
int session_open_reading(struct app *app, const struct context_args *args,
			 struct holder_client **ret);

/* The contexts visible to the caller, or those of the capture. Returns 0 or a reported status. */
int session_list(struct app *app, struct holder_entries *ret);

/* The same without reporting: returns -errno; -EREMOTE if contexts were not captured. */
int session_get(struct app *app, struct holder_entries *ret);

/*
 * Finds the live context that NAME names. RET (the caller frees it) is its name as shown in lists.
 * Returns 0 or a reported status.
 */
int session_find(struct app *app, const char *name, char **ret);

/* Are the existing contexts known? Not if they were not captured. */
bool session_tells(struct app *app);

/*
 * session_open(), and the device named by the first operand; the caller frees RET_PATH. Returns 0
 * or a reported status.
 */
int session_open_device(struct app *app, const struct context_args *args, char **ret_path,
			struct holder_client **ret);

/* Reports ERROR about OBJECT, as the user wrote it, with hints. Returns the status. */
int session_fail(struct app *app, const char *object, const struct holder_error *error);

/* Only the hints of ERROR about OBJECT, if the rest has been reported. */
void session_hint(struct app *app, const char *object, const struct holder_error *error);

/* VFIO needs IOMMU groups. Returns 0, or a reported status if there are none. */
int session_require_groups(struct app *app, const char *object);

/*
 * Called with the reply of one context's holder. May take over *CONTEXT by zeroing it. Returns 0 or
 * -errno.
 */
typedef int session_each_fn(struct holder_client *client, struct holder_context *context,
			    struct holder_error *error, void *data);

/*
 * Calls EACH for every context visible to the caller. One that ends, does not answer or may not be
 * read is noted and skipped: STATUS_PARTIAL, with its -errno in RET_ERROR (may be NULL). Else
 * returns 0 or another reported status.
 */
int session_each(struct app *app, session_each_fn *each, void *data, int *ret_error);

/*
 * A list of what is in contexts: EACH, whose data is a struct inspection, prints the rows of one; of
 * all contexts, or with -c of that one. Returns a status.
 */
int session_view(struct app *app, const struct view_args *args, session_each_fn *each);
