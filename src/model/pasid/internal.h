/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/pasid/walk.h"
#include "sys/proc.h"
#include "sys/root.h"
#include "util/field.h"
#include "util/str.h"

/* Facts about a device with PASIDs. */

struct pasid_device {
	struct field_u64 group;
	struct field_str driver;
	struct field_str unit; /* IOMMU unit: "dmar0" */
};

void pasid_device_done(struct pasid_device *device);

/*
 * Reads what NEED asks for, and the unit if WITH_UNIT. All facts are absent if the device does not
 * exist.
 */
void pasid_device_get(const struct sys_root *root, const char *id, unsigned int need,
		      bool with_unit, struct pasid_device *ret);

/* Is the device bound to a kernel driver, and its group in a DMA domain? */
bool pasid_device_is_dma(const struct sys_root *root, const char *id);

/* PASIDs from the IOMMUs' own tables, one by one. */

struct pasid_entry {
	const char *device; /* sysfs id */
	uint32_t pasid;     /* not 0 */
	uint16_t domain;
	uint8_t type; /* VT-d's PGTT */
	bool sva;
	bool like_rid; /* same domain as the device's requests without a PASID */
};

/*
 * Calls EACH for the entries of all IOMMUs that show them, only of DEVICE unless NULL: device by
 * device, PASIDs ascending. A non-zero return of EACH ends it and is returned. Else returns 1; 0 if
 * the machine has no IOMMU whose tables a kernel can show; -ENOENT if it has, but this kernel shows
 * no table; -EACCES; -EBADMSG on an unknown format, the entries before it being valid; another
 * -errno.
 */
int pasid_hardware(const struct sys_root *root, const char *device,
		   int (*each)(const struct pasid_entry *entry, void *data), void *data);

/* The processes behind PASIDs, each read once. */

struct pasid_process {
	pid_t pid;
	int status; /* 1; 0: the process has ended; -errno */
	struct proc_process process;
	struct field_u64 started; /* seconds since 1970 */
};

struct pasid_processes {
	const struct sys_root *root;
	struct pasid_process **v; /* sorted by pid */
	size_t n;
	struct field_u64 boot; /* boot time, seconds since 1970; read with the first process */
	bool boot_read;
};

void pasid_processes_done(struct pasid_processes *processes);

/* Returns 0 or -ENOMEM; *RET belongs to the cache. */
int pasid_process_get(struct pasid_processes *processes, pid_t pid, struct pasid_process **ret);

/* So many claims on one PASID may contradict each other. More are only made up to slow us down. */
#define PASID_PARTS_MAX 16

/*
 * The claims of a device as sorted, disjoint ranges LO to HI, one after the other. V are the parts
 * of the current one, which have its ends and contradict each other; N is 0 after the last. Claims
 * without a number, or with a number of the device's own MMU, are LOOSE.
 */
struct pasid_parts {
	struct binding v[PASID_PARTS_MAX];
	size_t n;
	struct binding *loose;
	size_t n_loose;

	struct pasid_processes *processes;
	struct binding *claims;                  /* sorted */
	size_t next, end;                        /* those that have not been used yet */
	struct binding *active[PASID_PARTS_MAX]; /* those that go on beyond the current range */
	size_t n_active;
};

void pasid_parts_done(struct pasid_parts *parts);
/* Begins with the first range. Claims are changed where others agree. Returns 0 or -ENOMEM. */
int pasid_parts_begin(struct bindings *claims, struct binding_span span,
		      struct pasid_processes *processes, struct pasid_parts *ret);
/* Goes on to the next. Returns 0 or -ENOMEM. */
int pasid_parts_next(struct pasid_parts *parts);

/*
 * Makes the row of a binding from a claim and the hardware's table entry.
 */

/* What all bindings of a device have in common. */
struct pasid_place {
	char *id;
	struct pasid_device facts;
	int status; /* 1: its entries in the hardware's table were read; else why not */
	/* Read when an entry that no source claims needs it: */
	bool dma, dma_known;   /* pasid_device_is_dma() */
	struct field_u64 user; /* the only process that has it open, and so made the entry */
	unsigned int user_source;
	bool user_known;
	/*
	 * For address spaces whose number is not reported: the processes, and the unclaimed
	 * entries.
	 */
	struct candidates {
		uint64_t *v;
		size_t n;
	} pids, pasids;
	int pids_status; /* -errno: some processes could not be examined */
};

/* Names of users, each looked up once. */
struct pasid_users {
	struct pasid_user {
		uint64_t uid;
		struct field_str name;
	} * v;
	size_t n;
};

void pasid_users_done(struct pasid_users *users);

struct pasid_rows {
	const struct sys_root *root;
	unsigned int need;
	/* 1, or why an entry may still be claimed: contexts or drivers that could not be asked */
	int records_status, drivers_status;
	struct pasid_processes processes;
	struct pasid_users users;
};

/*
 * The binding of LO to HI that CLAIM and ENTRY (NULL: none) report. What RET points to belongs to
 * the arguments. Returns 0 or -ENOMEM.
 */
int pasid_row_get(struct pasid_rows *rows, const struct pasid_place *place,
		  const struct binding *claim, const struct pasid_entry *entry, uint32_t lo,
		  uint32_t hi, struct binding *ret);

/* State of pasid_walk(). */

/* Consecutive equal PASIDs, held back until one differs. */
struct pasid_run {
	bool open, has_entry;
	const struct binding *claim;
	struct pasid_entry entry;
	uint32_t lo, hi;
};

struct pasid_walk {
	const struct pasid_query *query;
	int (*each)(const struct binding *binding, void *data);
	void *data;
	int stopped; /* what EACH returned */
	struct pasid_files files;
	struct bindings claims;
	struct bindings openers; /* of VFIO devices; read when an entry needs them */
	bool openers_read;
	struct pasid_reports *reports;
	struct pasid_rows rows;
	int hardware_status; /* 1: all entries of the table were read; else why not */
	size_t n_entries;
	bool *told; /* indexed by each device's first claim: the device is done */

	/* The device being walked; PLACE's id is NULL between two devices. */
	struct pasid_place place;
	struct pasid_parts parts;
	uint64_t next; /* next PASID */
	struct pasid_run run;
};

/* Reads once which processes have devices open. Returns 0 or -ENOMEM. */
int pasid_walk_openers(struct pasid_walk *walk);

/*
 * Reads all sources but openers, which are only read if the query needs their status, and numbers
 * the claims. Returns 0 or -ENOMEM.
 */
int pasid_walk_claims(struct pasid_walk *walk);

/*
 * Finds unreported numbers, in the claims and in the hardware's table, and sorts the claims again.
 * Returns 0 or -ENOMEM.
 */
int pasid_walk_number(struct pasid_walk *walk);
