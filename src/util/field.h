/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts that may be absent or unreadable. "Cannot read" is never shown as "empty", so every fact
 * carries which of the three it is: status 1 it is known, 0 it is absent, -errno it could not be read.
 * A zeroed field is absent.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>

struct field_u64 {
	uint64_t value;
	int status;
};

struct field_str {
	char *value; /* owned; NULL unless status is 1 */
	int status;
};

static inline struct field_u64 field_u64(uint64_t value)
{
	return (struct field_u64){ .value = value, .status = 1 };
}

static inline struct field_u64 field_u64_error(int negative_errno)
{
	return (struct field_u64){ .status = negative_errno };
}

static inline void field_str_done(struct field_str *f)
{
	free(f->value);
	*f = (struct field_str){ 0 };
}
