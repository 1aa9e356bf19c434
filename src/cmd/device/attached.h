/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and shows what devices' own requests (RID) are attached to. */
#pragma once

#include "cmd/common/inspect.h"
#include "cmd/common/records.h"
#include "model/machine/attached.h"
#include "out/value.h"

/* "ioas guest (vm1)"; for programs an object with these columns. */
extern const struct out_column attached_columns[];
void attached_out(struct out_value *ret, const struct device_attached *attached);

/* The same as text; "" if unknown or not applicable. */
void attached_text(const struct device_attached *attached, char *buf, size_t size);

/*
 * Asks the contexts, unless none can have one of the devices, and sets `attached` of all N, which
 * were read with ATTACHED_NEED. Returns 0, STATUS_PARTIAL with a note, or another reported status.
 */
int attached_read(struct app *app, const struct sys_root *root, struct device *const *devices,
		  size_t n);

/*
 * The same for LIST, if a column of IN needs it (DEVICE_COLUMNS_ATTACHED). Returns 0 or a reported
 * status.
 */
int attached_read_list(struct app *app, struct inspection *in, struct device_list *list);
