/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "util/cleanup.h"

static void cleanup_json(json_object **o)
{
	json_object_put(*o);
}

#define _cleanup_json_ _cleanup_(cleanup_json)

static json_object *row_object(const struct out_column *const *columns, size_t n, const void *row);

/* json-c writes any byte, but JSON must be valid UTF-8. */
static json_object *string_object(const char *s)
{
	_cleanup_free_ char *safe = str_printable(s);

	return safe ? json_object_new_string(safe) : NULL;
}

/* ITEM NULL is a JSON null. Takes over ITEM. */
static bool array_add(json_object *array, json_object *item)
{
	if (json_object_array_add(array, item) == 0)
		return true;
	json_object_put(item);
	return false;
}

static json_object *list_object(const struct out_value *value)
{
	_cleanup_json_ json_object *array = json_object_new_array();

	for (size_t i = 0; array && i < value->list.n; i++) {
		const char *s = value->list.v[i];
		json_object *item = s ? string_object(s) : NULL;

		if ((s && !item) || !array_add(array, item))
			return NULL;
	}
	return TAKE_PTR(array);
}

/* All of COLUMNS. */
static json_object *inner_object(const struct out_column *columns, const void *row)
{
	const struct out_column *list[32];
	size_t n = 0;

	while (n < ARRAY_SIZE(list) && columns[n].key) {
		list[n] = &columns[n];
		n++;
	}
	return row_object(list, n, row);
}

static json_object *table_object(const struct out_value *value)
{
	_cleanup_json_ json_object *array = json_object_new_array();
	const char *row = value->table.rows;

	for (size_t i = 0; array && i < value->table.n; i++, row += value->table.size) {
		json_object *item = inner_object(value->table.columns, row);

		if (!item || !array_add(array, item))
			return NULL;
	}
	return TAKE_PTR(array);
}

/* Returns false if out of memory; *RET is NULL for a JSON null. */
static bool value_object(const struct out_value *value, json_object **ret)
{
	char address[24];

	*ret = NULL;
	switch (value->type) {
	case OUT_ABSENT:
	case OUT_UNREADABLE:
		return true;
	case OUT_BOOL:
		*ret = json_object_new_boolean(value->boolean);
		break;
	case OUT_NUMBER:
	case OUT_SIZE:
		*ret = json_object_new_uint64(value->number);
		break;
	case OUT_ADDRESS:
		snprintf(address, sizeof(address), "0x%" PRIx64, value->number);
		*ret = json_object_new_string(address);
		break;
	case OUT_STRING:
		*ret = string_object(value->string);
		break;
	case OUT_LIST:
		*ret = list_object(value);
		break;
	case OUT_OBJECT:
		*ret = inner_object(value->object.columns, value->object.row);
		break;
	case OUT_TABLE:
		*ret = table_object(value);
		break;
	}
	return *ret;
}

/* Takes VALUE. */
static bool object_add(json_object *object, const char *key, json_object *value)
{
	if (object && json_object_object_add(object, key, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool object_add_reason(json_object **object, const char *key, int negative_errno)
{
	if (!*object)
		*object = json_object_new_object();
	return object_add(*object, key, json_object_new_string(out_reason(negative_errno)));
}

static json_object *row_object(const struct out_column *const *columns, size_t n, const void *row)
{
	_cleanup_json_ json_object *object = json_object_new_object(), *unreadable = NULL;

	for (size_t i = 0; i < n; i++) {
		struct out_value value = { 0 };
		json_object *item;

		columns[i]->get(row, &value);
		if (!value_object(&value, &item) || !object_add(object, columns[i]->key, item))
			return NULL;
		if (value.error < 0 &&
		    !object_add_reason(&unreadable, columns[i]->key, value.error))
			return NULL;
	}
	if (unreadable && !object_add(object, "unreadable", TAKE_PTR(unreadable)))
		return NULL;
	return TAKE_PTR(object);
}

int out_json_row(FILE *f, const struct out_column *const *columns, size_t n, const void *row)
{
	_cleanup_json_ json_object *object = row_object(columns, n, row);
	const char *text;

	if (!object)
		return -ENOMEM;
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_SPACED |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return -ENOMEM;
	fputs(text, f);
	return 0;
}

/* Adds the node's object to SIBLINGS; RET borrows the array of its children. */
static bool add_node(const struct out_column *const *columns, size_t n_columns,
		     const struct out_node *node, json_object *siblings, json_object **ret)
{
	_cleanup_json_ json_object *object = row_object(columns, n_columns, node->row);
	json_object *children = json_object_new_array();

	if (!children || !object_add(object, "children", children))
		return false;
	if (!array_add(siblings, TAKE_PTR(object)))
		return false;
	*ret = children;
	return true;
}

int out_json_tree(FILE *f, const struct out_column *const *columns, size_t n_columns,
		  const struct out_node *nodes, size_t n)
{
	_cleanup_json_ json_object *roots = json_object_new_array();
	_cleanup_free_ json_object **children = calloc(n + 1, sizeof(json_object *));
	const char *text;

	if (!roots || !children)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		size_t parent = nodes[i].parent;

		if (!add_node(columns, n_columns, &nodes[i],
			      parent == OUT_NODE_ROOT ? roots : children[parent], &children[i]))
			return -ENOMEM;
	}
	text = json_object_to_json_string_ext(roots, JSON_C_TO_STRING_PRETTY |
							     JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		return -ENOMEM;
	fprintf(f, "%s\n", text);
	return 0;
}
