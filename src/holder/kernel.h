/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All system calls of a context. With context->plan set, each function notes what it would do, does
 * nothing, and returns success, so that a dry run takes the same path with the same checks and
 * order as the real call.
 *
 * All return 0 or -errno; outputs are untouched on failure.
 */
#pragma once

#include "holder/context.h"
#include "sys/vfio.h"
#include "util/str.h"

/* Keeps a plan's reply within one message. */
#define PLAN_BYTES_MAX ((size_t)4 << 20)

struct plan {
	struct strv line;
	size_t bytes;
	int err;     /* -errno of the first line that was dropped: -ENOMEM, -E2BIG */
	uint32_t id; /* last placeholder id for an object that would be created; 0: none yet */
	/* Consecutive PASIDs of the same call, which become the last line. */
	struct {
		enum iommufd_op op;
		uint64_t serial; /* of the device */
		uint32_t hwpt;
		uint32_t lo, hi;      /* hi 0: none */
		char *before, *after; /* text of the line before and after them */
	} pasid;
};
void plan_done(struct plan *plan);
/* The number of what a plan would make. */
bool kernel_is_planned(uint32_t id);
/* To call when everything is noted: completes the last line. Returns 0 or err. */
int plan_end(struct plan *plan);

int kernel_open(struct context *context, const struct vfio_node *node, int *ret_fd);
void kernel_close(struct context *context, int fd);

/* Sets DEVICE's id. */
int kernel_bind(struct context *context, struct record_device *device);
/*
 * Sets DEVICE's request eventfd; leaves it unset if the device does not support one. Returns 0 or
 * -errno.
 */
int kernel_watch_request(struct context *context, struct record_device *device);
/* DEVICE's hardware info. In a plan, nothing is known. */
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

/* IOVA NULL: the kernel chooses; 0 in a plan. */
int kernel_ioas_map(struct context *context, const struct record_ioas *ioas,
		    const struct record_mapping *mapping, const uint64_t *iova, uint64_t *ret_iova);
int kernel_ioas_unmap(struct context *context, const struct record_ioas *ioas, uint64_t iova,
		      uint64_t length, uint64_t *ret_length);

/* Zeroed memory with MADV_DONTFORK. */
int kernel_memory_get(struct context *context, uint64_t size, void **ret);
void kernel_memory_put(struct context *context, void *memory, uint64_t size);
