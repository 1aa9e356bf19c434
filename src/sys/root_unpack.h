/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For sys/root.c only: unpacks a capture file into a temporary directory. */
#pragma once

#include "sys/root.h"

/* Returns 0, or the errors of archive_read(), with RET_PLACE. */
int sys_root_unpack(int fd, struct sys_root *ret, char **ret_place);
void sys_root_remove(struct sys_root *root);
