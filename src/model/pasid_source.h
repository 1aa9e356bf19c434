/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources that report which process has which PASID: each is a const datum whose read() calls back with
 * claims. What the claims of all sources come to is model/pasid.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"
#include "util/field.h"
#include "util/pasid.h"

enum pasid_kind {
	PASID_KIND_UNKNOWN, /* in hardware, and no source reports what it leads to */
	PASID_KIND_IOAS,
	PASID_KIND_HWPT,   /* of its own, not managed through an IOAS */
	PASID_KIND_SVA,    /* a process's address space */
	PASID_KIND_NESTED, /* a guest's page table on top of ours */
	PASID_KIND_DMA,    /* the domain of the kernel's own DMA API, used by a driver */
};

const char *pasid_kind_name(
	enum pasid_kind kind); /* "ioas", "hwpt", "sva", "nested", "dma", "unknown" */

enum pasid_claim_what {
	PASID_CLAIM_NUMBER, /* PASIDs LO to HI are bound */
	PASID_CLAIM_STALE, /* the same, but for want of rights nobody knows whether they still are */
	PASID_CLAIM_SOME, /* one is bound, whose number is not reported: KFD's 0, idxd's open queues */
	PASID_CLAIM_HOLDER, /* the process has the device open, and may have bound any number */
};

/* What a source says. Strings are the source's, and copied. */
struct pasid_claim {
	const char *device; /* sysfs id: "0000:03:00.0" */
	enum pasid_claim_what what;
	uint32_t lo, hi; /* both included; of a number that is reported */
	enum pasid_kind kind;
	/* The process whose address space it is, or the one that bound it. Of several that share it, the oldest. */
	struct field_u64 pid;
	const char *target; /* what it was bound through: "wq0.1", "renderD128"; NULL */
	struct field_u64 faults, fault_failures; /* the driver's counters */
	bool own;     /* a number of the device's own MMU: in no IOMMU's table */
	bool iommufd; /* of a holder: it has /dev/iommu open too */

	/* Of contexts' records alone. */
	struct field_u64 ioas;
	const char *ioas_name; /* NULL: none */
	struct field_u64 hwpt;
	const char *context;  /* NULL: none */
	struct field_u64 uid; /* absent: that of the process */
};

/* An open device node, or VFIO device, of a process: see sys_proc_files(). */
struct pasid_file {
	pid_t pid;
	char *path;             /* "/dev/dsa/wq0.1"; in another mount namespace as it is there */
	dev_t rdev;             /* of a node, on a live machine; else 0 */
	char *vfio_device;      /* sysfs id, from fdinfo's "vfio-device-syspath"; NULL */
	char *drm_device;       /* of /dev/dri/: sysfs id, from fdinfo's "drm-pdev"; NULL */
	struct field_u64 pasid; /* of /dev/dri/: fdinfo's "pasid", which amdgpu alone writes */
};

/* The walk over all processes' files, made once for all sources and when the first one asks. */
struct pasid_files {
	struct pasid_file *v;
	size_t n;
	int status; /* 0: not walked yet; 1; -EACCES: some processes could not be examined; -errno */
};

void pasid_files_done(struct pasid_files *files);

/* Bits of what the reader's caller wants to know; what only finds rows is always wanted. */
enum pasid_need {
	PASID_NEED_GROUP = 1u << 0,
	PASID_NEED_DRIVER = 1u << 1,
	PASID_NEED_OWNER =
		1u << 2, /* the owners of entries that no source claims: PASID_CLAIM_HOLDER */
	PASID_NEED_PROCESS = 1u << 3, /* command, user, unit, start of the process */
	PASID_NEED_KIND = 1u << 4,    /* kinds that the hardware's entry does not show by itself */
	PASID_NEED_USER = 1u << 5,    /* the user's name */
	/*
	 * How every source fares, those too that no row asks for: who has devices open, and tables that
	 * make no claims. AMD's is asked by writing to debugfs.
	 */
	PASID_NEED_TABLES = 1u << 6,
	PASID_NEED_ALL = (1u << 7) - 1,
};

/* What a source's read() works with. */
struct pasid_reader {
	const struct sys_root *root;
	const char *device; /* claims of others are not wanted, and may be made; NULL: of all */
	unsigned int need;
	struct pasid_files *files;
	int (*each)(const struct pasid_claim *claim, void *data);
	void *data;
	size_t n;         /* claims made */
	char reason[200]; /* in words: see pasid_reader_reason() */
};

struct pasid_source {
	const char *name; /* "idxd" */
	const char *what; /* the source in words */
	const char *path; /* what is read: "/sys/bus/dsa/devices" */
	/*
	 * Returns 1 when all was read, 0 where there is no such thing on this machine, -errno where it
	 * is there and could not be read, -EOPNOTSUPP where this kernel does not show it. Claims made
	 * before an error stand: it means that some may be missing. NULL: not by claims. 0 and -errno
	 * have a reason; where none is set it is the errno's words. -ENOMEM ends all reading.
	 */
	int (*read)(struct pasid_reader *reader);
};

/* Makes a claim. Returns 0, or a negative number that read() is to return at once. */
int pasid_reader_claim(struct pasid_reader *reader, const struct pasid_claim *claim);

/* Why nothing, or not all, was read: "no module idxd". */
void pasid_reader_reason(struct pasid_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * All open files in RET, borrowed. Returns 1; -EACCES where some processes could not be looked
 * into, RET then having what the others have; -errno.
 */
int pasid_reader_files(struct pasid_reader *reader, const struct pasid_files **ret);

/*
 * The device that PATH ("sys/class/uio/uio0", "sys/bus/dsa/devices/wq0.1", a link or not) is or stands
 * beneath: the id of the innermost that is a PCI function or in an IOMMU group. Returns 0, -ENODEV,
 * -errno.
 */
int pasid_source_device(const struct sys_root *root, const char *path, char *buf, size_t size);

/* A device node: has FILE opened it? By its numbers where both are known, else by its path. */
struct pasid_node {
	char path[280]; /* "/dev/uio0" */
	dev_t rdev;     /* 0: unknown */
};

/* That of DEV, a path ("/dev/uio0"), whose numbers are in the file "dev" of SYSFS ("sys/class/uio/uio0"). */
void pasid_node_get(const struct sys_root *root, const char *sysfs, const char *dev,
		    struct pasid_node *ret);
bool pasid_node_is(const struct pasid_node *node, const struct pasid_file *file);

/* One source's read(), for whoever reads them all: what that returns. READER then has the reason. */
int pasid_source_read(const struct pasid_source *source, struct pasid_reader *reader);

extern const struct pasid_source pasid_source_amd;
extern const struct pasid_source pasid_source_amdgpu;
extern const struct pasid_source pasid_source_amdxdna;
extern const struct pasid_source pasid_source_idxd;
extern const struct pasid_source pasid_source_kfd;
extern const struct pasid_source pasid_source_uacce;
extern const struct pasid_source pasid_source_uio;
extern const struct pasid_source pasid_source_vfio;

/* All sources that make claims, in the order in which they are listed; ends with NULL. */
extern const struct pasid_source *const pasid_sources[];
