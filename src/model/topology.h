/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reaches memory through what, as one tree: IOMMU units, the groups behind each, their bridges and
 * devices, what the own requests (RID) and the PASIDs of these lead to, and processes. And the other way
 * round: contexts, their IOASes, and what is attached to each.
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
#include "sys/root.h"
#include "util/cleanup.h"

/* From the outside in: a node stands beneath one of its own kind or of one before it. */
enum topology_kind {
	TOPOLOGY_IOMMU,
	TOPOLOGY_GROUP,
	TOPOLOGY_CONTEXT, /* beneath none */
	TOPOLOGY_IOAS,
	TOPOLOGY_BRIDGE, /* may stand beneath another one */
	TOPOLOGY_DEVICE,
	TOPOLOGY_RID,   /* what a device's own requests are attached to in a context */
	TOPOLOGY_PASID, /* PASIDs that follow each other and lead to the same */
	TOPOLOGY_PROCESS,
};

#define TOPOLOGY_ROOT SIZE_MAX

/* A unit, or what stands in its place. */
struct topology_unit {
	const char *name;          /* NULL: none, for devices behind no IOMMU */
	const struct iommu *iommu; /* NULL: a device says so, the system has no such unit */
	int error;                 /* -errno: which unit it is could not be read; NAME is NULL */
	int pasid_error;           /* -errno: PASIDs of devices behind it may be missing */
};

struct topology_ioas {
	uint32_t id;
	const char *name; /* NULL without */
	uint64_t mapped;  /* bytes */
};

/* Strings and lists are the caller's, and outlive the topology. */
struct topology_context {
	const char *name;
	pid_t pid;
	struct topology_ioas *ioas;
	size_t n_ioas;
};

struct topology_node {
	enum topology_kind kind;
	size_t parent; /* index of an earlier node, or TOPOLOGY_ROOT */
	int error;     /* -errno: stands for nodes of its kind that could not be read; 0 else */
	/* What it is, and what all nodes above it are; NULL where there is no such one among them. */
	const struct topology_unit *unit;
	const struct topology_context *context;
	const struct topology_ioas *ioas;
	const struct group *group;
	const struct device *device;
	const struct pasid_range *range;    /* the first of those that follow each other */
	uint32_t lo, hi;                    /* with RANGE: the PASIDs, both included */
	const struct device_holder *holder; /* a process that has the device open; else see RANGE */
};

struct topology {
	struct topology_node *v; /* each after its parent, and before what is not beneath that */
	size_t n;
	int holders_status; /* 1; 0: not asked for; -EACCES: some processes could not be examined */

	struct topology_unit *units;
	size_t n_units;
	struct iommu_list iommus;
	struct group_list groups;
	struct device_list others; /* PCI devices in no group */
};

/* What to read. */
struct topology_need {
	unsigned int iommu, group, device; /* IOMMU_NEED_*, GROUP_NEED_*, DEVICE_NEED_* */
	enum topology_kind depth;          /* the last kind of nodes; bridges come with devices */
	const struct pasid_table *pasids;  /* borrowed by the nodes; NULL: none */
	const struct attached_query *attached;   /* NULL: nothing of what devices are attached to */
	const struct topology_context *contexts; /* borrowed by the nodes */
	size_t n_contexts;
};

void topology_done(struct topology *topology);
#define _cleanup_topology_ _cleanup_(topology_done)

/* Returns 0 or -errno. A machine without IOMMUs, groups or PCI is no error. */
int topology_read(const struct sys_root *root, const struct topology_need *need,
		  struct topology *ret);

/* "iommu", "group", "bridge", "device", "rid", "pasid", "process"; "context", "ioas" */
const char *topology_kind_name(enum topology_kind kind);
/* Returns 0 or -EINVAL. */
int topology_kind_parse(const char *name, enum topology_kind *ret);

/*
 * Leaves those of the nodes for which KEEP (one bool a node, used up) is true, with what is above and
 * beneath them. Returns 0 or -ENOMEM.
 */
int topology_limit(struct topology *topology, bool *keep);
