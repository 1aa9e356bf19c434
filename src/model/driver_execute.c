/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver.h"

#include <errno.h>
#include <signal.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sys/udev.h"
#include "util/cleanup.h"

#define DRIVERS "/sys/bus/pci/drivers"
#define CLEARED "\n"
#define NOW_NEED \
	(DEVICE_NEED_PATH | DEVICE_NEED_DRIVER | DEVICE_NEED_OVERRIDE | DEVICE_NEED_VFIO | \
	 DEVICE_NEED_GROUP)

void driver_result_done(struct driver_result *result)
{
	free(result->driver);
	free(result->vfio_cdev);
	*result = (struct driver_result){ 0 };
}

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The device as it is now; a driver that cannot be read is an error here. */
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
 * Back to the driver and override that were, whatever has happened: an override to the old driver makes
 * sure that it takes the device, however it had come by it.
 */
bool driver_undo(const struct sys_root *root, const struct driver_plan *plan)
{
	_cleanup_device_ struct device now = { 0 }, after = { 0 };

	if (read_now(root, plan, &now) < 0)
		return false;
	if (!is_same(now.driver.value, plan->old_driver)) {
		if (now.driver.value)
			(void)write_driver(root, now.driver.value, "unbind", plan->id);
		if (plan->old_driver) {
			(void)write_override(root, plan, plan->old_driver);
			(void)write_driver(root, plan->old_driver, "bind", plan->id);
		}
	}
	(void)write_override(root, plan, plan->old_override);
	return read_now(root, plan, &after) == 0 && is_same(after.driver.value, plan->old_driver) &&
	       is_same(after.driver_override.value, plan->old_override);
}

/* Where the kernel makes a cdev for the device, that; else its group's node, older than the device. */
static int wait_for_node(const struct sys_root *root, const struct driver_plan *plan,
			 const struct device *before, struct sys_monitor *monitor,
			 unsigned int timeout_ms, struct driver_result *result)
{
	_cleanup_device_ struct device now = { 0 };
	char name[64], node[128];
	int r;

	r = read_now(root, plan, &now);
	if (r < 0)
		return r;
	if (now.vfio_cdev.status == 1) {
		snprintf(node, sizeof(node), "/dev/vfio/devices/%s", now.vfio_cdev.value);
		r = sys_monitor_wait(monitor, now.vfio_cdev.value, node, timeout_ms);
		if (r == 0)
			result->vfio_cdev = TAKE_PTR(now.vfio_cdev.value);
		return r;
	}
	/* Another member of the group may have brought it: then no event comes. */
	if (now.vfio_group.status != 1 || before->vfio_group.status == 1)
		return 0;
	snprintf(name, sizeof(name), "%" PRIu64, now.vfio_group.value);
	snprintf(node, sizeof(node), "/dev/vfio/%s", name);
	return sys_monitor_wait(monitor, name, node, timeout_ms);
}

/* The signals by which people and service managers stop a command. */
static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

/* Has one of them come, and waits? */
static bool is_interrupted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGHUP) == 1 || sigismember(&pending, SIGINT) == 1 ||
		sigismember(&pending, SIGTERM) == 1);
}

static int do_steps(const struct sys_root *root, const struct driver_plan *plan,
		    struct driver_result *result)
{
	int r;

	for (size_t i = 0; i < plan->n_steps; i++) {
		result->failed = i;
		r = sys_root_write(root, plan->steps[i].path, plan->steps[i].value);
		if (r < 0)
			return r;
		result->done = i + 1;
		if (is_interrupted())
			return -EINTR;
	}
	result->failed = plan->n_steps;
	return 0;
}

static int execute(const struct sys_root *root, const struct driver_plan *plan,
		   unsigned int timeout_ms, struct driver_result *result)
{
	static const char *const subsystems[] = { "vfio-dev", "vfio" };
	_cleanup_device_ struct device before = { 0 }, now = { 0 };
	_cleanup_monitor_ struct sys_monitor *monitor = NULL;
	int r;

	r = read_now(root, plan, &before);
	if (r == 0)
		r = sys_monitor_open(subsystems, ARRAY_SIZE(subsystems), &monitor);
	if (r == 0)
		r = do_steps(root, plan, result);
	if (r < 0)
		return r;
	r = read_now(root, plan, &now);
	if (r < 0)
		return r;
	if (plan->driver && !is_same(now.driver.value, plan->driver))
		return -ENXIO;
	if (!plan->driver || is_same(before.driver.value, plan->driver))
		return 0;
	return wait_for_node(root, plan, &before, monitor, timeout_ms, result);
}

int driver_execute(const struct sys_root *root, const struct driver_plan *plan,
		   unsigned int timeout_ms, struct driver_result *result)
{
	_cleanup_device_ struct device now = { 0 };
	const sigset_t stop = stop_signals();
	sigset_t before;
	int r;

	*result = (struct driver_result){ .failed = plan->n_steps };
	if (root->captured)
		return -EROFS;
	/* Stopped half-way, the device would be left without a driver: so one waits, and undoes. */
	sigprocmask(SIG_BLOCK, &stop, &before);
	r = execute(root, plan, timeout_ms, result);
	if (r < 0)
		result->undone = result->done == 0 || driver_undo(root, plan);
	if (read_now(root, plan, &now) == 0)
		result->driver = TAKE_PTR(now.driver.value);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}
