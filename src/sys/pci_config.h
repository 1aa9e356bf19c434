/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space, as read from a device's `config` in sysfs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"

#define PCI_CONFIG_SIZE 4096

/* How much of the space is readable; it decides whether "no such capability" is known. */
enum pci_config_extent {
	PCI_CONFIG_HEADER, /* 64 bytes (128 for a CardBus bridge): the reader is not privileged */
	PCI_CONFIG_LEGACY, /* 256 bytes of a PCI Express device: the kernel cannot reach more */
	PCI_CONFIG_WHOLE,  /* everything: 4096 bytes, or 256 for conventional PCI */
};

struct pci_config {
	uint8_t data[PCI_CONFIG_SIZE];
	size_t size;
	enum pci_config_extent extent;
};

struct pci_config_header {
	uint16_t vendor, device; /* all ones in a VF: its PF has them */
	uint8_t revision;
	bool multifunction; /* valid for the whole slot in function 0 */
};

/* Device/port types, the kernel's PCI_EXP_TYPE_*. */
enum pci_express_type {
	PCI_EXPRESS_ENDPOINT = 0,
	PCI_EXPRESS_LEGACY_ENDPOINT = 1,
	PCI_EXPRESS_ROOT_PORT = 4,
	PCI_EXPRESS_UPSTREAM = 5,
	PCI_EXPRESS_DOWNSTREAM = 6,
	PCI_EXPRESS_TO_PCI = 7,
	PCI_TO_PCI_EXPRESS = 8,
	PCI_EXPRESS_INTEGRATED = 9, /* root complex integrated endpoint */
	PCI_EXPRESS_EVENT_COLLECTOR = 10,
};

struct pci_config_express {
	unsigned int type; /* enum pci_express_type, or another number */
	bool tlp_prefix;   /* supports end-to-end TLP prefixes, which carry PASIDs */
};

/* Bits in both ACS registers that matter for isolation. */
enum {
	PCI_CONFIG_ACS_SV = 1 << 0, /* source validation */
	PCI_CONFIG_ACS_RR = 1 << 2, /* request redirect */
	PCI_CONFIG_ACS_CR = 1 << 3, /* completion redirect */
	PCI_CONFIG_ACS_UF = 1 << 4, /* upstream forwarding */
};

struct pci_config_ats {
	bool enabled;
};

struct pci_config_pasid {
	bool enabled, exec, exec_enabled, priv, priv_enabled;
	unsigned int width; /* bits, at most 20 */
};

struct pci_config_pri {
	bool enabled;
	bool pasid_required; /* PRG Response PASID Required */
};

struct pci_config_acs {
	uint16_t supported, enabled; /* capability and control register */
};

struct pci_config_sriov {
	bool enabled;
	uint16_t total_vfs, num_vfs;
};

/*
 * Reads the file `config` below DIR; the kernel wakes a sleeping device for it. Returns 0; -EIO if
 * the device does not respond (all ones) or the header is incomplete; another -errno.
 */
int sys_pci_config_read(struct sys_dir dir, struct pci_config *ret);

/*
 * Each returns 1 with RET filled; 0 if the device does not have the capability; -EACCES if reading
 * it needs privilege; -EOPNOTSUPP if it needs another kernel (CONFIG_PCI_MMCONFIG); -EBADMSG if the
 * list of capabilities is broken. A pointer outside the space or a loop ends the walk.
 */
int sys_pci_config_express(const struct pci_config *config, struct pci_config_express *ret);
int sys_pci_config_ats(const struct pci_config *config, struct pci_config_ats *ret);
int sys_pci_config_pasid(const struct pci_config *config, struct pci_config_pasid *ret);
int sys_pci_config_pri(const struct pci_config *config, struct pci_config_pri *ret);
int sys_pci_config_acs(const struct pci_config *config, struct pci_config_acs *ret);
int sys_pci_config_sriov(const struct pci_config *config, struct pci_config_sriov *ret);

/* The header, which is always there. */
struct pci_config_header sys_pci_config_header(const struct pci_config *config);

/* Sets EXTENT of a config with DATA and SIZE filled. Returns 0 or -EIO, as above. */
int sys_pci_config_check(struct pci_config *config);

/*
 * The range of the device serial number in SIZE bytes DATA of a config space; untouched if there is
 * none.
 */
void sys_pci_config_serial(const void *data, size_t size, size_t *ret_begin, size_t *ret_end);
