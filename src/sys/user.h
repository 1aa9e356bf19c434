/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of users and groups: of a captured machine those that it was captured with. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

/* Returns 0; -ENOENT where UID has no name; -ENAMETOOLONG; -errno. */
int sys_user_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size);
int sys_group_name(const struct sys_root *root, uint64_t gid, char *buf, size_t size);
