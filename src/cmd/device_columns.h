/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a device; a row is a struct device. */
#pragma once

#include "out/value.h"

extern const struct out_column device_columns[];
