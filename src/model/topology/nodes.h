/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches memory through what, as one tree: IOMMU units, their groups, bridges and devices,
 * what the devices' own requests (RID) and PASIDs lead to, and processes. And in the other
 * direction: contexts, their IOASes, and what is attached to each.
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
#include "sys/root.h"
#include "util/cleanup.h"

/* From the root down: a node's parent is of the same or an earlier kind. */
enum topology_kind {
	TOPOLOGY_IOMMU,
	TOPOLOGY_GROUP,
	TOPOLOGY_CONTEXT, /* always a root node */
	TOPOLOGY_IOAS,
	TOPOLOGY_BRIDGE, /* may be below another bridge */
	TOPOLOGY_DEVICE,
	TOPOLOGY_RID,   /* what a device's own requests are attached to in a context */
	TOPOLOGY_PASID, /* consecutive PASIDs with the same target */
	TOPOLOGY_PROCESS,
};

#define TOPOLOGY_ROOT SIZE_MAX

/* A unit, or a placeholder for one. */
struct topology_unit {
	const char *name;          /* NULL: none, for devices without IOMMU */
	const struct iommu *iommu; /* NULL: named by a device, but not in /sys/class/iommu */
	int error;                 /* -errno: the unit could not be read; NAME is NULL */
	int pasid_error;           /* -errno: PASIDs of its devices may be missing */
};

struct topology_ioas {
	uint32_t id;
	const char *name; /* NULL: none */
	uint64_t mapped;  /* bytes */
};

/* Strings and lists belong to the caller and must outlive the topology. */
struct topology_context {
	const char *name;
	pid_t pid;
	struct topology_ioas *ioas;
	size_t n_ioas;
};

struct topology_node {
	enum topology_kind kind;
	size_t parent; /* index of an earlier node, or TOPOLOGY_ROOT */
	int error;     /* -errno: placeholder for unreadable nodes of its kind; else 0 */
	/* The objects of this node and of those above it; NULL if there is none of the kind. */
	const struct topology_unit *unit;
	const struct topology_context *context;
	const struct topology_ioas *ioas;
	const struct group *group;
	const struct device *device;
	const struct binding *binding;      /* the first of consecutive ones */
	uint32_t lo, hi;                    /* with BINDING: the PASIDs, inclusive */
	const struct device_opener *opener; /* process with the device open; else see BINDING */
};

struct topology {
	struct topology_node *v; /* depth-first: each after its parent */
	size_t n;
	int openers_status; /* 1; 0: not asked for; -EACCES: some processes could not be examined */

	struct topology_unit *units;
	size_t n_units;
	struct iommu_list iommus;
	struct group_list groups;
	struct device_list others; /* PCI devices in no group */
};

/* What to read. */
struct topology_need {
	unsigned int iommu, group, device;       /* IOMMU_NEED_*, GROUP_NEED_*, DEVICE_NEED_* */
	enum topology_kind depth;                /* last kind of nodes; bridges come with devices */
	const struct bindings *pasids;           /* borrowed by the nodes; NULL: none */
	const struct pasid_reports *reports;     /* if there are PASIDs */
	const struct attached_query *attached;   /* NULL: leave out what devices are attached to */
	const struct topology_context *contexts; /* borrowed by the nodes */
	size_t n_contexts;
};

void topology_done(struct topology *topology);
#define _cleanup_topology_ _cleanup_(topology_done)

/* Returns 0 or -errno. A machine without IOMMUs, groups or PCI is not an error. */
int topology_read(const struct sys_root *root, const struct topology_need *need,
		  struct topology *ret);

extern const char *const topology_kind_names[]; /* the names of all kinds, up to a NULL */
/* "iommu", "group", "bridge", "device", "rid", "pasid", "process"; "context", "ioas" */
const char *topology_kind_name(enum topology_kind kind);
/* Returns 0 or -EINVAL. */
int topology_kind_parse(const char *name, enum topology_kind *ret);

/*
 * Keeps only the nodes for which KEEP (one bool per node, modified) is true, with their ancestors
 * and descendants. Returns 0 or -ENOMEM.
 */
int topology_limit(struct topology *topology, bool *keep);
