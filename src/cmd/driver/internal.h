/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "app.h"
#include "cmd.h"
#include "model/driver/plan.h"

/* driver set and driver reset: checks, execution and messages. */

enum driver_guard {
	DRIVER_GUARD_NONE,
	DRIVER_GUARD_MATCH, /* whether the driver supports the device */
};

struct driver_args {
	struct operands operands; /* devices; for "set", the driver comes last */
	bool dry_run;
	enum driver_guard force; /* the guard to override */
	bool list;               /* instead list the drivers that the devices may be bound to */
};

/*
 * Binds the first N operands to DRIVER, or to their default driver if NULL. Returns an enum status.
 */
int driver_change(struct app *app, const struct driver_args *args, unsigned int n,
		  const char *driver);

/* Prints the drivers that each operand may be bound to. */
int driver_candidates(struct app *app, const struct driver_args *args);

/* What driver set and driver reset refuse. Each function returns 0 or a reported status. */

/* Refuses a device that is in use. */
int driver_refuse_use(struct app *app, const struct sys_root *root, const char *operand,
		      const struct driver_plan *plan);
/* Refuses a driver that is not known to support the device. */
int driver_refuse_mismatch(struct app *app, const struct sys_root *root, const char *operand,
			   const struct driver_plan *plan);
/* Refuses a device without IOMMU group, for which a VFIO driver only returns EINVAL. */
int driver_require_group(struct app *app, const struct sys_root *root, const char *operand,
			 const struct driver_plan *plan);
