/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For sys/root.c alone: a captured file as a directory. */
#pragma once

#include "sys/root.h"

/* Returns 0, or as archive_read() does. */
int sys_root_unpack(int fd, struct sys_root *ret);
void sys_root_remove(struct sys_root *root);
