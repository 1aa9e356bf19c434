/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calling user may do: open nodes, pin memory. On a live machine only. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"

struct sys_node {
	mode_t mode; /* the permissions alone */
	uid_t uid;
	gid_t gid;
	bool acl; /* more than MODE says */
	bool may; /* the caller may open it to read and write */
};

/* The node at PATH, from the root. Nothing is opened. 0, -EREMOTE for a captured tree, -ENOENT, -errno. */
int sys_node_read(const struct sys_root *root, const char *path, struct sys_node *ret);

/* May a user open it who is neither root nor of root's group? */
bool sys_node_for_users(const struct sys_node *node);

struct sys_memlock {
	bool unlimited; /* by the limit itself, or by CAP_IPC_LOCK */
	bool capable; /* CAP_IPC_LOCK, in the first user namespace: the kernel then counts nothing */
	uint64_t soft, hard; /* bytes; UINT64_MAX: none */
	uint64_t memory;     /* of the machine, bytes */
};

/* How much the caller may pin (RLIMIT_MEMLOCK). 0, -EREMOTE for a captured tree, -errno. */
int sys_memlock_read(const struct sys_root *root, struct sys_memlock *ret);

/* Root of a container alone is none. */
bool sys_is_root(void);
