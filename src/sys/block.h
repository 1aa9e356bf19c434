/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block devices of the live machine. */
#pragma once

/*
 * Does the kernel hold the disk or partition NAME, as sysfs calls it, for somebody (bd_claim)? File
 * systems, swap, md, device-mapper, ZFS all do, in whatever mount namespace. Opens it for reading,
 * which wakes a disk that sleeps. Returns 1 or 0, -errno where it cannot be opened.
 */
int sys_block_claimed(const char *name);
