/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A lock on a file of the machine, for as long as it takes to change what the file stands for. */
#pragma once

#include <stdbool.h>

#include "sys/root.h"

/*
 * flock(2) of the file at PATH, opened for writing, which is not changed: a user who may not write it cannot
 * lock out those who may. Waits for it up to TIMEOUT_MS. Returns 0 and the fd in RET; -EBUSY, and in
 * RET_PID the process that has it, 0 if that is not known; -EROFS for a captured tree; -errno.
 */
int sys_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
	     pid_t *ret_pid);

/* Is LOCK, from sys_lock() or -1, one on the file at PATH? Who has it would wait for himself there. */
bool sys_lock_is_of(const struct sys_root *root, const char *path, int lock);

/* Who has the lock, from the text of /proc/locks; 0 where it does not say. */
pid_t sys_lock_owner(const char *text, dev_t device, ino_t inode);
