/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that take long, because they need an ioctl for each of up to 2^20 PASIDs. They are done
 * in slices, between which the event loop serves calls that only read. Only one job runs at a time,
 * and it runs to completion even if its client disconnects.
 */
#pragma once

#include "holder/context.h"

enum job_kind {
	JOB_BIND,
	JOB_UNBIND,
	JOB_REMOVE,  /* unbind all PASIDs of a device, then remove it */
	JOB_DESTROY, /* unbind all PASIDs of the context; context_close() does the rest */
};

struct job {
	enum job_kind kind;
	uint64_t serial; /* of the device */
	struct ranges todo, done;
	uint64_t next;         /* PASIDs below it are done */
	uint32_t wanted, left; /* automatic choice: requested, and still to be found */
	uint32_t ioas, hwpt;
	struct context_undo undo;
	bool partial; /* keep what was bound before a failure, leave out what is in use */
	struct context_taken taken;
	struct ranges busy; /* automatic choice: consecutive PASIDs that failed with EBUSY */
	bool undoing;
	bool requested;     /* by the kernel, not by a client */
	struct fault fault; /* why it failed */
	json_object *reply; /* set if it ended without a fault */
};

/* Parameters of BindPasids. */
struct job_request {
	struct ranges pasid; /* taken over */
	uint32_t count;      /* number of lowest free ones, if pasid is empty */
	bool partial;
};

/* Refuses everything that can be recognized as wrong before anything is done. */
int job_bind(struct context *context, struct record_device *device,
	     const struct context_target *target, struct job_request *request, struct fault *fault,
	     struct job **ret);
/* Takes over PASID; empty means all. */
int job_unbind(struct record_device *device, struct ranges *pasid, struct fault *fault,
	       struct job **ret);
int job_remove(struct record_device *device, bool force, struct fault *fault, struct job **ret);
/* Without FORCE, refused while processes that received the fds are alive. */
int job_destroy(const struct context *context, bool force, struct fault *fault, struct job **ret);

/* Does a slice. Returns true when the job has ended, with fault.id or reply set. */
bool job_step(struct context *context, struct job *job);

/* "bind of 17 PASIDs on 0000:00:03.0", for the log; NULL if out of memory. */
char *job_describe(const struct context *context, const struct job *job);

void job_free(struct job *job);
static inline void job_freep(struct job **job)
{
	job_free(*job);
}
