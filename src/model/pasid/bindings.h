/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process or context uses which PASID of which device, joined from all sources: holders'
 * records, the IOMMUs' own tables, and drivers that bind processes (SVA).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/pasid/sources.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"
#include "util/parse.h"

/* A PASID attachment in a holder's record. Strings are borrowed from the caller. */
struct pasid_record {
	const char *device; /* sysfs id: "0000:03:00.0" */
	uint32_t lo, hi;    /* inclusive */
	struct field_u64 ioas;
	const char *ioas_name; /* NULL: none */
	struct field_u64 hwpt;
	const char *context; /* NULL: none */
	pid_t pid;           /* of the holder; 0: unknown */
	struct field_u64 uid;
};

enum pasid_state {
	PASID_STATE_OK,              /* reported, and in the hardware's table */
	PASID_STATE_NOT_IN_HARDWARE, /* reported, but not in the hardware's table */
	PASID_STATE_NOT_RECORDED,    /* in the hardware's table, but not reported */
	PASID_STATE_UNCONFIRMED,     /* reported, but the hardware's table cannot be read */
	PASID_STATE_AMBIGUOUS,       /* reported without a number, several fit: see candidates */
	PASID_STATE_UNKNOWN, /* in the hardware's table, not all sources asked: see `record` */
};

/* PASIDs LO to HI of one device that are equal in all fields. */
struct pasid_range {
	char *device;
	struct field_u64 group;
	struct field_str driver;
	uint32_t lo, hi; /* 0: one PASID is bound, but no source reports its number */
	enum pasid_kind kind;
	enum pasid_state state;
	struct field_u64 ioas;
	struct field_str ioas_name;
	struct field_u64 hwpt;
	struct field_str through; /* the node it was bound through: "wq0.1", "renderD128" */
	struct field_str context;
	struct field_u64 pid; /* holder, process whose address space it is, or binding process */
	struct field_str command;
	struct field_u64 uid;
	struct field_str user;     /* name of `uid`, on a live machine */
	struct field_str unit;     /* systemd unit or container */
	struct field_u64 started;  /* start of the process, seconds since 1970 */
	struct field_u64 hardware; /* 1 or 0: in the IOMMU's table or not */
	struct field_u64 record;   /* 1 or 0: reported or not; -errno: not all were asked */
	struct field_u64 domain;   /* domain id in the hardware's table entry */
	struct field_u64 type; /* its translation type: VT-d PGTT, 1 first stage, 2 second, ... */
	struct field_u64 faults, fault_failures; /* the driver's counters, for LO to HI together */
	/*
	 * Of an ambiguous range: the pids one of which it may belong to; if LO is 0, the PASIDs one
	 * of which it may be.
	 */
	uint64_t *candidates;
	size_t n_candidates;
	unsigned int sources; /* sources that report it: bit N for pasid_source_name(N) */
};

struct pasid_table {
	struct pasid_range *v; /* sorted by device, then PASID */
	size_t n;
	int hardware_status; /* 1: tables were read; -errno: why not (-EOPNOTSUPP: no tables) */
	int process_status;  /* 1: all processes were examined; -EACCES: not all */
	int records_status;  /* from the query */
};

void pasid_table_done(struct pasid_table *table);
#define _cleanup_pasid_table_ _cleanup_(pasid_table_done)

/* Appends a copy of RANGE to TABLE. Returns 0 or -ENOMEM. */
int pasid_table_add(struct pasid_table *table, const struct pasid_range *range);

#define PASID_SOURCES_MAX 16

/* "context", "vt-d", "uio", ...; NULL past the last one. */
const char *pasid_source_name(unsigned int n);

/* The outcome of one source. */
struct pasid_report {
	const char *name, *what, *path;
	int status; /* 1 read; 0 absent on this machine; -EOPNOTSUPP; -errno: rows may be missing */
	size_t rows;      /* number of PASIDs, openers or table entries that it reported */
	char reason[200]; /* in words, if the status is not 1 */
};

struct pasid_reports {
	struct pasid_report v[PASID_SOURCES_MAX];
	size_t n;
	/* 1, or why the IOMMU's own table is not known: -EOPNOTSUPP; -ENOENT without debugfs */
	int hardware_status;
	int process_status; /* 1; -EACCES: some processes could not be examined; -errno */
};

/* What to report. */
struct pasid_query {
	const struct sys_root *root;
	const char *device; /* sysfs id; NULL: all */
	unsigned int need;  /* PASID_NEED_*; other facts stay absent */
	const struct pasid_record *records;
	size_t n_records;
	const pid_t
		*holders; /* holders of all contexts: what they have no record of is not theirs */
	size_t n_holders;
	int records_status; /* 1; -errno: not all contexts asked; -EREMOTE: not captured */
};

/*
 * Calls EACH for all bindings except PASID 0, which is the RID's own. Stale UIO numbers (process
 * closed the device) are left out unless the hardware still has them. Devices in the IOMMU's table
 * come first, in its order, while it is read; then those known only from claims. PASIDs of a device
 * are ascending; large ranges stay ranges. What the range points to is only valid during the call.
 * A non-zero return of EACH ends the walk and is returned. Else returns 0 or -errno; what could not
 * be read is in the reports.
 */
int pasid_walk(const struct pasid_query *query,
	       int (*each)(const struct pasid_range *range, void *data), void *data,
	       struct pasid_reports *ret);

/* The same as a table, sorted. Returns 0 or -errno. */
int pasid_list(const struct pasid_query *query, struct pasid_table *ret);

/*
 * Does the hardware's table have all PASIDS of the device at PATH ("/sys/devices/...")? Returns 1
 * if so, or if the table cannot be read; 0 with a missing one in RET_MISSING; -errno.
 */
int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing);

extern const char *const pasid_state_names[]; /* all names, up to a NULL */
/* "ok", "not-in-hardware", ...; NULL if invalid */
const char *pasid_state_name(enum pasid_state state);
