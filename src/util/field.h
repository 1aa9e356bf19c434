/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts that may be absent or unreadable. "Cannot read" is never shown as "empty", so each fact has
 * a status: 1 known, 0 absent, -errno could not be read. A zeroed field is absent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

/* Of what somebody else keeps; NULL: absent. */
static inline struct field_str field_str_borrow(const char *value)
{
	return (struct field_str){ .value = (char *)value, .status = value ? 1 : 0 };
}

static inline void field_str_done(struct field_str *f)
{
	free(f->value);
	*f = (struct field_str){ 0 };
}

/* Equal values, or equal status if there is none. */
static inline bool field_u64_same(const struct field_u64 *a, const struct field_u64 *b)
{
	return a->status == b->status && (a->status != 1 || a->value == b->value);
}

static inline bool field_str_same(const struct field_str *a, const struct field_str *b)
{
	return a->status == b->status && (a->status != 1 || strcmp(a->value, b->value) == 0);
}
