/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the verbs that show PASIDs. */
#pragma once

#include "app.h"
#include "cmd/common/options.h"
#include "cmd/pasid/columns.h"
#include "cmd/common/records.h"
#include "model/pasid/bindings.h"

/* The records, the query, and the status of the sources. */
struct pasid_session {
	struct pasid_records records;
	struct pasid_query query;
	struct pasid_reports reports;
};

void pasid_session_done(struct pasid_session *session);
#define _cleanup_pasid_session_ _cleanup_(pasid_session_done)

/* Asks the contexts. NEED: PASID_NEED_*. Returns 0 or a reported status. */
int pasid_session_open(struct app *app, const struct sys_root *root, unsigned int need,
		       struct pasid_session *ret);

/* Prints notes on what could not be read. Returns whether rows may be missing. */
bool pasid_session_notes(struct app *app, const struct pasid_session *session);

/*
 * Adds the context that -c chose, if any, as a term to ARGS' operands, which then point into RET.
 * Returns 0 or a reported status.
 */
int pasid_terms(struct app *app, struct view_args *args, struct strv *ret);
