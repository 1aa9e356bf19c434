/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel uses of the CPU: the flags in /proc/cpuinfo. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/field.h"

/*
 * Has the first CPU the flag NAME ("la57", "pdpe1gb"), as the kernel sees it (cpu_feature_enabled())? 1
 * or 0; absent where /proc/cpuinfo has no flags, which only x86 lists so; -errno.
 */
struct field_u64 sys_cpu_flag(const struct sys_root *root, const char *name);
struct field_u64 sys_cpu_flag_parse(const char *text, size_t size, const char *name);
