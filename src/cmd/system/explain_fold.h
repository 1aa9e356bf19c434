/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that are the same but for their time, as one with a count. */
#pragma once

#include "model/faultlog/fault.h"

struct fold_entry {
	struct log_fault fault; /* the first */
	char last_time[sizeof(
		((struct log_fault *)0)->time)]; /* of the last; "" where there is one */
	uint64_t count;
};

/* A zeroed one is empty. */
struct fold {
	struct fold_entry *v; /* in the order of the first of each */
	size_t n, size;
	size_t *slots; /* indices by hash, plus one; 0: free */
	size_t n_slots;
};

void fold_done(struct fold *fold);
#define _cleanup_fold_ _cleanup_(fold_done)

/* Counts FAULT to its like, or adds a copy of it. Returns 0 or -ENOMEM. */
int fold_add(struct fold *fold, const struct log_fault *fault);
