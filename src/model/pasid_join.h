/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sources of pasid_list(), for model/pasid*.c alone. */
#pragma once

#include "model/device.h"
#include "model/pasid.h"
#include "sys/proc.h"
#include "util/parse.h"

/* PASIDs LO to HI in the IOMMU's table, alike in all else. */
struct pasid_entry {
	size_t device; /* index in a device list */
	uint32_t lo, hi;
	uint16_t domain;
	uint8_t type;
	bool sva;
};

struct pasid_entries {
	struct pasid_entry *v; /* sorted by device, then PASID */
	size_t n;
	int status; /* as pasid_table's hardware_status */
};

void pasid_entries_done(struct pasid_entries *entries);

/*
 * The tables of all IOMMUs that show them, of the devices in LIST, which has groups and units; of
 * WANTED alone unless NULL. PASID 0 is left out. Returns 0 or -ENOMEM; the rest is in STATUS.
 */
int pasid_entries_read(const struct sys_root *root, const struct device_list *list,
		       const char *wanted, struct pasid_entries *ret);

/* Puts one range at the end of TABLE, a copy of PROTOTYPE's facts. Returns it, NULL without memory. */
struct pasid_range *pasid_table_add(struct pasid_table *table, const struct pasid_range *prototype);
void pasid_range_done(struct pasid_range *range);

/* What pasid_list() carries along. */
struct pasid_join {
	const struct sys_root *root;
	const char *wanted;
	struct device_list list;
	struct device *held; /* one for each of LIST: with holders where they matter, else empty */
	struct ranges *claimed; /* one for each of LIST: what is told already */
	struct pasid_entries entries;
	struct proc_process process; /* the one last asked for */
	struct pasid_table table;
};

/*
 * Adds the rows of a CLAIM, somebody's word, of a device (an index; past the list: one not in it),
 * cut where the hardware's entries change; what it covers counts as claimed. Returns 0 or -ENOMEM.
 */
int pasid_join_claim(struct pasid_join *join, const struct pasid_range *claim, size_t device);

/* Adds rows, copies of PROTOTYPE, for the parts of ENTRY that nobody has claimed. 0 or -ENOMEM. */
int pasid_join_rest(struct pasid_join *join, const struct pasid_entry *entry,
		    const struct pasid_range *prototype);

/* Is some part of ENTRY claimed by nobody? */
bool pasid_join_has_rest(const struct pasid_join *join, const struct pasid_entry *entry);

/* 1 where the table that was read has the entries of this device; else why it has not. */
int pasid_join_status(const struct pasid_join *join, size_t device);

/* Has the hardware an entry of DEVICE for PASID? */
bool pasid_join_has(const struct pasid_join *join, size_t device, uint32_t pasid);
