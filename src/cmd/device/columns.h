/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a device; a row is a struct device. */
#pragma once

#include "out/value.h"

/* In a column's need beside DEVICE_NEED_*: `attached` is to be read. */
#define DEVICE_COLUMNS_ATTACHED (1u << 17)

extern const struct out_column device_columns[];
