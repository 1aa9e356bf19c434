/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver set and driver reset: what is refused, what is done, and what is said of both. */
#pragma once

#include <stdbool.h>

#include "app.h"
#include "cmd.h"

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
