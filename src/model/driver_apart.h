/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel may never return from, done by a process of its own, for model/ alone: an unbind waits for
 * every process that has the device open, and no signal ends it (vfio_unregister_group_dev()).
 */
#pragma once

#include <sys/types.h>

#include "model/driver.h"

typedef int driver_task_fn(const void *task);

struct driver_apart {
	driver_task_fn *task; /* returns 0 or -errno */
	driver_task_fn *
		left; /* what the process does after the task when nobody waits for it any more; or NULL */
	const void *data;                 /* of both */
	int stop;                         /* readable when it is to be left; -1 */
	unsigned int limit_ms;            /* after which it is left; 0: never */
	const struct driver_watch *watch; /* NULL: nothing is reported */
};

/*
 * Returns what the task returned; -EINPROGRESS where it was left to itself, as RET_PID; -ECHILD where the
 * process was ended, so that nobody knows what it has done.
 */
int driver_apart(const struct driver_apart *apart, pid_t *ret_pid);
