/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call with dry_run: a child of the holder, with a copy of the record, runs it to its end with a
 * plan in the kernel's place, and answers the holder. Meanwhile the holder serves calls that read,
 * and lets calls that change wait as for a job: nothing of what the child has a copy of changes, no
 * device is held open by it when another call removes it, and there is one child at a time.
 */
#pragma once

#include "holder/method.h"

struct dry_run;

/* Takes nothing of CALL. Returns 0, or FAULTED with call->fault. */
int dry_run_begin(struct context *context, struct call *call, struct dry_run **ret);

pid_t dry_run_pid(const struct dry_run *run);
/* For poll(2): it is readable when there is something for dry_run_step(). */
int dry_run_fd(const struct dry_run *run);
/* Takes in what the child has said, without waiting. True when that is all. */
bool dry_run_step(struct dry_run *run);

/*
 * Reaps the child, which is ended if it has not come to its end, and frees RUN. CALL (NULL: nobody
 * wants it) gets the fault or the reply.
 */
void dry_run_end(struct dry_run *run, struct call *call);
