/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dry run would do: each open and each ioctl in words, in their order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holder/record/record.h"
#include "sys/iommufd.h"
#include "util/str.h"

/* Keeps a plan's reply within one message. */
#define PLAN_BYTES_MAX ((size_t)4 << 20)

struct plan {
	struct strv line;
	size_t bytes;
	int err;     /* -errno of the first line that was dropped: -ENOMEM, -E2BIG */
	uint32_t id; /* last placeholder id for an object that would be created; 0: none yet */
};
void plan_done(struct plan *plan);

__attribute__((format(printf, 2, 3))) void plan_note(struct plan *plan, const char *format, ...);
/* "ioctl IOMMU_IOAS_ALLOC", and what follows. */
__attribute__((format(printf, 3, 4))) void plan_ioctl(struct plan *plan, enum iommufd_op op,
						      const char *format, ...);

/* A placeholder: from the top, since the kernel's numbers grow from 1. */
uint32_t plan_new_id(struct plan *plan);
bool plan_is_new(uint32_t id);

/* "ioas 3", "ioas NEW" */
struct plan_name {
	char text[32];
};
struct plan_name plan_name(const struct object *object);
