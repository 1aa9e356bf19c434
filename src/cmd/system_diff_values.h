/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a difference shows what a PASID leads to, whose it is, what a device is. */
#pragma once

#include "model/diff.h"
#include "out/value.h"

/* Of a value that has an object: words for people, for programs an object. */
void diff_out_object(struct out_value *ret, const struct diff_value *value);
