/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can take long, because it is an ioctl for each of up to 2^20 PASIDs: done in slices, between
 * which the event loop serves calls that only read. There is one job at a time; it runs to its
 * end even if its client goes away.
 */
#pragma once

#include "holder/context.h"

enum job_kind {
	JOB_BIND,
	JOB_UNBIND,
	JOB_REMOVE,  /* all PASIDs of a device, then the device */
	JOB_DESTROY, /* all PASIDs of the context; the rest is for context_close() */
};

struct job {
	enum job_kind kind;
	uint64_t serial; /* the device */
	struct ranges todo, done;
	uint64_t next; /* PASIDs below it are dealt with */
	uint32_t wanted,
		left; /* automatic choice: so many were asked for, so many are still to be found */
	uint32_t ioas, hwpt;
	struct context_undo undo;
	bool partial; /* what was bound before a failure stays, what is taken is left out */
	struct context_taken taken;
	struct ranges
		busy; /* automatic choice: the last ones in a row that the kernel refused as in use */
	bool undoing;
	bool requested;     /* by the kernel, not by a client */
	struct fault fault; /* why it failed */
	json_object *reply; /* when it has ended without one */
};

/* What BindPasids asks for. */
struct job_request {
	struct ranges pasid; /* taken over */
	uint32_t count;      /* so many of the lowest free ones, when pasid is empty */
	bool partial;
};

/* Everything that can be known to be wrong is refused here, before anything is done. */
int job_bind(struct context *context, struct record_device *device,
	     const struct context_target *target, struct job_request *request, struct fault *fault,
	     struct job **ret);
/* PASID is taken over; empty means all. */
int job_unbind(struct record_device *device, struct ranges *pasid, struct fault *fault,
	       struct job **ret);
int job_remove(struct record_device *device, bool force, struct fault *fault, struct job **ret);
/* Without FORCE refused while processes that were given the descriptors live. */
int job_destroy(const struct context *context, bool force, struct fault *fault, struct job **ret);

/* Does a slice. True when the job has ended: then fault.id or reply is set. */
bool job_step(struct context *context, struct job *job);

/* "bind of 17 PASIDs on 0000:00:03.0": for the log; NULL without memory. */
char *job_describe(const struct context *context, const struct job *job);

void job_free(struct job *job);
static inline void job_freep(struct job **job)
{
	job_free(*job);
}
