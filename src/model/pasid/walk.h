/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process or context uses which PASID of which device, joined from all sources: holders'
 * records, the IOMMUs' own tables, and drivers that bind processes (SVA).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/pasid/binding.h"
#include "model/pasid/sources.h"
#include "sys/root.h"
#include "util/parse.h"

/* The outcome of one source. */
struct pasid_report {
	const struct pasid_source *source;
	int status; /* 1 read; 0 absent on this machine; -EOPNOTSUPP; -errno: rows may be missing */
	size_t n_rows;    /* number of PASIDs, openers or table entries that it reported */
	char reason[200]; /* in words, if the status is not 1 */
};

struct pasid_reports {
	struct pasid_report v[PASID_SOURCES_MAX]; /* in the order of pasid_sources[] */
	size_t n;
	/* 1, or why the IOMMU's own table is not known: -EOPNOTSUPP; -ENOENT without debugfs */
	int hardware_status;
	int process_status; /* 1; -EACCES: some processes could not be examined; -errno */
};

/* What to report. */
struct pasid_query {
	const struct sys_root *root;
	const char *device;             /* sysfs id; NULL: all */
	unsigned int need;              /* PASID_NEED_*; other facts stay absent */
	struct pasid_contexts contexts; /* good for one walk: see there */
};

/*
 * Calls EACH for all bindings except PASID 0, which is the RID's own. Stale UIO numbers (process
 * closed the device) are left out unless the hardware still has them. Devices in the IOMMU's table
 * come first, in its order, while it is read; then those known only from claims. PASIDs of a device
 * are ascending; large ranges stay ranges. What the binding points to is only valid during the
 * call. A non-zero return of EACH ends the walk and is returned. Else returns 0 or -errno; what
 * could not be read is in the reports.
 */
int pasid_walk(const struct pasid_query *query,
	       int (*each)(const struct binding *binding, void *data), void *data,
	       struct pasid_reports *ret);

/* The same as a list, sorted. Returns 0 or -errno. */
int pasid_list(const struct pasid_query *query, struct bindings *ret,
	       struct pasid_reports *ret_reports);

/*
 * Does the hardware's table have all PASIDS of the device at PATH ("/sys/devices/...")? Returns 1
 * if so, or if the table cannot be read; 0 with a missing one in RET_MISSING; -errno.
 */
int pasid_confirm(const struct sys_root *root, const char *path, const struct ranges *pasids,
		  uint32_t *ret_missing);
