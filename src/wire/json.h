/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON objects of a message, read strictly and written plainly. Numbers are whole and not negative;
 * what sits above 2^53 (addresses) travels as "0x..." text, since programs lose digits there.
 *
 * Readers return 1 when KEY is there, 0 when it is absent or null, -EINVAL when it is of
 * another type or out of range. Strings belong to the object.
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
 * One JSON object and nothing else in LENGTH bytes, UTF-8, 16 levels deep at most. -EBADMSG,
 * -ENOMEM.
 */
int json_parse(const char *text, size_t length, json_object **ret);

/* No NUL inside, which JSON would allow. */
int json_get_string(json_object *object, const char *key, const char **ret);
int json_get_bool(json_object *object, const char *key, bool *ret);
int json_get_u64(json_object *object, const char *key, uint64_t max, uint64_t *ret);
int json_get_u32(json_object *object, const char *key, uint32_t *ret);
/* "0x1000" */
int json_get_address(json_object *object, const char *key, uint64_t *ret);
int json_get_array(json_object *object, const char *key, json_object **ret);
int json_get_object(json_object *object, const char *key, json_object **ret);

/*
 * Writers need no check: an object or array that has lost something for want of memory is spoilt, with all that it
 * is added to, and json_format() says so. VALUE NULL of a string writes null.
 */
void json_add_string(json_object *object, const char *key, const char *value);
void json_add_bool(json_object *object, const char *key, bool value);
void json_add_u64(json_object *object, const char *key, uint64_t value);
void json_add_address(json_object *object, const char *key, uint64_t value);
void json_add_null(json_object *object, const char *key);
/* Takes VALUE over. NULL is one that there was no memory for: what is to be null is json_add_null(). */
void json_add(json_object *object, const char *key, json_object *value);
void json_append(json_object *array, json_object *value);
void json_append_string(json_object *array, const char *value);
/* False for NULL, too. */
bool json_is_whole(json_object *object);

/* In one line; RET is to be freed, RET_LENGTH without its NUL. 0, or -ENOMEM, also for what is spoilt. */
int json_format(json_object *object, char **ret, size_t *ret_length);
