/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "app.h"
#include "cmd.h"
#include "model/driver/plan.h"

/* driver set and driver reset: what is refused, what is done, and what is said of both. */

struct driver_args {
	struct operands operands; /* devices; of "set" the driver last */
	bool dry_run;
	bool force_match; /* the driver need not be made for the device */
	bool list;        /* the drivers that the devices may be given, instead */
};

/* Gives the first N operands the DRIVER, or the one they have by default: NULL. Returns an enum status. */
int driver_change(struct app *app, const struct driver_args *args, unsigned int n,
		  const char *driver);

/* Prints the drivers that each operand may be given. */
int driver_candidates(struct app *app, const struct driver_args *args);

/* What driver set and driver reset refuse: each returns 0 or a reported status. */

/* The device is in use. */
int driver_refuse_use(struct app *app, const struct sys_root *root, const char *operand,
		      const struct driver_plan *plan);
/* The plan's driver is not made for the device, or nothing says so. */
int driver_refuse_mismatch(struct app *app, const struct sys_root *root, const char *operand,
			   const struct driver_plan *plan);
/* A VFIO driver refuses a device without a group with a bare EINVAL. */
int driver_require_group(struct app *app, const struct sys_root *root, const char *operand,
			 const struct driver_plan *plan);
