/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of pasid_walk(), only for model/pasid*.c. */
#pragma once

#include "model/pasid/row.h"

/* Consecutive equal PASIDs, held back until one differs. */
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
	struct pasid_claims holders; /* of VFIO devices; read when an entry needs them */
	bool holders_read;
	struct pasid_reports *reports;
	struct pasid_rows rows;
	int hardware_status; /* 1: all entries of the table were read; else why not */
	size_t entries;
	bool *told; /* indexed by each device's first claim: the device is done */

	/* The device being walked; PLACE's id is NULL between two devices. */
	struct pasid_place place;
	struct pasid_parts parts;
	size_t at;     /* index of the current part */
	uint64_t next; /* next PASID */
	struct pasid_run run;
};

void pasid_walk_done(struct pasid_walk *walk);

/* Reads a source into CLAIMS. Returns 0 or -ENOMEM. */
int pasid_walk_read(struct pasid_walk *walk, unsigned int source, struct pasid_claims *claims);

/*
 * Reads, unless done before, what PLACE needs to find the owner of ENTRY, which no source claims.
 * Returns 0 or -ENOMEM.
 */
int pasid_walk_explain(struct pasid_walk *walk, const struct pasid_entry *entry);

/* Reads once which processes have devices open. Returns 0 or -ENOMEM. */
int pasid_walk_holders(struct pasid_walk *walk);

/*
 * First the devices in the hardware's table, then those known only from claims. Return 0, what EACH
 * did, or -errno.
 */
int pasid_walk_hardware(struct pasid_walk *walk);
int pasid_walk_claims(struct pasid_walk *walk);

/*
 * Finds unreported numbers from the hardware's table: if only one process has bound a PASID of a
 * device, and only one of the device's entries is an unclaimed address space, that entry is the
 * process's; likewise for the kernel's own and the domain of the device's requests. Returns 0 or
 * -ENOMEM.
 */
int pasid_walk_number(struct pasid_walk *walk);
