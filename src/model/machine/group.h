/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU groups: /sys/kernel/iommu_groups/N. Numbers may be sparse and change between boots. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/machine/device.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

enum group_need {
	GROUP_NEED_TYPE =
		1u << 0, /* takes the group's mutex in the kernel: may block on a driver */
	GROUP_NEED_NAME = 1u << 1,
	GROUP_NEED_REGIONS = 1u << 2,
	GROUP_NEED_MEMBERS = 1u << 3,
	GROUP_NEED_ALL = (1u << 4) - 1,
};

struct group_region {
	uint64_t start, end; /* IOVA, both inclusive */
	char *type;          /* "direct", "direct-relaxable", "reserved", "msi" */
};

struct group {
	uint32_t number;
	struct field_str type;  /* "DMA", "DMA-FQ", "identity", "unmanaged", "blocked", "unknown" */
	struct field_str name;  /* set for few groups */
	struct device *members; /* sorted by id; of any bus */
	size_t n_members;
	int members_status; /* 1, or -errno: could not be listed; 0: not asked for */
	struct group_region *regions;
	size_t n_regions;
	int regions_status;
};

struct group_list {
	struct group *v;
	size_t n;
};

/* All types printed by the kernel's iommu_group_show_type(), up to a NULL. */
extern const char *const group_types[];

void group_done(struct group *group);
#define _cleanup_group_ _cleanup_(group_done)

void group_list_done(struct group_list *list);
#define _cleanup_group_list_ _cleanup_(group_list_done)

/*
 * All groups, sorted by number. NEED is an OR of GROUP_NEED_*, DEVICE_NEED of DEVICE_NEED_* for the
 * members. The list is empty if the kernel has no groups. Returns 0 or -errno.
 */
int group_list(const struct sys_root *root, unsigned int need, unsigned int device_need,
	       struct group_list *ret);

/* Gets each group, which it may take over by leaving a zeroed one. */
typedef int group_each_fn(struct group *group, void *data);

/*
 * Calls EACH with one group after another as group_list() has them, but without the openers of
 * members, so that a machine with thousands takes the memory of one. Returns 0, -errno, or the
 * first result of EACH other than 0, which ends it.
 */
int group_each(const struct sys_root *root, unsigned int need, unsigned int device_need,
	       group_each_fn *each, void *data);

/* One group. Returns 0, -ENOENT if it does not exist, or another -errno. */
int group_get(const struct sys_root *root, uint32_t number, unsigned int need,
	      unsigned int device_need, struct group *ret);

/*
 * A device must be able to reach a direct region at all times, so the kernel refuses its group to
 * VFIO and iommufd (__iommu_device_set_domain()). False for "direct-relaxable".
 */
bool group_region_is_direct(const struct group_region *region);

/* Does GROUP have a direct region? Also false if its regions could not be read. */
bool group_is_direct(const struct group *group);

/*
 * Parses the text of reserved_regions, which is modified. A malformed line sets regions_status to
 * -EBADMSG. Returns 0 or -ENOMEM.
 */
int group_parse_regions(char *text, struct group *group);
