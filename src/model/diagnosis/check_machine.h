/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State of a check of the machine, only for model/check*.c. */
#pragma once

#include "model/diagnosis/check.h"
#include "model/machine/device.h"
#include "model/machine/group.h"
#include "model/machine/iommu.h"
#include "model/diagnosis/why_pasid_chain.h"

enum {
	NEEDS_PASSTHROUGH = USE_BIT(USE_PASSTHROUGH) | USE_BIT(USE_UNPRIVILEGED),
	NEEDS_VFIO = NEEDS_PASSTHROUGH | USE_BIT(USE_PASID),
	NEEDS_PASIDS = USE_BIT(USE_PASID) | USE_BIT(USE_SVA),
};

struct check_machine {
	struct pasid_chain chain; /* without a device; findings are collected here */
	struct iommu_list units;
	int units_status; /* 1 or -errno */
	struct group_list groups;
	int groups_status;
	struct device_list devices;
	int devices_status;
};

/* False for a unit with no devices behind it. The kernel's self-tests create such units. */
bool check_unit_used(const struct iommu *unit);

/*
 * False for the groups that VFIO creates for devices without IOMMU (noiommu) and for mediated
 * devices.
 */
bool check_group_real(const struct group *group);

/* The parts of the check, in order. */
void check_iommu(struct check_machine *machine);      /* is it on, with which domains */
void check_interrupts(struct check_machine *machine); /* remapping, and what overrides it */
void check_pasids(struct check_machine *machine);     /* support by kernel, IOMMUs and devices */
void check_vfio(struct check_machine *machine);       /* driver, iommufd, nodes */
void check_user(struct check_machine *machine);       /* permissions, limits */
