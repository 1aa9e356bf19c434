/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a context contains, because the kernel does not enumerate it. Bookkeeping only: makes no
 * system calls, and stores fds and memory without owning them. Pointers to entries are valid until
 * the next one of their kind is added or dropped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/parse.h"
#include "util/pasid.h"
#include "util/str.h"

struct record_mapping {
	uint64_t iova, length; /* bytes */
	unsigned int flags;    /* enum iommufd_map_flags */
	void *memory;
};

struct record_ioas {
	uint32_t id;
	char *name;                     /* NULL if it has none */
	struct record_mapping *mapping; /* sorted by IOVA */
	size_t mapping_n;
};

struct record_hwpt {
	uint32_t id;
	char *name; /* NULL if it has none */
	uint32_t ioas;
	char *device;   /* path of the device it was allocated for, which may be gone */
	int64_t group;  /* of that device, -1: none */
	bool pasid;     /* IOMMU_HWPT_ALLOC_PASID */
	bool automatic; /* created by the holder: freed with its last user */
};

/* The PASIDs of one device on one HWPT. */
struct record_binding {
	uint32_t hwpt;
	struct ranges pasid;
};

struct record_device {
	uint64_t serial; /* ascending, never reused in this context */
	char *name;      /* last component of path */
	char *path;
	char *cdev;
	int64_t group; /* IOMMU group, -1: none */
	int fd;
	int request;              /* eventfd: the kernel wants the device back; -1: unsupported */
	bool requested;           /* the kernel has asked for it */
	bool bound;               /* bound to the iommufd; the fields below are only valid then */
	uint32_t id;              /* id in the iommufd */
	unsigned int pasid_width; /* bits, 0 if it has no PASIDs */
	bool attached;            /* its own requests are attached to: */
	uint32_t ioas, hwpt;      /* hwpt 0: the IOAS itself */
	struct record_binding *binding;
	size_t binding_n;
};

struct record {
	char *name;
	uid_t uid;
	pid_t pid;
	uint64_t created; /* seconds since 1970 */
	uint64_t serial;  /* of the last device added */
	struct record_device *device;
	size_t device_n;
	struct record_ioas *ioas;
	size_t ioas_n;
	struct record_hwpt *hwpt;
	size_t hwpt_n;
};

void record_done(struct record *record);

/*
 * Adding copies the strings of ENTRY and sets its serial; returns the entry, NULL if out of memory.
 * Dropping frees what the entry owns; fds and memory are up to the caller.
 */
struct record_device *record_device_add(struct record *record, const struct record_device *entry);
void record_device_drop(struct record *record, struct record_device *device);
struct record_ioas *record_ioas_add(struct record *record, uint32_t id, const char *name);
void record_ioas_drop(struct record *record, struct record_ioas *ioas);
struct record_hwpt *record_hwpt_add(struct record *record, const struct record_hwpt *entry);
void record_hwpt_drop(struct record *record, struct record_hwpt *hwpt);

/* By path, cdev, last path component or id; NULL: none. */
struct record_device *record_device_find(const struct record *record, const char *text);
struct record_device *record_device_by_serial(const struct record *record, uint64_t serial);
/* The first with this serial or a higher one. */
struct record_device *record_device_from(const struct record *record, uint64_t serial);
/* By name or number. */
struct record_ioas *record_ioas_find(const struct record *record, const char *text);
struct record_ioas *record_ioas_by_id(const struct record *record, uint32_t id);
struct record_hwpt *record_hwpt_find(const struct record *record, const char *text);
struct record_hwpt *record_hwpt_by_id(const struct record *record, uint32_t id);
/* IOASes and HWPTs share one name space, because a target may be either. */
bool record_name_used(const struct record *record, const char *name);

/*
 * The automatic HWPT for PASIDs of DEVICE in IOAS: the device's, or one of its IOMMU group; NULL:
 * none.
 */
struct record_hwpt *record_hwpt_automatic(const struct record *record,
					  const struct record_device *device, uint32_t ioas);
/* Attached devices + bound PASIDs. */
uint64_t record_hwpt_users(const struct record *record, uint32_t hwpt);
/* The same for the IOAS and all its HWPTs, + its explicit HWPTs. */
uint64_t record_ioas_users(const struct record *record, uint32_t ioas);

/* A device's own requests, with pasid.hi PASIDs of it that follow each other, or an explicit HWPT. */
struct record_user {
	const struct record_device *device; /* NULL: hwpt it is */
	const struct record_hwpt *hwpt;
	struct range pasid;
};
/* MAX of them at most, in RET. Returns how many there are. */
size_t record_ioas_list_users(const struct record *record, uint32_t ioas, size_t max,
			      struct record_user *ret);

/*
 * Another attached device of DEVICE's IOMMU group, which the kernel attaches as a whole; NULL:
 * none.
 */
struct record_device *record_sibling_attached(const struct record *record,
					      const struct record_device *device);
/* Notes that DEVICE and the attached devices of its group are on this target. */
void record_attach(struct record *record, struct record_device *device, uint32_t ioas,
		   uint32_t hwpt);

uint64_t record_device_pasids(const struct record_device *device);
/* The HWPT of PASID, 0 if not bound. */
uint32_t record_pasid_hwpt(const struct record_device *device, uint32_t pasid);
/* Is any of the device's PASIDs on HWPT? */
bool record_pasid_serves(const struct record_device *device, uint32_t hwpt);
/* PASID must not be bound. Returns 0 or -ENOMEM. */
int record_pasid_bind(struct record_device *device, uint32_t pasid, uint32_t hwpt);
/*
 * PASID must be bound. Split does the part that needs memory and returns 0 or -ENOMEM; afterwards
 * unbind, or join to undo the split, cannot fail.
 */
int record_pasid_split(struct record_device *device, uint32_t pasid);
void record_pasid_join(struct record_device *device, uint32_t pasid);
void record_pasid_unbind(struct record_device *device, uint32_t pasid);
/*
 * The next consecutive bound PASIDs with the same target, from FROM on. Returns false if there are
 * none.
 */
bool record_pasid_next(const struct record_device *device, uint32_t from, struct range *ret_range,
		       uint32_t *ret_hwpt);
/* The lowest free PASID from FROM (at least 1) on; 0 if there is none below 2^width. */
uint32_t record_pasid_free(const struct record *record, const struct record_device *device,
			   uint32_t from);
/* The number of free PASIDs. */
uint32_t record_pasid_count_free(const struct record *record, const struct record_device *device);

/*
 * Mappings. Find: the one that begins at IOVA. Overlaps: the number that overlap IOVA .. LAST, with
 * the index of the first; RET_WHOLE: all of them are completely inside.
 */
struct record_mapping *record_mapping_add(struct record_ioas *ioas, const struct record_mapping *m);
struct record_mapping *record_mapping_find(const struct record_ioas *ioas, uint64_t iova);
size_t record_mapping_overlaps(const struct record_ioas *ioas, uint64_t iova, uint64_t last,
			       size_t *ret_first, bool *ret_whole);
void record_mapping_drop(struct record_ioas *ioas, size_t first, size_t n);
uint64_t record_ioas_mapped(const struct record_ioas *ioas);
