/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions and the bridges above them, as far as the kernel looks at them to isolate devices from
 * each other and to let PASIDs through.
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
	char *physfn; /* of a VF: its PF's id; else NULL */
	/* All that follows is known where this is 1, unless it has an error of its own; else -errno. */
	int status;
	struct pci_config_header header;
	bool multifunction; /* as the kernel sees it: no VF is */
	int express_status; /* 1; 0: conventional PCI; -errno */
	struct pci_config_express express;
	int acs_status; /* 1; 0: no such capability; -errno */
	struct pci_config_acs acs;
};

void pci_function_done(struct pci_function *function);

/*
 * The function at PATH. Unless WAKE, one that sleeps is left alone: -EAGAIN in its status. Returns 0 or
 * -ENOMEM; what could not be read is in RET.
 */
int pci_function_read(const struct sys_root *root, const char *path, bool wake,
		      struct pci_function *ret);

/* Would reading the file `config` below DIR wake the device? -EAGAIN then; 0, -errno. */
int pci_function_awake(int dir);

/* What is in the file `config` below DIR, or -EAGAIN of one that sleeps, which reading would wake. */
int pci_function_config(int dir, bool wake, struct pci_config *ret);

/* A function, then each bridge above it up to the root bus. */
struct pci_path {
	struct pci_function *v;
	size_t n;
};

void pci_path_done(struct pci_path *list);
#define _cleanup_pci_path_ _cleanup_(pci_path_done)

/* Returns 0, -ENODEV where PATH is no PCI function's, -ENOMEM. */
int pci_path_read(const struct sys_root *root, const char *path, bool wake, struct pci_path *ret);

/* What the kernel asks of a device in a group of its own (REQ_ACS_FLAGS), and of one with PASIDs. */
#define PCI_ACS_ISOLATED \
	(PCI_CONFIG_ACS_SV | PCI_CONFIG_ACS_RR | PCI_CONFIG_ACS_CR | PCI_CONFIG_ACS_UF)
#define PCI_ACS_PASID (PCI_CONFIG_ACS_RR | PCI_CONFIG_ACS_UF)

/*
 * Does FUNCTION keep to FLAGS of ACS, as its registers say (pci_acs_enabled(); the devices that the
 * kernel knows better, pci_dev_specific_acs_enabled(), but for Intel's integrated endpoints, left out)?
 * Returns 1; 0 with the flags that are not in force in RET_LACKS; -errno where that could not be read.
 */
int pci_function_isolates(const struct pci_function *function, uint16_t flags, uint16_t *ret_lacks);

/*
 * Is a function right below the bridge FUNCTION in another group than that is? The kernel parts them
 * only where it holds the bridge to isolate, whatever the registers say.
 */
bool pci_function_parted(const struct sys_root *root, const struct pci_function *function);

/* Why FUNCTION isolates or not, in words: "a single function needs no ACS". */
void pci_function_acs_text(const struct pci_function *function, uint16_t flags, char *buf,
			   size_t size);

/* "root port", "endpoint", "PCIe-to-PCI bridge", "conventional PCI"; "PCI function" where unknown. */
const char *pci_function_kind(const struct pci_function *function);
