/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the holders of all contexts say of PASIDs, as the model takes it. */
#pragma once

#include "app.h"
#include "client/holder.h"
#include "model/machine/attached.h"
#include "model/pasid/bindings.h"
#include "util/cleanup.h"

struct pasid_context;

struct pasid_records {
	struct pasid_context *sources; /* one a context; the records borrow from them */
	size_t n_sources;
	struct pasid_record *v;
	size_t n;
	struct attached_record *attached; /* the devices of all contexts */
	size_t n_attached;
	pid_t *holders; /* the process of each context, with records or without */
	size_t n_holders;
	int status; /* 1; -EREMOTE: a tree captured without; -errno: some could not be asked */
};

void pasid_records_done(struct pasid_records *records);
#define _cleanup_pasid_records_ _cleanup_(pasid_records_done)

/*
 * Asks every context that the caller may see, or that was captured. Returns 0, STATUS_PARTIAL where a
 * context could not be asked, or a machine was captured without (which is said), or another reported
 * status.
 */
int pasid_records_gather(struct app *app, const struct sys_root *root, struct pasid_records *ret);

/* What the holder of the context AT said, of n_sources. */
const struct holder_context *pasid_records_context(const struct pasid_records *records, size_t at);

/* Asks for the PASIDs of all devices; borrows from RECORDS. */
struct pasid_query pasid_records_query(const struct pasid_records *records,
				       const struct sys_root *root, unsigned int need);

/* What devices are attached to; borrows from RECORDS. */
struct attached_query pasid_records_attached(const struct pasid_records *records,
					     const struct sys_root *root);
