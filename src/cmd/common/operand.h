/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the devices and groups that operands name, and reports those that do not exist. */
#pragma once

#include <stdint.h>

#include "app.h"

/* RET_PATH is "/sys/devices/..."; the caller frees it. Returns 0 or a reported status. */
int operand_device(struct app *app, const struct sys_root *root, const char *operand,
		   char **ret_path);

/*
 * Prints hints about the processes that have the device at PATH open, because the kernel only
 * returns EBUSY or EINVAL.
 */
void operand_hint_openers(struct app *app, const char *path);

/* Is it known that other members of its group have a kernel driver, or are open? */
bool operand_group_is_taken(struct app *app, const char *path);

/* Prints hints about those members, because the kernel only returns EPERM. */
void operand_hint_group(struct app *app, const char *path);

/* Checks the name of a unit. Returns 0 or a reported status. */
int operand_unit(struct app *app, const struct sys_root *root, const char *operand);

/* After EINVAL from the kernel: prints a hint if the device's group has a direct region. */
void operand_hint_regions(struct app *app, const char *path);

/* A group by its number or a member. Returns 0 or a reported status. */
int operand_group(struct app *app, const struct sys_root *root, const char *operand, uint32_t *ret);
