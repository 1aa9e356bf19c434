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
 * A field of a register, named as in its specification: Intel's Virtualization Technology for
 * Directed I/O, AMD's I/O Virtualization Technology. "RSVD" is for reserved bits that are set.
 */
struct iommu_field {
	const char *reg;        /* "CAP", "ECAP" (VT-d), "EFR", "EFR2" (AMD) */
	const char *name;       /* "SAGAW" */
	unsigned int high, low; /* bit numbers */
	uint64_t value;
	const char *what; /* what the field is: "supported adjusted guest address widths" */
	char *meaning;    /* of its value: "39-bit, 48-bit", "yes"; owned, never NULL */
};

struct iommu {
	char *name;              /* "dmar0", "ivhd0", "smmu3.0x000000002b400000" */
	struct field_str vendor; /* "intel", "amd", "arm-smmu-v3", "virtio", ... */
	struct field_str path;   /* "/sys/devices/..." */
	struct field_u64 address;
	struct field_str version; /* "1:0", as the kernel formats it */
	struct field_u64 domains_used, domains_supported;
	struct field_u64 cap, ecap; /* VT-d: both; AMD: `cap` is the PCI capability header */
	struct field_u64 features, features2; /* AMD: extended feature registers, EFR and EFR2 */
	/* In bits; absent if no register says it; 0: no PASIDs. */
	struct field_u64 pasid_width;
	struct field_u64 address_width; /* VT-d: MGAW, in bits */
	struct iommu_field *fields;
	size_t n_fields;
	struct strv devices; /* ids of the devices behind the unit, sorted */
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

/* All units, sorted by name; an empty list if there are none. Returns 0 or -errno. */
int iommu_list(const struct sys_root *root, unsigned int need, struct iommu_list *ret);

/* One unit by name. Returns 0, -ENOENT, -EINVAL if the name is not valid, or another -errno. */
int iommu_get(const struct sys_root *root, const char *name, unsigned int need, struct iommu *ret);

/* Field NAME of register REG ("ECAP", "SMTS"); absent if the register was not read. */
struct field_u64 iommu_field(const struct iommu *iommu, const char *reg, const char *name);

/* Decodes raw register values from other sources, such as GET_HW_INFO. Return 0 or -ENOMEM. */
int iommu_decode_intel(uint64_t cap, uint64_t ecap, struct iommu_field **ret, size_t *ret_n);
int iommu_decode_amd(uint64_t efr, uint64_t efr2, struct iommu_field **ret, size_t *ret_n);
void iommu_fields_free(struct iommu_field *fields, size_t n);
