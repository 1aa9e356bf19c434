/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the calling user may do: open nodes, pin memory. Only on a live machine. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys/root.h"

struct sys_node {
	mode_t mode; /* permission bits only */
	uid_t uid;
	gid_t gid;
	bool acl; /* there are permissions besides MODE */
	bool may; /* the caller may open it for reading and writing */
};

/*
 * Reads the permissions of the node at PATH, relative to the root, without opening it. Returns 0,
 * -EREMOTE for a captured tree, -ENOENT, another -errno.
 */
int sys_node_read(const struct sys_root *root, const char *path, struct sys_node *ret);

/* May a user open it who is neither root nor in root's group? */
bool sys_node_for_users(const struct sys_node *node);

struct sys_memlock {
	bool unlimited; /* the limit is infinite, or CAP_IPC_LOCK applies */
	bool capable; /* CAP_IPC_LOCK in the initial user namespace: the kernel does not account */
	uint64_t soft, hard; /* bytes; UINT64_MAX: unlimited */
	uint64_t memory;     /* RAM of the machine, bytes */
};

/*
 * How much memory the caller may pin (RLIMIT_MEMLOCK). Returns 0, -EREMOTE for a captured tree,
 * another -errno.
 */
int sys_memlock_read(const struct sys_root *root, struct sys_memlock *ret);

/* False for a user who is only root in a container. */
bool sys_is_root(void);
