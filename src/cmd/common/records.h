/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of all contexts' holders, in the form that the model takes. */
#pragma once

#include "app.h"
#include "client/holder.h"
#include "model/machine/attached.h"
#include "model/pasid/bindings.h"
#include "util/cleanup.h"

struct pasid_context;

struct pasid_records {
	struct pasid_context *sources; /* one per context; the records borrow from them */
	size_t n_sources;
	struct pasid_record *v;
	size_t n;
	struct attached_record *attached; /* the devices of all contexts */
	size_t n_attached;
	pid_t *holders; /* pid of each context's holder, with or without records */
	size_t n_holders;
	int status; /* 1; -EREMOTE: not captured; -errno: some contexts could not be asked */
};

void pasid_records_done(struct pasid_records *records);
#define _cleanup_pasid_records_ _cleanup_(pasid_records_done)

/*
 * Asks every context that is visible to the caller, or captured. Returns 0, STATUS_PARTIAL with a
 * note if some could not be asked or were not captured, or another reported status.
 */
int pasid_records_gather(struct app *app, const struct sys_root *root, struct pasid_records *ret);

/* The description of context AT, of n_sources. */
const struct holder_context *pasid_records_context(const struct pasid_records *records, size_t at);

/* A query for the PASIDs of all devices; borrows from RECORDS. */
struct pasid_query pasid_records_query(const struct pasid_records *records,
				       const struct sys_root *root, unsigned int need);

/* A query for the devices' attachments; borrows from RECORDS. */
struct attached_query pasid_records_attached(const struct pasid_records *records,
					     const struct sys_root *root);
