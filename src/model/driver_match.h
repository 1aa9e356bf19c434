/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices the drivers of the kernel are made for. driver_override skips a driver's table of devices
 * (pci_match_device()), and a driver that is given a device it does not know can bring the machine down.
 */
#pragma once

#include <stdio.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/str.h"

enum driver_match {
	DRIVER_MATCH_UNKNOWN, /* nothing says which devices it is made for */
	DRIVER_MATCH_NO,
	DRIVER_MATCH_YES, /* it declares this device, or the kernel gave it such a one by itself */
	DRIVER_MATCH_ANY, /* it is made for any device: VFIO's, UIO's, stubs */
};

struct driver_fit {
	enum driver_match match;
	int error;        /* UNKNOWN: -errno of a file that could have said it; 0 */
	struct strv made; /* the kernel's other drivers that are made for this device alone: YES */
};

void driver_fit_done(struct driver_fit *fit);
#define _cleanup_driver_fit_ _cleanup_(driver_fit_done)

/* Is DRIVER, a PCI driver of this kernel, made for the PCI device at PATH? Returns 0 or -errno. */
int driver_match(const struct sys_root *root, const char *path, const char *driver,
		 struct driver_fit *ret);

/* The drivers of this kernel that the device may be given: made for it, or for any. Sorted. 0 or -errno. */
int driver_match_list(const struct sys_root *root, const char *path, struct strv *ret);

/* Is DRIVER for any device by its name? Never a default driver: a device that has one was given it. */
bool driver_is_generic(const char *driver);

/*
 * For a capture: what the files say of the drivers that the kernel has and of this machine's devices, as
 * lines of modules.alias. Returns 0, -ENOENT where there is no such file, -errno.
 */
int driver_match_reduce(const struct sys_root *root, FILE *out);

/* "lib/modules/RELEASE", from the root. Returns 0, -errno. */
int driver_modules_path(const struct sys_root *root, char *buf, size_t size);
