/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The aliases of modules, loadable and built in, from modules.alias and modules.builtin.modinfo.
 * Only for model/.
 */
#pragma once

#include "sys/root.h"

/* MODULE as in the file, with "-" or "_"; PATTERN for fnmatch(3) ("pci:v00008086d*sv..."). */
typedef void driver_alias_fn(const char *module, const char *pattern, void *data);

/*
 * Calls EACH for all aliases of the running kernel. Returns 0; -ENOENT if neither file exists;
 * -errno if one could not be read, after reading the other.
 */
int driver_aliases(const struct sys_root *root, driver_alias_fn *each, void *data);
