/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/diagnosis/check.h"
#include "model/diagnosis/finding.h"
#include "model/diagnosis/why_pasid.h"
#include "model/machine/device.h"
#include "model/machine/group.h"
#include "model/machine/iommu.h"
#include "model/machine/pci_function.h"
#include "sys/kernel_config.h"
#include "sys/root.h"
#include "util/str.h"

/* Sets of uses that need the same. */
enum {
	FOR_PASID = USE_BIT(USE_PASID),
	FOR_SVA = USE_BIT(USE_SVA),
	FOR_PASIDS = FOR_PASID | FOR_SVA,
	FOR_USERS = USE_BIT(USE_UNPRIVILEGED),
	FOR_PASSTHROUGH = USE_BIT(USE_PASSTHROUGH) | FOR_USERS,
	FOR_VFIO = FOR_PASSTHROUGH | FOR_PASID,
};

/* Adds why the members of GROUP share it. Returns 0 or -ENOMEM. */
int share_explain(const struct sys_root *root, const struct group *group, bool wake,
		  struct finding_list *list);

/* State while the chain is followed. */

struct pasid_chain {
	const struct sys_root *root;
	bool wake;
	struct device device;
	struct pci_path path; /* of the function with the capability: the device, or its PF */
	struct iommu unit;
	int unit_status; /* 1; 0: no unit; -errno */
	struct strv cmdline;
	int cmdline_status; /* 1 or -errno */
	struct kernel_config config;
	int config_status;                  /* 1 or -errno */
	const struct pasid_holder *holders; /* of contexts */
	size_t n_holders;
	struct finding_list list;
};

/* Reads what all links share: command line and configuration. Returns 0 or -ENOMEM. */
int chain_read_kernel(struct pasid_chain *chain);
void chain_done(struct pasid_chain *chain);

bool chain_vendor(const struct pasid_chain *chain, const char *vendor);

/* The links, in order. */
void chain_endpoint(struct pasid_chain *chain); /* endpoint's capabilities, and the path up */
void chain_kernel(struct pasid_chain *chain);   /* kernel configuration, command line */
void chain_unit(struct pasid_chain *chain);     /* the IOMMU, and the CPU */
void chain_enabled(struct pasid_chain *chain);  /* what is enabled at the endpoint */
void chain_driver(struct pasid_chain *chain);   /* group, driver, nodes */

/* Is CONFIG_NAME set? Returns 'y' or 'm', 0 if it is not set, -errno if that is unknown. */
int chain_config(struct pasid_chain *chain, enum sys_word option);

/* Is the boolean parameter of a module on? Returns 1, 0 if it is off or absent, -errno. */
int chain_param(struct pasid_chain *chain, enum sys_word param);

/*
 * What to do to get an IOMMU on a machine without IOMMU groups; with SERVES_OTHERS, on one that has
 * groups but not for the devices in question. A constant, or in BUF; NULL if nothing that was
 * measured shows what would help.
 */
const char *chain_advice(struct pasid_chain *chain, bool serves_others, char *buf, size_t size);

/* Links that are not a single device's. */
void chain_registers(struct pasid_chain *chain); /* of `unit`, and whether the CPU fits it */
void chain_remapping(struct pasid_chain *chain);
void chain_iommufd(struct pasid_chain *chain);

/*
 * Is NAME in DIRECTORY ("dev/vfio")? Returns 1, 0 or -errno. Every machine has /dev and /sys, so a
 * tree without them was not captured: -ENOENT.
 */
int chain_has_entry(const struct sys_root *root, const char *directory, const char *name);

/* Does DEVICE's driver bind processes (SVA)? */
bool chain_driver_binds(const struct sys_root *root, const struct device *device);

/* Is DEVICE's driver a VFIO driver? */
bool chain_driver_is_vfio(const struct device *device);

/* State of a check of the machine. */

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
