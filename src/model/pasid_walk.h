/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pasid_walk() carries along, for model/pasid*.c alone. */
#pragma once

#include "model/pasid_row.h"

/* Numbers in a row that are alike, held back until one comes that is not. */
struct pasid_run {
	bool open, has_entry;
	const struct pasid_stored *claim;
	struct pasid_entry entry;
	uint32_t lo, hi;
};

struct pasid_walk {
	const struct pasid_query *query;
	int (*each)(const struct pasid_range *range, void *data);
	void *data;
	int stopped; /* what EACH returned */
	struct pasid_files files;
	struct pasid_claims claims;
	struct pasid_claims
		holders; /* of devices open through VFIO; read when an entry asks for them */
	bool holders_read;
	struct pasid_reports *reports;
	struct pasid_rows rows;
	int hardware_status; /* 1: the table's entries have all come; else why they have not */
	size_t entries;
	bool *told; /* of the first claim of each device: the device is done */

	/* Of the device that is dealt with; PLACE's id is NULL between two. */
	struct pasid_place place;
	struct pasid_parts parts;
	size_t at;     /* the part that is reached */
	uint64_t next; /* the PASID that is reached */
	struct pasid_run run;
};

void pasid_walk_done(struct pasid_walk *walk);

/* Reads one source into CLAIMS. Returns 0 or -ENOMEM. */
int pasid_walk_read(struct pasid_walk *walk, unsigned int source, struct pasid_claims *claims);

/*
 * What is needed of PLACE to find the owner of ENTRY, which no source claims: read now unless it was
 * before. Returns 0 or -ENOMEM.
 */
int pasid_walk_explain(struct pasid_walk *walk, const struct pasid_entry *entry);

/* Reads which processes have devices open, once. Returns 0 or -ENOMEM. */
int pasid_walk_holders(struct pasid_walk *walk);

/* The devices of the hardware's table; then those that only claims know. Return 0, what EACH did, -errno. */
int pasid_walk_hardware(struct pasid_walk *walk);
int pasid_walk_claims(struct pasid_walk *walk);

/*
 * Numbers that no source reports, from the hardware: if only one process has bound a PASID of a device,
 * and of the device's entries one alone is an address space that nobody claims, it is that one's; so too
 * for the kernel's own and the domain of the device's requests. Returns 0 or -ENOMEM.
 */
int pasid_walk_number(struct pasid_walk *walk);
