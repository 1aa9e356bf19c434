/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who has which PASID of which device, joined from all that tells: the records of holders, the
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
};

/* PASIDs LO to HI of one device, alike in all that follows. */
struct pasid_range {
	char *device;
	struct field_u64 group;
	uint32_t lo, hi;
	enum pasid_kind kind;
	enum pasid_state state;
	struct field_u64 ioas;
	struct field_str ioas_name;
	struct field_u64 hwpt;
	struct field_str context;
	struct field_u64 pid; /* the holder, or the process whose address space it is */
	struct field_str command;
	struct field_u64 uid;
	struct field_str unit;     /* systemd unit or container */
	struct field_u64 hardware; /* 1 or 0: in the IOMMU's table or not */
	struct field_u64 record;   /* 1 or 0: somebody says so */
	struct field_u64 domain;   /* domain id in the hardware's entry */
	struct field_u64 type; /* its translation type: VT-d PGTT, 1 first stage, 2 second, ... */
};

struct pasid_table {
	struct pasid_range *v; /* sorted by device, then PASID */
	size_t n;
	int hardware_status; /* 1: tables were read; -errno: why not (-EOPNOTSUPP: none to read) */
	int process_status;  /* 1: all processes were seen; -EACCES: some not */
};

void pasid_table_done(struct pasid_table *table);
#define _cleanup_pasid_table_ _cleanup_(pasid_table_done)

/*
 * All bindings, of DEVICE alone unless NULL. PASID 0, the RID's own, is not among them. Stale UIO
 * numbers (their process has closed) are left out unless the hardware still has them. Huge ranges
 * stay ranges. Returns 0 or -errno; what could not be read is in the table.
 */
int pasid_list(const struct sys_root *root, const char *device, const struct pasid_record *records,
	       size_t n_records, struct pasid_table *ret);

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

const char *pasid_state_name(enum pasid_state state); /* "ok", "not-in-hardware", ... */
