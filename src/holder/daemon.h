/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The holder process, from start to end. */
#pragma once

#include <stdbool.h>

#include "holder/common/place.h"

/* Steps that have their own error messages. */
#define DAEMON_STAGE_IOMMU     "open /dev/iommu"
#define DAEMON_STAGE_DIRECTORY PLACE_STAGE_DIRECTORY
#define DAEMON_STAGE_LOCK      PLACE_STAGE_LOCK

struct daemon_options {
	const char *name;
	bool foreground;               /* log to stderr, end on SIGHUP */
	void (*ready)(void *userdata); /* called once the socket answers */
	void *userdata;
};

/*
 * Becomes the holder of a context. Returns 0 when the context has ended, or -errno if it could not
 * start; RET_STAGE is then a constant that says what failed.
 */
int daemon_run(const struct daemon_options *options, const char **ret_stage);

/*
 * In a child: leaves the caller's session and directory and closes its fds except *KEEP, whose
 * number may change.
 */
int daemon_detach(int *keep);
