/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other half of graph_build(), for cmd/system_graph*.c alone: what stands beside what. */
#pragma once

#include "cmd/system/graph_build.h"
#include "model/topology/fold.h"

/* What graph_build*() carry along. */
struct graph_build {
	const struct topology *topology;
	struct topology_fold fold;
	struct out_graph *graph;
	struct graph_lack *lack;
	size_t *place; /* of each node that is drawn: its box, or its frame */
	bool *framed;  /* which of the two */
};

/*
 * Places the groups of a unit in rows, so that the picture is about as wide as high. Those with
 * something bound end at the unit's right edge: from there lines lead to processes. Returns 0 or
 * -ENOMEM.
 */
int graph_build_rows(struct graph_build *build);
