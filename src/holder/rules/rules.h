/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may be changed in a context, and how: each function refuses what can be recognized as wrong
 * from the record, also what the kernel would accept silently but should not, or puts a change
 * together.
 *
 * Functions with a struct fault return 0, or FAULTED with nothing changed.
 */
#pragma once

#include "holder/engine/change.h"

/* In an IOAS. Keeps a reply within one message. */
#define RULES_MAPPING_MAX 4096

/* Finds what REFERENCE names, or raises UnknownObject. */
int context_find_device(const struct context *context, struct reference reference,
			struct fault *fault, struct record_device **ret);
/* The same for a device that must be bound to the iommufd, or raises DeviceNotBound. */
int context_find_bound(const struct context *context, struct reference reference,
		       struct fault *fault, struct record_device **ret);
int context_find_ioas(const struct context *context, struct reference reference,
		      struct fault *fault, struct record_ioas **ret);
int context_find_hwpt(const struct context *context, struct reference reference,
		      struct fault *fault, struct record_hwpt **ret);
/* What can be attached to: an IOAS or an HWPT. */
int context_find_target(const struct context *context, struct reference reference,
			struct fault *fault, struct object **ret);

/* Devices (device.c) */
int context_add_device(struct context *context, const char *path, bool bind, struct fault *fault,
		       struct change **ret);
int context_remove_device(struct record_device *device, bool force, struct fault *fault,
			  struct change **ret);
int context_attach_device(struct context *context, struct record_device *device,
			  struct object *target, bool replace, struct fault *fault,
			  struct change **ret);
int context_detach_device(struct record_device *device, struct fault *fault, struct change **ret);
/* The request eventfds of all devices are set again: a process that had the fds may have changed them. */
int context_watch_devices(const struct context *context, struct fault *fault, struct change **ret);

/* HWPTs and IOASes (hwpt.c, ioas.c) */
int context_alloc_hwpt(struct context *context, struct record_device *device,
		       struct record_ioas *ioas, const char *name, bool pasid, struct fault *fault,
		       struct change **ret);
int context_free_hwpt(const struct context *context, struct record_hwpt *hwpt, struct fault *fault,
		      struct change **ret);
int context_alloc_ioas(struct context *context, const char *name, struct fault *fault,
		       struct change **ret);
int context_free_ioas(const struct context *context, struct record_ioas *ioas, struct fault *fault,
		      struct change **ret);
int context_map_ioas(const struct context *context, struct record_ioas *ioas, uint64_t size,
		     const uint64_t *iova, unsigned int flags, struct fault *fault,
		     struct change **ret);
/* The same for a file, which the caller then puts among the change's fds. */
int context_map_file(const struct context *context, struct record_ioas *ioas,
		     const struct map_file *file, uint64_t size, const uint64_t *iova,
		     unsigned int flags, struct fault *fault, struct change **ret);
/* LENGTH 0: the mapping that begins at IOVA. */
int context_unmap_ioas(struct record_ioas *ioas, uint64_t iova, uint64_t length,
		       struct fault *fault, struct change **ret);
int context_unmap_ioas_all(struct record_ioas *ioas, struct fault *fault, struct change **ret);

/* PASIDs (pasid.c): parameters of BindPasids. */
struct bind_request {
	struct ranges pasid; /* taken over */
	uint32_t count;      /* number of lowest free ones, if pasid is empty */
	bool partial;        /* keep what was bound before a failure, leave out what is in use */
};
int context_bind_pasids(struct context *context, struct record_device *device,
			struct object *target, struct bind_request *request, struct fault *fault,
			struct change **ret);
/* Takes over PASID; empty means all. */
int context_unbind_pasids(struct record_device *device, struct ranges *pasid, struct fault *fault,
			  struct change **ret);

/* Everything (context.c). Without FORCE, refused while processes that received the fds are alive. */
int context_destroy(const struct context *context, bool force, struct fault *fault,
		    struct change **ret);

/* The object "ioas" of the reply to ShowIoas. */
json_object *context_show_ioas(const struct record_ioas *ioas);
/* Adds a Reference to OBJECT, or a Target, to an error or reply. */
void context_add_object(json_object *json, const char *key, const struct object *object);
void context_add_target(json_object *json, const char *key, struct object *target);
