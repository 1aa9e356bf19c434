/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/schema.h"

#include <errno.h>
#include <json-c/json.h>

#define TYPES \
	(OUT_IS_BOOL | OUT_IS_NUMBER | OUT_IS_SIZE | OUT_IS_ADDRESS | OUT_IS_LIST | OUT_IS_TABLE | \
	 OUT_IS_OBJECT)

/* Objects that could not be allocated are NULL, and nothing is printed at the end. */
struct builder {
	bool failed;
};

/* Takes over VALUE, and returns it borrowed. OBJECT and VALUE may be NULL if out of memory. */
static json_object *put(struct builder *b, json_object *object, const char *key, json_object *value)
{
	if (object && value && json_object_object_add(object, key, value) == 0)
		return value;
	json_object_put(value);
	b->failed = true;
	return NULL;
}

static json_object *push(struct builder *b, json_object *array, json_object *value)
{
	if (array && value && json_object_array_add(array, value) == 0)
		return value;
	json_object_put(value);
	b->failed = true;
	return NULL;
}

static json_object *put_object(struct builder *b, json_object *object, const char *key)
{
	return put(b, object, key, json_object_new_object());
}

static json_object *put_array(struct builder *b, json_object *object, const char *key)
{
	return put(b, object, key, json_object_new_array());
}

static void put_string(struct builder *b, json_object *object, const char *key, const char *value)
{
	put(b, object, key, json_object_new_string(value));
}

static void put_number(struct builder *b, json_object *object, const char *key, int value)
{
	put(b, object, key, json_object_new_int(value));
}

/* "type": TYPE, or [TYPE, "null"] for an optional value. */
static void put_type(struct builder *b, json_object *object, const char *type, bool null)
{
	json_object *array;

	if (!null) {
		put_string(b, object, "type", type);
		return;
	}
	array = put_array(b, object, "type");
	push(b, array, json_object_new_string(type));
	push(b, array, json_object_new_string("null"));
}

static void put_values(struct builder *b, json_object *object, const char *key,
		       const char *const *values, bool null)
{
	json_object *array = put_array(b, object, key);

	for (; *values; values++)
		push(b, array, json_object_new_string(*values));
	/* A NULL in an array is a JSON null. */
	if (null && array && json_object_array_add(array, NULL) < 0)
		b->failed = true;
}

static void put_text(struct builder *b, json_object *object, const struct out_column *column,
		     bool null)
{
	if (column->values && !(column->flags & OUT_OPEN)) {
		put_values(b, object, "enum", column->values, null);
		return;
	}
	put_type(b, object, "string", null);
	put_number(b, object, "minLength", 1);
	if (column->values)
		put_values(b, object, "examples", column->values, false);
	if (column->flags & OUT_IS_TIME)
		put_string(b, object, "pattern",
			   "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
}

static void put_integer(struct builder *b, json_object *object, const struct out_column *column,
			bool null)
{
	const bool pasid = column->flags & OUT_PASID;

	put_type(b, object, "integer", null);
	put_number(b, object, "minimum", pasid);
	if (pasid)
		put_number(b, object, "maximum", OUT_PASID_MAX);
}

static void put_list(struct builder *b, json_object *object, const struct out_column *column,
		     bool null)
{
	put_type(b, object, "array", null);
	put_text(b, put_object(b, object, "items"), column, column->flags & OUT_GAPS);
	/* Known texts become an enum. */
	if (column->values)
		put(b, object, "uniqueItems", json_object_new_boolean(true));
	if (column->flags & OUT_FILLED)
		put_number(b, object, "minItems", 1);
}

static void put_row(struct builder *b, json_object *object, const struct out_column *columns,
		    bool whole, bool null);

static void put_table(struct builder *b, json_object *object, const struct out_column *column,
		      bool null)
{
	put_type(b, object, "array", null);
	put_row(b, put_object(b, object, "items"), column->inner[0], true, false);
	if (column->flags & OUT_FILLED)
		put_number(b, object, "minItems", 1);
}

/* A value of a single type. A column of any type takes the values of a cell. */
static void put_one(struct builder *b, json_object *object, const struct out_column *column,
		    unsigned int type, bool null)
{
	switch (type) {
	case OUT_IS_BOOL:
		put_type(b, object, "boolean", null);
		return;
	case OUT_IS_NUMBER:
	case OUT_IS_SIZE:
		put_integer(b, object, column, null);
		return;
	case OUT_IS_ADDRESS:
		put_type(b, object, "string", null);
		put_string(b, object, "pattern", "^0x(0|[1-9a-f][0-9a-f]{0,15})$");
		return;
	case OUT_IS_LIST:
		put_list(b, object, column, null);
		return;
	case OUT_IS_TABLE:
		put_table(b, object, column, null);
		return;
	default:
		put_text(b, object, column, null);
	}
}

/* Values of several types: those in FLAGS, objects of all inner tables, and null. */
static void put_any(struct builder *b, json_object *object, const struct out_column *column,
		    unsigned int types, bool null)
{
	json_object *array = put_array(b, object, "anyOf");

	for (unsigned int type = 1; type && type <= types; type <<= 1)
		if (types & type && type != OUT_IS_OBJECT)
			put_one(b, push(b, array, json_object_new_object()), column, type, false);
	for (size_t i = 0; types & OUT_IS_OBJECT && column->inner[i]; i++)
		put_row(b, push(b, array, json_object_new_object()), column->inner[i], true, false);
	if (null)
		put_type(b, push(b, array, json_object_new_object()), "null", false);
}

static void put_value(struct builder *b, json_object *object, const struct out_column *column)
{
	const bool null = !(column->flags & OUT_ALWAYS);
	unsigned int types = column->flags & TYPES;

	put_string(b, object, "description", column->help);
	if (column->flags & OUT_LEFT)
		put_any(b, object, column,
			OUT_IS_BOOL | OUT_IS_NUMBER | OUT_LEFT | (types & OUT_IS_OBJECT), null);
	else if (types == OUT_IS_OBJECT && !column->inner[1])
		put_row(b, object, column->inner[0], true, null);
	else if (types & (types - 1) || types == OUT_IS_OBJECT)
		put_any(b, object, column, types, null);
	else
		put_one(b, object, column, types, null);
}

/* The reasons, in words, why a null or incomplete value could not be read, by key. */
static void put_unreadable(struct builder *b, json_object *properties,
			   const struct out_column *columns)
{
	json_object *object, *keys = NULL;

	for (; columns->key; columns++) {
		if (columns->flags & OUT_ALWAYS)
			continue;
		if (!keys) {
			object = put_object(b, properties, "unreadable");
			put_string(b, object, "description", "Why a value could not be read");
			put_type(b, object, "object", false);
			put_number(b, object, "minProperties", 1);
			keys = put_array(b, put_object(b, object, "propertyNames"), "enum");
			object = put_object(b, object, "additionalProperties");
			put_type(b, object, "string", false);
			put_number(b, object, "minLength", 1);
		}
		push(b, keys, json_object_new_string(columns->key));
	}
}

/* Returns the object's properties, borrowed. */
static json_object *put_properties(struct builder *b, json_object *object,
				   const struct out_column *columns)
{
	json_object *properties = put_object(b, object, "properties");

	for (const struct out_column *column = columns; column->key; column++)
		put_value(b, put_object(b, properties, column->key), column);
	put_unreadable(b, properties, columns);
	put(b, object, "additionalProperties", json_object_new_boolean(false));
	return properties;
}

static void put_row(struct builder *b, json_object *object, const struct out_column *columns,
		    bool whole, bool null)
{
	json_object *required;

	put_type(b, object, "object", null);
	put_properties(b, object, columns);
	required = whole ? put_array(b, object, "required") : NULL;
	for (; whole && columns->key; columns++)
		push(b, required, json_object_new_string(columns->key));
}

static void put_nodes(struct builder *b, json_object *object)
{
	put_type(b, object, "array", false);
	put_string(b, put_object(b, object, "items"), "$ref", "#/$defs/node");
}

static void put_tree(struct builder *b, json_object *object, const struct out_column *columns)
{
	json_object *node, *properties;

	put_nodes(b, object);
	node = put_object(b, put_object(b, object, "$defs"), "node");
	put_type(b, node, "object", false);
	properties = put_properties(b, node, columns);
	put_nodes(b, put_object(b, properties, "children"));
	push(b, put_array(b, node, "required"), json_object_new_string("children"));
}

int out_schema_print(const struct out_schema *schema, FILE *f)
{
	struct builder b = { 0 };
	json_object *root = json_object_new_object();
	const char *text = NULL;

	put_string(&b, root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_string(&b, root, "title", schema->title);
	if (schema->tree) {
		put_tree(&b, root, schema->columns);
	} else if (schema->single) {
		put_row(&b, root, schema->columns, schema->whole, false);
	} else {
		put_type(&b, root, "array", false);
		put_row(&b, put_object(&b, root, "items"), schema->columns, schema->whole, false);
	}
	if (!b.failed)
		text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
								    JSON_C_TO_STRING_SPACED |
								    JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(f, "%s\n", text);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}
