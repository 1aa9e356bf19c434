/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain while it is followed, only for model/why_pasid*.c. */
#pragma once

#include "model/device.h"
#include "model/iommu.h"
#include "model/pci_function.h"
#include "model/why_pasid.h"
#include "sys/kernel_config.h"
#include "util/str.h"

struct pasid_chain {
	const struct sys_root *root;
	enum use use;     /* USE_COUNT: for both */
	const char *moot; /* why what is not there does not matter any more; NULL: it does */
	bool wake;
	struct device device;
	struct pci_path path; /* of whose capability it is: the device's, or its PF's */
	struct iommu unit;
	int unit_status; /* 1; 0: there is none; -errno */
	struct strv cmdline;
	int cmdline_status; /* 1 or -errno */
	struct kernel_config config;
	int config_status;                  /* 1 or -errno */
	const struct pasid_holder *holders; /* of contexts */
	size_t n_holders;
	struct finding_list list;
	int error; /* -ENOMEM; then nothing is added any more */
};

/* Who needs a link. */
enum {
	LINK_VFIO = USE_BIT(USE_PASID),
	LINK_SVA = USE_BIT(USE_SVA),
	LINK_BOTH = LINK_VFIO | LINK_SVA,
};

struct pasid_link {
	const char *check;
	unsigned int needed;
	const char *broken; /* what it means when it is: a constant */
	enum status status; /* that it leads to then; DONE: as the result has it */
};

/* OBJECT and REMEDY may be NULL. A link that the use does not need, or that is moot, is a note at worst. */
void chain_add(struct pasid_chain *chain, const struct pasid_link *link, enum finding_result result,
	       const char *object, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* It could not be measured, for NEGATIVE_ERRNO. */
void chain_unknown(struct pasid_chain *chain, const struct pasid_link *link, const char *object,
		   int negative_errno);

/* What all links share: command line and configuration. Returns 0 or -ENOMEM. */
int chain_read_kernel(struct pasid_chain *chain);
void chain_done(struct pasid_chain *chain);

bool chain_vendor(const struct pasid_chain *chain, const char *vendor);

/* The links, in order. */
void chain_endpoint(struct pasid_chain *chain); /* what the endpoint has, and the way up */
void chain_kernel(struct pasid_chain *chain);   /* configuration, command line */
void chain_unit(struct pasid_chain *chain);     /* the IOMMU, and the CPU */
void chain_enabled(struct pasid_chain *chain);  /* what is in force at the endpoint */
void chain_driver(struct pasid_chain *chain);   /* group, driver, nodes */

/* Is CONFIG_NAME set? "y" or "m", "" where it is not, NULL where that cannot be known; in BUF. */
const char *chain_config(struct pasid_chain *chain, const char *name, char *buf, size_t size);

/* Links that are not a single device's, one each. */
void chain_registers(struct pasid_chain *chain); /* of `unit`, and the CPU that it has to fit */
void chain_remapping(struct pasid_chain *chain);
void chain_iommufd(struct pasid_chain *chain);

/*
 * Is NAME in DIRECTORY ("dev/vfio")? 1, 0, -errno. A machine has a /dev and a /sys, captured or not: one
 * without was not captured, which is -ENOENT.
 */
int chain_has_entry(const struct sys_root *root, const char *directory, const char *name);

/* Does DEVICE's driver bind processes? */
bool chain_driver_binds(const struct sys_root *root, const struct device *device);

/* Is DEVICE's driver one of VFIO's? */
bool chain_driver_is_vfio(const struct device *device);
