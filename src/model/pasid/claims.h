/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collects and sorts the claims of all sources, only for model/pasid*.c. */
#pragma once

#include "model/pasid/bindings.h"
#include "model/pasid/process.h"
#include "model/pasid/sources.h"
#include "util/str.h"

/* A claim, or several equal ones. Strings belong to the pool. */
struct pasid_stored {
	char *device, *target, *ioas_name, *context;
	uint32_t lo, hi; /* 0: number not reported */
	uint8_t what, kind;
	bool own, iommufd;
	unsigned int sources; /* bit N for pasid_source_name(N) */
	struct field_u64 pid, uid, ioas, hwpt, faults, fault_failures;
};

struct pasid_claims {
	struct pasid_stored *v; /* when sorted: by device, then PASID */
	size_t n;
	struct strv pool; /* sorted by strcmp() */
};

void pasid_claims_done(struct pasid_claims *claims);

/* Stores CLAIM of the source BIT. Returns 0 or -ENOMEM. */
int pasid_claims_add(struct pasid_claims *claims, const struct pasid_claim *claim,
		     unsigned int bit);
void pasid_claims_sort(struct pasid_claims *claims);

/* The index range [first, end) of one device in sorted claims. */
struct pasid_span {
	size_t first, end;
};
struct pasid_span pasid_claims_of(const struct pasid_claims *claims, const char *device);

/*
 * An address space has the same PASID on all devices (mm->iommu_mm->pasid): if one source reports
 * its number for a process, sets it in the other claims of that process. Sorts again. Returns 0 or
 * -ENOMEM.
 */
int pasid_claims_number(struct pasid_claims *claims);

/* Sets the number of the claim at INDEX, which had none. The caller sorts afterwards. */
void pasid_claims_set(struct pasid_claims *claims, size_t index, uint32_t pasid);

/*
 * The claims of a device as sorted, disjoint ranges LO to HI; claims that contradict each other are
 * separate parts with the same LO and HI, one after the other. Claims without a number, or with a
 * number of the device's own MMU, are LOOSE.
 */
struct pasid_parts {
	struct pasid_stored *v;
	size_t n;
	struct pasid_stored *loose;
	size_t n_loose;
};

void pasid_parts_done(struct pasid_parts *parts);
int pasid_parts_get(const struct pasid_claims *claims, struct pasid_span span,
		    struct pasid_processes *processes, struct pasid_parts *ret);
