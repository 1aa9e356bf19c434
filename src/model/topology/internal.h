/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/topology/nodes.h"

/* The second half of topology_read(). */

/* Creates units and nodes from the lists of TOPOLOGY. Returns 0 or -ENOMEM. */
int topology_build(struct topology *topology, const struct topology_need *need);
