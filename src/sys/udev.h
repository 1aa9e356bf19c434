/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What udev provides: devices by name, the hardware database, events. Only the database can be used
 * with a capture.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/root.h"
#include "util/str.h"

/*
 * Adds to PATHS "/sys/devices/..." of each device of any subsystem with the sysfs name NAME. Does
 * not need udevd. Returns 0 or -errno.
 */
int sys_udev_find(const char *name, struct strv *paths);

/*
 * Vendor and model by MODALIAS ("pci:v00008086d...") in the hardware database; NULL if not in it.
 * The database is opened for each call, which costs less than the memory that its pages would take
 * while it is open. The caller frees the strings. Returns 0, -ENOENT if no database is installed,
 * or -ENOMEM.
 */
int sys_hwdb_names(const char *modalias, char **ret_vendor, char **ret_model);

/*
 * Events for devices of N SUBSYSTEMS, from udevd if it runs, which then has applied its rules to
 * the node; else from the kernel. To miss none: open, trigger the event, then wait.
 */
struct sys_monitor;

int sys_monitor_open(const char *const *subsystems, size_t n, struct sys_monitor **ret);
void sys_monitor_close(struct sys_monitor **monitor);
#define _cleanup_monitor_ _cleanup_(sys_monitor_close)

/*
 * Waits for the event "add" or "bind" of the device NAME. Without udevd the node may exist before
 * the first event is read, so NODE, a path in /dev, is checked too. Returns 0 once NODE exists;
 * -ETIMEDOUT if it does not after TIMEOUT_MS; -EINTR once STOP is readable; another -errno.
 */
int sys_monitor_wait(struct sys_monitor *monitor, const char *name, const char *node, int stop,
		     unsigned int timeout_ms);
