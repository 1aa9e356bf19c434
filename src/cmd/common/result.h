/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output of a command that creates something: its id, or with --json an object. */
#pragma once

#include <stdint.h>

#include "app.h"
#include "cmd/common/options.h"
#include "util/parse.h"

/* Only the fields set by the command are in its object. */
struct result {
	const char *id; /* printed on one line without --json */
	const char *context;
	const char *device;
	struct field_u64 ioas;
	const char *name; /* of the IOAS or HWPT */
	struct field_u64 hwpt;
	struct field_u64 iova;
	struct field_u64 size;
	struct field_u64 device_id; /* in the iommufd */
	struct field_u64 pid;
	struct ranges pasid;
};

/* The columns of each command's object. */
extern const struct out_column result_context[];
extern const struct out_column result_device[];
extern const struct out_column result_ioas[];
extern const struct out_column result_hwpt[];
extern const struct out_column result_mapping[];
extern const struct out_column result_pasid[];

/*
 * Prints RESULT as ARGS ask. The change is already made: if the output fails, WHAT was done is
 * reported on stderr. Returns an enum status.
 */
int result_print(struct app *app, const struct context_args *args, const struct result *result,
		 const char *what);
