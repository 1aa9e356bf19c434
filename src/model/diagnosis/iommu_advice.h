/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do to enable the IOMMU on this machine: depends on its architecture, firmware and kernel.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/root.h"

/*
 * For a machine without IOMMU groups; with SERVES_OTHERS, for one that has groups but not for the
 * device in question. "" if nothing that was measured shows what would help. Returns 0 or -ENOMEM.
 */
int iommu_advice(const struct sys_root *root, bool serves_others, char *buf, size_t size);
