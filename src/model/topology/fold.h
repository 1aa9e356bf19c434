/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folds equal nodes of a topology into one, for drawing. */
#pragma once

#include "model/topology/nodes.h"

/*
 * Siblings are alike if everything known about them except their numbers is equal, down to the
 * leaves.
 */
enum topology_likeness {
	TOPOLOGY_LIKE_NONE, /* every node is drawn; a process once, wherever it is */
	TOPOLOGY_LIKE_SAME, /* bound by the same process to the same target */
	TOPOLOGY_LIKE_KIND, /* by processes with the same command, to the same kind of target */
};

/* One entry for each node of the topology. */
struct topology_fold {
	enum topology_likeness likeness; /* the level that was needed */
	size_t *first; /* the node drawn in its place: itself, or an earlier one of its kind */
	size_t *last;  /* the last node it is drawn for, perhaps itself */
	size_t *count; /* how many it is drawn for, a process once; 0: not drawn */
};

void topology_fold_done(struct topology_fold *fold);
#define _cleanup_topology_fold_ _cleanup_(topology_fold_done)

/* Returns 0 or -ENOMEM. */
int topology_fold(const struct topology *topology, struct topology_fold *ret);
