/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices of the live machine. */
#pragma once

/*
 * Is the disk or partition NAME (sysfs name) claimed exclusively in the kernel (bd_claim)? File
 * systems, swap, md, device-mapper and ZFS do that, in any mount namespace. Opens it for reading,
 * which wakes a sleeping disk. Returns 1, 0, or -errno if it cannot be opened.
 */
int sys_block_claimed(const char *name);
