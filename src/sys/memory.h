/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory this process can still pin, and what ends it when memory runs out. */
#pragma once

#include <stdint.h>

#include "sys/root.h"

/* What there is least of. */
enum memory_limit {
	MEMORY_UNKNOWN, /* none of them could be read, or none limits */
	MEMORY_MACHINE, /* MemAvailable */
	MEMORY_CGROUP,  /* a control group's limit */
	MEMORY_RLIMIT,  /* RLIMIT_MEMLOCK */
};

struct memory_available {
	uint64_t bytes; /* UINT64_MAX: see MEMORY_UNKNOWN */
	enum memory_limit limit;
};

/*
 * An estimate, which others change at any time. What cannot be read does not limit. For
 * RLIMIT_MEMLOCK only what this process itself has pinned is known; the kernel counts all processes
 * of the user.
 */
void memory_available(const struct sys_root *root, struct memory_available *ret);
/* "the memory of this machine", to follow "limited by". */
const char *memory_limit_name(enum memory_limit limit);

/*
 * Lowers the process's oom_score_adj to SCORE, unless it is lower. Returns 0; -EACCES without
 * CAP_SYS_RESOURCE; another -errno.
 */
int memory_oom_lower(const struct sys_root *root, int score);
