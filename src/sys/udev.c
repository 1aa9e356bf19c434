/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/udev.h"

#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"

struct sys_hwdb {
	struct udev_hwdb *db;
	bool tried;
};

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

struct sys_hwdb *sys_hwdb_new(void)
{
	return calloc(1, sizeof(struct sys_hwdb));
}

void sys_hwdb_free(struct sys_hwdb **hwdb)
{
	if (!*hwdb)
		return;
	udev_hwdb_unref((*hwdb)->db);
	free(*hwdb);
	*hwdb = NULL;
}

int sys_hwdb_names(struct sys_hwdb *hwdb, const char *modalias, const char **vendor,
		   const char **model)
{
	struct udev_list_entry *list, *entry;
	const char *found[2] = { NULL, NULL };

	/* libudev ignores the context for the database. */
	if (!hwdb->tried)
		hwdb->db = udev_hwdb_new(NULL);
	hwdb->tried = true;
	if (!hwdb->db)
		return -ENOENT;
	list = udev_hwdb_get_properties_list_entry(hwdb->db, modalias, 0);
	entry = list ? udev_list_entry_get_by_name(list, "ID_VENDOR_FROM_DATABASE") : NULL;
	if (entry)
		found[0] = udev_list_entry_get_value(entry);
	entry = list ? udev_list_entry_get_by_name(list, "ID_MODEL_FROM_DATABASE") : NULL;
	if (entry)
		found[1] = udev_list_entry_get_value(entry);
	*vendor = found[0];
	*model = found[1];
	return 0;
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
