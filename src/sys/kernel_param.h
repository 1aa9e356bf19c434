/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line and module parameters. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/field.h"
#include "util/str.h"

/*
 * The words of /proc/cmdline, split like the kernel does: "intel_iommu=on,sm_on". Quotes are
 * removed. Words after "--" are for init and left out. Returns 0 or -errno.
 */
int sys_cmdline_read(const struct sys_root *root, struct strv *ret);
int sys_cmdline_parse(const char *text, size_t size, struct strv *ret);

/* The value if WORD sets NAME ('-' and '_' are equal, as in the kernel); else NULL. */
const char *sys_cmdline_value(const char *word, const char *name);

/*
 * Is ITEM in the comma list of any word that sets NAME ("pci", "noats")? Most of the kernel's
 * options accumulate; for one where the last word counts, the caller has to check that itself.
 */
bool sys_cmdline_has(const struct strv *words, const char *name, const char *item);

/* /sys/module/MODULE/parameters/NAME; absent if the module or parameter does not exist. */
struct field_str sys_module_param(const struct sys_root *root, const char *module,
				  const char *name);
