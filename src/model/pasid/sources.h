/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources that report which process has which PASID. Each is a const datum whose read() calls back
 * with claims, which are bindings. model/pasid/walk.h joins the claims of all sources.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/pasid/binding.h"
#include "sys/root.h"
#include "util/field.h"

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

/* What contexts record. The model cannot ask their holders, so the caller has done so. */
struct pasid_contexts {
	struct bindings *bindings; /* taken over by the walk, and then empty; NULL: none */
	const pid_t *holders;      /* of all contexts: what they have no record of is not theirs */
	size_t n_holders;
	int status; /* 1; 0: none; -errno: not all contexts asked; -EREMOTE: not captured */
};

/* Argument of a source's read(). */
struct pasid_reader {
	const struct sys_root *root;
	const struct pasid_contexts *contexts;
	const char *device; /* only its claims are wanted, others may be made; NULL: all */
	unsigned int need;
	struct pasid_files *files;
	struct bindings *claims; /* where they go */
	unsigned int source;     /* the one that is read: index in pasid_sources[] */
	size_t n_rows;           /* number of PASIDs or openers that it claimed */
	char reason[200];        /* in words: see pasid_reader_reason() */
};

struct pasid_source {
	const char *name;   /* "idxd" */
	const char *what;   /* the source in words */
	const char *path;   /* what is read: "/sys/bus/dsa/devices" */
	const char *absent; /* the reason if PATH does not exist, when nothing is read; or NULL */
	bool openers;       /* claims who has a device open (PASID_CLAIM_OPENER), not bindings */
	/*
	 * Returns 1 if all was read; 0 if this machine does not have it; -EOPNOTSUPP if this kernel
	 * does not show it; another -errno if it could not be read. Claims made before an error are
	 * valid: others may be missing. For 0 and -errno a reason is set, by default strerror()'s.
	 * -ENOMEM ends all reading. NULL: the hardware's table, which the walk reads.
	 */
	int (*read)(struct pasid_reader *reader);
};

/* Makes a claim, a copy. Returns 0, or -ENOMEM, which read() is to return at once. */
int pasid_reader_claim(struct pasid_reader *reader, const struct binding *claim);
/* The same of all in LIST, which is then empty, for the first source that claims anything. */
void pasid_reader_take(struct pasid_reader *reader, struct bindings *list);

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

/* Makes CLAIM for each process that has NODE open. Returns as pasid_reader_files(). */
int pasid_reader_openers(struct pasid_reader *reader, const struct pasid_node *node,
			 const struct binding *claim);

/*
 * Calls READ for each entry of the source's path, which returns 1, 0 if the entry is not of the
 * source, or -errno. Returns -ENOMEM at once; the last error; 1; or 0 with the reason NONE.
 */
int pasid_reader_entries(struct pasid_reader *reader,
			 int (*read)(struct pasid_reader *reader, const char *name),
			 const char *none);

/* Calls the read() of source N and returns its result; the reason is then in READER. */
int pasid_source_read(unsigned int n, struct pasid_reader *reader);

extern const struct pasid_source pasid_source_amd;
extern const struct pasid_source pasid_source_amdgpu;
extern const struct pasid_source pasid_source_amdxdna;
extern const struct pasid_source pasid_source_context;
extern const struct pasid_source pasid_source_idxd;
extern const struct pasid_source pasid_source_kfd;
extern const struct pasid_source pasid_source_uacce;
extern const struct pasid_source pasid_source_uio;
extern const struct pasid_source pasid_source_vfio;
extern const struct pasid_source pasid_source_vtd;

#define PASID_SOURCES_MAX 16

/* All sources, in the order in which they are listed, terminated by NULL. */
extern const struct pasid_source *const pasid_sources[PASID_SOURCES_MAX + 1];
/* The places in it that the join needs to know. */
#define PASID_SOURCE_CONTEXT 0u
#define PASID_SOURCE_VTD     1u
