/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space, as sysfs serves it in a device's `config`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PCI_CONFIG_SIZE 4096

/* How much of the space is there to read; it decides what "no such capability" means. */
enum pci_config_extent {
	PCI_CONFIG_HEADER, /* 64 bytes (128 of a CardBus bridge): the reader is not privileged */
	PCI_CONFIG_LEGACY, /* 256 bytes of a PCI Express device: the kernel reaches no further */
	PCI_CONFIG_WHOLE,  /* all that the device has: 4096 bytes, or 256 of a conventional one */
};

struct pci_config {
	uint8_t data[PCI_CONFIG_SIZE];
	size_t size;
	enum pci_config_extent extent;
};

struct pci_config_header {
	uint16_t vendor, device; /* of a VF all ones: its PF has them */
	uint8_t revision;
	bool multifunction; /* what function 0 says of all */
};

/* Types of port and device, PCI_EXP_TYPE_* of the kernel. */
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
	unsigned int type; /* enum pci_express_type, or what is none */
	bool tlp_prefix;   /* takes and passes on end-to-end TLP prefixes, which PASIDs travel in */
};

/* Bits of both ACS registers that isolation is made of. */
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
	unsigned int width; /* bits; the specification allows 20 */
};

struct pci_config_pri {
	bool enabled;
	bool pasid_required; /* in the page request group response */
};

struct pci_config_acs {
	uint16_t supported, enabled; /* the capability's and the control register */
};

struct pci_config_sriov {
	bool enabled;
	uint16_t total_vfs, num_vfs;
};

/*
 * The file `config` below DIR. The kernel wakes a sleeping device for it. Returns 0; -EIO where the
 * device does not answer (all ones) or there is not even a header; -errno.
 */
int sys_pci_config_read(int dir, struct pci_config *ret);

/*
 * Each returns 1 and fills RET; 0 where the device has no such capability; -EACCES where more
 * privilege, -EOPNOTSUPP where another kernel (CONFIG_PCI_MMCONFIG) would be needed to read it; -EBADMSG
 * where the list of capabilities is broken. Pointers that leave the space or run in a circle end a
 * walk.
 */
int sys_pci_config_express(const struct pci_config *config, struct pci_config_express *ret);
int sys_pci_config_ats(const struct pci_config *config, struct pci_config_ats *ret);
int sys_pci_config_pasid(const struct pci_config *config, struct pci_config_pasid *ret);
int sys_pci_config_pri(const struct pci_config *config, struct pci_config_pri *ret);
int sys_pci_config_acs(const struct pci_config *config, struct pci_config_acs *ret);
int sys_pci_config_sriov(const struct pci_config *config, struct pci_config_sriov *ret);

/* Every config that was read has this. */
struct pci_config_header sys_pci_config_header(const struct pci_config *config);

/* Sets EXTENT of a config whose DATA and SIZE are filled. Returns 0 or -EIO, as above. */
int sys_pci_config_check(struct pci_config *config);

/* Where in the SIZE bytes DATA of a config space the device's serial number is; else untouched. */
void sys_pci_config_serial(const void *data, size_t size, size_t *ret_begin, size_t *ret_end);
