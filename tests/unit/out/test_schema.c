/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "util/cleanup.h"

/* Never called: a schema only depends on the table. */
static void get(const void *row, struct out_value *ret)
{
	(void)row;
	(void)ret;
	fail();
}

static const char *const values[] = { "a", "b", NULL };

static const struct out_column pair_columns[] = {
	{ "lo", "First", OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get },
	{ "hi", "Last", OUT_IS_NUMBER | OUT_PASID | OUT_ALWAYS, 0, get },
	{ 0 },
};

static const struct out_column name_columns[] = {
	{ "name", "Name", 0, 0, get },
	{ 0 },
};

#define UNREADABLE(keys) \
	"'unreadable':{'description':'Why a value could not be read','type':'object','minProperties':1," \
	"'propertyNames':{'enum':[" keys \
	"]},'additionalProperties':{'type':'string','minLength':1}}"
#define PAIR \
	"'properties':{" \
	"'lo':{'description':'First','type':'integer','minimum':1,'maximum':1048575}," \
	"'hi':{'description':'Last','type':'integer','minimum':1,'maximum':1048575}}," \
	"'additionalProperties':false,'required':['lo','hi']"
#define NAME \
	"'properties':{'name':{'description':'Name','type':['string','null'],'minLength':1}," UNREADABLE( \
		"'name'") "}," \
			  "'additionalProperties':false,'required':['name']"

/* The schema of a column with key "k" and help "h"; ' for ". */
static const struct {
	struct out_column column;
	const char *schema;
} columns[] = {
	{ { "k", "h", 0, 0, get }, "'type':['string','null'],'minLength':1" },
	{ { "k", "h", OUT_ALWAYS, 0, get }, "'type':'string','minLength':1" },
	{ { "k", "h", 0, 0, get, values }, "'enum':['a','b',null]" },
	{ { "k", "h", OUT_ALWAYS, 0, get, values }, "'enum':['a','b']" },
	{ { "k", "h", OUT_OPEN, 0, get, values },
	  "'type':['string','null'],'minLength':1,'examples':['a','b']" },
	{ { "k", "h", OUT_IS_TIME, 0, get },
	  "'type':['string','null'],'minLength':1,"
	  "'pattern':'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'" },
	{ { "k", "h", OUT_IS_BOOL, 0, get }, "'type':['boolean','null']" },
	{ { "k", "h", OUT_IS_NUMBER, 0, get }, "'type':['integer','null'],'minimum':0" },
	{ { "k", "h", OUT_IS_SIZE | OUT_ALWAYS, 0, get }, "'type':'integer','minimum':0" },
	{ { "k", "h", OUT_IS_NUMBER | OUT_PASID, 0, get },
	  "'type':['integer','null'],'minimum':1,'maximum':1048575" },
	{ { "k", "h", OUT_IS_ADDRESS, 0, get },
	  "'type':['string','null'],'pattern':'^0x(0|[1-9a-f][0-9a-f]{0,15})$'" },
	{ { "k", "h", OUT_IS_LIST, 0, get },
	  "'type':['array','null'],'items':{'type':'string','minLength':1}" },
	{ { "k", "h", OUT_IS_LIST | OUT_GAPS, 0, get },
	  "'type':['array','null'],'items':{'type':['string','null'],'minLength':1}" },
	{ { "k", "h", OUT_IS_LIST | OUT_ALWAYS | OUT_FILLED, 0, get, values },
	  "'type':'array','items':{'enum':['a','b']},'uniqueItems':true,'minItems':1" },
	{ { "k", "h", OUT_IS_TABLE, 0, get, NULL, OUT_INNER(pair_columns) },
	  "'type':['array','null'],'items':{'type':'object'," PAIR "}" },
	{ { "k", "h", OUT_IS_TABLE | OUT_ALWAYS | OUT_FILLED, 0, get, NULL,
	    OUT_INNER(name_columns) },
	  "'type':'array','items':{'type':'object'," NAME "},'minItems':1" },
	{ { "k", "h", OUT_IS_OBJECT, 0, get, NULL, OUT_INNER(name_columns) },
	  "'type':['object','null']," NAME },
	{ { "k", "h", OUT_IS_NUMBER | OUT_PASID | OUT_IS_OBJECT, 0, get, NULL,
	    OUT_INNER(pair_columns) },
	  "'anyOf':[{'type':'integer','minimum':1,'maximum':1048575},{'type':'object'," PAIR "},"
	  "{'type':'null'}]" },
	{ { "k", "h", OUT_IS_OBJECT | OUT_ALWAYS, 0, get, NULL,
	    OUT_INNER(pair_columns, name_columns) },
	  "'anyOf':[{'type':'object'," PAIR "},{'type':'object'," NAME "}]" },
	{ { "k", "h", OUT_LEFT | OUT_IS_OBJECT, 0, get, NULL, OUT_INNER(pair_columns) },
	  "'anyOf':[{'type':'string','minLength':1},{'type':'boolean'},"
	  "{'type':'integer','minimum':0},{'type':'object'," PAIR "},{'type':'null'}]" },
};

static void assert_schema(const struct out_schema *schema, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Compares without spaces with FORMAT, in which ' stands for ". */
static void assert_schema(const struct out_schema *schema, const char *format, ...)
{
	_cleanup_free_ char *text = NULL, *expected = NULL;
	json_object *parsed;
	size_t size;
	va_list ap;
	FILE *f = open_memstream(&text, &size);

	va_start(ap, format);
	assert_true(vasprintf(&expected, format, ap) >= 0);
	va_end(ap);
	for (char *c = expected; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	assert_int_equal(out_schema_print(schema, f), 0);
	fclose(f);
	parsed = json_tokener_parse(text);
	assert_string_equal(json_object_to_json_string_ext(parsed, JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(parsed);
}

#define HEAD "{'$schema':'https://json-schema.org/draft/2020-12/schema','title':'tool noun verb',"

static void each_kind_of_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		const struct out_column table[] = { columns[i].column, { 0 } };
		const struct out_schema schema = { .title = "tool noun verb",
						   .columns = table,
						   .single = true };

		assert_schema(&schema,
			      HEAD "'type':'object','properties':{'k':{'description':'h',%s}%s},"
				   "'additionalProperties':false}",
			      columns[i].schema,
			      table[0].flags & OUT_ALWAYS ? "" : "," UNREADABLE("'k'"));
	}
}

static void a_list_and_what_has_all_columns(void **state)
{
	(void)state;
	assert_schema(&(struct out_schema){ .title = "tool noun verb",
					    .columns = pair_columns,
					    .whole = true },
		      HEAD "'type':'array','items':{'type':'object'," PAIR "}}");
	assert_schema(&(struct out_schema){ .title = "tool noun verb",
					    .columns = name_columns,
					    .single = true,
					    .whole = true },
		      HEAD "'type':'object'," NAME "}");
}

static void nodes_of_a_tree_have_children(void **state)
{
	(void)state;
	assert_schema(
		&(struct out_schema){
			.title = "tool noun verb", .columns = name_columns, .tree = true },
		HEAD
		"'type':'array','items':{'$ref':'#/$defs/node'},'$defs':{'node':{'type':'object',"
		"'properties':{'name':{'description':'Name','type':['string','null'],'minLength':1}," UNREADABLE(
			"'name'") ",'children':{'type':'array','items':{'$ref':'#/$defs/node'}}},"
				  "'additionalProperties':false,'required':['children']}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_column),
		cmocka_unit_test(a_list_and_what_has_all_columns),
		cmocka_unit_test(nodes_of_a_tree_have_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
