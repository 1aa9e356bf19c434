/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices a kernel driver supports. driver_override bypasses the driver's ID table
 * (pci_match_device()), and a driver bound to a device that it does not know can crash the machine.
 */
#pragma once

#include <stdio.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/str.h"

enum driver_match {
	DRIVER_MATCH_UNKNOWN, /* no file says which devices it supports */
	DRIVER_MATCH_NO,
	DRIVER_MATCH_YES, /* its ID table has this device, or the kernel bound it by itself */
	DRIVER_MATCH_ANY, /* it takes any device: VFIO, UIO, stubs */
};

struct driver_fit {
	enum driver_match match;
	int error;        /* UNKNOWN: -errno of a file that would have said it; else 0 */
	struct strv made; /* the other drivers that support this device: YES */
};

void driver_fit_done(struct driver_fit *fit);
#define _cleanup_driver_fit_ _cleanup_(driver_fit_done)

/* Does DRIVER, a PCI driver of this kernel, support the PCI device at PATH? Returns 0 or -errno. */
int driver_match(const struct sys_root *root, const char *path, const char *driver,
		 struct driver_fit *ret);

/*
 * The drivers of this kernel that the device may be bound to, specific and generic. Sorted. RET_ERROR is 0, or
 * -errno of the files that say what drivers are made for: specific ones may be missing then. Returns 0 or -errno.
 */
int driver_match_list(const struct sys_root *root, const char *path, struct strv *ret,
		      int *ret_error);
/* What *RET_ERROR, or driver_fit.error, means, in words. */
const char *driver_match_reason(int error);

/* Is DRIVER, by its name, one for any device? It is never the default driver of a device. */
bool driver_is_generic(const char *driver);

/*
 * For a capture: writes as lines of modules.alias what the files say about this kernel's drivers
 * and this machine's devices. Returns 0, -ENOENT if the files do not exist, or another -errno.
 */
int driver_match_reduce(const struct sys_root *root, FILE *out);

/* "lib/modules/RELEASE", relative to the root. Returns 0 or -errno. */
int driver_modules_path(const struct sys_root *root, char *buf, size_t size);
