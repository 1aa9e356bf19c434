/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'system tree' and 'system graph' have in common: which nodes, and their reading. */
#pragma once

#include <argp.h>

#include "app.h"
#include "cmd.h"
#include "cmd/common/records.h"
#include "model/topology/nodes.h"

/* Which part of the topology is wanted. */
struct topology_args {
	struct operands operands; /* units, groups, devices; none: everything */
	enum topology_kind depth;
	bool contexts; /* by themselves too */
};

/* --depth and the operands; the input is a struct topology_args. */
extern const struct argp topology_argp;

/* A topology and the PASIDs that its nodes borrow. */
struct topology_session {
	struct topology topology;
	struct pasid_table pasids;
	struct pasid_records records;
	struct topology_context *contexts;
	size_t n_contexts;
	bool partial; /* nodes may be missing: what has them could not be asked or read */
};

void topology_session_done(struct topology_session *session);
#define _cleanup_topology_session_ _cleanup_(topology_session_done)

/*
 * Reads what ARGS ask for; NEED is of the columns. Notes what could not be read. Returns 0 or a
 * reported status.
 */
int topology_session_read(struct app *app, const struct topology_args *args, unsigned int need,
			  struct topology_session *ret);
