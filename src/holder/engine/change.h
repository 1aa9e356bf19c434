/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A change of a context: a list of steps, each a call of the kernel, with the step that undoes it.
 * It is put together in the loop, which alone owns the record and refuses what the record can
 * refuse. Then for each step the loop prepares what the call needs (change_next), a worker does the
 * call (work_run), and the loop notes in the record what was done (change_done). Whatever needs
 * memory is allocated before the call, so that the record can always follow. If a step fails, or the
 * change is cancelled, the steps that were done are undone in reverse order.
 */
#pragma once

#include "holder/common/fault.h"
#include "holder/engine/context.h"

struct work;
struct step;

/* PASIDs of a device, bound or unbound one after the other. */
struct sweep {
	struct ranges todo, done;
	uint64_t next;         /* PASIDs below it are done */
	uint32_t wanted, left; /* automatic choice: requested, and still to be found */
	struct ranges busy;    /* the same: consecutive PASIDs that failed with EBUSY */
	struct ranges taken;   /* left out of a list because they are already bound */
	bool partial;          /* keep what was bound before a failure */
	struct fault
		failure; /* the same: why the first of those left out, or not reached, is not bound */
};

/* A client's file that is to be mapped. */
struct map_file {
	int fd;                  /* borrowed */
	uint64_t offset, absent; /* bytes; absent: of what is mapped, those not allocated yet */
};

struct change {
	struct step *step;
	size_t n_steps, capacity;
	size_t at; /* the current step; while undoing: the number of steps that may be to undo */
	bool undoing, cancelled;
	bool final;                   /* the end of the context, which cannot be cancelled */
	const char *method;           /* "BindPasids"; NULL: begun by the holder itself */
	uint64_t number;              /* of the call, for Cancel */
	uint64_t since;               /* when it began, in seconds since 1970 */
	struct record_device *device; /* what it is about, if it is one device */
	struct object *object;        /* the same for another object */
	struct object *target;
	struct object *gone;    /* those that others destroyed meanwhile, linked; without an id */
	struct sweep sweep;     /* the PASIDs of BindPasids and UnbindPasids */
	uint64_t result;        /* a number of the reply: IOVA, bytes */
	char *reserved;         /* the device's reserved_regions; NULL: not read, or unreadable */
	struct step *refresh;   /* of an IOAS, after the steps */
	struct varlink_fds fds; /* that a step needs, owned */
	uint64_t steps_done;    /* calls that were made */
	struct fault fault;     /* why it failed */
	/* Fills the reply after success. May be NULL. */
	void (*finish)(const struct context *context, struct change *change, json_object *reply);
	json_object *reply; /* set when it has ended without a fault */
};

/* NULL if out of memory. */
struct change *change_new(void);
void change_free(struct change *change);
static inline void change_freep(struct change **change)
{
	change_free(*change);
}
#define _cleanup_change_ _cleanup_(change_freep)

/*
 * Steps, appended to CHANGE. Return 0 or -ENOMEM. Objects that are not in the record yet are taken
 * over (in any case) and inserted when they exist; those that are destroyed are freed with the
 * change. DEVICE and the like must be in the record, or put there by an earlier step.
 */
int change_open(struct context *context, struct change *change, struct record_device *device);
int change_bind(struct change *change, struct record_device *device);
/* The kernel is to signal when it wants the device back. */
int change_watch(struct change *change, struct record_device *device);
int change_close(struct change *change, struct record_device *device);
/* OTHERWISE (may be NULL) if TARGET, made by an optional step, does not exist. */
int change_attach(struct change *change, struct record_device *device, struct object *target,
		  struct object *otherwise);
int change_detach(struct change *change, struct record_device *device);
int change_alloc_ioas(struct context *context, struct change *change, struct record_ioas *ioas);
/* OPTIONAL: an IOMMU that has no PASIDs is no failure. */
int change_alloc_hwpt(struct context *context, struct change *change, struct record_hwpt *hwpt,
		      struct record_device *device, bool optional);
int change_destroy(struct change *change, struct object *object);
/* Destroys the HWPT if it is automatic and unused by then. NULL and other objects: nothing. */
int change_release(struct change *change, struct object *target);
/* IOVA NULL: the kernel chooses. change->result is the IOVA. */
int change_map(struct change *change, struct record_ioas *ioas, uint64_t length,
	       const uint64_t *iova, unsigned int flags);
/*
 * The same for LENGTH bytes of FILE, which is one of change->fds, from OFFSET on. ABSENT of them do not
 * exist yet.
 */
int change_map_file(struct change *change, struct record_ioas *ioas, const struct map_file *file,
		    uint64_t length, const uint64_t *iova, unsigned int flags);
/* The mappings within IOVA .. LAST, in one call with WHOLE. change->result counts the bytes. */
int change_unmap(struct change *change, struct record_ioas *ioas, uint64_t iova, uint64_t last,
		 bool whole);
/* Sets change->reserved. */
int change_read_reserved(struct change *change, struct record_device *device);
/* Those of change->sweep. */
int change_bind_pasids(struct change *change, struct record_device *device, struct object *target);
int change_unbind_pasids(struct change *change, struct record_device *device);
/* All of them. */
int change_clear_pasids(struct change *change, struct record_device *device);
/* From here on, failures end a step and not the change. */
void change_tolerate(struct change *change);

/* In the loop: what is to be done next; NULL: the change has ended, with fault or reply. */
struct work *change_next(struct context *context, struct change *change);
/* In any thread: makes the call. Touches nothing else. */
void work_run(struct work *work);
/* In the loop: notes what was done. */
void change_done(struct context *context, struct change *change);

/* In a dry run: notes STEPS calls at most in context->plan. Returns true when the change has ended. */
bool change_rehearse(struct context *context, struct change *change, unsigned int steps);

/* It ends after the call that is being made, undone as far as it can be. */
void change_cancel(struct change *change);

/* How much of it is done, in calls. TOTAL is 0 if it is not known. */
void change_progress(const struct change *change, uint64_t *ret_done, uint64_t *ret_total);
/* The call being made: "VFIO_DEVICE_BIND_IOMMUFD". */
const char *change_call(const struct change *change);
