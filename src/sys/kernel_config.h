/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the running kernel was configured: /proc/config.gz, or the file that a distribution keeps of it. */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "util/cleanup.h"
#include "util/field.h"

struct kernel_config {
	char *text; /* lines "CONFIG_PCI_PASID=y", "# CONFIG_IOMMUFD is not set" */
	size_t size;
};

void kernel_config_done(struct kernel_config *config);
#define _cleanup_kernel_config_ _cleanup_(kernel_config_done)

/*
 * The first of /proc/config.gz, /boot/config-RELEASE, /lib/modules/RELEASE/config that is there, RELEASE
 * being the running kernel's. A /proc/config.gz that is not compressed, as a capture has it, is taken as
 * it is. Returns 0, -ENOENT where there is none, -EBADMSG for a broken one, -errno.
 */
int sys_kernel_config_read(const struct sys_root *root, struct kernel_config *ret);

/* What gzip(1) made, up to 16 MiB of it: -EBADMSG where broken, -E2BIG, -ENOMEM. A NUL follows. */
int sys_kernel_config_gunzip(const void *data, size_t size, char **ret, size_t *ret_size);

/*
 * The value of CONFIG_NAME ("IOMMUFD"): "y", "m", a number, a string in quotes; absent where it is not
 * set or not known to this kernel. -ENOMEM in the status without memory.
 */
struct field_str sys_kernel_config_get(const struct kernel_config *config, const char *name);
