/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a struct finding. */
#pragma once

#include "out/value.h"

extern const struct out_column finding_columns[];
