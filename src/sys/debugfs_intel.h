/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of Intel's IOMMUs in debugfs: sys/kernel/debug/iommu/intel/dmar_translation_struct.
 * The kernel formats all of it on open, holding the lock of each unit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

#define DMAR_LEGACY  UINT32_MAX /* instead of a PASID: the unit is in legacy mode */
#define DMAR_DID_SVA 1          /* FLPT_DEFAULT_DID: first stage, page table of a process */

/* Translation types of a PASID table entry (PGTT). */
enum dmar_type {
	DMAR_TYPE_FIRST = 1,
	DMAR_TYPE_SECOND = 2,
	DMAR_TYPE_NESTED = 3,
	DMAR_TYPE_PASS_THROUGH = 4,
};

struct dmar_entry {
	char unit[32]; /* "dmar0"; "" if the text has no heading */
	uint8_t bus, device,
		function; /* in the unit's PCI segment, which the table does not have */
	uint64_t context_high, context_low; /* context entry of the device */
	uint32_t pasid;                     /* 0 for the RID; or DMAR_LEGACY */
	uint64_t high, mid, low;            /* words 2, 1, 0 of the entry */
	uint8_t type;                       /* bits 8:6 of low */
	uint16_t domain;                    /* bits 15:0 of mid */
};

/*
 * Calls EACH for every entry of every unit. A non-zero return of EACH ends the walk and is
 * returned. Else returns 0; -ENOENT if there is no such file (no debugfs, another IOMMU); -EACCES;
 * -EBADMSG on an unknown format; another -errno.
 */
int sys_dmar_entries(const struct sys_root *root,
		     int (*each)(const struct dmar_entry *entry, void *data), void *data);

/*
 * Parses a line, "B:D.F root context PASID high:mid:low" (print_tbl_walk()). Returns 1 with all but
 * the unit filled; 0 for any other line; -EBADMSG.
 */
int sys_dmar_parse(const char *line, struct dmar_entry *ret);
