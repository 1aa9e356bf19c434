/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "model/driver/plan.h"
#include "sys/root.h"

/*
 * The aliases of modules, loadable and built in, from modules.alias and modules.builtin.modinfo.
 */

/* MODULE as in the file, with "-" or "_"; PATTERN for fnmatch(3) ("pci:v00008086d*sv..."). */
typedef void driver_alias_fn(const char *module, const char *pattern, void *data);

/*
 * Calls EACH for all aliases of the running kernel. Returns 0; -ENOENT if neither file exists;
 * -errno if one could not be read, after reading the other.
 */
int driver_aliases(const struct sys_root *root, driver_alias_fn *each, void *data);

/*
 * Runs a write that may never return in a child process: an unbind waits for every
 * process that has the device open, and no signal interrupts it (vfio_unregister_group_dev()).
 */

typedef int driver_task_fn(const void *task);

struct driver_apart {
	driver_task_fn *task;  /* runs in the child; returns 0 or -errno */
	driver_task_fn *left;  /* run in the child after the task, if abandoned; may be NULL */
	const void *data;      /* argument of both */
	int stop;              /* fd, readable to stop waiting; -1: none */
	unsigned int limit_ms; /* how long to wait; 0: forever */
	const struct driver_watch *watch; /* NULL: nothing is reported */
};

/*
 * Returns what the task returned; -EINPROGRESS if the child RET_PID was left running; -ECHILD if
 * the child was killed, so that the outcome is unknown.
 */
int driver_apart(const struct driver_apart *apart, pid_t *ret_pid);
