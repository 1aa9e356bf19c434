/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the own requests of devices (RID) are attached to: a group's devices share it. */
#pragma once

#include "model/device.h"
#include "model/group.h"

/* What a holder says of a device in its context. Strings are the caller's and only read. */
struct attached_record {
	const char *device; /* sysfs id */
	bool bound;         /* to the iommufd; else it is only open */
	bool attached;
	struct field_u64 ioas, hwpt; /* of what is attached */
	const char *ioas_name;       /* NULL: none */
	const char *context;
	pid_t pid; /* of the holder */
};

struct attached_query {
	const struct sys_root *root;
	const struct attached_record *records;
	size_t n_records;
	int records_status;              /* 1; -errno: not all contexts could be asked */
	const struct group_list *groups; /* with their types; NULL: these are read */
};

/* What a device is to be read with. */
#define ATTACHED_NEED (DEVICE_NEED_GROUP | DEVICE_NEED_VFIO | DEVICE_NEED_HOLDERS)

/* Can any of the devices be attached by somebody else than the kernel? Else no records are needed. */
bool attached_asks(struct device *const *devices, size_t n);

/*
 * Sets `attached` of each of the N devices, which are whole groups, as far as they are known, in any order. A
 * record is believed of a device that its holder is not known not to have open. Returns 0 or -ENOMEM.
 */
int attached_set(const struct attached_query *query, struct device *const *devices, size_t n);

const char *attached_kind_name(enum attached_kind kind); /* "domain", "ioas", "hwpt", "opener" */
