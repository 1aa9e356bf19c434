/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps. */
#pragma once

#include "holder/engine/change.h"
#include "holder/engine/plan.h"
#include "sys/iommufd.h"
#include "sys/vfio.h"

/* A call of the kernel by value, for the worker: what it needs, and what it returns. */
struct work {
	void (*run)(struct work *work);
	int iommufd, fd, request;
	uint32_t id, target;
	bool pasid;
	unsigned int width;
	struct range run_of;   /* PASIDs */
	uint32_t done;         /* so many of them, and */
	struct vfio_node node; /* strings of the device, which nobody changes meanwhile */
	uint64_t iova, length, offset;
	bool fixed;
	unsigned int flags;
	void *memory;
	int file;
	const struct record_mapping *mapping; /* likewise: of the IOAS */
	size_t n_mappings;
	char *text;                /* a file, to be taken over */
	struct record_iova *iovas; /* room for, and then the number of */
	uint32_t n_iovas;
	uint64_t alignment;
	const char *what; /* the call that failed, if it is not the step's ioctl */
	int err;          /* 0 or -errno */
};

struct step {
	const struct step_kind *kind;
	struct object *object;             /* what it is about */
	struct object *target, *otherwise; /* what that is attached to, or allocated for */
	struct object *before;             /* what it was attached to */
	struct object *owned;              /* not, or no longer, in the record */
	struct sweep *sweep;               /* of the change */
	uint64_t iova, length;             /* mappings; length: last IOVA for unmap */
	struct map_file file;              /* the same, of a client's file */
	unsigned int flags;                /* the same */
	bool fixed, whole, optional, if_unused, tolerant;
	bool made;     /* there is something to undo */
	bool reversed; /* the kind is now that of the undoing step */
	struct work work;
};

struct step_kind {
	enum iommufd_op op;
	/* Fills the work. Returns 1, 0 if there is nothing to do (any more), -errno. */
	int (*prepare)(struct context *context, struct step *step);
	/* In a dry run in place of the work: notes it, and assumes what it would return. */
	void (*note)(struct context *context, struct step *step);
	/* Notes in the record what the work did, which did not fail. */
	void (*commit)(struct context *context, struct change *change, struct step *step);
	/*
	 * In place of commit, for a step of many calls. Returns 1 if it goes on, 0 if it is
	 * complete, or FAULTED with the change's fault raised.
	 */
	int (*proceed)(struct context *context, struct change *change, struct step *step);
	/* Turns it into the step that undoes it; NULL: that cannot be undone, or need not be. */
	void (*reverse)(struct step *step);
	/* In place of the default, which names op. May be NULL. */
	void (*fault)(const struct step *step, int err, struct fault *fault);
};

/*
 * Reading, after a change, where mappings are allowed now in IOASes whose attachments have changed.
 * Returns the work, NULL if there is none (left).
 */
struct work *refresh_next(struct context *context, struct change *change);
void refresh_done(struct change *change);

/* A zeroed step at the end; NULL if out of memory. Valid until the next one. */
struct step *step_push(struct change *change, const struct step_kind *kind, struct object *object);

static inline struct record_device *step_device(const struct step *step)
{
	return (struct record_device *)step->object;
}

/* A line in the log: OBJECT was TEXT, which somebody who has the descriptors must have done. */
void step_notice(const struct context *context, const struct object *object, const char *text);

/* Ends a sweep early, which keeps what it has done: FAULT is moved there. False if it must not. */
bool sweep_stop(struct sweep *sweep, struct fault *fault);
