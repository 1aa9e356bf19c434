/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of users and groups, of a live machine alone: a captured one's are not in our passwd. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

/* Returns 0; -ENOENT where UID has no name, or the machine is captured; -ENAMETOOLONG; -errno. */
int sys_user_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size);
int sys_group_name(const struct sys_root *root, uint64_t gid, char *buf, size_t size);
