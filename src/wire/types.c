/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/types.h"

#include <errno.h>

int json_as_reference(json_object *value, struct reference *ret)
{
	struct reference reference = { 0 };
	int id, name;

	if (!json_object_is_type(value, json_type_object))
		return -EINVAL;
	id = json_get_u32(value, "id", &reference.id);
	name = json_get_string(value, "name", &reference.name);
	if (id < 0 || name < 0 || (id == 0 && name == 0))
		return -EINVAL;
	*ret = reference;
	return 0;
}

int json_get_reference(json_object *object, const char *key, struct reference *ret)
{
	json_object *inner = NULL;
	int r = json_get_object(object, key, &inner);

	if (r > 0)
		r = json_as_reference(inner, ret) < 0 ? -EINVAL : 1;
	return r;
}

void json_add_reference(json_object *object, const char *key, struct reference reference)
{
	json_object *inner = json_object_new_object();

	if (reference.id || !reference.name)
		json_add_u64(inner, "id", reference.id);
	else
		json_add_null(inner, "id");
	json_add_string(inner, "name", reference.name);
	json_add(object, key, inner);
}

static int read_range(json_object *object, struct range *ret)
{
	struct range range;

	if (!json_object_is_type(object, json_type_object) ||
	    json_get_u32(object, "lo", &range.lo) <= 0 ||
	    json_get_u32(object, "hi", &range.hi) <= 0 || range.lo > range.hi)
		return -EINVAL;
	*ret = range;
	return 0;
}

static json_object *write_range(struct range range)
{
	json_object *object = json_object_new_object();

	json_add_u64(object, "lo", range.lo);
	json_add_u64(object, "hi", range.hi);
	return object;
}

int json_get_range(json_object *object, const char *key, struct range *ret)
{
	json_object *inner = NULL;
	int r = json_get_object(object, key, &inner);

	if (r > 0)
		r = read_range(inner, ret) < 0 ? -EINVAL : 1;
	return r;
}

void json_add_range(json_object *object, const char *key, struct range range)
{
	json_add(object, key, write_range(range));
}

int json_get_ranges(json_object *object, const char *key, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	json_object *array = NULL;
	int r = json_get_array(object, key, &array);

	if (r <= 0)
		return r;
	if (json_object_array_length(array) > RANGES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct range range;

		r = read_range(json_object_array_get_idx(array, i), &range);
		if (r == 0)
			r = ranges_include(&list, range);
		if (r < 0)
			return r == -ENOMEM ? r : -EINVAL;
	}
	*ret = list;
	list = (struct ranges){ 0 };
	return 1;
}

void json_add_ranges(json_object *object, const char *key, const struct ranges *list)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < list->n && i < RANGES_MAX; i++)
		json_append(array, write_range(list->v[i]));
	json_add(object, key, array);
}
