/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command that creates one thing prints of it: its id, or with --json an object. */
#pragma once

#include <stdint.h>

#include "app.h"
#include "cmd/common/options.h"
#include "util/parse.h"

/* Only what a command has made is in its object. */
struct result {
	const char *id; /* what is printed without --json: one line */
	const char *context;
	const char *device;
	struct field_u64 ioas;
	const char *name; /* of the IOAS */
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
extern const struct out_column result_mapping[];
extern const struct out_column result_pasid[];

/*
 * Prints RESULT as ARGS ask for it. What it says was done before: should it not reach its reader, WHAT was done
 * is said on stderr. Returns an enum status.
 */
int result_print(struct app *app, const struct context_args *args, const struct result *result,
		 const char *what);
