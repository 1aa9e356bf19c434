/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The I/O page table that translates a device's requests, as dumped by the kernel in debugfs: what
 * an address maps to, and all mappings. Only the VT-d driver dumps it.
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
	PAGETABLE_NESTED,       /* the second of two stages: addresses are guest-physical */
	PAGETABLE_PASS_THROUGH, /* no table: addresses are not translated */
};

/* Why there is no table to walk. */
enum pagetable_lack {
	PAGETABLE_THERE,
	PAGETABLE_NO_IOMMU, /* the device has no IOMMU */
	PAGETABLE_NO_DUMPS, /* the driver of this IOMMU has no dumps */
	PAGETABLE_NO_TABLE, /* there are no dumps: debugfs not mounted, or not in this kernel */
	PAGETABLE_NO_PCI,   /* not a PCI device: dumps are by PCI address */
	PAGETABLE_LEGACY,   /* a PASID was given, but the unit is in legacy mode */
	PAGETABLE_UNBOUND,  /* the PASID table has no entry */
	PAGETABLE_SVA,      /* it is the page table of a process */
	PAGETABLE_MISREAD,  /* the kernel would dump it with the wrong number of levels */
};

struct pagetable {
	char *device;            /* sysfs id */
	uint32_t pasid;          /* 0: the device's own requests */
	struct field_str unit;   /* IOMMU unit */
	struct field_str vendor; /* "intel" */
	enum pagetable_lack lack;
	/* Valid only without a lack. */
	enum pagetable_stage stage;
	unsigned int levels; /* 2 to 5 */
	uint64_t table;      /* physical address of the top table */
};

void pagetable_done(struct pagetable *table);
#define _cleanup_pagetable_ _cleanup_(pagetable_done)

/*
 * Finds the table of the device at PATH ("/sys/devices/...") for PASID. Returns 0, also with a
 * lack; -ENODEV; -EACCES; -EBADMSG; another -errno.
 */
int pagetable_find(const struct sys_root *root, const char *path, uint32_t pasid,
		   struct pagetable *ret);

enum pagetable_state {
	PAGETABLE_UNMAPPED,
	PAGETABLE_MAPPED,
	PAGETABLE_BEYOND, /* the address is wider than the table, or not canonical (first stage) */
};

/* One level of a page walk. */
struct pagetable_step {
	unsigned int level; /* 5 (PML5) to 1 (PT) */
	unsigned int index; /* index of the entry in its table */
	/* Absent in the last step if the walk ends there: the level below has no entry. */
	struct field_u64 entry;
	struct field_u64 address;     /* of the next table or the page */
	char *flags[PAGETABLE_FLAGS]; /* names of the entry's bits; constants */
	size_t n_flags;
};

struct pagetable_walk {
	uint64_t iova; /* set by the caller */
	enum pagetable_state state;
	struct field_u64 physical, page_size; /* page_size in bytes; both absent if not mapped */
	bool read, write;                     /* allowed at all levels */
	struct pagetable_step steps[PAGETABLE_LEVELS];
	size_t n_steps;
};

/*
 * Translates N addresses in one pass over the dump of TABLE, which must have no lack. Returns 0;
 * -ENOENT if there is no dump of it; -ESTALE if the table was replaced in the meantime; -EACCES;
 * -EBADMSG; another -errno.
 */
int pagetable_translate(const struct sys_root *root, const struct pagetable *table,
			struct pagetable_walk *walks, size_t n);

/* Number of pages of one size in a range. */
struct pagetable_pages {
	uint64_t size, count;
};

/* Contiguous IOVAs with the same permissions. */
struct pagetable_range {
	uint64_t start, end; /* inclusive */
	bool read, write;
	uint64_t physical;                              /* of START */
	bool contiguous;                                /* in physical memory too */
	struct pagetable_pages pages[PAGETABLE_LEVELS]; /* smallest first */
	size_t n_pages;
};

/*
 * Calls EACH for the mapped ranges, in order and with bounded memory. A non-zero return of EACH
 * ends the walk and is returned. PHYSICAL: ranges also end where physical memory is not contiguous.
 * Otherwise returns as pagetable_translate().
 */
int pagetable_map(const struct sys_root *root, const struct pagetable *table, bool physical,
		  int (*each)(const struct pagetable_range *range, void *data), void *data);

/* The names of all, up to a NULL. */
extern const char *const pagetable_level_names[], *const pagetable_stage_names[],
							  *const pagetable_state_names[];
const char *pagetable_level_name(unsigned int level);         /* "PML5" ... "PT" */
const char *pagetable_stage_name(enum pagetable_stage stage); /* "first-stage", ... */
const char *pagetable_state_name(enum pagetable_state state); /* "mapped", ... */
