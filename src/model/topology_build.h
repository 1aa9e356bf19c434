/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of topology_read(), for model/topology*.c alone. */
#pragma once

#include "model/topology.h"

/* Makes units and nodes of the lists that TOPOLOGY has. Returns 0 or -ENOMEM. */
int topology_build(struct topology *topology, const struct topology_need *need);
