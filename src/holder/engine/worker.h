/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that makes the calls of the kernel, so that one that takes long (the reset of a device,
 * pinning memory, a lock that another process holds) stalls no client. It has one call at a time
 * and touches nothing else.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "holder/engine/change.h"

struct worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct work *work; /* being done, or done and not taken yet */
	bool ended;        /* it is done */
	bool stop;
	int event; /* readable when it is done */
};

/*
 * Start after signals are blocked, since the thread inherits that. Returns 0 or -errno, and then
 * nothing is left.
 */
int worker_start(struct worker *worker);
/* Waits for the call that is being made. */
void worker_stop(struct worker *worker);

/* There must be none. */
void worker_post(struct worker *worker, struct work *work);
/* Has it one that is not taken yet? Only for the thread that posts. */
static inline bool worker_has_work(const struct worker *worker)
{
	return worker->work;
}
/* Takes the work that is done, if it is. */
bool worker_take(struct worker *worker);
