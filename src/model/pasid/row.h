/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes the row of a binding from a claim and the hardware's table entry, only for model/pasid*.c.
 */
#pragma once

#include "model/pasid/bindings.h"
#include "model/pasid/claims.h"
#include "model/pasid/device.h"
#include "model/pasid/hardware.h"
#include "model/pasid/process.h"

#define PASID_BIT_CONTEXT 0u
#define PASID_BIT_VTD     1u
#define PASID_BIT_SOURCES 2u /* and higher bits: pasid_sources[] */

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
		  const struct pasid_stored *claim, const struct pasid_entry *entry, uint32_t lo,
		  uint32_t hi, struct pasid_range *ret);
