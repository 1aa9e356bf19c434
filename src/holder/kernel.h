/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way from a context to the kernel. With context->plan each function notes in words what it
 * would do, does nothing, and says that it succeeded: so a dry run takes the way of the real call,
 * its checks and its order.
 *
 * All return 0 or -errno; outputs are untouched on failure.
 */
#pragma once

#include "holder/context.h"
#include "sys/vfio.h"
#include "util/str.h"

/* Keeps a plan's reply within a message. */
#define PLAN_BYTES_MAX ((size_t)4 << 20)

struct plan {
	struct strv line;
	size_t bytes;
	int err;     /* -errno of the first line that could not be kept: -ENOMEM, -E2BIG */
	uint32_t id; /* the last one given to what the kernel would make; 0: none yet */
	/* Consecutive PASIDs of one call, the last line to be. */
	struct {
		enum iommufd_op op;
		uint64_t serial; /* the device */
		uint32_t hwpt;
		uint32_t lo, hi;      /* hi 0: none */
		char *before, *after; /* what the line says around them */
	} pasid;
};
void plan_done(struct plan *plan);
/* The number of what a plan would make. */
bool kernel_is_planned(uint32_t id);
/* To be called when all is noted: then line is whole. Returns 0 or err. */
int plan_end(struct plan *plan);

int kernel_open(struct context *context, const struct vfio_node *node, int *ret_fd);
void kernel_close(struct context *context, int fd);

/* Fills DEVICE's id. */
int kernel_bind(struct context *context, struct record_device *device);
/* Fills DEVICE's request; without one where the kernel cannot ask for this device. Returns 0 or -errno. */
int kernel_watch_request(struct context *context, struct record_device *device);
/* DEVICE's. In a plan, nothing is known. */
int kernel_get_hw_info(struct context *context, const struct record_device *device,
		       struct iommufd_hw_info *ret);
int kernel_attach(struct context *context, const struct record_device *device, uint32_t target);
int kernel_detach(struct context *context, const struct record_device *device);
int kernel_attach_pasid(struct context *context, const struct record_device *device, uint32_t pasid,
			uint32_t hwpt);
int kernel_detach_pasid(struct context *context, const struct record_device *device,
			uint32_t pasid);

int kernel_ioas_alloc(struct context *context, uint32_t *ret_ioas);
int kernel_hwpt_alloc(struct context *context, const struct record_device *device, uint32_t ioas,
		      bool pasid, uint32_t *ret_hwpt);
int kernel_destroy(struct context *context, uint32_t id);

/* IOVA NULL: the kernel chooses; in a plan it is 0 then. */
int kernel_ioas_map(struct context *context, const struct record_ioas *ioas,
		    const struct record_mapping *mapping, const uint64_t *iova, uint64_t *ret_iova);
int kernel_ioas_unmap(struct context *context, const struct record_ioas *ioas, uint64_t iova,
		      uint64_t length, uint64_t *ret_length);

/* Zeroed memory that no fork copies. */
int kernel_memory_get(struct context *context, uint64_t size, void **ret);
void kernel_memory_put(struct context *context, void *memory, uint64_t size);
