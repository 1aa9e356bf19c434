/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands that name devices and groups, with the messages for those that name none. */
#pragma once

#include <stdint.h>

#include "app.h"

/* RET_PATH "/sys/devices/...", to be freed. Returns 0 or a reported status. */
int operand_device(struct app *app, const struct sys_root *root, const char *operand,
		   char **ret_path);

/* Hints of the processes that have the device at PATH open: the kernel's EBUSY or EINVAL names none. */
void operand_hint_holders(struct app *app, const char *path);

/* Is it known that other members of its group have a driver of the kernel, or are open? */
bool operand_group_is_taken(struct app *app, const char *path);

/*
 * Hints of the other members of its group that have a driver of the kernel, or are open: the kernel's
 * EPERM names none.
 */
void operand_hint_group(struct app *app, const char *path);

/* A unit by its name. Returns 0 or a reported status. */
int operand_unit(struct app *app, const struct sys_root *root, const char *operand);

/* After the kernel has refused it with EINVAL: says so where its group has a direct region. */
void operand_hint_regions(struct app *app, const char *path);

/* A group by its number or by a member. Returns 0 or a reported status. */
int operand_group(struct app *app, const struct sys_root *root, const char *operand, uint32_t *ret);
