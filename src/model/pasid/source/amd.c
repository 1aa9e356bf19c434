/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's driver shows each device's entry of the device table in debugfs, but not the PASID table
 * (GCR3) that the entry may point to, so PASIDs are not known. The entries do show which devices
 * have no such table, and so no PASIDs, and how large the tables of the others are.
 */
#include "model/pasid/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/debugfs_amd.h"
#include "util/cleanup.h"
#include "util/str.h"

#define UNITS     "sys/class/iommu"
#define DIRECTORY "sys/kernel/debug/iommu/amd"

struct amd {
	struct pasid_reader *reader;
	struct sys_amd_table table;
	size_t n_units, n_devices;
	size_t n_tables;    /* number of devices with a PASID table */
	char first[32];     /* the first of those */
	unsigned int width; /* of the largest table */
	int status;         /* 1, or the first error */
	char error_at[32];  /* device */
};

/* Entries that do not apply to a device, and entries not captured, say nothing about it. */
static void read_entry(struct amd *amd, const char *id)
{
	struct pci_address address;
	struct amd_dte dte;
	int r;

	if (parse_pci_address(id, &address) < 0 ||
	    (amd->reader->device && strcmp(amd->reader->device, id) != 0))
		return;
	r = sys_amd_table_read(&amd->table, &address, &dte);
	if (r == -ENODEV)
		return;
	amd->n_devices++;
	if (r < 0 && amd->status == 1) {
		amd->status = r;
		snprintf(amd->error_at, sizeof(amd->error_at), "%s", id);
	}
	if (r < 0 || !dte.guest)
		return;
	if (amd->n_tables++ == 0)
		snprintf(amd->first, sizeof(amd->first), "%s", id);
	if (dte.pasid_width > amd->width)
		amd->width = dte.pasid_width;
}

static int read_units(struct amd *amd, bool entries)
{
	_cleanup_strv_ struct strv units = { 0 };
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(amd->reader->root, UNITS);
	int r = sys_list(dir, ".", &units);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < units.n; i++) {
		_cleanup_strv_ struct strv devices = { 0 };
		_cleanup_sys_dir_ struct sys_dir unit = SYS_DIR_NONE;
		char path[512];

		if (!str_starts(units.v[i], "ivhd"))
			continue;
		amd->n_units++;
		if (!entries)
			continue;
		snprintf(path, sizeof(path), UNITS "/%s", units.v[i]);
		unit = sys_dir_open(amd->reader->root, path);
		r = sys_list(unit, "devices", &devices);
		if (r < 0)
			return r;
		for (size_t k = 0; k < devices.n; k++)
			read_entry(amd, devices.v[k]);
	}
	return 0;
}

/* Summarizes the entries in words. */
static int conclude(struct amd *amd)
{
	struct pasid_reader *reader = amd->reader;

	if (amd->status == -ENOENT) {
		pasid_reader_reason(reader, "no entry of the device table was captured");
		return -EOPNOTSUPP;
	}
	if (amd->status < 0) {
		pasid_reader_reason(reader, "%s: %s", amd->error_at, strerror(-amd->status));
		return amd->status;
	}
	if (amd->n_tables == 0) {
		pasid_reader_reason(reader, "none of %zu devices has a table of PASIDs",
				    amd->n_devices);
		return 1;
	}
	pasid_reader_reason(reader,
			    "%zu of %zu devices (%s%s) have a table of PASIDs of up to %u bits, "
			    "which this kernel does not show",
			    amd->n_tables, amd->n_devices, amd->first,
			    amd->n_tables > 1 ? ", ..." : "", amd->width);
	return -EOPNOTSUPP;
}

static int amd_read(struct pasid_reader *reader)
{
	struct amd amd = { .reader = reader, .status = 1 };
	int r = read_units(&amd, false);

	if (r == 0 && amd.n_units == 0) {
		pasid_reader_reason(reader, "no AMD IOMMU");
		return 0;
	}
	if (r < 0)
		return r;
	if (!(reader->need & PASID_NEED_TABLES)) {
		pasid_reader_reason(reader, "not asked");
		return 1;
	}
	r = sys_amd_table_open(reader->root, &amd.table);
	if (r == -ENOENT) {
		pasid_reader_reason(reader, "no debugfs of AMD's IOMMUs");
		return -EOPNOTSUPP;
	}
	if (r == -EBUSY)
		pasid_reader_reason(reader, "another program keeps the lock on devid");
	if (r < 0)
		return r;
	r = read_units(&amd, true);
	sys_amd_table_close(&amd.table);
	return r < 0 ? r : conclude(&amd);
}

const struct pasid_source pasid_source_amd = {
	.name = "amd",
	.what = "The device table of AMD's IOMMUs",
	.path = "/" DIRECTORY,
	.read = amd_read,
};
