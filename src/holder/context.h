/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context: an open /dev/iommu, what was made in it, and the record of that. Every change goes
 * through here, the kernel first and the record right after it, so that they cannot drift apart.
 * What the kernel would take silently and should not, is refused here.
 *
 * Functions that take a fault return 0, or FAULTED with nothing changed.
 */
#pragma once

#include "holder/fault.h"
#include "holder/lent.h"
#include "holder/record.h"
#include "wire/varlink.h"

/* Bounds that keep a reply within a message, and GetFds within SCM_RIGHTS. */
#define CONTEXT_DEVICE_MAX  (VARLINK_FD_MAX - 1)
#define CONTEXT_IOAS_MAX    1024
#define CONTEXT_HWPT_MAX    4096
#define CONTEXT_MAPPING_MAX 4096

struct plan;

struct context {
	struct record record;
	int iommufd;
	struct lent_list lent;
	struct plan *plan; /* a dry run notes there what it would do, and does nothing (kernel.h) */
};

/* Opens /dev/iommu. Returns 0 or -errno. */
int context_open(struct context *context, const char *name);
/* Frees everything, from the users to what they use. Takes about 1 ms a bound PASID. */
void context_close(struct context *context);

/* What TEXT names, or UnknownDevice, UnknownIoas, UnknownHwpt, UnknownTarget. */
int context_find_device(const struct context *context, const char *text, struct fault *fault,
			struct record_device **ret);
/* And bound to the iommufd, else DeviceNotBound. */
int context_find_bound(const struct context *context, const char *text, struct fault *fault,
		       struct record_device **ret);
int context_find_ioas(const struct context *context, const char *text, struct fault *fault,
		      struct record_ioas **ret);
int context_find_hwpt(const struct context *context, const char *text, struct fault *fault,
		      struct record_hwpt **ret);

/* What can be attached to: an HWPT, or with hwpt 0 the IOAS. */
struct context_target {
	uint32_t ioas, hwpt;
};
int context_find_target(const struct context *context, const char *text, struct fault *fault,
			struct context_target *ret);

/* Refuses a name that is none or has been given, and a number of objects at its bound. */
int context_check_new(const struct context *context, const char *name, const char *what, size_t n,
		      size_t max, struct fault *fault);
/* "ioas" and "ioas_name" of an error or reply. */
void context_add_ioas_name(const struct context *context, json_object *object, uint32_t ioas);

/* Devices (context_device.c) */
int context_add_device(struct context *context, const char *path, bool bind, struct fault *fault,
		       struct record_device **ret);
/* Detaches and closes. No PASID may be bound. */
void context_remove_device(struct context *context, struct record_device *device);
int context_attach_device(struct context *context, struct record_device *device,
			  const struct context_target *target, bool replace, struct fault *fault);
int context_detach_device(struct context *context, struct record_device *device,
			  struct fault *fault);

/* HWPTs (context_hwpt.c) */
int context_alloc_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		       const char *name, bool pasid, struct fault *fault, uint32_t *ret);
int context_free_hwpt(struct context *context, struct record_hwpt *hwpt, struct fault *fault);
/* The automatic one for PASIDs, found or made. Without a user it is given back by put. */
int context_get_hwpt(struct context *context, const struct record_device *device, uint32_t ioas,
		     struct fault *fault, uint32_t *ret);
/* Destroys HWPT if it is automatic and nobody uses it. 0 is no HWPT. */
void context_put_hwpt(struct context *context, uint32_t hwpt);

/* IOASes (context_ioas.c) */
int context_alloc_ioas(struct context *context, const char *name, struct fault *fault,
		       uint32_t *ret);
int context_free_ioas(struct context *context, struct record_ioas *ioas, struct fault *fault);
int context_map_ioas(struct context *context, struct record_ioas *ioas, uint64_t size,
		     const uint64_t *iova, unsigned int flags, struct fault *fault,
		     uint64_t *ret_iova);
/* LENGTH 0: the one that begins at IOVA. */
int context_unmap_ioas(struct context *context, struct record_ioas *ioas, uint64_t iova,
		       uint64_t length, struct fault *fault, uint64_t *ret_length);
int context_unmap_ioas_all(struct context *context, struct record_ioas *ioas, struct fault *fault,
			   uint64_t *ret_length);
/* The object "ioas" of ShowIoas. */
int context_show_ioas(const struct context *context, const struct record_ioas *ioas,
		      struct fault *fault, json_object **ret);

/* PASIDs (context_pasid.c) */

/* What was left out of a list of PASIDs since it is bound already, and what its first one's refusal would be. */
struct context_taken {
	struct ranges pasid;
	struct fault fault;
};
void context_taken_done(struct context_taken *taken);

/* Are the PASIDs of DEVICE free to be bound? Without TAKEN all have to be; else those that are not are moved there. */
int context_check_pasids(const struct context *context, const struct record_device *device,
			 struct ranges *pasid, struct context_taken *taken, struct fault *fault);
/* Devices of one IOMMU group share the numbers: a second one can only join the same HWPT. */
int context_check_siblings(const struct context *context, const struct record_device *device,
			   struct ranges *pasid, uint32_t hwpt, struct context_taken *taken,
			   struct fault *fault);
/*
 * The array "reserved" of BindPasids: mappings of IOAS that lie in reserved regions of DEVICE. False when
 * that cannot be read. RET is NULL without memory.
 */
bool context_reserved(const struct context *context, const struct record_device *device,
		      uint32_t ioas, json_object **ret);
/* Are all of them bound? */
int context_check_bound(const struct record_device *device, const struct ranges *pasid,
			struct fault *fault);

/* Where a device's own requests were before they had to be moved beside PASIDs. */
struct context_undo {
	bool moved;
	uint64_t serial; /* that device: the one meant or one of its group */
	uint32_t hwpt;
};
/*
 * Gets the HWPT that PASIDs of DEVICE are attached to for TARGET, and moves the device's own
 * requests off a page table that PASIDs cannot stand beside.
 */
int context_begin_pasids(struct context *context, struct record_device *device,
			 const struct context_target *target, struct fault *fault,
			 struct context_undo *ret_undo, uint32_t *ret_hwpt);
/* Gives the HWPT back if nobody uses it, and with ROLLBACK puts the device's own requests back. */
void context_end_pasids(struct context *context, uint32_t hwpt, const struct context_undo *undo,
			bool rollback);
/* One PASID. Returns 0 or -errno. */
int context_bind_pasid(struct context *context, struct record_device *device, uint32_t pasid,
		       uint32_t hwpt);
int context_unbind_pasid(struct context *context, struct record_device *device, uint32_t pasid);
