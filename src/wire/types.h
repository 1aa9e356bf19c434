/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of the interface that holder and client both read and write. Readers return as those in json.h. */
#pragma once

#include "util/parse.h"
#include "wire/json.h"

/* In an array of PASIDs: a call with so many is within SERVER_MESSAGE_MAX. */
#define RANGES_MAX 2048

/* "Reference": with a name, that counts. The name belongs to somebody else. */
struct reference {
	uint32_t id;
	const char *name; /* NULL: none */
};

static inline struct reference reference_id(uint32_t id)
{
	return (struct reference){ .id = id };
}

static inline struct reference reference_name(const char *name)
{
	return (struct reference){ .name = name };
}

int json_get_reference(json_object *object, const char *key, struct reference *ret);
/* The same for a value by itself: 0 or -EINVAL. */
int json_as_reference(json_object *value, struct reference *ret);
/* An id of 0 beside a name is null. */
void json_add_reference(json_object *object, const char *key, struct reference reference);

/* "Range" */
int json_get_range(json_object *object, const char *key, struct range *ret);
void json_add_range(json_object *object, const char *key, struct range range);

/*
 * An array of ranges; RET, to be freed, is sorted and merged. Also -EINVAL for a number that is there twice, -E2BIG
 * for more than RANGES_MAX, -ENOMEM.
 */
int json_get_ranges(json_object *object, const char *key, struct ranges *ret);
/* The first RANGES_MAX of them. */
void json_add_ranges(json_object *object, const char *key, const struct ranges *list);
