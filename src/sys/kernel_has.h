/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the running kernel has and has set up, as far as nobody needs a right to ask. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/field.h"

/*
 * Has the kernel, with the modules that are loaded, the function NAME (/proc/kallsyms)? 1 or 0; absent
 * where the kernel keeps no list; -errno.
 */
struct field_u64 sys_kernel_symbol(const struct sys_root *root, const char *name);
bool sys_kernel_symbol_parse(const char *text, size_t size, const char *name);

/* Has a driver taken numbers for character devices under NAME (/proc/devices)? As above. */
struct field_u64 sys_kernel_chrdev(const struct sys_root *root, const char *name);
bool sys_kernel_chrdev_parse(const char *text, size_t size, const char *name);

/* How the interrupts of devices reach the CPUs (/sys/kernel/irq). */
struct sys_interrupts {
	size_t remapped; /* through an IOMMU's table, or an ITS: no device can raise another's */
	size_t direct;   /* not so */
	char chip[64];   /* of one that counts: "IR-PCI-MSIX-0000:00:03.0", "PCI-MSI" */
};

/*
 * MSIs alone count where there are some, since they are what a device could forge; else the pins of
 * I/O APICs. Others say nothing: both counts may be 0. Returns 0, -ENOENT where the kernel publishes
 * none, -errno.
 */
int sys_interrupts_read(const struct sys_root *root, struct sys_interrupts *ret);

/* The name of the firmware's table that announces IOMMUs ("DMAR"); absent: none; -errno. */
struct field_str sys_firmware_iommu(const struct sys_root *root);
