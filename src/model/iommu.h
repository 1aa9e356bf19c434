/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOMMU units: /sys/class/iommu. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"
#include "util/str.h"

enum iommu_need {
	IOMMU_NEED_REGISTERS =
		1u << 0, /* cap, ecap, features, fields, pasid_width, address_width */
	IOMMU_NEED_DEVICES = 1u << 1,
	IOMMU_NEED_DOMAINS = 1u << 2, /* domains_used, domains_supported */
	IOMMU_NEED_ADDRESS = 1u << 3, /* address, version */
	IOMMU_NEED_ALL = (1u << 4) - 1,
};

/*
 * A field of a register, under the name that its specification gives it: Intel's Virtualization
 * Technology for Directed I/O, AMD's I/O Virtualization Technology. "RSVD" stands for bits that are
 * set and that they keep back.
 */
struct iommu_field {
	const char *reg;        /* "CAP", "ECAP" (VT-d), "EFR", "EFR2" (AMD) */
	const char *name;       /* "SAGAW" */
	unsigned int high, low; /* its bits */
	uint64_t value;
	const char *what; /* what the field is: "supported adjusted guest address widths" */
	char *meaning;    /* of the value: "39-bit, 48-bit", "yes"; owned, never NULL */
};

struct iommu {
	char *name;              /* "dmar0", "ivhd0", "smmu3.0x000000002b400000" */
	struct field_str vendor; /* "intel", "amd", "arm-smmu-v3", "virtio", ... */
	struct field_str path;   /* "/sys/devices/..." */
	struct field_u64 address;
	struct field_str version; /* "1:0" as the kernel writes it */
	struct field_u64 domains_used, domains_supported;
	struct field_u64 cap, ecap; /* VT-d's two; AMD's `cap` is its PCI capability header */
	struct field_u64 features, features2; /* AMD: extended feature registers, EFR and EFR2 */
	/* Absent where no register says; known 0: no PASIDs. Bits. */
	struct field_u64 pasid_width;
	struct field_u64 address_width; /* VT-d: MGAW, bits */
	struct iommu_field *fields;
	size_t n_fields;
	struct strv devices; /* ids of the devices behind it, sorted */
	int devices_status;
};

struct iommu_list {
	struct iommu *v;
	size_t n;
};

void iommu_done(struct iommu *iommu);
#define _cleanup_iommu_ _cleanup_(iommu_done)

void iommu_list_done(struct iommu_list *list);
#define _cleanup_iommu_list_ _cleanup_(iommu_list_done)

/* All units, sorted by name; an empty list where there is none. Returns 0 or -errno. */
int iommu_list(const struct sys_root *root, unsigned int need, struct iommu_list *ret);

/* One unit by name. Returns 0, -ENOENT, -EINVAL for a name that no file can have, -errno. */
int iommu_get(const struct sys_root *root, const char *name, unsigned int need, struct iommu *ret);

/* Field NAME of register REG ("ECAP", "SMTS"); absent where that was not read. */
struct field_u64 iommu_field(const struct iommu *iommu, const char *reg, const char *name);

/* The fields of raw registers, for whoever has them from elsewhere. Return 0 or -ENOMEM. */
int iommu_decode_intel(uint64_t cap, uint64_t ecap, struct iommu_field **ret, size_t *ret_n);
int iommu_decode_amd(uint64_t efr, uint64_t efr2, struct iommu_field **ret, size_t *ret_n);
void iommu_fields_free(struct iommu_field *fields, size_t n);
