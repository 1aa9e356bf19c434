/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State while the chain is followed, only for model/why_pasid*.c. */
#pragma once

#include "model/machine/device.h"
#include "model/machine/iommu.h"
#include "model/machine/pci_function.h"
#include "model/diagnosis/why_pasid.h"
#include "sys/kernel_config.h"
#include "util/str.h"

struct pasid_chain {
	const struct sys_root *root;
	enum use use;     /* USE_COUNT: for both */
	const char *moot; /* why missing links do not matter any more; NULL: they do */
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
	int error; /* -ENOMEM; nothing is added after it */
};

/* Which uses need a link. */
enum {
	LINK_VFIO = USE_BIT(USE_PASID),
	LINK_SVA = USE_BIT(USE_SVA),
	LINK_BOTH = LINK_VFIO | LINK_SVA,
};

struct pasid_link {
	const char *check;
	unsigned int needed;
	const char *broken; /* what it means if the link is broken: a constant */
	enum status status; /* exit status in that case; DONE: depends on the result */
};

/*
 * OBJECT and REMEDY may be NULL. For a link that the use does not need, or that is moot, the result
 * is at most a note.
 */
void chain_add(struct pasid_chain *chain, const struct pasid_link *link, enum finding_result result,
	       const char *object, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Adds that the link could not be measured, for NEGATIVE_ERRNO. */
void chain_unknown(struct pasid_chain *chain, const struct pasid_link *link, const char *object,
		   int negative_errno);

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

/* Is CONFIG_NAME set? Returns "y" or "m", "" if it is not set, NULL if unknown; in BUF. */
const char *chain_config(struct pasid_chain *chain, const char *name, char *buf, size_t size);

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
