/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions and the bridges above them: what the kernel looks at to decide on isolation and
 * PASIDs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/pci_config.h"
#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"
#include "util/parse.h"

struct pci_function {
	char *id;   /* "0000:03:00.0" */
	char *path; /* "/sys/devices/..." */
	struct pci_address address;
	char *physfn; /* of a VF: id of its PF; else NULL */
	/* 1: all that follows is known, except fields with a status of their own; else -errno. */
	int status;
	struct pci_config_header header;
	bool multifunction; /* as in the kernel: never set for a VF */
	int express_status; /* 1; 0: conventional PCI; -errno */
	struct pci_config_express express;
	int acs_status; /* 1; 0: no ACS capability; -errno */
	struct pci_config_acs acs;
};

/*
 * Returns -EAGAIN if reading the file `config` below DIR would wake the device; 0; another -errno.
 */
int pci_function_awake(struct sys_dir dir);

/* Reads the file `config` below DIR; -EAGAIN if the device sleeps and WAKE is false. */
int pci_function_config(struct sys_dir dir, bool wake, struct pci_config *ret);

/* A function, then each bridge above it up to the root bus. */
struct pci_path {
	struct pci_function *v;
	size_t n;
};

void pci_path_done(struct pci_path *list);
#define _cleanup_pci_path_ _cleanup_(pci_path_done)

/* Returns 0, -ENODEV if PATH is not a PCI function, -ENOMEM. */
int pci_path_read(const struct sys_root *root, const char *path, bool wake, struct pci_path *ret);

/*
 * The ACS flags that the kernel requires of a device in its own group (REQ_ACS_FLAGS), and of one
 * with PASIDs.
 */
#define PCI_ACS_ISOLATED \
	(PCI_CONFIG_ACS_SV | PCI_CONFIG_ACS_RR | PCI_CONFIG_ACS_CR | PCI_CONFIG_ACS_UF)
#define PCI_ACS_PASID (PCI_CONFIG_ACS_RR | PCI_CONFIG_ACS_UF)

/*
 * Does FUNCTION have FLAGS of ACS in force, by its registers (pci_acs_enabled()) and the kernel's
 * quirks (pci_dev_specific_acs_enabled(), except those for Intel's integrated endpoints)? Returns
 * 1; 0 with the missing flags in RET_LACKS; -errno if unreadable.
 */
int pci_function_isolates(const struct pci_function *function, uint16_t flags, uint16_t *ret_lacks);

/*
 * Is a function directly below the bridge FUNCTION in another group than the bridge? The kernel
 * separates them only if it considers the bridge isolating, whatever its registers say.
 */
bool pci_function_parted(const struct sys_root *root, const struct pci_function *function);

/* Why FUNCTION is isolated or not, in words: "a single function needs no ACS". */
void pci_function_acs_text(const struct pci_function *function, uint16_t flags, char *buf,
			   size_t size);

/* "root port", "endpoint", "PCIe-to-PCI bridge", "conventional PCI"; "PCI function" if unknown. */
const char *pci_function_kind(const struct pci_function *function);
