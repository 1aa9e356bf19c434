/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A topology as boxes and frames. */
#pragma once

#include "model/topology/nodes.h"
#include "out/graph.h"

/* What the texts need of the columns: for topology_session_read(). */
unsigned int graph_build_need(void);

/* What the picture does not show as it is. */
struct graph_lack {
	size_t unreadable; /* texts with a "?" */
	int error;         /* why, of the last one */
};

/* Returns 0 or -ENOMEM. */
int graph_build(const struct topology *topology, struct out_graph *ret,
		struct graph_lack *ret_lack);
