/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What driver set and driver reset refuse: each returns 0 or a reported status. */
#pragma once

#include "app.h"
#include "model/driver/plan.h"

/* The device is in use. */
int driver_refuse_use(struct app *app, const struct sys_root *root, const char *operand,
		      const struct driver_plan *plan);
/* The plan's driver is not made for the device, or nothing says so. */
int driver_refuse_mismatch(struct app *app, const struct sys_root *root, const char *operand,
			   const struct driver_plan *plan);
/* A VFIO driver refuses a device without a group with a bare EINVAL. */
int driver_require_group(struct app *app, const struct sys_root *root, const char *operand,
			 const struct driver_plan *plan);
