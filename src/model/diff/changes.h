/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differences between two states of a machine. PCI devices are matched by their place, the
 * chain of bridges and slots, because bus numbers change when cards are added or removed; other
 * devices by sysfs id. Groups, whose numbers change between boots, are matched by their devices.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/machine/attached.h"
#include "model/machine/device.h"
#include "model/machine/group.h"
#include "model/machine/iommu.h"
#include "model/pasid/walk.h"
#include "util/cleanup.h"

enum diff_what {
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_CHANGED,
	DIFF_SWAPPED,    /* another device has this address */
	DIFF_RENUMBERED, /* same members, another group number; or same device, another address */
	DIFF_MERGED,     /* a group was merged as a whole with others */
	DIFF_SPLIT,      /* part of a group is now a group of its own */
	DIFF_MOVED,      /* a device changed groups on its own */
	DIFF_JOINED,     /* a device without group is now in an existing group */
	DIFF_LEFT,       /* the reverse of JOINED */
	DIFF_UNREADABLE, /* unreadable on one side: may differ or not */
};

enum diff_kind { DIFF_IOMMU, DIFF_CONTEXT, DIFF_GROUP, DIFF_DEVICE, DIFF_PASID };

enum diff_type {
	DIFF_TEXT,
	DIFF_NUMBER,
	DIFF_ADDRESS,
	DIFF_FLAG,
	DIFF_TARGET,   /* of a struct binding: its target and owner */
	DIFF_OWNER,    /* of a struct binding: its owner */
	DIFF_ATTACHED, /* a struct device_attached */
	DIFF_HARDWARE, /* of a struct device: ids and class */
	DIFF_HOLDER,   /* of a struct diff_context: pid of its holder */
};

struct diff_value {
	int status; /* as in struct field_* */
	enum diff_type type;
	uint64_t number;
	const char *text;
	const void *object; /* the type determines what it points to */
};

/* Strings and objects are borrowed from the two sides, or valid only during the call. */
struct diff_change {
	enum diff_what what;
	enum diff_kind kind;
	/*
	 * Name of a unit or context, id of a device (the new one), first device of a group; NULL:
	 * all objects of the kind.
	 */
	const char *object;
	uint32_t lo, hi;   /* PASIDs with the same change; 0: none, or an unreported number */
	const char *field; /* NULL: the object itself */
	struct diff_value old, new;
	char *const *devices; /* the devices affected */
	size_t n_devices;
};

struct diff_context {
	char *name;
	struct field_u64 pid;
};

/* The state of one side, read once. A status is 1 or -errno. */
struct diff_side {
	struct device_list devices;
	int devices_status;
	struct group_list groups; /* numbers and types; membership is in the devices */
	int groups_status;
	struct iommu_list iommus;
	int iommus_status;
	struct diff_context *contexts; /* owned, with their names */
	size_t n_contexts;
	int contexts_status; /* -errno: there may be more contexts */
	struct bindings pasids;
	int pasids_status;
	struct pasid_reports reports;
};

void diff_side_done(struct diff_side *side);
#define _cleanup_diff_side_ _cleanup_(diff_side_done)

/* Facts of PASIDs that are compared. */
#define DIFF_PASID_NEED (PASID_NEED_OWNER | PASID_NEED_PROCESS | PASID_NEED_KIND)

/*
 * Reads all but the contexts of the machine that QUERY and ATTACHED refer to, including config
 * space of sleeping devices if WAKE. What cannot be read is in the statuses. Returns 0 or -ENOMEM.
 */
int diff_side_read(const struct pasid_query *query, const struct attached_query *attached,
		   bool wake, struct diff_side *ret);
/* Adds a context. Returns 0 or -ENOMEM. */
int diff_side_add_context(struct diff_side *side, const char *name, pid_t pid);

/* What is unreadable on both sides, and so was not compared. */
struct diff_gap {
	enum diff_kind kind;
	const char *field; /* NULL: the list of objects itself */
	int error;
	size_t n; /* number of objects */
};

struct diff_gaps {
	struct diff_gap *v;
	size_t n;
	bool partial; /* there are gaps, or DIFF_UNREADABLE changes */
};

void diff_gaps_done(struct diff_gaps *gaps);
#define _cleanup_diff_gaps_ _cleanup_(diff_gaps_done)

/*
 * Calls EACH for every change from OLD to NEW: units and contexts by name, groups by first device,
 * devices by id, PASIDs by device and number. A non-zero return of EACH ends it and is returned.
 * Else returns 0 or -ENOMEM.
 */
int diff_join(const struct diff_side *old, const struct diff_side *new,
	      int (*each)(const struct diff_change *change, void *data), void *data,
	      struct diff_gaps *ret);

/* The names of all, up to a NULL. */
extern const char *const diff_what_names[], *const diff_kind_names[];
const char *diff_what_name(enum diff_what what); /* "added", ... */
const char *diff_kind_name(
	enum diff_kind kind); /* "iommu", "context", "group", "device", "pasid" */
