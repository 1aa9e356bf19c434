/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requester IDs that belong to no device. */
#pragma once

#include "sys/root.h"

/*
 * A PCIe-to-PCI bridge forwards requests of the devices behind it with function 0 of its secondary
 * bus as requester ID. If no device has ID and it is such an alias, RET_BRIDGE is the bridge's path
 * (the caller frees it), and the ids of all devices on that bus are added to MEMBERS, sorted.
 * Returns 0, -ENODEV or another -errno.
 */
int alias_resolve(const struct sys_root *root, const char *id, char **ret_bridge,
		  struct strv *members);
