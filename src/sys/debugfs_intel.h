/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of Intel's IOMMUs in debugfs: sys/kernel/debug/iommu/intel/dmar_translation_struct.
 * The kernel writes all of it when it is opened to be read, under the lock of each unit.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

#define DMAR_LEGACY  UINT32_MAX /* in place of a PASID: the unit is in legacy mode */
#define DMAR_DID_SVA 1          /* FLPT_DEFAULT_DID: first stage, a process's own page table */

/* Translation types of a PASID table entry (PGTT). */
enum dmar_type {
	DMAR_TYPE_FIRST = 1,
	DMAR_TYPE_SECOND = 2,
	DMAR_TYPE_NESTED = 3,
	DMAR_TYPE_PASS_THROUGH = 4,
};

struct dmar_entry {
	char unit[32]; /* "dmar0"; "" where the text has no heading */
	uint8_t bus, device,
		function; /* of the unit's PCI segment, which the table does not name */
	uint64_t context_high, context_low; /* the device's context entry */
	uint32_t pasid;                     /* 0 is the RID's own; DMAR_LEGACY */
	uint64_t high, mid, low;            /* the entry's words 2, 1, 0 */
	uint8_t type;                       /* low, bits 8:6 */
	uint16_t domain;                    /* mid, bits 15:0 */
};

/*
 * Calls EACH for every entry of every unit; what it returns but 0 ends the walk and is returned.
 * Else 0; -ENOENT where there is no such file (no debugfs, another IOMMU), -EACCES; -EBADMSG on
 * meeting an entry that is not written as known; -errno.
 */
int sys_dmar_entries(const struct sys_root *root,
		     int (*each)(const struct dmar_entry *entry, void *data), void *data);

/*
 * One line, "B:D.F root context PASID high:mid:low" (print_tbl_walk()). Returns 1 and fills all but
 * the unit; 0 for another line; -EBADMSG.
 */
int sys_dmar_parse(const char *line, struct dmar_entry *ret);
