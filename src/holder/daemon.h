/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The holder process, from its first step to its end. */
#pragma once

#include <stdbool.h>

#include "holder/place.h"

/* Steps that fail for reasons of their own. */
#define DAEMON_STAGE_IOMMU     "open /dev/iommu"
#define DAEMON_STAGE_DIRECTORY PLACE_STAGE_DIRECTORY
#define DAEMON_STAGE_LOCK      PLACE_STAGE_LOCK

struct daemon_options {
	const char *name;
	bool foreground;               /* messages go to stderr, and SIGHUP ends it */
	void (*ready)(void *userdata); /* the socket answers from now on */
	void *userdata;
};

/*
 * Becomes the holder of a context. Returns 0 when the context has ended, or -errno when it could
 * not begin; RET_STAGE then says in words what failed, and points to a constant.
 */
int daemon_run(const struct daemon_options *options, const char **ret_stage);

/*
 * In a child: leaves the caller's session, directory and descriptors, but *KEEP, which may change
 * its number.
 */
int daemon_detach(int *keep);
