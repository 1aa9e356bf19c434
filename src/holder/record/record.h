/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a context contains, because the kernel does not enumerate it: one table of objects of all
 * kinds. Bookkeeping only: makes no system calls, and stores fds and memory without owning them.
 * An object keeps its place in memory until it is freed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/parse.h"
#include "wire/types.h"

enum object_kind { OBJECT_DEVICE, OBJECT_IOAS, OBJECT_HWPT, OBJECT_KINDS };

/* The head of each kind's own struct. */
struct object {
	enum object_kind kind;
	uint32_t id;         /* in the iommufd; 0: it has none, or not yet */
	uint64_t serial;     /* ascending in the order of insertion, never reused in this context */
	char *name;          /* of a device: last component of its path; else NULL if it has none */
	bool automatic;      /* created by the holder: freed with its last user */
	struct object *next; /* for whoever owns it when it is not in the record */
};

struct record_mapping {
	uint64_t iova, length; /* bytes */
	unsigned int flags;    /* enum iommufd_map_flags */
	void *memory;
	uint64_t offset; /* in the IOAS's memory file, or in the other one */
	bool file;       /* a client's file, which the kernel keeps open: it has no memory here */
	uint64_t absent; /* bytes of that which did not exist yet */
};

/* Both inclusive. */
struct record_iova {
	uint64_t first, last;
};

struct record_ioas {
	struct object object;
	struct record_iova *iova; /* where mappings are allowed, as the kernel last said */
	size_t n_iovas;
	uint64_t alignment;             /* of mappings, the same */
	bool known;                     /* the kernel said so when it was last asked */
	bool stale;                     /* what is attached has changed since */
	struct record_mapping *mapping; /* sorted by IOVA */
	size_t n_mappings, mapping_capacity;
	int memory;      /* memfd of all mappings, -1: none yet */
	uint64_t extent; /* offset after the last mapping in it */
};

struct record_hwpt {
	struct object object;
	struct record_ioas *ioas;
	char *device;  /* path of the device it was allocated for, which may be gone */
	int64_t group; /* of that device, -1: none */
	bool pasid;    /* IOMMU_HWPT_ALLOC_PASID */
};

/* The PASIDs of one device on one HWPT; may be empty. */
struct record_binding {
	struct object *target;
	struct ranges pasid;
};

struct record_device {
	struct object object;
	char *path;
	char *cdev;
	int64_t group; /* IOMMU group, -1: none */
	int fd;
	int request;              /* eventfd: the kernel wants the device back; -1: unsupported */
	bool requested;           /* the kernel has asked for it */
	bool bound;               /* bound to the iommufd: it has an id */
	unsigned int pasid_width; /* bits, 0 if it has no PASIDs */
	struct object *target;    /* what its own requests are attached to, NULL: nothing */
	struct record_binding *binding;
	size_t n_bindings, binding_capacity;
};

struct object_list {
	struct object **v;
	size_t n, capacity;
};

struct journal;

struct record {
	char *name;
	uid_t uid;
	pid_t pid;
	uint64_t created;        /* seconds since 1970 */
	uint64_t serial;         /* of the last object inserted */
	bool shared;             /* fds were handed out: others may have changed what is recorded */
	struct journal *journal; /* of its changes, owned; NULL: they are not noted */
	struct object_list of[OBJECT_KINDS];
};

void record_done(struct record *record);

/* What a kind can do. */
struct object_class {
	const char *word; /* "ioas": in plans, errors and the written form */
	size_t max;       /* in a context */
	size_t size;      /* of its struct */
};
const struct object_class *object_class(enum object_kind kind);

/* Zeroed, with a copy of NAME (may be NULL), fds -1 and group -1; NULL if out of memory. */
struct object *object_new(enum object_kind kind, const char *name);
/* Accepts NULL. Frees what the object owns; fds and memory are up to the caller. */
void object_free(struct object *object);
/* A device that is only opened, named after PATH; NULL if out of memory. */
struct record_device *record_device_new(const char *path, const char *cdev);
/* NULL if out of memory. */
struct record_hwpt *record_hwpt_new(const char *name, struct record_ioas *ioas,
				    const struct record_device *device, bool pasid);

/* Makes room for one more. Returns 0 or -ENOMEM. */
int record_reserve(struct record *record, enum object_kind kind);
/* Takes over OBJECT, for which there is room. */
void record_insert(struct record *record, struct object *object);
/* The caller owns OBJECT from now on. What still refers to it is detached. */
void record_remove(struct record *record, struct object *object);

/* NULL after the last one. */
struct object *record_at(const struct record *record, enum object_kind kind, size_t i);
static inline struct record_device *record_device_at(const struct record *record, size_t i)
{
	return (struct record_device *)record_at(record, OBJECT_DEVICE, i);
}
static inline struct record_ioas *record_ioas_at(const struct record *record, size_t i)
{
	return (struct record_ioas *)record_at(record, OBJECT_IOAS, i);
}
static inline struct record_hwpt *record_hwpt_at(const struct record *record, size_t i)
{
	return (struct record_hwpt *)record_at(record, OBJECT_HWPT, i);
}

/* What REFERENCE names: a device by path, cdev or last path component; NULL: none. */
struct object *record_find(const struct record *record, enum object_kind kind,
			   struct reference reference);
/* By name. */
static inline struct record_device *record_device_find(const struct record *record,
						       const char *name)
{
	return (struct record_device *)record_find(record, OBJECT_DEVICE, reference_name(name));
}
static inline struct record_ioas *record_ioas_find(const struct record *record, const char *name)
{
	return (struct record_ioas *)record_find(record, OBJECT_IOAS, reference_name(name));
}
static inline struct record_hwpt *record_hwpt_find(const struct record *record, const char *name)
{
	return (struct record_hwpt *)record_find(record, OBJECT_HWPT, reference_name(name));
}
/* An object of any kind with this number, but not 0. */
struct object *record_by_id(const struct record *record, uint32_t id);
/* The first device with this serial or a higher one. */
struct record_device *record_device_from(const struct record *record, uint64_t serial);
/* IOASes and HWPTs share one name space, because a target may be either. */
bool record_name_used(const struct record *record, const char *name);

/* The IOAS of a target, which is an IOAS or an HWPT. */
struct record_ioas *record_target_ioas(struct object *target);
/* TARGET as an HWPT; NULL if it is something else. */
struct record_hwpt *record_target_hwpt(struct object *target);

/*
 * Users of an object: attached devices + bound PASIDs + objects in it, and the users of those. An
 * automatic object counts only by its users.
 */
uint64_t record_users(const struct record *record, const struct object *object);
/* A device's own requests, or with pasid.hi PASIDs of it that follow each other; or another object. */
struct record_user {
	const struct object *object;
	struct range pasid;
};
/* Users other than automatic objects: MAX of them at most in RET. Returns how many there are. */
size_t record_list_users(const struct record *record, const struct object *object, size_t max,
			 struct record_user *ret);

/*
 * The automatic HWPT for PASIDs of DEVICE in IOAS: the device's, or one of its IOMMU group; NULL:
 * none.
 */
struct record_hwpt *record_hwpt_automatic(const struct record *record,
					  const struct record_device *device,
					  const struct record_ioas *ioas);
/* Is OTHER the same device or in the same IOMMU group, whose members are attached as a whole? */
bool record_same_group(const struct record_device *device, const struct record_device *other);
/* Another attached device of DEVICE's group; NULL: none. */
struct record_device *record_sibling_attached(const struct record *record,
					      const struct record_device *device);
/* Notes that DEVICE and the attached devices of its group are on TARGET. */
void record_attach(struct record *record, struct record_device *device, struct object *target);
void record_detach(struct record *record, struct record_device *device);
/* DEVICE is bound to the iommufd, with this number. */
void record_bind_device(struct record *record, struct record_device *device, uint32_t id);
/* Others were given fds. */
void record_share(struct record *record);

uint64_t record_device_pasids(const struct record_device *device);
/* What PASID is bound to, NULL if it is not. */
struct object *record_pasid_target(const struct record_device *device, uint32_t pasid);
/*
 * Makes room for one run of PASIDs more, bound to TARGET or unbound from it: then the next of the
 * two below cannot fail. Returns 0 or -ENOMEM.
 */
int record_pasid_reserve(struct record_device *device, struct object *target);
/* They must not be bound. */
void record_pasid_bind(struct record *record, struct record_device *device, struct range pasid,
		       struct object *target);
/* They must be bound to one target. */
void record_pasid_unbind(struct record *record, struct record_device *device, struct range pasid);
/*
 * The next consecutive bound PASIDs with the same target, from FROM on. Returns false if there are
 * none.
 */
bool record_pasid_next(const struct record_device *device, uint32_t from, struct range *ret_range,
		       struct object **ret_target);
/*
 * The lowest consecutive free PASIDs from FROM (at least 1) on, below 2^width; PASIDs are shared by
 * the group. Returns false if there are none.
 */
bool record_pasid_free(const struct record *record, const struct record_device *device,
		       uint32_t from, struct range *ret);
/* The number of free PASIDs. */
uint32_t record_pasid_count_free(const struct record *record, const struct record_device *device);

/*
 * Mappings. Find: the one that begins at IOVA. Overlaps: the number that overlap IOVA .. LAST, with
 * the index of the first; RET_WHOLE: all of them are completely inside.
 */
int record_mapping_reserve(struct record_ioas *ioas);
/* There must be room. */
void record_mapping_add(struct record *record, struct record_ioas *ioas,
			const struct record_mapping *m);
struct record_mapping *record_mapping_find(const struct record_ioas *ioas, uint64_t iova);
size_t record_mapping_overlaps(const struct record_ioas *ioas, uint64_t iova, uint64_t last,
			       size_t *ret_first, bool *ret_whole);
void record_mapping_drop(struct record *record, struct record_ioas *ioas, size_t first, size_t n);
uint64_t record_ioas_mapped(const struct record_ioas *ioas);

/*
 * The record written down, whole but for fds and memory, with a version; and read back. A form of
 * our own: "record" in it is RECORD_VERSION. -EINVAL if it is not of that version or not
 * consistent.
 */
#define RECORD_VERSION 1
json_object *record_write(const struct record *record);
int record_read(json_object *written, struct record *ret);
