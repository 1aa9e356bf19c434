/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log. */
#pragma once

#include "sys/root.h"

/*
 * An fd of /dev/kmsg from which each read(2) gets a record, and -EAGAIN when there are no more. Returns
 * the fd, -EPERM (kernel.dmesg_restrict), -ENOENT, -EREMOTE for a tree captured without, -errno.
 */
int sys_kmsg_open(const struct sys_root *root);
