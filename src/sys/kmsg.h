/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's log. */
#pragma once

#include "sys/root.h"

/*
 * Opens /dev/kmsg so that each read(2) returns one record, and -EAGAIN at the end. Returns the fd,
 * -EPERM (kernel.dmesg_restrict), -ENOENT, -EREMOTE if not captured, another -errno.
 */
int sys_kmsg_open(const struct sys_root *root);
