/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The claims of all sources, gathered and sorted, for model/pasid*.c alone. */
#pragma once

#include "model/pasid.h"
#include "model/pasid_process.h"
#include "model/pasid_source.h"
#include "util/str.h"

/* A claim, or several that agree. Strings are the pool's. */
struct pasid_stored {
	char *device, *target, *ioas_name, *context;
	uint32_t lo, hi; /* 0: the number is not reported */
	uint8_t what, kind;
	bool own, iommufd;
	unsigned int sources; /* a bit for each, as pasid_source_name() counts */
	struct field_u64 pid, uid, ioas, hwpt, faults, fault_failures;
};

struct pasid_claims {
	struct pasid_stored *v; /* once sorted: by device, then PASID */
	size_t n;
	struct strv pool; /* sorted by strcmp() */
};

void pasid_claims_done(struct pasid_claims *claims);

/* Keeps CLAIM of the source BIT. Returns 0 or -ENOMEM. */
int pasid_claims_add(struct pasid_claims *claims, const struct pasid_claim *claim,
		     unsigned int bit);
void pasid_claims_sort(struct pasid_claims *claims);

/* The claims of one device in sorted ones: the first and one past the last. */
struct pasid_span {
	size_t first, end;
};
struct pasid_span pasid_claims_of(const struct pasid_claims *claims, const char *device);

/*
 * An address space has one PASID on all devices (mm->iommu_mm->pasid): if one source reports the
 * number of a process's, so much is known of its other claims. Sorts again. Returns 0 or -ENOMEM.
 */
int pasid_claims_number(struct pasid_claims *claims);

/* Gives the claim at INDEX, whose number was not reported, one. To be sorted again. */
void pasid_claims_set(struct pasid_claims *claims, size_t index, uint32_t pasid);

/*
 * What the claims of a device come to: parts of LO to HI that do not overlap but where claims
 * contradict each other; those then stand one behind the other with the same LO and HI. Sorted. Claims
 * without a number, or with one of the device's own, are LOOSE.
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
