/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device table of AMD's IOMMUs in debugfs: sys/kernel/debug/iommu/amd/{devid,devtbl}
 * (drivers/iommu/amd/debugfs.c). The address of a device written to `devid` chooses the entry that
 * `devtbl` shows. That choice is one variable for all readers of the machine (`sbdf`), and only root
 * may write it: so it is taken under a lock on `devid`, and put back as it was found.
 *
 * The kernel's own capture of these two files would show at most one device. A captured tree holds
 * what `devtbl` showed of each device in a file of its own instead: devtbl-of/0000:00:05.0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define AMD_DEVTBL_CAPTURED "devtbl-of"
#define AMD_DEVTBL_SIZE     512 /* room for what `devtbl` shows: two lines */

/* A device table entry. The kernel's names are DTE_* in drivers/iommu/amd/amd_iommu_types.h. */
struct amd_dte {
	struct pci_address address;
	unsigned int iommu;       /* the number of its unit, as the kernel counts them from 0 */
	uint64_t word[4];         /* QWORD[0] to QWORD[3] */
	bool valid;               /* DTE_FLAG_V; without it DMA passes untranslated */
	bool translated;          /* DTE_FLAG_TV: what follows holds */
	uint8_t mode;             /* DTE_MODE_MASK: levels of the host page table; 0 has none */
	uint16_t domain;          /* DTE_DOMID_MASK */
	bool guest;               /* DTE_FLAG_GV: there is a table of PASIDs, at GCR3 */
	bool guest_without_pasid; /* DTE_FLAG_GIOV: requests without PASID take entry 0 of it */
	unsigned int
		pasid_width; /* bits that a table of DTE_GLX levels has room for; 0 without GUEST */
	uint64_t gcr3;       /* physical address of that table */
};

/*
 * What `devtbl` shows. Returns 1 and fills all; 0 if the text shows no device ("Enter a valid
 * device ID"); -EBADMSG. TEXT need not end with a NUL.
 */
int sys_amd_dte_parse(const char *text, size_t size, struct amd_dte *ret);

struct sys_amd_table {
	int dir;         /* sys/kernel/debug/iommu/amd */
	int devid;       /* locked; -1 for a captured tree */
	char before[32]; /* the device that was chosen; "": none */
};

/*
 * Opens and locks the table. Returns 0; -ENOENT where there is none (no debugfs, another IOMMU);
 * -EACCES; -EBUSY when somebody else keeps the lock; -errno.
 */
int sys_amd_table_open(const struct sys_root *root, struct sys_amd_table *ret);
/* Puts the choice back and unlocks. */
void sys_amd_table_close(struct sys_amd_table *table);
#define _cleanup_amd_table_ _cleanup_(sys_amd_table_close)

/*
 * What `devtbl` shows of the device at ADDRESS, as a capture keeps it. Returns the length; -ENODEV where no
 * IOMMU is in charge of it; -ENODATA where that has no table; -ENOENT where a captured tree has not kept
 * it; -EAGAIN while others choose devices without taking the lock; -E2BIG, -errno.
 */
ssize_t sys_amd_table_text(const struct sys_amd_table *table, const struct pci_address *address,
			   char *buf, size_t size);
/* The same, parsed: 0, -EBADMSG, or as above. */
int sys_amd_table_read(const struct sys_amd_table *table, const struct pci_address *address,
		       struct amd_dte *ret);
