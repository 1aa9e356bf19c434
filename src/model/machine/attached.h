/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device's own requests (RID) are attached to. All devices of a group share one attachment.
 */
#pragma once

#include "model/machine/device.h"
#include "model/machine/group.h"

/* A device in a holder's record. Strings are borrowed from the caller. */
struct attached_record {
	const char *device; /* sysfs id of the device */
	bool bound;         /* bound to the iommufd; otherwise only opened */
	bool attached;
	struct field_u64 ioas, hwpt; /* of what the device is attached to */
	const char *ioas_name;       /* NULL: none */
	const char *context;
	pid_t pid; /* of the holder */
};

struct attached_query {
	const struct sys_root *root;
	const struct attached_record *records;
	size_t n_records;
	int records_status;              /* 1; -errno: some contexts could not be asked */
	const struct group_list *groups; /* with their types; NULL: read them here */
};

/* The facts about a device that attached_set() needs. */
#define ATTACHED_NEED (DEVICE_NEED_GROUP | DEVICE_NEED_VFIO | DEVICE_NEED_OPENERS)

/* Can anything but the kernel have attached one of the devices? If not, no records are needed. */
bool attached_asks(struct device *const *devices, size_t n);

/*
 * Sets `attached` of N devices, in any order. They must include every device of each group. A
 * record is ignored if its holder is known not to have the device open. Returns 0 or -ENOMEM.
 */
int attached_set(const struct attached_query *query, struct device *const *devices, size_t n);

extern const char *const attached_kind_names[];          /* all names, up to a NULL */
const char *attached_kind_name(enum attached_kind kind); /* "domain", "ioas", "hwpt", "opener" */
