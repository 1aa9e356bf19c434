/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/udev.h"

#include <errno.h>
#include <libudev.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"

struct sys_monitor {
	struct udev *udev;
	struct udev_monitor *monitor;
	bool udevd; /* events come from udevd */
};

static void enumerate_unref(struct udev_enumerate **enumerate)
{
	udev_enumerate_unref(*enumerate);
}

static void udev_unref_cleanup(struct udev **udev)
{
	udev_unref(*udev);
}

static void device_unref(struct udev_device **device)
{
	udev_device_unref(*device);
}

int sys_udev_find(const char *name, struct strv *paths)
{
	_cleanup_(udev_unref_cleanup) struct udev *udev = NULL;
	_cleanup_(enumerate_unref) struct udev_enumerate *enumerate = NULL;
	struct udev_list_entry *entry;
	int r;

	/* udev matches it as an fnmatch(3) pattern; no device has such a name. */
	if (strpbrk(name, "*?[\\|"))
		return 0;
	udev = udev_new();
	enumerate = udev ? udev_enumerate_new(udev) : NULL;
	if (!enumerate)
		return -ENOMEM;
	r = udev_enumerate_add_match_sysname(enumerate, name);
	if (r < 0)
		return r;
	r = udev_enumerate_scan_devices(enumerate);
	if (r < 0)
		return r;
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(enumerate))
	{
		r = strv_push(paths, udev_list_entry_get_name(entry));
		if (r < 0)
			return r;
	}
	return 0;
}

static void hwdb_unref(struct udev_hwdb **hwdb)
{
	udev_hwdb_unref(*hwdb);
}

/* A copy of the value of KEY; NULL if there is none. Returns 0 or -ENOMEM. */
static int copy_value(struct udev_list_entry *list, const char *key, char **ret)
{
	struct udev_list_entry *entry = udev_list_entry_get_by_name(list, key);
	const char *value = entry ? udev_list_entry_get_value(entry) : NULL;

	return str_replace(ret, value);
}

static int read_names(const char *modalias, char **ret_vendor, char **ret_model)
{
	/* libudev ignores the context for the database. */
	_cleanup_(hwdb_unref) struct udev_hwdb *hwdb = udev_hwdb_new(NULL);
	_cleanup_free_ char *vendor = NULL, *model = NULL;
	struct udev_list_entry *list;
	int r;

	if (!hwdb)
		return -ENOENT;
	list = udev_hwdb_get_properties_list_entry(hwdb, modalias, 0);
	r = copy_value(list, "ID_VENDOR_FROM_DATABASE", &vendor);
	if (r == 0)
		r = copy_value(list, "ID_MODEL_FROM_DATABASE", &model);
	if (r < 0)
		return r;
	*ret_vendor = TAKE_PTR(vendor);
	*ret_model = TAKE_PTR(model);
	return 0;
}

int sys_hwdb_names(const char *modalias, char **ret_vendor, char **ret_model)
{
	locale_t bytes = newlocale(LC_CTYPE_MASK, "C", NULL), before;
	int r;

	/* fnmatch(3), of which it takes hundreds, is several times as slow in UTF-8. */
	before = bytes ? uselocale(bytes) : NULL;
	r = read_names(modalias, ret_vendor, ret_model);
	if (!bytes)
		return r;
	uselocale(before);
	freelocale(bytes);
	return r;
}

void sys_monitor_close(struct sys_monitor **monitor)
{
	if (!*monitor)
		return;
	udev_monitor_unref((*monitor)->monitor);
	udev_unref((*monitor)->udev);
	free(*monitor);
	*monitor = NULL;
}

int sys_monitor_open(const char *const *subsystems, size_t n, struct sys_monitor **ret)
{
	_cleanup_monitor_ struct sys_monitor *monitor = calloc(1, sizeof(*monitor));
	int r = 0;

	if (!monitor)
		return -ENOMEM;
	monitor->udev = udev_new();
	if (!monitor->udev)
		return -ENOMEM;
	monitor->udevd = access("/run/udev/control", F_OK) == 0;
	monitor->monitor =
		udev_monitor_new_from_netlink(monitor->udev, monitor->udevd ? "udev" : "kernel");
	if (!monitor->monitor)
		return errno ? -errno : -ENOMEM;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = udev_monitor_filter_add_match_subsystem_devtype(monitor->monitor, subsystems[i],
								    NULL);
	if (r < 0)
		return r;
	r = udev_monitor_enable_receiving(monitor->monitor);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(monitor);
	return 0;
}

/* Takes one event off the socket; returns true if NAME is ready. */
static bool receive(struct sys_monitor *monitor, const char *name)
{
	_cleanup_(device_unref) struct udev_device *device = NULL;
	const char *action;

	device = udev_monitor_receive_device(monitor->monitor);
	if (!device || strcmp(udev_device_get_sysname(device), name) != 0)
		return false;
	action = udev_device_get_action(device);
	return action && (strcmp(action, "add") == 0 || strcmp(action, "bind") == 0);
}

int sys_monitor_wait(struct sys_monitor *monitor, const char *name, const char *node, int stop,
		     unsigned int timeout_ms)
{
	int64_t deadline = clock_ms() + timeout_ms;
	bool ready = !monitor->udevd;

	for (;;) {
		struct pollfd fds[] = { { .fd = udev_monitor_get_fd(monitor->monitor),
					  .events = POLLIN },
					{ .fd = stop, .events = POLLIN } };
		int64_t left = deadline - clock_ms();
		int n;

		if (ready && access(node, F_OK) == 0)
			return 0;
		if (left <= 0)
			break;
		n = poll(fds, ARRAY_SIZE(fds), (int)left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && fds[1].revents)
			return -EINTR;
		if (n > 0 && receive(monitor, name))
			ready = true;
	}
	/* Its event may have been lost: socket full, or udevd blocked. */
	return access(node, F_OK) == 0 ? 0 : -ETIMEDOUT;
}
