/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do to get an IOMMU. */
#pragma once

#include <stddef.h>

#include "sys/root.h"

/*
 * For a machine without IOMMU groups. A constant, or in BUF; NULL if nothing that was measured shows
 * what would help.
 */
const char *iommu_advice(const struct sys_root *root, char *buf, size_t size);
