/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "app.h"
#include "client/holder.h"
#include "out/value.h"
#include "util/parse.h"

/*
 * Opens the regular file PATH for what devices are to do with it. Returns 0 or a reported status.
 */
int ioas_file_open(struct app *app, const char *path, bool read, bool write, int *ret);

/* The columns of IOASes: in a list, a struct ioas_row; in a "show", a struct ioas_show. */

/* An IOAS of one context. */
struct ioas_row {
	const char *context;
	const struct holder_ioas *ioas;
};

/* A user of an IOAS: a device's own requests, consecutive PASIDs of a device, or an HWPT. */
struct ioas_user {
	const char *kind;    /* "device", "pasid", "hwpt" */
	const char *device;  /* borrowed, as NAME */
	const char *name;    /* NULL if it has none */
	struct field_u64 id; /* id of the device or HWPT; absent for PASIDs */
	struct range pasid;  /* of PASIDs */
};

struct ioas_show {
	struct holder_ioas_info info; /* first: most columns show its fields */
	struct ioas_user *user;
	size_t n_users;
};

extern const struct out_column ioas_list_columns[];
extern const struct out_column ioas_show_columns[];
