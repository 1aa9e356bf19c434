/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes the driver of a PCI device through `driver_override`, never `new_id`. First makes a plan,
 * which is data, then executes it and undoes it on failure.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/machine/device.h"
#include "sys/root.h"
#include "util/cleanup.h"

/*
 * One write to sysfs. The order is override, unbind, drivers_probe: if the device were unbound
 * first, a driver loaded in between could bind it, and a failure to set the override would leave it
 * without a driver.
 */
struct driver_step {
	char *path;  /* "/sys/bus/pci/drivers/e1000e/unbind" */
	char *value; /* "0000:03:00.0"; "\n" to clear the override */
};

struct driver_plan {
	char *id;                  /* of the device */
	char *path;                /* "/sys/devices/..." */
	char *old_driver;          /* NULL: none */
	char *old_override;        /* NULL: none */
	char *driver;              /* wanted; NULL: the default driver (reset) */
	struct driver_step *steps; /* empty if nothing has to be done */
	size_t n_steps;
};

void driver_plan_done(struct driver_plan *plan);
#define _cleanup_driver_plan_ _cleanup_(driver_plan_done)

/*
 * Plans to bind the PCI device at PATH to DRIVER, or (reset) to clear its override and probe its
 * default driver. Changes nothing. Returns 0; -ENODEV if there is no such device; -ENOTSUP if it is
 * not a PCI device; -ENOENT if the kernel has no such driver, loaded or built in; -EINVAL if the
 * name is not valid for a driver.
 */
int driver_plan_set(const struct sys_root *root, const char *path, const char *driver,
		    struct driver_plan *ret);
int driver_plan_reset(const struct sys_root *root, const char *path, struct driver_plan *ret);

/* Does the device already have the plan's driver, so that nothing would be probed? */
bool driver_is_had(const struct driver_plan *plan);

/* The outcome of an execution; filled on success and failure. */
struct driver_result {
	size_t done;      /* steps that succeeded */
	size_t failed;    /* step that failed; n_steps: all done, without getting the driver */
	bool interrupted; /* by a signal, after DONE steps */
	bool undone;      /* after a failure: driver and override were restored */
	pid_t left;       /* process still waiting for the kernel, which will undo; 0: none */
	char *driver;     /* the driver now; NULL: none */
	char *vfio_cdev;  /* "vfio3", if its node has appeared */
	char *late;       /* "/dev/vfio/devices/vfio3", if it has not appeared in time */
};

/* Called once when a step has been blocked in the kernel for SECONDS. */
struct driver_watch {
	void (*waits)(void *data, unsigned int seconds);
	void *data;
};

void driver_result_done(struct driver_result *result);
#define _cleanup_driver_result_ _cleanup_(driver_result_done)

/*
 * Blocks HUP, INT and TERM, except those that are ignored, so that they do not end the process
 * between two steps; restoring BEFORE delivers them. driver_execute() checks for pending ones,
 * stops and undoes.
 */
void driver_hold_signals(sigset_t *before);

/*
 * Locks the device at PATH against other processes that change its driver, waiting up to
 * TIMEOUT_MS. Lock before making the plan, which records the state to go back to. Returns 0 with an
 * fd, or with -1 if the caller has no permission to change drivers anyway; -EBUSY with the owner's
 * pid, or 0, in RET_PID; another -errno.
 */
int driver_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
		pid_t *ret_pid);

/*
 * Does LOCK, taken for another device or -1, cover the device at PATH? VFs share the lock of their
 * PF.
 */
bool driver_is_locked(const struct sys_root *root, const char *path, int lock);

/*
 * Executes PLAN on the live machine: does the writes in order, checks the driver, and for a VFIO
 * driver waits up to TIMEOUT_MS for udev to create the node in /dev/vfio; a missing node is not a
 * failure. Any failure is undone if that takes less than half a minute. Returns 0; -EROFS for a
 * captured tree; -errno of the failed write; -EINTR; -ENXIO if no driver, or another one, bound the
 * device. RESULT is zeroed first; WATCH may be NULL.
 */
int driver_execute(const struct sys_root *root, const struct driver_plan *plan,
		   unsigned int timeout_ms, const struct driver_watch *watch,
		   struct driver_result *result);

/*
 * Restores the driver and override from before PLAN. Returns 0; -EINPROGRESS if the kernel has not
 * returned and the process RET_PID continues; -EIO if they could not be restored.
 */
int driver_undo(const struct sys_root *root, const struct driver_plan *plan, pid_t *ret_pid);
