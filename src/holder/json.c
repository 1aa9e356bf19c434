/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

/* Deeper than any of our types; a bound, since the parser recurses. */
#define DEPTH_MAX 16

static void tokener_freep(json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

int json_parse(const char *text, size_t length, json_object **ret)
{
	_cleanup_(tokener_freep) json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	_cleanup_json_ json_object *object = NULL;

	if (!tokener)
		return -ENOMEM;
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	if (length > INT32_MAX)
		return -EBADMSG;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, text, (int)length);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) != length)
		return -EBADMSG;
	if (!json_object_is_type(object, json_type_object))
		return -EBADMSG;
	*ret = TAKE_PTR(object);
	return 0;
}

/* 1 with the member, 0 for none or null, -EINVAL for one that is not a TYPE. */
static int get(json_object *object, const char *key, json_type type, json_object **ret)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !value)
		return 0;
	if (!json_object_is_type(value, type))
		return -EINVAL;
	*ret = value;
	return 1;
}

int json_get_string(json_object *object, const char *key, const char **ret)
{
	json_object *value;
	int r;

	r = get(object, key, json_type_string, &value);
	if (r <= 0)
		return r;
	if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return -EINVAL;
	*ret = json_object_get_string(value);
	return 1;
}

int json_get_bool(json_object *object, const char *key, bool *ret)
{
	json_object *value;
	int r;

	r = get(object, key, json_type_boolean, &value);
	if (r <= 0)
		return r;
	*ret = json_object_get_boolean(value);
	return 1;
}

int json_get_u64(json_object *object, const char *key, uint64_t max, uint64_t *ret)
{
	json_object *value;
	int64_t number;
	int r;

	r = get(object, key, json_type_int, &value);
	if (r <= 0)
		return r;
	/*
	 * json-c clamps to INT64_MAX what is larger: such a number could not be told from others.
	 */
	number = json_object_get_int64(value);
	if (number < 0 || number == INT64_MAX || (uint64_t)number > max)
		return -EINVAL;
	*ret = (uint64_t)number;
	return 1;
}

int json_get_u32(json_object *object, const char *key, uint32_t *ret)
{
	uint64_t value;
	int r;

	r = json_get_u64(object, key, UINT32_MAX, &value);
	if (r > 0)
		*ret = (uint32_t)value;
	return r;
}

int json_get_address(json_object *object, const char *key, uint64_t *ret)
{
	const char *text;
	int r;

	r = json_get_string(object, key, &text);
	if (r <= 0)
		return r;
	if (strncmp(text, "0x", 2) != 0 || parse_u64(text, UINT64_MAX, ret) < 0)
		return -EINVAL;
	return 1;
}

int json_get_array(json_object *object, const char *key, json_object **ret)
{
	return get(object, key, json_type_array, ret);
}

int json_get_object(json_object *object, const char *key, json_object **ret)
{
	return get(object, key, json_type_object, ret);
}

void json_add(json_object *object, const char *key, json_object *value)
{
	json_object_object_add(object, key, value);
}

void json_add_string(json_object *object, const char *key, const char *value)
{
	json_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_add_bool(json_object *object, const char *key, bool value)
{
	json_add(object, key, json_object_new_boolean(value));
}

void json_add_u64(json_object *object, const char *key, uint64_t value)
{
	json_add(object, key, json_object_new_uint64(value));
}

void json_add_address(json_object *object, const char *key, uint64_t value)
{
	char text[2 + 16 + 1];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_add_string(object, key, text);
}

void json_add_null(json_object *object, const char *key)
{
	json_add(object, key, NULL);
}

void json_append(json_object *array, json_object *value)
{
	json_object_array_add(array, value);
}
