/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a device; rows are struct device. */
#pragma once

#include "out/value.h"

/* In a column's need besides DEVICE_NEED_*: `attached` must be read. */
#define DEVICE_COLUMNS_ATTACHED (1u << 17)

extern const struct out_column device_columns[];
