/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Locks a file of the machine while the object it belongs to is changed. */
#pragma once

#include <stdbool.h>

#include "sys/root.h"

/*
 * flock(2) on the file at PATH. It is opened for writing, but not changed, so that users who may
 * not write it cannot lock it. Waits up to TIMEOUT_MS. Returns 0 with the fd in RET; -EBUSY with
 * the owner's pid in RET_PID, 0 if unknown; -EROFS for a captured tree; another -errno.
 */
int sys_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
	     pid_t *ret_pid);

/* Is LOCK, from sys_lock() or -1, on the file at PATH? Locking it again would deadlock. */
bool sys_lock_is_of(const struct sys_root *root, const char *path, int lock);

/* The owner's pid from the text of /proc/locks; 0 if it is not listed. */
pid_t sys_lock_owner(const char *text, dev_t device, ino_t inode);
