/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line and module parameters. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "sys/word.h"
#include "util/field.h"
#include "util/str.h"

/*
 * The words of /proc/cmdline, split like the kernel does: "intel_iommu=on,sm_on". Quotes are
 * removed. Words after "--" are for init and left out. Returns 0 or -errno.
 */
int sys_cmdline_read(const struct sys_root *root, struct strv *ret);
int sys_cmdline_parse(const char *text, size_t size, struct strv *ret);

/* The value if WORD sets OPTION ('-' and '_' are equal, as in the kernel); else NULL. */
const char *sys_cmdline_value(const char *word, enum sys_word option);

/*
 * Is ITEM in the comma list of any word that sets OPTION ("noats" of BOOT_PCI)? Most of the kernel's
 * options accumulate; for one where the last word counts, the caller has to check that itself.
 */
bool sys_cmdline_has(const struct strv *words, enum sys_word option, const char *item);

/* For a printf(3) of the length and text of the module's name. */
#define SYS_MODULE_PARAMS "sys/module/%.*s/parameters"

/* The value of PARAM; absent if the module or the parameter does not exist. */
struct field_str sys_module_param(const struct sys_root *root, enum sys_word param);
