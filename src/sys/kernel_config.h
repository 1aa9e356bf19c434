/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of the running kernel: /proc/config.gz, or the file installed by the
 * distribution.
 */
#pragma once

#include <stddef.h>

#include "sys/root.h"
#include "sys/word.h"
#include "util/cleanup.h"
#include "util/field.h"

struct kernel_config {
	char *text; /* lines "CONFIG_PCI_PASID=y", "# CONFIG_IOMMUFD is not set" */
	size_t size;
};

void kernel_config_done(struct kernel_config *config);
#define _cleanup_kernel_config_ _cleanup_(kernel_config_done)

/*
 * Reads the first that exists of /proc/config.gz, /boot/config-RELEASE and
 * /lib/modules/RELEASE/config for the running kernel. A capture's /proc/config.gz may be
 * uncompressed. Returns 0, -ENOENT if there is none, -EBADMSG if it is damaged, another -errno.
 */
int sys_kernel_config_read(const struct sys_root *root, struct kernel_config *ret);

/*
 * Decompresses gzip data of up to 16 MiB, with a NUL appended. -EBADMSG if damaged, -E2BIG,
 * -ENOMEM.
 */
int sys_kernel_config_gunzip(const void *data, size_t size, char **ret, size_t *ret_size);

/*
 * The value of OPTION, a WORD_CONFIG: "y", "m", a number, a quoted string; absent if it is not
 * set or not known to this kernel. The status is -ENOMEM if out of memory.
 */
struct field_str sys_kernel_config_get(const struct kernel_config *config, enum sys_word option);
