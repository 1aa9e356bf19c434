/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of the running kernel that can be read without privilege. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "sys/word.h"
#include "util/field.h"

/*
 * Does the kernel, including loaded modules, have the function SYMBOL (/proc/kallsyms)? 1 or 0;
 * absent if the kernel has no such list; -errno.
 */
struct field_u64 sys_kernel_symbol(const struct sys_root *root, enum sys_word symbol);

/* Has a driver registered character devices as CHRDEV (/proc/devices)? As above. */
struct field_u64 sys_kernel_chrdev(const struct sys_root *root, enum sys_word chrdev);

/* How device interrupts reach the CPUs (/sys/kernel/irq). */
struct sys_interrupts {
	size_t remapped; /* by an IOMMU or ITS: devices cannot forge others' interrupts */
	size_t direct;   /* not remapped */
	char chip[64];   /* an example of what was counted: "IR-PCI-MSIX-0000:00:03.0", "PCI-MSI" */
};

/*
 * If there are MSIs only they count, since a device could forge them; else the pins of I/O APICs.
 * Both counts may be 0. Returns 0, -ENOENT if the kernel does not publish interrupts, or another
 * -errno.
 */
int sys_interrupts_read(const struct sys_root *root, struct sys_interrupts *ret);

/* The firmware table that announces IOMMUs ("DMAR"); absent: none; -errno. */
struct field_str sys_firmware_iommu(const struct sys_root *root);
