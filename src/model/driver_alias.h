/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The aliases of modules, loadable and built in, as depmod and the kernel's build leave them: for model/ alone. */
#pragma once

#include "sys/root.h"

/*
 * MODULE as its file is called, with "-" or "_"; PATTERN as fnmatch(3) takes it ("pci:v00008086d*sv..."); what
 * it returns but 0 ends the reading and is returned.
 */
typedef int driver_alias_fn(const char *module, const char *pattern, void *data);

/*
 * Calls EACH for all aliases of the running kernel. Returns 0; -ENOENT where neither file is there; the
 * -errno of one that could not be read, the other having been read nevertheless.
 */
int driver_aliases(const struct sys_root *root, driver_alias_fn *each, void *data);
