/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O page table that a device's requests go through, as far as the kernel dumps it: what an
 * address maps to, and what is mapped at all. Only Intel's VT-d is dumped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

#define PAGETABLE_LEVELS 5
#define PAGETABLE_FLAGS  12

enum pagetable_stage {
	PAGETABLE_FIRST,
	PAGETABLE_SECOND,
	PAGETABLE_NESTED, /* what is dumped is the second of two: its addresses are the guest's */
	PAGETABLE_PASS_THROUGH, /* no table: addresses go through as they are */
};

/* Why there is no table to walk. */
enum pagetable_lack {
	PAGETABLE_THERE,
	PAGETABLE_NO_IOMMU, /* the device is behind none */
	PAGETABLE_NO_DUMPS, /* of this vendor's IOMMUs the kernel dumps none */
	PAGETABLE_NO_TABLE, /* dumps are not there: no debugfs, or a kernel without */
	PAGETABLE_NO_PCI,   /* the tables know PCI addresses only */
	PAGETABLE_LEGACY,   /* a PASID, and the unit is in legacy mode */
	PAGETABLE_UNBOUND,  /* the IOMMU's table has no entry */
	PAGETABLE_SVA,      /* it is a process's own */
	PAGETABLE_MISREAD,  /* the kernel would dump it from another level than it has */
};

struct pagetable {
	char *device;            /* sysfs id */
	uint32_t pasid;          /* 0: the device's own requests */
	struct field_str unit;   /* the IOMMU */
	struct field_str vendor; /* "intel" */
	enum pagetable_lack lack;
	/* Only without a lack. */
	enum pagetable_stage stage;
	unsigned int levels; /* 2 to 5 */
	uint64_t table;      /* physical address of the top table */
};

void pagetable_done(struct pagetable *table);
#define _cleanup_pagetable_ _cleanup_(pagetable_done)

/*
 * The table of the device at PATH ("/sys/devices/...") for PASID. Returns 0, the lack among the
 * outcome; -ENODEV; -EACCES; -EBADMSG; -errno.
 */
int pagetable_find(const struct sys_root *root, const char *path, uint32_t pasid,
		   struct pagetable *ret);

enum pagetable_state {
	PAGETABLE_UNMAPPED,
	PAGETABLE_MAPPED,
	PAGETABLE_BEYOND, /* more bits than the table has, or a first stage's address not canonical */
};

/* One level of a walk. */
struct pagetable_step {
	unsigned int level; /* 5 PML5 ... 1 PT */
	unsigned int index; /* of the entry in its table */
	/* Absent in the last step of a walk that ends: below it there is no page. */
	struct field_u64 entry;
	struct field_u64 address;     /* of the table or page that it leads to */
	char *flags[PAGETABLE_FLAGS]; /* names of its bits; never written to nor freed */
	size_t n_flags;
};

struct pagetable_walk {
	uint64_t iova; /* set by the caller */
	enum pagetable_state state;
	struct field_u64 physical, page_size; /* bytes; both absent where it is not mapped */
	bool read, write;                     /* at all levels */
	struct pagetable_step steps[PAGETABLE_LEVELS];
	size_t n_steps;
};

/*
 * Walks TABLE, which lacks nothing, for N addresses in one pass over its dump. Returns 0; -ENOENT where
 * there is no dump of it; -ESTALE where it was exchanged meanwhile; -EACCES; -EBADMSG; -errno.
 */
int pagetable_translate(const struct sys_root *root, const struct pagetable *table,
			struct pagetable_walk *walks, size_t n);

/* How many pages of a size there are in a range. */
struct pagetable_pages {
	uint64_t size, count;
};

/* IOVAs without a hole, with the same permission. */
struct pagetable_range {
	uint64_t start, end; /* both belong to it */
	bool read, write;
	uint64_t physical;                              /* of START */
	bool contiguous;                                /* in physical memory too */
	struct pagetable_pages pages[PAGETABLE_LEVELS]; /* small ones first */
	size_t n_pages;
};

/*
 * Calls EACH for the ranges that are mapped, in order and in bounded memory; what it returns but 0
 * ends the walk and is returned. PHYSICAL: they end too where physical memory is not contiguous.
 * Else as pagetable_translate().
 */
int pagetable_map(const struct sys_root *root, const struct pagetable *table, bool physical,
		  int (*each)(const struct pagetable_range *range, void *data), void *data);

const char *pagetable_level_name(unsigned int level);         /* "PML5" ... "PT" */
const char *pagetable_stage_name(enum pagetable_stage stage); /* "first-stage", ... */
const char *pagetable_state_name(enum pagetable_state state); /* "mapped", ... */
