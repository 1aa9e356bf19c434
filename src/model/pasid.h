/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process or context has which PASID of which device, joined from all sources: the records of holders, the
 * IOMMU's own tables, the drivers that bind processes (SVA).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/pasid_source.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"
#include "util/parse.h"

/* What a holder says it has attached. Strings are the caller's and only read. */
struct pasid_record {
	const char *device; /* sysfs id: "0000:03:00.0" */
	uint32_t lo, hi;    /* PASIDs, both included */
	struct field_u64 ioas;
	const char *ioas_name; /* NULL: none */
	struct field_u64 hwpt;
	const char *context; /* NULL: none */
	pid_t pid;           /* of the holder; 0 unknown */
	struct field_u64 uid;
};

enum pasid_state {
	PASID_STATE_OK,              /* somebody says so, and the hardware has it */
	PASID_STATE_NOT_IN_HARDWARE, /* somebody says so, the hardware has it not */
	PASID_STATE_NOT_RECORDED,    /* the hardware has it, nobody says so */
	PASID_STATE_UNCONFIRMED,     /* somebody says so, the hardware cannot be read */
	PASID_STATE_AMBIGUOUS, /* somebody says that there is one, the hardware has some: see candidates */
	PASID_STATE_UNKNOWN, /* the hardware has it; not every source that may report it could be asked: RECORD */
};

/* PASIDs LO to HI of one device, alike in all that follows. */
struct pasid_range {
	char *device;
	struct field_u64 group;
	struct field_str driver;
	uint32_t lo, hi; /* 0: one PASID is bound, whose number no source reports */
	enum pasid_kind kind;
	enum pasid_state state;
	struct field_u64 ioas;
	struct field_str ioas_name;
	struct field_u64 hwpt;
	struct field_str through; /* what it was bound through: "wq0.1", "renderD128" */
	struct field_str context;
	struct field_u64
		pid; /* the holder, the process whose address space it is, or the one that bound it */
	struct field_str command;
	struct field_u64 uid;
	struct field_str user;     /* its name, of a live machine */
	struct field_str unit;     /* systemd unit or container */
	struct field_u64 started;  /* when the process was, in seconds since 1970 */
	struct field_u64 hardware; /* 1 or 0: in the IOMMU's table or not */
	struct field_u64 record;   /* 1 or 0: somebody says so; -errno: not all could be asked */
	struct field_u64 domain;   /* domain id in the hardware's entry */
	struct field_u64 type; /* its translation type: VT-d PGTT, 1 first stage, 2 second, ... */
	struct field_u64 faults, fault_failures; /* of the driver, all for PASIDs LO to HI */
	/*
	 * Ambiguous: of LO to HI the processes one of which it is, where the number is 0 the PASIDs one of
	 * which it is.
	 */
	uint64_t *candidates;
	size_t n_candidates;
	unsigned int sources; /* the sources that report it: 1 << N for each pasid_source_name(N) */
};

struct pasid_table {
	struct pasid_range *v; /* sorted by device, then PASID */
	size_t n;
	int hardware_status; /* 1: tables were read; -errno: why not (-EOPNOTSUPP: none to read) */
	int process_status;  /* 1: all processes were seen; -EACCES: some not */
	int records_status;  /* as the query has it */
};

void pasid_table_done(struct pasid_table *table);
#define _cleanup_pasid_table_ _cleanup_(pasid_table_done)

/* Puts a copy of RANGE at the end of TABLE. Returns 0 or -ENOMEM. */
int pasid_table_add(struct pasid_table *table, const struct pasid_range *range);

#define PASID_SOURCES_MAX 16

/* "context", "vt-d", "uio", ...; NULL where there are no more. */
const char *pasid_source_name(unsigned int n);

/* How one source fared. */
struct pasid_report {
	const char *name, *what, *path;
	int status; /* 1 read; 0 absent on this machine; -EOPNOTSUPP; -errno: rows may be missing */
	size_t rows;      /* what it reported: PASIDs, openers, or entries of a table */
	char reason[200]; /* in words, where the status is not 1 */
};

struct pasid_reports {
	struct pasid_report v[PASID_SOURCES_MAX];
	size_t n;
	/* 1, or why nothing is known of the IOMMU's own table: -EOPNOTSUPP, -ENOENT without debugfs */
	int hardware_status;
	int process_status; /* 1; -EACCES: some processes could not be examined; -errno */
};

/* What is asked for. */
struct pasid_query {
	const struct sys_root *root;
	const char *device; /* sysfs id; NULL: all */
	unsigned int need;  /* PASID_NEED_*: what else stays absent */
	const struct pasid_record *records;
	size_t n_records;
	const pid_t *holders; /* all contexts' processes: what has no record is not theirs */
	size_t n_holders;
	int records_status; /* 1; -errno: some contexts could not be asked, -EREMOTE: captured without */
};

/*
 * Calls EACH for all bindings. PASID 0, the RID's own, is not among them. Stale UIO numbers (their
 * process has closed) are left out unless the hardware still has them. Devices of the IOMMU's table
 * come first, in its order, as they are read; then those that are in claims alone. Within a device PASIDs
 * rise; huge ranges stay ranges. What the range points to is valid during the call only. What EACH
 * returns but 0 ends the walk and is returned. Else 0 or -errno; what could not be read is in the
 * reports.
 */
int pasid_walk(const struct pasid_query *query,
	       int (*each)(const struct pasid_range *range, void *data), void *data,
	       struct pasid_reports *ret);

/* The same as a table, sorted. Returns 0 or -errno. */
int pasid_list(const struct pasid_query *query, struct pasid_table *ret);

/*
 * Has the hardware all PASIDS of the device at PATH ("/sys/devices/...")? Returns 1 when it has, or its
 * table cannot be read; 0 with one that it has not in RET_MISSING; -errno.
 */
int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing);

/*
 * Walks the bindings one by one: EACH gets the PASID and the range it is of, and stops the walk by
 * returning non-zero, which is then returned; else 0.
 */
int pasid_each(const struct pasid_table *table,
	       int (*each)(uint32_t pasid, const struct pasid_range *range, void *data),
	       void *data);

/* "ok", "not-in-hardware", ...; NULL where it is not known */
const char *pasid_state_name(enum pasid_state state);
