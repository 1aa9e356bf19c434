/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PASIDs as the IOMMU's own tables have them, one after the other, for model/pasid*.c alone. */
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
	bool like_rid; /* the domain is that of the device's requests without a PASID */
};

/*
 * The entries of all IOMMUs that show them, of DEVICE alone unless NULL: device by device, PASIDs
 * rising. What EACH returns but 0 ends the walk and is returned. Else 1; 0 where there is no IOMMU
 * whose tables a kernel can show; -ENOENT where there is, but no table; -EACCES; -EBADMSG on meeting
 * what is not written as known: what came before it stands; -errno.
 */
int pasid_hardware(const struct sys_root *root, const char *device,
		   int (*each)(const struct pasid_entry *entry, void *data), void *data);
