/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between two looks at a machine. PCI devices are known by their place, the chain of bridges and
 * slots, since the numbers of busses move when cards come and go, others by their sysfs ids; groups, whose numbers
 * move between boots, by the devices that are in them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/attached.h"
#include "model/device.h"
#include "model/group.h"
#include "model/iommu.h"
#include "model/pasid.h"
#include "util/cleanup.h"

enum diff_what {
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_CHANGED,
	DIFF_SWAPPED,    /* another device stands at the address */
	DIFF_RENUMBERED, /* a group of the same members has another number, a device another address */
	DIFF_MERGED,     /* a group is, as a whole, in one with others */
	DIFF_SPLIT,      /* a part of a group is a group of its own */
	DIFF_MOVED,      /* a device is in another group than those it was with */
	DIFF_JOINED,     /* a device that was in none is in the group of others, which was there */
	DIFF_LEFT,       /* the other way round */
	DIFF_UNREADABLE, /* known on one side alone: may differ or not */
};

enum diff_kind { DIFF_IOMMU, DIFF_CONTEXT, DIFF_GROUP, DIFF_DEVICE, DIFF_PASID };

enum diff_type {
	DIFF_TEXT,
	DIFF_NUMBER,
	DIFF_ADDRESS,
	DIFF_FLAG,
	DIFF_TARGET,   /* of a struct pasid_range: what it leads to, and whose it is */
	DIFF_OWNER,    /* of a struct pasid_range: whose it is */
	DIFF_ATTACHED, /* a struct device_attached */
	DIFF_HARDWARE, /* of a struct device: its ids and class */
	DIFF_HOLDER,   /* of a struct diff_context: its process */
};

struct diff_value {
	int status; /* as of a field */
	enum diff_type type;
	uint64_t number;
	const char *text;
	const void *object; /* what the type says */
};

/* Strings and objects are borrowed, of the two sides or during the call only. */
struct diff_change {
	enum diff_what what;
	enum diff_kind kind;
	/* A unit's or context's name, a device's id (the new one), of a group the first of the devices; NULL: all of the kind. */
	const char *object;
	uint32_t lo, hi;   /* PASIDs that changed alike; 0: none, or an unreported number */
	const char *field; /* NULL: the object itself */
	struct diff_value old, new;
	char *const *devices; /* whom it concerns */
	size_t n_devices;
};

struct diff_context {
	char *name;
	struct field_u64 pid;
};

/* One side, read once. Lists are as their models have them; a status is 1 or -errno. */
struct diff_side {
	struct device_list devices;
	int devices_status;
	struct group_list groups; /* numbers and types; the devices say which group they are in */
	int groups_status;
	struct iommu_list iommus;
	int iommus_status;
	struct diff_context *contexts; /* owned, as are their names */
	size_t n_contexts;
	int contexts_status; /* -errno: there may be more */
	struct pasid_table pasids;
	int pasids_status;
	struct pasid_reports reports;
};

void diff_side_done(struct diff_side *side);
#define _cleanup_diff_side_ _cleanup_(diff_side_done)

/* What PASIDs are asked for. */
#define DIFF_PASID_NEED (PASID_NEED_OWNER | PASID_NEED_PROCESS | PASID_NEED_KIND)

/*
 * Reads the machine that QUERY and ATTACHED ask of but for its contexts, sleeping devices too where WAKE. What
 * cannot be read is in the statuses. Returns 0 or -ENOMEM.
 */
int diff_side_read(const struct pasid_query *query, const struct attached_query *attached,
		   bool wake, struct diff_side *ret);
/* Adds a context. Returns 0 or -ENOMEM. */
int diff_side_add_context(struct diff_side *side, const char *name, pid_t pid);

/* What is known on neither side, and so was not compared. */
struct diff_gap {
	enum diff_kind kind;
	const char *field; /* NULL: which objects there are */
	int error;
	size_t n; /* of so many objects */
};

struct diff_gaps {
	struct diff_gap *v;
	size_t n;
	bool partial; /* something was not compared: there are gaps, or changes that are DIFF_UNREADABLE */
};

void diff_gaps_done(struct diff_gaps *gaps);
#define _cleanup_diff_gaps_ _cleanup_(diff_gaps_done)

/*
 * Calls EACH for all changes from OLD to NEW: units and contexts by name, groups by their first device, devices
 * by id, PASIDs by device and number. What EACH returns but 0 ends it and is returned. Else 0 or -ENOMEM.
 */
int diff_join(const struct diff_side *old, const struct diff_side *new,
	      int (*each)(const struct diff_change *change, void *data), void *data,
	      struct diff_gaps *ret);

const char *diff_what_name(enum diff_what what); /* "added", ... */
const char *diff_kind_name(
	enum diff_kind kind); /* "iommu", "context", "group", "device", "pasid" */
