/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a node of the topology, and how a column's need is split among what is read. */
#pragma once

#include "model/topology/nodes.h"
#include "out/tree.h"
#include "out/value.h"

/* The table of a struct topology_node. */
extern const struct out_column topology_columns[];

/* For programs, which see the nodes one by one: keys for out_options.defaults. */
extern const char topology_program_defaults[];

/* What the columns' NEED asks of units, groups and devices. */
void topology_columns_need(unsigned int need, struct topology_need *ret);

/* How the node stands out. */
enum out_tone topology_tone(const struct topology_node *node);
