/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gets the IOMMU to translate, for the machine that is looked at: its architecture, firmware and kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sys/root.h"

/*
 * Where there is no IOMMU group at all; or, with SERVES_OTHERS, where there are, and the device in question is
 * in none. "" where nothing that was measured says what would help. Returns 0 or -ENOMEM.
 */
int iommu_advice(const struct sys_root *root, bool serves_others, char *buf, size_t size);
