/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU properties from /proc/cpuinfo. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "sys/word.h"
#include "util/field.h"

/*
 * Does the first CPU have FLAG, a WORD_CPU, as the kernel uses it
 * (cpu_feature_enabled())? 1 or 0; absent if /proc/cpuinfo has no flags, which only x86 lists in
 * this form; -errno.
 */
struct field_u64 sys_cpu_flag(const struct sys_root *root, enum sys_word flag);
struct field_u64 sys_cpu_flag_parse(const char *text, size_t size, const char *name);

enum sys_arch {
	SYS_ARCH_UNKNOWN, /* unreadable, or none of these */
	SYS_ARCH_X86,
	SYS_ARCH_ARM,
	SYS_ARCH_RISCV,
};

struct sys_cpu {
	enum sys_arch arch;
	char id[32]; /* x86: "GenuineIntel"; Arm: implementer, "0x41"; RISC-V: ISA; "": unknown */
};

/* Of the inspected machine, which may have another architecture than this one. */
void sys_cpu_read(const struct sys_root *root, struct sys_cpu *ret);
void sys_cpu_parse(const char *text, size_t size, struct sys_cpu *ret);

/*
 * The key of the line in /proc/cpuinfo that gives `id`, for captures: "CPU implementer"; or NULL.
 */
const char *sys_cpu_key(enum sys_arch arch);
