/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running kernel was started with: its command line, and its modules' parameters. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/field.h"
#include "util/str.h"

/*
 * The words of /proc/cmdline, as the kernel parts them: "intel_iommu=on,sm_on". Quotes are undone. What
 * comes after "--" is init's and left out. Returns 0 or -errno.
 */
int sys_cmdline_read(const struct sys_root *root, struct strv *ret);
int sys_cmdline_parse(const char *text, size_t size, struct strv *ret);

/* The value of word WORD where it sets NAME, '-' and '_' being the same to the kernel; else NULL. */
const char *sys_cmdline_value(const char *word, const char *name);

/*
 * Is ITEM one of the comma list that any word sets NAME to ("pci", "noats")? Options of the kernel add
 * up, as a rule; where the last one counts, the caller has to look himself.
 */
bool sys_cmdline_has(const struct strv *words, const char *name, const char *item);

/* /sys/module/MODULE/parameters/NAME; absent where the module, or this parameter of it, is not there. */
struct field_str sys_module_param(const struct sys_root *root, const char *module,
				  const char *name);
