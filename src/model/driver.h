/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving a PCI device another driver: by `driver_override` alone, never `new_id`. First a plan,
 * which is data, then its execution, which undoes itself when it fails.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "model/device.h"
#include "sys/root.h"
#include "util/cleanup.h"

/* Why a device must not be taken from its driver. */
enum driver_obstacle_kind {
	DRIVER_OBSTACLE_BRIDGE,  /* a bridge: what is behind it would be lost */
	DRIVER_OBSTACLE_NETWORK, /* an interface that is up */
	DRIVER_OBSTACLE_MOUNT,   /* a mounted file system */
	DRIVER_OBSTACLE_SWAP,
	DRIVER_OBSTACLE_STACKED, /* a device-mapper, md or other block device on it */
	DRIVER_OBSTACLE_CLAIMED, /* held exclusively in the kernel, by what cannot be seen (ZFS) */
	DRIVER_OBSTACLE_VFS,     /* virtual functions, which would go with it */
	DRIVER_OBSTACLE_HOLDER,  /* a process has its VFIO, UIO or NVMe node open, or a disk's */
};

struct driver_obstacle {
	enum driver_obstacle_kind kind;
	bool unknown; /* what would have shown it could not be read */
	char *object; /* what was seen: "eth1", "/dev/nvme0n1p2", "pid 812 (qemu)" */
	char *detail; /* "is up", "mounted on /home", "held by dm-0": follows OBJECT in a sentence */
	/* What would free it, as a shell takes it: "ip link set dev eth1 down"; NULL where nothing would. */
	char *command;
	pid_t pid; /* HOLDER: the process; it may hold a context, whose end is no way to free a device */
};

struct driver_obstacles {
	struct driver_obstacle *v;
	size_t n;
};

void driver_obstacles_done(struct driver_obstacles *list);
#define _cleanup_driver_obstacles_ _cleanup_(driver_obstacles_done)

/*
 * What stands against taking the device at PATH from its driver; an empty list: nothing. A live
 * machine's disks are opened O_EXCL for a moment to learn of claims. Returns 0, -ENODEV, -errno.
 */
int driver_guard(const struct sys_root *root, const char *path, struct driver_obstacles *ret);

/* The same of a device of any bus that was read with this need. Returns 0 or -ENOMEM. */
#define DRIVER_GUARD_NEED \
	(DEVICE_NEED_PATH | DEVICE_NEED_CLASS | DEVICE_NEED_DRIVER | DEVICE_NEED_SRIOV | \
	 DEVICE_NEED_NET | DEVICE_NEED_BLOCK | DEVICE_NEED_HOLDERS)
int driver_guard_device(const struct sys_root *root, const struct device *device,
			struct driver_obstacles *ret);

/*
 * One write into sysfs. The override comes first, then unbind, then drivers_probe: were the device
 * unbound first, a driver loaded in between would take it, and a failing override leave it with none.
 */
struct driver_step {
	char *path;  /* "/sys/bus/pci/drivers/e1000e/unbind" */
	char *value; /* "0000:03:00.0"; "\n" where an override is cleared */
};

struct driver_plan {
	char *id;                  /* the device's */
	char *path;                /* "/sys/devices/..." */
	char *old_driver;          /* NULL: none */
	char *old_override;        /* NULL: none */
	char *driver;              /* wanted; NULL: whichever the kernel finds (reset) */
	struct driver_step *steps; /* none where there is nothing to do */
	size_t n_steps;
};

void driver_plan_done(struct driver_plan *plan);
#define _cleanup_driver_plan_ _cleanup_(driver_plan_done)

/*
 * The plan to give the PCI device at PATH the driver DRIVER, or (reset) to take its override away
 * and probe its default driver. Touches nothing. Returns 0; -ENODEV without such a device; -ENOTSUP
 * for one that is not PCI; -ENOENT where the kernel has no driver DRIVER, loaded or built in;
 * -EINVAL for a name that no driver can have.
 */
int driver_plan_set(const struct sys_root *root, const char *path, const char *driver,
		    struct driver_plan *ret);
int driver_plan_reset(const struct sys_root *root, const char *path, struct driver_plan *ret);

/* Has the device the plan's driver already, so that the kernel gives it nothing new? */
bool driver_is_had(const struct driver_plan *plan);

/* How an execution went; filled whether it succeeds or not. */
struct driver_result {
	size_t done;      /* steps that succeeded */
	size_t failed;    /* index of the step that failed; n_steps: all done, but not as wanted */
	bool interrupted; /* by a signal to stop, after DONE steps */
	bool undone;      /* after a failure: driver and override are again what they were */
	pid_t left; /* the process that goes on waiting for the kernel, and then puts all back; 0 */
	char *driver;    /* the driver now; NULL: none */
	char *vfio_cdev; /* "vfio3", where its node has appeared */
	char *late;      /* "/dev/vfio/devices/vfio3", where it has not, though all else is done */
};

/* Told once when the kernel has not returned from a step for some SECONDS. */
struct driver_watch {
	void (*waits)(void *data, unsigned int seconds);
	void *data;
};

void driver_result_done(struct driver_result *result);
#define _cleanup_driver_result_ _cleanup_(driver_result_done)

/*
 * Keeps HUP, INT and TERM from ending the process half-way, but for those that it ignores; whoever
 * restores BEFORE gets them then. driver_execute() looks for them, stops, and undoes.
 */
void driver_hold_signals(sigset_t *before);

/*
 * Locks the device at PATH against other processes that change its driver, for up to TIMEOUT_MS: before its plan is
 * made, as that says what to go back to. Returns 0 and an fd, or -1 where the caller may change
 * nothing anyway; -EBUSY, with the process that has it or 0 in RET_PID; -errno.
 */
int driver_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
		pid_t *ret_pid);

/* Is the device at PATH locked by LOCK, got for another one or -1? Virtual functions share their physical one's. */
bool driver_is_locked(const struct sys_root *root, const char *path, int lock);

/*
 * Executes PLAN on the live machine: the writes in order, then the driver is checked, and for a
 * VFIO driver the node in /dev/vfio is waited for, up to TIMEOUT_MS: udev makes it, and that it is slow
 * undoes nothing. Any failure is undone, as far as it ends in half a minute. Returns 0; -EROFS for a
 * captured tree; the failing write's -errno; -EINTR; -ENXIO where no driver, or another, took the
 * device. RESULT is zeroed first; WATCH may be NULL.
 */
int driver_execute(const struct sys_root *root, const struct driver_plan *plan,
		   unsigned int timeout_ms, const struct driver_watch *watch,
		   struct driver_result *result);

/*
 * Back to the driver and override that were before PLAN. Returns 0; -EINPROGRESS where the kernel has not
 * returned, and RET_PID goes on; -EIO where they are not what they were.
 */
int driver_undo(const struct sys_root *root, const struct driver_plan *plan, pid_t *ret_pid);
