/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context: an open /dev/iommu, the objects created in it, and their record. All changes go
 * through here, first to the kernel and then to the record, so that the two stay equal. Requests
 * that the kernel would accept silently but should not are refused here.
 *
 * Functions with a struct fault return 0, or FAULTED with nothing changed.
 */
#pragma once

#include "holder/fault.h"
#include "holder/lent.h"
#include "holder/record.h"
#include "wire/varlink.h"

/* Limits that keep a reply within one message, and GetFds within SCM_RIGHTS. */
#define CONTEXT_DEVICE_MAX  (VARLINK_FD_MAX - 1)
#define CONTEXT_IOAS_MAX    1024
#define CONTEXT_HWPT_MAX    4096
#define CONTEXT_MAPPING_MAX 4096

struct plan;

struct context {
	struct record record;
	int iommufd;
	struct lent_list lent;
	struct plan *plan; /* in a dry run: where kernel.h notes the steps */
};

/* Opens /dev/iommu. Returns 0 or -errno. */
int context_open(struct context *context, const char *name);
/* Frees everything, users before what they use. Takes about 1 ms per bound PASID. */
void context_close(struct context *context);

/* Finds what TEXT names, or raises UnknownDevice, UnknownIoas, UnknownHwpt, UnknownTarget. */
int context_find_device(const struct context *context, const char *text, struct fault *fault,
			struct record_device **ret);
/* The same for a device that must be bound to the iommufd, or raises DeviceNotBound. */
int context_find_bound(const struct context *context, const char *text, struct fault *fault,
		       struct record_device **ret);
int context_find_ioas(const struct context *context, const char *text, struct fault *fault,
		      struct record_ioas **ret);
int context_find_hwpt(const struct context *context, const char *text, struct fault *fault,
		      struct record_hwpt **ret);

/* A target of an attachment: an HWPT, or the IOAS if hwpt is 0. */
struct context_target {
	uint32_t ioas, hwpt;
};
int context_find_target(const struct context *context, const char *text, struct fault *fault,
			struct context_target *ret);

/* Refuses a name that is invalid or in use, and an object beyond the limit. */
int context_check_new(const struct context *context, const char *name, const char *what, size_t n,
		      size_t max, struct fault *fault);
/* Adds "ioas" and "ioas_name" to an error or reply. */
void context_add_ioas_name(const struct context *context, json_object *object, uint32_t ioas);

/* Devices (context_device.c) */
int context_add_device(struct context *context, const char *path, bool bind, struct fault *fault,
		       struct record_device **ret);
/* Detaches and closes it. It must have no bound PASIDs. */
void context_remove_device(struct context *context, struct record_device *device);
int context_attach_device(struct context *context, struct record_device *device,
			  const struct context_target *target, bool replace, struct fault *fault);
int context_detach_device(struct context *context, struct record_device *device,
			  struct fault *fault);

/* HWPTs (context_hwpt.c) */
int context_alloc_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		       const char *name, bool pasid, struct fault *fault, uint32_t *ret);
int context_free_hwpt(struct context *context, struct record_hwpt *hwpt, struct fault *fault);
/*
 * The automatic HWPT for PASIDs, created if necessary. context_put_hwpt() destroys it again while
 * it has no user.
 */
int context_get_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		     struct fault *fault, uint32_t *ret);
/* Destroys HWPT if it is automatic and unused. 0 means no HWPT. */
void context_put_hwpt(struct context *context, uint32_t hwpt);

/* IOASes (context_ioas.c) */
int context_alloc_ioas(struct context *context, const char *name, struct fault *fault,
		       uint32_t *ret);
int context_free_ioas(struct context *context, struct record_ioas *ioas, struct fault *fault);
int context_map_ioas(struct context *context, struct record_ioas *ioas, uint64_t size,
		     const uint64_t *iova, unsigned int flags, struct fault *fault,
		     uint64_t *ret_iova);
/* LENGTH 0: the mapping that begins at IOVA. */
int context_unmap_ioas(struct context *context, struct record_ioas *ioas, uint64_t iova,
		       uint64_t length, struct fault *fault, uint64_t *ret_length);
int context_unmap_ioas_all(struct context *context, struct record_ioas *ioas, struct fault *fault,
			   uint64_t *ret_length);
/* The object "ioas" of the reply to ShowIoas. */
int context_show_ioas(const struct context *context, const struct record_ioas *ioas,
		      struct fault *fault, json_object **ret);

/* PASIDs (context_pasid.c) */

/*
 * PASIDs left out of a list because they are already bound, and the fault that the first one would
 * raise.
 */
struct context_taken {
	struct ranges pasid;
	struct fault fault;
};
void context_taken_done(struct context_taken *taken);

/*
 * Checks that the PASIDs are free on DEVICE. Without TAKEN, all must be; else those that are not
 * are moved there.
 */
int context_check_pasids(const struct context *context, const struct record_device *device,
			 struct ranges *pasid, struct context_taken *taken, struct fault *fault);
/* Devices of an IOMMU group share their PASIDs: a second one can only join the same HWPT. */
int context_check_siblings(const struct context *context, const struct record_device *device,
			   struct ranges *pasid, uint32_t hwpt, struct context_taken *taken,
			   struct fault *fault);
/*
 * The array "reserved" of the reply to BindPasids: mappings of IOAS in reserved regions of DEVICE.
 * Returns false if those cannot be read. RET is NULL if out of memory.
 */
bool context_reserved(const struct context *context, const struct record_device *device,
		      uint32_t ioas, json_object **ret);
/* Are all of them bound? */
int context_check_bound(const struct record_device *device, const struct ranges *pasid,
			struct fault *fault);

/* The attachment of a device's own requests before PASIDs required moving it. */
struct context_undo {
	bool moved;
	uint64_t serial; /* the device: the one asked for, or one of its group */
	uint32_t hwpt;
};
/*
 * Returns the HWPT to attach PASIDs of DEVICE to for TARGET. Moves the device's own requests off a
 * page table that is not compatible with PASIDs.
 */
int context_begin_pasids(struct context *context, struct record_device *device,
			 const struct context_target *target, struct fault *fault,
			 struct context_undo *ret_undo, uint32_t *ret_hwpt);
/* Releases the HWPT if unused, and with ROLLBACK moves the device's own requests back. */
void context_end_pasids(struct context *context, uint32_t hwpt, const struct context_undo *undo,
			bool rollback);
/* A single PASID. Returns 0 or -errno. */
int context_bind_pasid(struct context *context, struct record_device *device, uint32_t pasid,
		       uint32_t hwpt);
int context_unbind_pasid(struct context *context, struct record_device *device, uint32_t pasid);
