/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device table of AMD's IOMMUs in debugfs: sys/kernel/debug/iommu/amd/{devid,devtbl}
 * (drivers/iommu/amd/debugfs.c). Writing a device's address to `devid` selects the entry that
 * `devtbl` shows. The selection is one variable for the whole machine (`sbdf`) and only root may
 * write it, so it is changed with a lock on `devid` held, and restored afterwards.
 *
 * A copy of these two files would have at most one device, so a captured tree has what `devtbl`
 * showed of each device in its own file: devtbl-of/0000:00:05.0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/parse.h"

#define AMD_DEVTBL_CAPTURED "devtbl-of"
#define AMD_DEVTBL_SIZE     512 /* room for the two lines of `devtbl` */

/* A device table entry. The kernel's names are DTE_* in drivers/iommu/amd/amd_iommu_types.h. */
struct amd_dte {
	struct pci_address address;
	unsigned int iommu;       /* the kernel's number of the unit, from 0 */
	uint64_t word[4];         /* QWORD[0] to QWORD[3] */
	bool valid;               /* DTE_FLAG_V; if clear, DMA is not translated */
	bool translated;          /* DTE_FLAG_TV: the following fields are valid */
	uint8_t mode;             /* DTE_MODE_MASK: levels of the host page table; 0: none */
	uint16_t domain;          /* DTE_DOMID_MASK */
	bool guest;               /* DTE_FLAG_GV: there is a PASID table, at GCR3 */
	bool guest_without_pasid; /* DTE_FLAG_GIOV: requests without PASID use its entry 0 */
	unsigned int pasid_width; /* bits covered by a table of DTE_GLX levels; 0 without GUEST */
	uint64_t gcr3;            /* physical address of the PASID table */
};

/*
 * Parses the text of `devtbl`. Returns 1 with all fields filled; 0 if it has no device ("Enter a
 * valid device ID"); -EBADMSG. TEXT may lack a NUL.
 */
int sys_amd_dte_parse(const char *text, size_t size, struct amd_dte *ret);

struct sys_amd_table {
	struct sys_dir dir; /* sys/kernel/debug/iommu/amd */
	int devid;          /* locked; -1 for a captured tree */
	char before[32];    /* the device selected before; "": none */
};

/*
 * Opens and locks the table. Returns 0; -ENOENT if there is none (no debugfs, another IOMMU);
 * -EACCES; -EBUSY if another process keeps the lock; another -errno.
 */
int sys_amd_table_open(const struct sys_root *root, struct sys_amd_table *ret);
/* Restores the selection and unlocks. */
void sys_amd_table_close(struct sys_amd_table *table);
#define _cleanup_amd_table_ _cleanup_(sys_amd_table_close)

/*
 * The text of `devtbl` for the device at ADDRESS, in the form of a capture. Returns the length;
 * -ENODEV if no IOMMU is in charge of it; -ENODATA if that one has no table; -ENOENT if it was not
 * captured; -EAGAIN while other processes select devices without the lock; -E2BIG; another -errno.
 */
ssize_t sys_amd_table_text(const struct sys_amd_table *table, const struct pci_address *address,
			   char *buf, size_t size);
/* The same, parsed. Returns 0, -EBADMSG, or as above. */
int sys_amd_table_read(const struct sys_amd_table *table, const struct pci_address *address,
		       struct amd_dte *ret);
