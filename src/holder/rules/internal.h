/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "holder/rules/rules.h"

/*
 * A change for STEPS to be pushed to. Takes CHANGE out of the caller's hands if R is 0; else raises
 * ENOMEM, the only error of pushing.
 */
int rules_end(struct change **change, int r, struct fault *fault, struct change **ret);

/* Refuses a name that is invalid or in use, and an object beyond the limit. */
int rules_check_new(const struct context *context, enum object_kind kind, const char *name,
		    struct fault *fault);

/* Refuses with ObjectInUse, which names the first users. */
int rules_check_unused(const struct context *context, const struct object *object,
		       struct fault *fault);

/*
 * The automatic HWPT for PASIDs of DEVICE in IOAS, which a step of CHANGE allocates if there is
 * none. OPTIONAL: unless the IOMMU has no PASIDs.
 */
int rules_get_hwpt(struct context *context, struct change *change, struct record_device *device,
		   struct record_ioas *ioas, bool optional, struct fault *fault,
		   struct record_hwpt **ret);

/* HwptNotForPasids */
int rules_refuse_plain(const struct record_hwpt *hwpt, const struct record_device *device,
		       struct fault *fault);
/* ERROR with the device and what it is attached to; SIBLING (may be NULL) is attached in its place. */
int rules_refuse_target(const char *error, const struct record_device *device,
			const struct record_device *sibling, struct fault *fault);

/* Releases what DEVICE is bound to with one of PASIDS (NULL: any). Returns 0 or -ENOMEM. */
int rules_release_pasids(struct change *change, const struct record_device *device,
			 const struct ranges *pasids);

/*
 * The array "reserved" of the reply to BindPasids: mappings of IOAS in REGIONS, the text of the
 * device's reserved_regions. NULL if out of memory.
 */
json_object *rules_reserved(const char *regions, const struct record_ioas *ioas);

/*
 * Refuses with NotEnoughMemory if SIZE bytes more than IOAS (NULL: none) has mapped cannot be
 * pinned, unless IOAS has a user, which has pinned them.
 */
int rules_check_memory(const struct context *context, const struct record_ioas *ioas, uint64_t size,
		       struct fault *fault);
/* The same for SIZE bytes of a client's file, ABSENT of which do not exist yet. */
int rules_check_file_memory(const struct context *context, uint64_t size, uint64_t absent,
			    struct fault *fault);

/*
 * Refuses with UnfitFile what cannot be mapped, or should not be with FLAGS, enum iommufd_map_flags. Sets
 * file->absent.
 */
int rules_check_file(struct map_file *file, uint64_t length, unsigned int flags,
		     struct fault *fault);
