/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources that report which process has which PASID. Each is a const datum whose read() calls back
 * with claims. model/pasid/bindings.h joins the claims of all sources.
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
	PASID_KIND_UNKNOWN, /* in hardware, target not reported by any source */
	PASID_KIND_IOAS,
	PASID_KIND_HWPT,   /* attached to an HWPT without IOAS */
	PASID_KIND_SVA,    /* address space of a process */
	PASID_KIND_NESTED, /* a guest's page table, nested on ours */
	PASID_KIND_DMA,    /* domain of the kernel's DMA API, used by a driver */
};

extern const char *const pasid_kind_names[]; /* the names of all kinds, up to a NULL */
const char *pasid_kind_name(
	enum pasid_kind kind); /* "ioas", "hwpt", "sva", "nested", "dma", "unknown" */

enum pasid_claim_what {
	PASID_CLAIM_NUMBER, /* PASIDs LO to HI are bound */
	PASID_CLAIM_STALE,  /* as NUMBER, but the reader may not see whether they still are */
	PASID_CLAIM_SOME,   /* one is bound, number not reported: KFD's 0, idxd's open queues */
	PASID_CLAIM_OPENER, /* the process has the device open and may have bound any number */
};

/* A report of a source. Strings belong to the source and are copied. */
struct pasid_claim {
	const char *device; /* sysfs id: "0000:03:00.0" */
	enum pasid_claim_what what;
	uint32_t lo, hi; /* inclusive, if the number is reported */
	enum pasid_kind kind;
	/*
	 * The process whose address space it is, or the one that bound it; of several that share
	 * it, the oldest.
	 */
	struct field_u64 pid;
	const char *target; /* the node it was bound through: "wq0.1", "renderD128"; or NULL */
	struct field_u64 faults, fault_failures; /* the driver's counters */
	bool own;     /* a number of the device's own MMU, in no IOMMU table */
	bool iommufd; /* of an opener: also has /dev/iommu open */

	/* Only from contexts' records. */
	struct field_u64 ioas;
	const char *ioas_name; /* NULL: none */
	struct field_u64 hwpt;
	const char *context;  /* NULL: none */
	struct field_u64 uid; /* absent: same as the process */
};

/* An open device node or VFIO device of a process: see sys_proc_files(). */
struct pasid_file {
	pid_t pid;
	char *path;             /* "/dev/dsa/wq0.1", in its own mount namespace */
	dev_t rdev;             /* of a node, on a live machine; else 0 */
	char *vfio_device;      /* sysfs id, from fdinfo's "vfio-device-syspath"; NULL */
	char *drm_device;       /* of /dev/dri/: sysfs id, from fdinfo's "drm-pdev"; NULL */
	struct field_u64 pasid; /* of /dev/dri/: fdinfo's "pasid", which only amdgpu writes */
};

/* All open files of all processes: one walk for all sources, when the first one needs it. */
struct pasid_files {
	struct pasid_file *v;
	size_t n;
	int status; /* 0: not read yet; 1; -EACCES: some processes could not be examined; -errno */
};

void pasid_files_done(struct pasid_files *files);

/* What the reader's caller wants besides the rows. */
enum pasid_need {
	PASID_NEED_GROUP = 1u << 0,
	PASID_NEED_DRIVER = 1u << 1,
	PASID_NEED_OWNER =
		1u << 2, /* owners of entries that no source claims: PASID_CLAIM_OPENER */
	PASID_NEED_PROCESS = 1u << 3, /* command, user, unit, start of the process */
	PASID_NEED_KIND = 1u << 4,    /* kinds that the hardware's table entry does not show */
	PASID_NEED_USER = 1u << 5,    /* the user's name */
	/*
	 * The status of every source, also of those without claims and those that no row needs.
	 * Reads AMD's tables, which takes a write to debugfs.
	 */
	PASID_NEED_TABLES = 1u << 6,
	PASID_NEED_ALL = (1u << 7) - 1,
};

/* Argument of a source's read(). */
struct pasid_reader {
	const struct sys_root *root;
	const char *device; /* only its claims are wanted, others may be made; NULL: all */
	unsigned int need;
	struct pasid_files *files;
	int (*each)(const struct pasid_claim *claim, void *data);
	void *data;
	size_t n;         /* number of claims made */
	char reason[200]; /* in words: see pasid_reader_reason() */
};

struct pasid_source {
	const char *name; /* "idxd" */
	const char *what; /* the source in words */
	const char *path; /* what is read: "/sys/bus/dsa/devices" */
	/*
	 * Returns 1 if all was read; 0 if this machine does not have it; -EOPNOTSUPP if this kernel
	 * does not show it; another -errno if it could not be read. Claims made before an error are
	 * valid: others may be missing. NULL: the source makes no claims. For 0 and -errno a reason
	 * is set, by default strerror()'s. -ENOMEM ends all reading.
	 */
	int (*read)(struct pasid_reader *reader);
};

/* Makes a claim. Returns 0, or a negative number that read() is to return at once. */
int pasid_reader_claim(struct pasid_reader *reader, const struct pasid_claim *claim);

/* Sets why nothing, or not everything, was read: "no module idxd". */
void pasid_reader_reason(struct pasid_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * All open files, in RET, borrowed. Returns 1; -EACCES if some processes could not be examined,
 * with the files of the others in RET; another -errno.
 */
int pasid_reader_files(struct pasid_reader *reader, const struct pasid_files **ret);

/*
 * The device that PATH ("sys/class/uio/uio0", "sys/bus/dsa/devices/wq0.1", a link or not) is or is
 * below: the id of the innermost one that is a PCI function or in an IOMMU group. Returns 0,
 * -ENODEV or another -errno.
 */
int pasid_source_device(const struct sys_root *root, const char *path, char *buf, size_t size);

/* A device node. A file is compared by device number if both are known, else by path. */
struct pasid_node {
	char path[280]; /* "/dev/uio0" */
	dev_t rdev;     /* 0: unknown */
};

/*
 * The node DEV ("/dev/uio0"), with the number from the file "dev" of SYSFS ("sys/class/uio/uio0").
 */
void pasid_node_get(const struct sys_root *root, const char *sysfs, const char *dev,
		    struct pasid_node *ret);
bool pasid_node_is(const struct pasid_node *node, const struct pasid_file *file);

/* Calls a source's read() and returns its result; the reason is then in READER. */
int pasid_source_read(const struct pasid_source *source, struct pasid_reader *reader);

extern const struct pasid_source pasid_source_amd;
extern const struct pasid_source pasid_source_amdgpu;
extern const struct pasid_source pasid_source_amdxdna;
extern const struct pasid_source pasid_source_idxd;
extern const struct pasid_source pasid_source_kfd;
extern const struct pasid_source pasid_source_uacce;
extern const struct pasid_source pasid_source_uio;
extern const struct pasid_source pasid_source_vfio;

/* All sources that make claims, in the order in which they are listed, terminated by NULL. */
extern const struct pasid_source *const pasid_sources[];
