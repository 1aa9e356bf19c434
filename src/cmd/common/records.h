/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of all contexts' holders, in the form that the model takes. */
#pragma once

#include "app.h"
#include "client/holder.h"
#include "model/machine/attached.h"
#include "model/pasid/walk.h"
#include "util/cleanup.h"

struct pasid_records {
	struct holder_context *contexts; /* with `attached`, which borrows from it */
	size_t n_contexts;
	pid_t *holders; /* of each context */
	size_t n_holders;
	struct bindings bindings;         /* of all contexts */
	struct attached_record *attached; /* the devices of all contexts */
	size_t n_attached;
	int status; /* 1; -EREMOTE: not captured; -errno: some contexts could not be asked */
};

void pasid_records_done(struct pasid_records *records);
#define _cleanup_pasid_records_ _cleanup_(pasid_records_done)

/*
 * Asks every context that is visible to the caller, or captured. If some could not be asked or were
 * not captured, there is a note. Returns 0, with the status in RET, or a reported status.
 */
int pasid_records_read(struct app *app, const struct sys_root *root, struct pasid_records *ret);

/* A query for the PASIDs of all devices, good for one walk; borrows from RECORDS. */
struct pasid_query pasid_records_query(struct pasid_records *records, const struct sys_root *root,
				       unsigned int need);

/* A query for the devices' attachments; borrows from RECORDS. */
struct attached_query pasid_records_attached(const struct pasid_records *records,
					     const struct sys_root *root);

/* Prints notes on what could not be read. Returns whether rows may be missing. */
bool pasid_records_notes(struct app *app, const struct pasid_reports *reports);
