/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User and group names; for a captured machine, those in the capture. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "sys/root.h"

/* Returns 0; -ENOENT if UID has no name; -ENAMETOOLONG; another -errno. */
int sys_user_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size);
int sys_group_name(const struct sys_root *root, uint64_t gid, char *buf, size_t size);
