/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What udev knows: devices by name, the hardware database, events. Of the live machine, but for the database. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/root.h"
#include "util/str.h"

/*
 * Adds to PATHS the "/sys/devices/..." of each device of any subsystem whose sysfs name is NAME.
 * Needs no running udevd. Returns 0 or -errno.
 */
int sys_udev_find(const char *name, struct strv *paths);

/* The hardware database, an index mapped into memory; opened when it is first asked. */
struct sys_hwdb;

/* NULL without memory. */
struct sys_hwdb *sys_hwdb_new(void);
void sys_hwdb_free(struct sys_hwdb **hwdb);
#define _cleanup_hwdb_ _cleanup_(sys_hwdb_free)

/*
 * Vendor and model of a device by its MODALIAS ("pci:v00008086d..."), as the database writes them;
 * strings of the database's, valid until the next call, NULL what it does not have. Returns 0, or
 * -ENOENT where no database is installed.
 */
int sys_hwdb_names(struct sys_hwdb *hwdb, const char *modalias, const char **vendor,
		   const char **model);

/*
 * Events of devices of N SUBSYSTEMS, from udevd where it runs, which has then applied its rules to
 * the node; else from the kernel. To miss nothing: open, cause the event, then wait.
 */
struct sys_monitor;

int sys_monitor_open(const char *const *subsystems, size_t n, struct sys_monitor **ret);
void sys_monitor_close(struct sys_monitor **monitor);
#define _cleanup_monitor_ _cleanup_(sys_monitor_close)

/*
 * Waits for the event "add" or "bind" of the device NAME. Without udevd the node may be there before the
 * first event is read, so NODE, a path in /dev, is then looked for too. Returns 0 once NODE exists, by
 * event or not; -ETIMEDOUT after TIMEOUT_MS without it; -EINTR once STOP is readable; -errno.
 */
int sys_monitor_wait(struct sys_monitor *monitor, const char *name, const char *node, int stop,
		     unsigned int timeout_ms);
