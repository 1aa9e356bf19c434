/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses in requests that no device has. */
#pragma once

#include "sys/root.h"

/*
 * A PCIe-to-PCI bridge makes the requests of what is behind it in the name of function 0 of its
 * secondary bus. Where ID is one such and no device has it: RET_BRIDGE is the bridge's path, the
 * caller's to free, and the ids of all on that bus, sorted, are added to MEMBERS. Returns 0, -ENODEV,
 * -errno.
 */
int alias_resolve(const struct sys_root *root, const char *id, char **ret_bridge,
		  struct strv *members);
