/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binding of PASIDs: what a source claims, and from there to the output what is known of them. A
 * source fills in what it has, the join (model/pasid/walk.h) the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/field.h"
#include "util/pasid.h"
#include "util/str.h"

enum pasid_kind {
	PASID_KIND_UNKNOWN, /* in hardware, target not reported by any source */
	PASID_KIND_IOAS,
	PASID_KIND_HWPT,   /* attached to an HWPT without IOAS */
	PASID_KIND_SVA,    /* address space of a process */
	PASID_KIND_NESTED, /* a guest's page table, nested on ours */
	PASID_KIND_DMA,    /* domain of the kernel's DMA API, used by a driver */
};

extern const char *const pasid_kind_names[]; /* the names of all kinds, up to a NULL */
const char *pasid_kind_name(
	enum pasid_kind kind); /* "ioas", "hwpt", "sva", "nested", "dma", "unknown" */

enum pasid_claim {
	PASID_CLAIM_NUMBER, /* PASIDs LO to HI are bound */
	PASID_CLAIM_STALE,  /* as NUMBER, but the reader may not see whether they still are */
	PASID_CLAIM_SOME,   /* one is bound, number not reported: KFD's 0, idxd's open queues */
	PASID_CLAIM_OPENER, /* the process has the device open and may have bound any number */
};

enum pasid_state {
	PASID_STATE_OK,              /* reported, and in the hardware's table */
	PASID_STATE_NOT_IN_HARDWARE, /* reported, but not in the hardware's table */
	PASID_STATE_NOT_RECORDED,    /* in the hardware's table, but not reported */
	PASID_STATE_UNCONFIRMED,     /* reported, but the hardware's table cannot be read */
	PASID_STATE_AMBIGUOUS,       /* reported without a number, several fit: see candidates */
	PASID_STATE_UNKNOWN, /* in the hardware's table, not all sources asked: see `record` */
};

extern const char *const pasid_state_names[]; /* all names, up to a NULL */
/* "ok", "not-in-hardware", ...; NULL if invalid */
const char *pasid_state_name(enum pasid_state state);

/* PASIDs LO to HI of one device that are equal in all fields. Strings are borrowed. */
struct binding {
	const char *device; /* sysfs id: "0000:03:00.0" */
	uint32_t lo, hi;    /* inclusive; 0: one PASID is bound, but its number is not reported */
	enum pasid_kind kind;
	enum pasid_claim what;
	bool own;                 /* a number of the device's own MMU, in no IOMMU table */
	bool iommufd;             /* of an opener: also has /dev/iommu open */
	unsigned int sources;     /* that report it: bit N for pasid_sources[N] */
	struct field_str through; /* the node it was bound through: "wq0.1", "renderD128" */
	/*
	 * The process whose address space it is, the one that bound it, or the context's holder; of
	 * several that share it, the oldest.
	 */
	struct field_u64 pid;
	struct field_u64 uid; /* from a source, only if it is not the process's */
	struct field_u64 faults, fault_failures; /* the driver's counters, for LO to HI together */

	/* Only from contexts. */
	struct field_str context, ioas_name;
	struct field_u64 ioas, hwpt;

	/* From the join. */
	enum pasid_state state;
	struct field_u64 group;
	struct field_str driver, command;
	struct field_str user;     /* name of `uid`, on a live machine */
	struct field_str unit;     /* systemd unit or container */
	struct field_u64 started;  /* start of the process, seconds since 1970 */
	struct field_u64 hardware; /* 1 or 0: in the IOMMU's table or not */
	struct field_u64 record;   /* 1 or 0: reported or not; -errno: not all were asked */
	struct field_u64 domain;   /* domain id in the hardware's table entry */
	struct field_u64 type; /* its translation type: VT-d PGTT, 1 first stage, 2 second, ... */
	/*
	 * Of an ambiguous one: the pids one of which it may belong to; if LO is 0, the PASIDs one
	 * of which it may be.
	 */
	const uint64_t *candidates;
	size_t n_candidates;
};

/* Bindings with what they point to. */
struct bindings {
	struct binding *v;
	size_t n;
	struct strv pool; /* each string once, sorted by strcmp() */
};

void bindings_done(struct bindings *list);
#define _cleanup_bindings_ _cleanup_(bindings_done)

/* Appends a copy of BINDING with all that it points to. Returns 0 or -ENOMEM. */
int bindings_add(struct bindings *list, const struct binding *binding);

/* Sorts by device, PASID, source and process. */
void bindings_sort(struct bindings *list);

/* The index range [first, end) of one device in a sorted list. */
struct binding_span {
	size_t first, end;
};
struct binding_span bindings_of(const struct bindings *list, const char *device);
