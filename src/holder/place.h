/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a holder can be found: its socket in the runtime directory. Either may be removed by others, as a user's
 * directory is at the end of the last session. Then the socket is created again, or, if that is not possible,
 * the holder has to end: no command would find it, and it would keep its devices for ever.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "holder/log.h"

/* Steps that fail for reasons of their own. */
#define PLACE_STAGE_DIRECTORY "runtime directory"
#define PLACE_STAGE_LOCK      "lock of the runtime directory"

/* So long another may take to create its context, or a directory to come back. */
#define PLACE_PATIENCE 10000 /* ms */

struct place {
	char *directory, *file;
	dev_t device; /* of the socket FILE, by which it is known again */
	ino_t inode;
	int dir, listener;
	int lock;        /* while it is made */
	int watch;       /* inotify of DIR, -1 where there is none to be had */
	int64_t missing; /* ms, since it was seen to be; 0: it is there */
	int64_t renewed; /* ms; 0: it never was */
};
#define PLACE_NONE \
	{ \
		.dir = -1, .listener = -1, .lock = -1, .watch = -1 \
	}
void place_done(struct place *place);

/*
 * Makes the socket of context NAME, waits PATIENCE ms for the lock, and keeps that until place_unlock(). On failure
 * RET_STAGE says in words what failed, and points to a constant. -EEXIST: somebody listens there; -EBUSY: the lock.
 */
int place_open(struct place *place, const char *name, int patience, const char **ret_stage);
void place_unlock(struct place *place);

/* Removes the socket; but where somebody removed that one, another holder's may be there by now. */
void place_remove(struct place *place);

/*
 * To be called when WATCH is readable, and again after RET_AGAIN ms (-1: not before). LISTENER may be another one then.
 * False: it cannot be found any more, which has been logged.
 */
bool place_attend(struct place *place, const char *name, struct log *log, int *ret_again);
