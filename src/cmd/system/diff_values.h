/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a difference shows what a PASID leads to, whose it is, what a device is. */
#pragma once

#include "model/diff/changes.h"
#include "out/value.h"

/* Of what has no other place; PASIDs' owners and what devices are attached to have theirs. */
extern const struct out_column diff_target_columns[], diff_hardware_columns[],
	diff_holder_columns[];

/* Of a value that has an object: words for people, for programs an object. */
void diff_out_object(struct out_value *ret, const struct diff_value *value);
