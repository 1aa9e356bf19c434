/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/machine/iommu.h"

/* Registers as tables. */

/* How a field's value V is shown. */
enum iommu_format {
	IOMMU_FLAG,         /* yes or no */
	IOMMU_NUMBER,       /* V */
	IOMMU_PLUS_ONE,     /* V + 1 */
	IOMMU_BITS,         /* V + 1 bits */
	IOMMU_POWER,        /* 2^V */
	IOMMU_OFFSET,       /* V * 16: an offset in bytes */
	IOMMU_DOMAINS,      /* 2^(4 + 2V) */
	IOMMU_WIDTHS,       /* bits: address widths */
	IOMMU_LARGE_PAGES,  /* bits: page sizes */
	IOMMU_HOST_LEVELS,  /* 4, 5, 6 levels, or no host translation */
	IOMMU_GUEST_LEVELS, /* 4, 5, 6 levels */
	IOMMU_TABLE_LEVELS, /* 1, 2, 3 levels */
	IOMMU_MODE,         /* no, or one of several modes */
	IOMMU_RESERVED,     /* shown only if it is not 0 */
};

struct iommu_layout {
	const char *reg, *name;
	uint8_t high, low;
	enum iommu_format format;
	const char *what;
};

struct iommu_register {
	uint64_t value;
	const struct iommu_layout *layout;
	size_t n_layout;
};

/* The fields of N registers, one after the other. Returns 0 or -ENOMEM. */
int iommu_decode(const struct iommu_register *registers, size_t n, struct iommu_field **ret,
		 size_t *ret_n);
