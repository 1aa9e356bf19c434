/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/parse.h"

/* Deeper than any of our types. Bounded because the parser is recursive. */
#define DEPTH_MAX 16

/*
 * An empty object takes two bytes of a message and 800 of memory: so many may be in any message, and one more for so
 * many bytes of it. That is several times denser than any of our types, but for ranges, of which there is a limit.
 */
#define CONTAINERS      4096
#define CONTAINER_BYTES 24

static void tokener_freep(json_tokener **tokener)
{
	if (*tokener)
		json_tokener_free(*tokener);
}

/* Those in strings are counted too: none of ours has many. */
static bool is_dense(const char *text, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		n += text[i] == '{' || text[i] == '[';
	return n > CONTAINERS + length / CONTAINER_BYTES;
}

int json_parse(const char *text, size_t length, json_object **ret)
{
	_cleanup_(tokener_freep) json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	_cleanup_json_ json_object *object = NULL;

	if (!tokener)
		return -ENOMEM;
	while (length && strchr(" \t\r\n", text[length - 1]))
		length--;
	if (length > INT32_MAX || is_dense(text, length))
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

/* Returns 1 with the member, 0 if it is missing or null, -EINVAL if it is not a TYPE. */
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
	/* json-c clamps larger numbers to INT64_MAX, so that value is ambiguous. */
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

/* Marks an object or array as incomplete. */
static const char spoilt;

static void spoil(json_object *object)
{
	if (object)
		json_object_set_userdata(object, (void *)&spoilt, NULL);
}

bool json_is_whole(json_object *object)
{
	return object && json_object_get_userdata(object) != &spoilt;
}

/* json-c takes over VALUE on success only, and aborts if OBJECT is not an object. */
void json_add(json_object *object, const char *key, json_object *value)
{
	bool whole = json_is_whole(value);

	if (!object || json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		whole = false;
	}
	if (!whole)
		spoil(object);
}

void json_add_null(json_object *object, const char *key)
{
	if (object && json_object_object_add(object, key, NULL) < 0)
		spoil(object);
}

void json_add_string(json_object *object, const char *key, const char *value)
{
	if (value)
		json_add(object, key, json_object_new_string(value));
	else
		json_add_null(object, key);
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

void json_append(json_object *array, json_object *value)
{
	bool whole = json_is_whole(value);

	if (!array || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		whole = false;
	}
	if (!whole)
		spoil(array);
}

void json_append_string(json_object *array, const char *value)
{
	json_append(array, json_object_new_string(value));
}

static void format_string(FILE *f, const char *text, size_t length)
{
	fputc('"', f);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static void format_value(FILE *f, json_object *value);

static void format_object(FILE *f, json_object *object)
{
	const char *comma = "";

	fputc('{', f);
	json_object_object_foreach(object, key, value)
	{
		fputs(comma, f);
		format_string(f, key, strlen(key));
		fputc(':', f);
		format_value(f, value);
		comma = ",";
	}
	fputc('}', f);
}

static void format_array(FILE *f, json_object *array)
{
	fputc('[', f);
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		if (i)
			fputc(',', f);
		format_value(f, json_object_array_get_idx(array, i));
	}
	fputc(']', f);
}

/* Types that our interfaces do not have, such as fractions, are left to json-c. */
static void format_value(FILE *f, json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_object:
		format_object(f, value);
		break;
	case json_type_array:
		format_array(f, value);
		break;
	case json_type_string:
		format_string(f, json_object_get_string(value),
			      (size_t)json_object_get_string_len(value));
		break;
	case json_type_int:
		if (json_object_get_int64(value) < 0)
			fprintf(f, "%" PRId64, json_object_get_int64(value));
		else
			fprintf(f, "%" PRIu64, json_object_get_uint64(value));
		break;
	case json_type_boolean:
		fputs(json_object_get_boolean(value) ? "true" : "false", f);
		break;
	case json_type_null:
		fputs("null", f);
		break;
	case json_type_double:
		fputs(json_object_to_json_string(value), f);
		break;
	}
}

/* json-c's own formatter silently drops parts when it runs out of memory. */
int json_format(json_object *object, char **ret, size_t *ret_length)
{
	_cleanup_free_ char *text = NULL;
	size_t length = 0;
	FILE *f;

	if (!json_is_whole(object))
		return -ENOMEM;
	f = open_memstream(&text, &length);
	if (!f)
		return -ENOMEM;
	format_value(f, object);
	if (ferror(f) | fclose(f))
		return -ENOMEM;
	*ret = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}
