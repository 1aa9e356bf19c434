/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs from the IOMMUs' own tables, one by one, only for model/pasid*.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sys/root.h"

struct pasid_entry {
	const char *device; /* sysfs id */
	uint32_t pasid;     /* not 0 */
	uint16_t domain;
	uint8_t type; /* VT-d's PGTT */
	bool sva;
	bool like_rid; /* same domain as the device's requests without a PASID */
};

/*
 * Calls EACH for the entries of all IOMMUs that show them, only of DEVICE unless NULL: device by
 * device, PASIDs ascending. A non-zero return of EACH ends it and is returned. Else returns 1; 0 if
 * the machine has no IOMMU whose tables a kernel can show; -ENOENT if it has, but this kernel shows
 * no table; -EACCES; -EBADMSG on an unknown format, the entries before it being valid; another
 * -errno.
 */
int pasid_hardware(const struct sys_root *root, const char *device,
		   int (*each)(const struct pasid_entry *entry, void *data), void *data);
