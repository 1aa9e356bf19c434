/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine while it is checked, only for model/check*.c. */
#pragma once

#include "model/check.h"
#include "model/device.h"
#include "model/group.h"
#include "model/iommu.h"
#include "model/why_pasid_chain.h"

enum {
	NEEDS_PASSTHROUGH = USE_BIT(USE_PASSTHROUGH) | USE_BIT(USE_UNPRIVILEGED),
	NEEDS_VFIO = NEEDS_PASSTHROUGH | USE_BIT(USE_PASID),
	NEEDS_PASIDS = USE_BIT(USE_PASID) | USE_BIT(USE_SVA),
};

struct check_machine {
	struct pasid_chain chain; /* of no device; where findings are collected */
	struct iommu_list units;
	int units_status; /* 1 or -errno */
	struct group_list groups;
	int groups_status;
	struct device_list devices;
	int devices_status;
};

/* A unit that nothing is behind translates for nobody: the kernel's own tests have such. */
bool check_unit_used(const struct iommu *unit);

/* VFIO makes groups of its own for what no IOMMU translates: noiommu, and mediated devices. */
bool check_group_real(const struct group *group);

/* The parts, in order. */
void check_iommu(struct check_machine *machine);      /* on, and with which domains */
void check_interrupts(struct check_machine *machine); /* remapping, and the switches round it */
void check_pasids(struct check_machine *machine);     /* what kernel, units and devices have */
void check_vfio(struct check_machine *machine);       /* driver, iommufd, nodes */
void check_user(struct check_machine *machine);       /* permissions, limits */
