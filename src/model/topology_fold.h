/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For a picture of a topology: one node in the place of many that are alike. */
#pragma once

#include "model/topology.h"

/* Siblings are alike if all that is known of them but their numbers is the same, down to the leaves. */
enum topology_likeness {
	TOPOLOGY_LIKE_NONE, /* every node is drawn; a process once, whatever it is beneath */
	TOPOLOGY_LIKE_SAME, /* what is bound is bound by the same process to the same */
	TOPOLOGY_LIKE_KIND, /* by processes of the same command, to the same kind of target */
};

/* One entry for each node of the topology. */
struct topology_fold {
	enum topology_likeness likeness; /* as much as it took */
	size_t *first; /* the node that stands for it: itself, or an earlier one of its kind */
	size_t *last;  /* the last that it stands for, itself maybe */
	size_t *count; /* how many it stands for, of processes each once; 0: it is not drawn */
};

void topology_fold_done(struct topology_fold *fold);
#define _cleanup_topology_fold_ _cleanup_(topology_fold_done)

/* Returns 0 or -ENOMEM. */
int topology_fold(const struct topology *topology, struct topology_fold *ret);

/* Of a process. COMMAND is borrowed, NULL where it is not known. */
uint64_t topology_pid(const struct topology_node *node);
const char *topology_command(const struct topology_node *node);
