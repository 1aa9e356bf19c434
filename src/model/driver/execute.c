/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "model/driver/internal.h"
#include "sys/lock.h"
#include "sys/udev.h"
#include "util/cleanup.h"

#define DRIVERS "/sys/bus/pci/drivers"
#define CLEARED "\n"
#define UNDO_MS 30000
#define NOW_NEED \
	(DEVICE_NEED_PATH | DEVICE_NEED_DRIVER | DEVICE_NEED_OVERRIDE | DEVICE_NEED_VFIO | \
	 DEVICE_NEED_GROUP)

void driver_result_done(struct driver_result *result)
{
	free(result->driver);
	free(result->vfio_cdev);
	free(result->late);
	*result = (struct driver_result){ 0 };
}

/* The current state of the device. A driver that cannot be read is an error here. */
static int read_now(const struct sys_root *root, const struct driver_plan *plan, struct device *ret)
{
	_cleanup_device_ struct device device = { 0 };
	int r;

	r = device_get(root, plan->path, NOW_NEED, &device);
	if (r < 0)
		return r;
	if (device.driver.status < 0)
		return device.driver.status;
	*ret = device;
	device = (struct device){ 0 };
	return 0;
}

static int write_driver(const struct sys_root *root, const char *driver, const char *file,
			const char *id)
{
	char path[512];

	snprintf(path, sizeof(path), DRIVERS "/%s/%s", driver, file);
	return sys_root_write(root, path, id);
}

static int write_override(const struct sys_root *root, const struct driver_plan *plan,
			  const char *driver)
{
	char path[4096 + 32];

	snprintf(path, sizeof(path), "%s/driver_override", plan->path);
	return sys_root_write(root, path, driver ? driver : CLEARED);
}

/*
 * Restores the old driver and override, whatever state the device is in. Sets the override to the
 * old driver so that it binds the device, however it was bound before.
 */
static bool put_back(const struct sys_root *root, const struct driver_plan *plan)
{
	_cleanup_device_ struct device now = { 0 }, after = { 0 };

	if (read_now(root, plan, &now) < 0)
		return false;
	if (!str_equal(now.driver.value, plan->old_driver)) {
		if (now.driver.value)
			(void)write_driver(root, now.driver.value, "unbind", plan->id);
		if (plan->old_driver) {
			(void)write_override(root, plan, plan->old_driver);
			(void)write_driver(root, plan->old_driver, "bind", plan->id);
		}
	}
	(void)write_override(root, plan, plan->old_override);
	return read_now(root, plan, &after) == 0 &&
	       str_equal(after.driver.value, plan->old_driver) &&
	       str_equal(after.driver_override.value, plan->old_override);
}

/* What runs in the child: one step, or the undoing of all. */
struct work {
	const struct sys_root *root;
	const struct driver_plan *plan;
	const struct driver_step *step;
};

static int do_step(const void *data)
{
	const struct work *work = data;

	return sys_root_write(work->root, work->step->path, work->step->value);
}

static int do_undo(const void *data)
{
	const struct work *work = data;

	return put_back(work->root, work->plan) ? 0 : -EIO;
}

int driver_undo(const struct sys_root *root, const struct driver_plan *plan, pid_t *ret_pid)
{
	const struct work work = { .root = root, .plan = plan };
	const struct driver_apart apart = {
		.task = do_undo, .data = &work, .stop = -1, .limit_ms = UNDO_MS
	};

	return driver_apart(&apart, ret_pid);
}

/* State of an execution. */
struct run {
	const struct sys_root *root;
	const struct driver_plan *plan;
	const struct driver_watch *watch;
	int stop; /* readable when a stop signal is pending */
	unsigned int timeout_ms;
	struct driver_result *result;
};

/* A slow udev is not a failure: the driver has been changed. */
static int wait_for(const struct run *run, struct sys_monitor *monitor, const char *name,
		    const char *node)
{
	int r = sys_monitor_wait(monitor, name, node, run->stop, run->timeout_ms);

	if (r == -EINTR)
		run->result->interrupted = true;
	return r == -ETIMEDOUT ? str_replace(&run->result->late, node) : r;
}

/* Waits for the cdev if the kernel creates one, else for the group's node, which may be older. */
static int wait_for_node(const struct run *run, const struct device *before,
			 struct sys_monitor *monitor)
{
	_cleanup_device_ struct device now = { 0 };
	char name[64], node[128];
	int r;

	r = read_now(run->root, run->plan, &now);
	if (r < 0)
		return r;
	if (now.vfio_cdev.status == 1) {
		snprintf(node, sizeof(node), "/dev/vfio/devices/%s", now.vfio_cdev.value);
		r = wait_for(run, monitor, now.vfio_cdev.value, node);
		if (r == 0 && !run->result->late)
			run->result->vfio_cdev = TAKE_PTR(now.vfio_cdev.value);
		return r;
	}
	/* Another member of the group may have created it: then there is no event. */
	if (now.vfio_group.status != 1 || before->vfio_group.status == 1)
		return 0;
	snprintf(name, sizeof(name), "%" PRIu64, now.vfio_group.value);
	snprintf(node, sizeof(node), "/dev/vfio/%s", name);
	return wait_for(run, monitor, name, node);
}

/* Signals with which people and service managers stop a command. nohup(1) ignores one of them. */
static void stop_signals(sigset_t *set)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction action;

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

void driver_hold_signals(sigset_t *before)
{
	sigset_t stop;

	stop_signals(&stop);
	sigprocmask(SIG_BLOCK, &stop, before);
}

static bool is_interrupted(const struct run *run)
{
	struct pollfd fd = { .fd = run->stop, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static int do_steps(const struct run *run)
{
	const struct driver_plan *plan = run->plan;
	struct driver_result *result = run->result;

	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct work work = { run->root, plan, &plan->steps[i] };
		const struct driver_apart apart = { .task = do_step,
						    .left = do_undo,
						    .data = &work,
						    .stop = run->stop,
						    .watch = run->watch };
		int r;

		result->failed = i;
		r = driver_apart(&apart, &result->left);
		result->interrupted = r == -EINPROGRESS || (r == 0 && is_interrupted(run));
		if (r < 0)
			return r == -EINPROGRESS ? -EINTR : r;
		result->done = i + 1;
		if (result->interrupted)
			return -EINTR;
	}
	result->failed = plan->n_steps;
	return 0;
}

static int execute(const struct run *run)
{
	static const char *const subsystems[] = { "vfio-dev", "vfio" };
	_cleanup_device_ struct device before = { 0 }, now = { 0 };
	_cleanup_monitor_ struct sys_monitor *monitor = NULL;
	const struct driver_plan *plan = run->plan;
	int r;

	r = read_now(run->root, plan, &before);
	if (r == 0)
		r = sys_monitor_open(subsystems, ARRAY_SIZE(subsystems), &monitor);
	if (r == 0)
		r = do_steps(run);
	if (r < 0)
		return r;
	r = read_now(run->root, plan, &now);
	if (r < 0)
		return r;
	if (plan->driver && !str_equal(now.driver.value, plan->driver))
		return -ENXIO;
	if (!plan->driver || str_equal(before.driver.value, plan->driver))
		return 0;
	return wait_for_node(run, &before, monitor);
}

int driver_execute(const struct sys_root *root, const struct driver_plan *plan,
		   unsigned int timeout_ms, const struct driver_watch *watch,
		   struct driver_result *result)
{
	_cleanup_device_ struct device now = { 0 };
	_cleanup_close_ int stop = -1;
	sigset_t held, before;
	int r;

	*result = (struct driver_result){ .failed = plan->n_steps };
	if (root->captured)
		return -EROFS;
	/*
	 * Stopping between steps would leave the device without a driver, so the step completes and
	 * is undone.
	 */
	stop_signals(&held);
	driver_hold_signals(&before);
	stop = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
	r = stop < 0 ? -errno
		     : execute(&(struct run){ root, plan, watch, stop, timeout_ms, result });
	if (r < 0 && !result->left)
		result->undone = (result->done == 0 && r != -ECHILD) ||
				 driver_undo(root, plan, &result->left) == 0;
	if (read_now(root, plan, &now) == 0)
		result->driver = TAKE_PTR(now.driver.value);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

bool driver_is_locked(const struct sys_root *root, const char *path, int lock)
{
	char own[4096 + 32], physical[4096 + 32];

	snprintf(own, sizeof(own), "%s/rescan", path);
	snprintf(physical, sizeof(physical), "%s/physfn/rescan", path);
	return sys_lock_is_of(root, own, lock) || sys_lock_is_of(root, physical, lock);
}

int driver_lock(const struct sys_root *root, const char *path, unsigned int timeout_ms, int *ret,
		pid_t *ret_pid)
{
	char file[4096 + 32];
	int r;

	/* Only root can open this file, and opening it has no effect. VFs do not have one. */
	snprintf(file, sizeof(file), "%s/rescan", path);
	r = sys_lock(root, file, timeout_ms, ret, ret_pid);
	if (r == -ENOENT) {
		snprintf(file, sizeof(file), "%s/physfn/rescan", path);
		r = sys_lock(root, file, timeout_ms, ret, ret_pid);
	}
	if (r == -EACCES || r == -EPERM || r == -ENOENT || r == -EROFS) {
		*ret = -1;
		return 0;
	}
	return r;
}
