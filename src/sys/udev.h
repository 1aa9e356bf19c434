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

/* The hardware database, a memory-mapped index; opened on first use. */
struct sys_hwdb;

/* Returns NULL if out of memory. */
struct sys_hwdb *sys_hwdb_new(void);
void sys_hwdb_free(struct sys_hwdb **hwdb);
#define _cleanup_hwdb_ _cleanup_(sys_hwdb_free)

/*
 * Vendor and model by MODALIAS ("pci:v00008086d..."); NULL if not in the database. Strings belong
 * to the database and are valid until the next call. Returns 0, or -ENOENT if no database is
 * installed.
 */
int sys_hwdb_names(struct sys_hwdb *hwdb, const char *modalias, const char **vendor,
		   const char **model);

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
