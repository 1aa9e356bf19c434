/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The holder's socket in the runtime directory. Both can be removed by others: a user's directory
 * is at the end of the last session. The socket is then recreated; if that is not possible the
 * holder has to end, because no command could find it and it would keep its devices forever.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "holder/common/log.h"

/* Steps that have their own error messages. */
#define PLACE_STAGE_DIRECTORY "runtime directory"
#define PLACE_STAGE_LOCK      "lock of the runtime directory"

/* How long to wait for another process creating its context, or for a directory to come back. */
#define PLACE_PATIENCE 10000 /* ms */

struct place {
	char *directory, *file;
	dev_t device; /* of the socket FILE, to recognize it */
	ino_t inode;
	int dir, listener;
	int lock;        /* while it is made */
	int watch;       /* inotify fd of DIR, -1 if not available */
	int64_t missing; /* ms, since when it is missing; 0: it exists */
	int64_t renewed; /* ms, when it was last recreated; 0: never */
};
#define PLACE_NONE \
	{ \
		.dir = -1, .listener = -1, .lock = -1, .watch = -1 \
	}
void place_done(struct place *place);

/*
 * Creates the socket of context NAME. Waits PATIENCE ms for the lock, which is kept until
 * place_unlock(). On failure RET_STAGE is a constant that says what failed. -EEXIST: a process
 * listens there; -EBUSY: the lock.
 */
int place_open(struct place *place, const char *name, int patience, const char **ret_stage);
void place_unlock(struct place *place);

/* Removes the socket, unless it was replaced by another holder's. */
void place_remove(struct place *place);

/*
 * To call when WATCH is readable, and after RET_AGAIN ms (-1: not). LISTENER may change. Returns
 * false if clients cannot find the context any more, which is logged.
 */
bool place_attend(struct place *place, const char *name, struct log *log, int *ret_again);
