/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading and compact writing of JSON objects in messages. Numbers are non-negative
 * integers; values above 2^53 (addresses) are "0x..." strings, because programs lose digits there.
 *
 * Readers return 1 if KEY is there, 0 if it is absent or null, -EINVAL if it is of another type or
 * out of range. Strings belong to the object.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void json_putp(json_object **object)
{
	json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

/*
 * Exactly one JSON object in LENGTH bytes of UTF-8, at most 16 levels deep, and not made of little but brackets:
 * it takes about 30 times its length at most. -EBADMSG, -ENOMEM.
 */
int json_parse(const char *text, size_t length, json_object **ret);

/* Strings with a NUL, which JSON allows, are rejected. */
int json_get_string(json_object *object, const char *key, const char **ret);
int json_get_bool(json_object *object, const char *key, bool *ret);
int json_get_u64(json_object *object, const char *key, uint64_t max, uint64_t *ret);
int json_get_u32(json_object *object, const char *key, uint32_t *ret);
/* "0x1000" */
int json_get_address(json_object *object, const char *key, uint64_t *ret);
int json_get_array(json_object *object, const char *key, json_object **ret);
int json_get_object(json_object *object, const char *key, json_object **ret);

/*
 * Writers do not report errors: if memory runs out, the object or array is marked incomplete, as is
 * everything it is added to, and json_format() fails. A NULL string writes null.
 */
void json_add_string(json_object *object, const char *key, const char *value);
void json_add_bool(json_object *object, const char *key, bool value);
void json_add_u64(json_object *object, const char *key, uint64_t value);
void json_add_address(json_object *object, const char *key, uint64_t value);
void json_add_null(json_object *object, const char *key);
/* Takes over VALUE. NULL means out of memory; use json_add_null() for null. */
void json_add(json_object *object, const char *key, json_object *value);
void json_append(json_object *array, json_object *value);
void json_append_string(json_object *array, const char *value);
/* Also false for NULL. */
bool json_is_whole(json_object *object);

/*
 * Formats on one line; the caller frees RET, RET_LENGTH does not count its NUL. Returns 0, or
 * -ENOMEM, also if the object is incomplete.
 */
int json_format(json_object *object, char **ret, size_t *ret_length);
