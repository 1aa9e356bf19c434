/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: which messages and parameters are valid, and what the methods do, without a server. */
#include "holder/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "../holder_context.h"
#include "../memory.h"
#include "util/array.h"

/* All parameters of each method: the type, in capitals if required. */
static const struct {
	const char *method;
	bool changes, streams;
	struct {
		char type;
		const char *name;
	} parameter[7];
} methods[] = {
	{ "Describe", false, false, { { 0 } } },
	{ "ListBindings", false, true, { { 'r', "device" } } },
	{ "ShowIoas", false, false, { { 'R', "ioas" } } },
	{ "GetFds", false, false, { { 'l', "device" } } },
	{ "GetMemory", false, false, { { 'R', "ioas" } } },
	{ "Monitor", false, true, { { 'n', "since" } } },
	{ "AddDevice", true, false, { { 'S', "path" }, { 'b', "bind" } } },
	{ "RemoveDevice", true, false, { { 'R', "device" }, { 'b', "force" } } },
	{ "AttachDevice",
	  true,
	  false,
	  { { 'R', "device" }, { 'R', "target" }, { 'b', "replace" } } },
	{ "DetachDevice", true, false, { { 'R', "device" } } },
	{ "AllocIoas", true, false, { { 's', "name" } } },
	{ "FreeIoas", true, false, { { 'R', "ioas" } } },
	{ "MapIoas",
	  true,
	  false,
	  { { 'R', "ioas" },
	    { 'N', "size" },
	    { 'a', "iova" },
	    { 'b', "read" },
	    { 'b', "write" },
	    { 'n', "file" },
	    { 'a', "offset" } } },
	{ "UnmapIoas",
	  true,
	  false,
	  { { 'R', "ioas" }, { 'a', "iova" }, { 'n', "length" }, { 'b', "all" } } },
	{ "AllocHwpt",
	  true,
	  false,
	  { { 'R', "device" }, { 'R', "ioas" }, { 's', "name" }, { 'b', "pasid" } } },
	{ "FreeHwpt", true, false, { { 'R', "hwpt" } } },
	{ "BindPasids",
	  true,
	  false,
	  { { 'R', "device" },
	    { 'p', "pasid" },
	    { 'n', "count" },
	    { 'R', "target" },
	    { 'b', "partial" } } },
	{ "UnbindPasids", true, false, { { 'R', "device" }, { 'p', "pasid" }, { 'b', "all" } } },
	{ "Destroy", true, false, { { 'b', "force" } } },
	{ "Cancel", false, false, { { 'N', "change" } } },
};

#define VALID   4
#define INVALID 9

/* Values of each type, and values that are not. */
static const struct {
	char type;
	const char *valid[VALID], *invalid[INVALID];
} types[] = {
	{ 's', { "\"\"", "\"x y\"", "null" }, { "1", "true", "[]", "{}", "\"a\\u0000b\"" } },
	{ 'b', { "true", "false", "null" }, { "1", "0", "\"true\"", "[]" } },
	{ 'n',
	  { "0", "1", "9223372036854775806", "null" },
	  { "-1", "1.5", "\"1\"", "true", "9223372036854775807" } },
	{ 'a',
	  { "\"0x0\"", "\"0xffffffffffffffff\"", "null" },
	  { "4096", "\"4096\"", "\"0x\"", "\"0x1ffffffffffffffff\"", "\"0xg\"" } },
	{ 'r',
	  { "{\"id\":7}", "{\"name\":\"x\"}", "{\"id\":null,\"name\":\"7\"}", "null" },
	  { "7", "\"x\"", "[]", "{}", "{\"id\":7,\"name\":\"x\"}", "{\"id\":\"7\"}", "{\"name\":7}",
	    "{\"id\":4294967296}", "{\"id\":7,\"kind\":\"ioas\"}" } },
	{ 'l',
	  { "[]", "[{\"name\":\"a\"},{\"id\":2}]", "null" },
	  { "\"a\"", "[1]", "[{\"id\":1},null]", "{}", "[{}]", "[\"a\"]" } },
	{ 'p',
	  { "[" RANGE(1, 1) "]", "[" RANGE(7, 9) "," RANGE(1, 6) "]", "[" RANGE(0, 4294967295) "]",
	    "null" },
	  { "\"1\"", "[1]", "[" RANGE(2, 1) "]", "[" RANGE(-1, 1) "]", "[" RANGE(0, 4294967296) "]",
	    "[" RANGE(1, 3) "," RANGE(3, 4) "]", "[" RANGE(1, 3) "," RANGE(2, 2) "]",
	    "[{\"lo\":1}]", "[{\"lo\":1,\"hi\":1,\"step\":1}]" } },
};

static char lower(char c)
{
	return (char)(c | 0x20);
}

/* Calls METHOD of our interface with PARAMETERS: REFUSED is "" or the parameter that is refused. */
static void expect_call(const char *method, const char *parameters, const char *refused)
{
	struct call call = { 0 };
	json_object *message = json_object_new_object();
	char name[64], expected[100];
	int r;

	snprintf(name, sizeof(name), "org.ioasidctl.Context.%s", method);
	json_add_string(message, "method", name);
	json_add_bool(message, "more",
		      strcmp(method, "ListBindings") == 0 || strcmp(method, "Monitor") == 0);
	json_add(message, "parameters", json_tokener_parse(parameters));
	r = call_open(message, &call);
	if (r != (*refused ? FAULTED : 0))
		fail_msg("%s %s: %d", method, parameters, r);
	if (*refused) {
		snprintf(expected, sizeof(expected), "{\"parameter\":\"%s\"}", refused);
		expect_error(&call.fault, "InvalidParameter", expected);
	}
	call_done(&call);
}

/* The required parameters of method M, except WITHOUT, followed by NAME with VALUE. */
static char *parameters_of(size_t m, const char *without, const char *name, const char *value)
{
	char *text = NULL;
	size_t length, n = 0;
	FILE *f = open_memstream(&text, &length);

	fputc('{', f);
	for (size_t i = 0; i < ARRAY_SIZE(methods[m].parameter) && methods[m].parameter[i].name;
	     i++) {
		const char *p = methods[m].parameter[i].name;

		if (methods[m].parameter[i].type >= 'a' || strcmp(p, without) == 0 ||
		    strcmp(p, name) == 0)
			continue;
		fprintf(f, "%s\"%s\":%s", n++ ? "," : "", p,
			methods[m].parameter[i].type == 'N'   ? "4096"
			: methods[m].parameter[i].type == 'R' ? "{\"name\":\"x\"}"
							      : "\"x\"");
	}
	if (*name)
		fprintf(f, "%s\"%s\":%s", n ? "," : "", name, value);
	fputc('}', f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void expect_parameters(size_t m, const char *without, const char *name, const char *value,
			      const char *refused)
{
	char *text = parameters_of(m, without, name, value);

	expect_call(methods[m].method, text, refused);
	free(text);
}

static void check_parameter(size_t m, size_t i)
{
	const char *name = methods[m].parameter[i].name;
	bool required = methods[m].parameter[i].type < 'a';

	expect_parameters(m, name, "", "", required ? name : "");
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		if (types[t].type != lower(methods[m].parameter[i].type))
			continue;
		for (size_t v = 0; v < VALID && types[t].valid[v]; v++)
			expect_parameters(m, "", name, types[t].valid[v],
					  required && strcmp(types[t].valid[v], "null") == 0 ? name
											     : "");
		for (size_t v = 0; v < INVALID && types[t].invalid[v]; v++)
			expect_parameters(m, "", name, types[t].invalid[v], name);
	}
}

static void parameters(void **state)
{
	(void)state;
	for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
		expect_parameters(m, "", "", "", "");
		for (size_t i = 0;
		     i < ARRAY_SIZE(methods[m].parameter) && methods[m].parameter[i].name; i++)
			check_parameter(m, i);
		expect_parameters(m, "", "other", "1", "other");
		expect_parameters(m, "", "dry_run", "true", methods[m].changes ? "" : "dry_run");
		expect_parameters(m, "", "dry_run", "1", "dry_run");
	}
}

/* Opens the call in TEXT, a whole message. */
static int open_message(const char *text, struct call *ret)
{
	json_object *message = json_tokener_parse(text);

	assert_non_null(message);
	return call_open(message, ret);
}

#define NAME(name) "{\"method\":\"org.ioasidctl.Context." name "\""

static void kinds(void **state)
{
	(void)state;
	for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
		char *text = parameters_of(m, "", "", ""), message[300];

		for (int bits = 0; bits < 4; bits++) {
			struct call call = { 0 };
			bool more = bits & 1, dry = bits & 2, fits = more || !methods[m].streams;

			if (dry && methods[m].changes)
				sprintf(strrchr(text, '}'), "%s\"dry_run\":true}",
					strlen(text) > 2 ? "," : "");
			snprintf(message, sizeof(message),
				 NAME("%s") ",\"more\":%s,\"oneway\":%s,\"parameters\":%s}",
				 methods[m].method, more ? "true" : "false",
				 more ? "false" : "true", text);
			assert_int_equal(open_message(message, &call), fits ? 0 : FAULTED);
			if (fits) {
				assert_int_equal(call.more, more);
				assert_int_equal(call.oneway, !more);
				assert_int_equal(call_changes(&call), methods[m].changes);
				assert_int_equal(call_is_dry(&call), dry && methods[m].changes);
			} else {
				expect_error(&call.fault, "ExpectedMore", "{}");
			}
			call_done(&call);
			free(text);
			text = parameters_of(m, "", "", "");
			text = realloc(text, strlen(text) + 30);
		}
		free(text);
	}
}

/* Those of org.varlink.service change nothing, stream nothing, and have no dry run. */
static void services(void **state)
{
	static const struct {
		const char *method, *parameters;
	} cases[] = { { "GetInfo", "" },
		      { "GetInterfaceDescription", "\"interface\":\"org.varlink.service\"" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct call call = { 0 };
		char text[200];

		snprintf(text, sizeof(text),
			 "{\"method\":\"org.varlink.service.%s\",\"parameters\":{%s}}",
			 cases[i].method, cases[i].parameters);
		assert_int_equal(open_message(text, &call), 0);
		assert_false(call_changes(&call));
		assert_false(call_is_dry(&call));
		call_done(&call);
		snprintf(
			text, sizeof(text),
			"{\"method\":\"org.varlink.service.%s\",\"parameters\":{%s%s\"dry_run\":true}}",
			cases[i].method, cases[i].parameters, *cases[i].parameters ? "," : "");
		assert_int_equal(open_message(text, &call), FAULTED);
		expect_error(&call.fault, "InvalidParameter", "{\"parameter\":\"dry_run\"}");
		call_done(&call);
	}
}

static void messages(void **state)
{
	static const struct {
		const char *message, *error, *parameters; /* NULL: it is a call */
	} cases[] = {
		{ "{}", "InvalidParameter", "{\"parameter\":\"method\"}" },
		{ "{\"method\":null}", "InvalidParameter", "{\"parameter\":\"method\"}" },
		{ "{\"method\":7}", "InvalidParameter", "{\"parameter\":\"method\"}" },
		{ NAME("Describe") "}", NULL, NULL },
		{ NAME("Describe") ",\"parameters\":null}", NULL, NULL },
		{ NAME("Describe") ",\"parameters\":[]}", "InvalidParameter",
		  "{\"parameter\":\"parameters\"}" },
		{ NAME("Describe") ",\"oneway\":1}", "InvalidParameter",
		  "{\"parameter\":\"oneway\"}" },
		{ NAME("Describe") ",\"more\":\"x\"}", "InvalidParameter",
		  "{\"parameter\":\"more\"}" },
		{ NAME("Describe") ",\"upgrade\":1}", "InvalidParameter",
		  "{\"parameter\":\"upgrade\"}" },
		{ NAME("Describe") ",\"upgrade\":true}", "InvalidParameter",
		  "{\"parameter\":\"upgrade\"}" },
		{ NAME("Describe") ",\"upgrade\":false}", NULL, NULL },
		{ NAME("Nothing") "}", "MethodNotFound",
		  "{\"method\":\"org.ioasidctl.Context.Nothing\"}" },
		{ NAME("GetInfo") "}", "MethodNotFound",
		  "{\"method\":\"org.ioasidctl.Context.GetInfo\"}" },
		{ "{\"method\":\"org.varlink.service.Describe\"}", "MethodNotFound",
		  "{\"method\":\"org.varlink.service.Describe\"}" },
		{ "{\"method\":\"org.varlink.service.GetInfo\"}", NULL, NULL },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\"}",
		  "InvalidParameter", "{\"parameter\":\"interface\"}" },
		{ "{\"method\":\"Describe\"}", "InterfaceNotFound",
		  "{\"interface\":\"Describe\"}" },
		{ "{\"method\":\"org.ioasidctl.Context\"}", "InterfaceNotFound",
		  "{\"interface\":\"org.ioasidctl\"}" },
		{ "{\"method\":\"org.ioasidctl.Other.Describe\"}", "InterfaceNotFound",
		  "{\"interface\":\"org.ioasidctl.Other\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct call call = { 0 };
		int r = open_message(cases[i].message, &call);

		if (r != (cases[i].error ? FAULTED : 0))
			fail_msg("%s: %d", cases[i].message, r);
		if (cases[i].error)
			expect_error(&call.fault, cases[i].error, cases[i].parameters);
		else
			assert_non_null(call.parameters);
		call_done(&call);
	}
}

/* The answer to TEXT, a whole message. */
static void expect_answer(struct context *context, const char *text, const char *expected)
{
	struct call call = { 0 };
	json_object *answer;

	if (open_message(text, &call) == 0)
		call_run(context, &call);
	if (call.change) {
		while (!change_step(context, call.change))
			;
		call.fault = call.change->fault;
		call.reply = call.change->reply;
		call.change->fault = (struct fault){ 0 };
		call.change->reply = NULL;
	}
	answer = call_answer(&call);
	expect_json(answer, expected);
	json_object_put(answer);
	call_done(&call);
}

#define ASK(method, parameters) NAME(method) ",\"parameters\":" parameters "}"
#define REFUSED(name) \
	"{\"error\":\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" name \
	"\"}}"

/* For some methods, parameters are only valid together. */
static void combinations(void **state)
{
	static const struct {
		const char *ask, *answer;
	} cases[] = {
		{ ASK("MapIoas",
		      "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"read\":false,\"write\":false}"),
		  REFUSED("read") },
		{ ASK("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"}}"), REFUSED("iova") },
		{ ASK("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"length\":4096}"),
		  REFUSED("iova") },
		{ ASK("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x0\",\"all\":true}"),
		  REFUSED("iova") },
		{ ASK("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"length\":1,\"all\":true}"),
		  REFUSED("length") },
		{ ASK("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"length\":0,\"all\":true}"),
		  "{\"parameters\":{\"length\":0}}" },
		{ ASK("BindPasids",
		      "{\"device\":{\"name\":\"a\"},\"count\":0,\"target\":{\"id\":3}}"),
		  REFUSED("count") },
		{ ASK("BindPasids",
		      "{\"device\":{\"name\":\"a\"},\"count\":1048576,\"target\":{\"id\":3}}"),
		  REFUSED("count") },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
					    5, 5) "],\"count\":1,\"target\":{\"id\":3}}"),
		  REFUSED("count") },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
					    5, 5) "],\"count\":0,\"target\":{\"id\":3}}"),
		  "{\"parameters\":{\"pasid\":[" RANGE(5, 5) "],\"count\":1,\"target\":" TARGET(
			  3, "guest", 4) ",\"failure\":null,"
					 "\"taken\":[],\"reserved\":null}}" },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"a\"},\"target\":{\"id\":3}}"),
		  "{\"parameters\":{\"pasid\":[" RANGE(1, 1) "],\"count\":1,\"target\":" TARGET(
			  3, "guest", 4) ",\"failure\":null,"
					 "\"taken\":[],\"reserved\":null}}" },
		{ ASK("BindPasids",
		      "{\"device\":{\"name\":\"a\"},\"pasid\":[],\"target\":{\"id\":3}}"),
		  REFUSED("pasid") },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
					    4294967296, 4294967296) "],\"target\":{\"id\":3}}"),
		  REFUSED("pasid") },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
					    4294967295, 4294967295) "],\"target\":{\"id\":3}}"),
		  "{\"error\":\"org.ioasidctl.Context.PasidTooWide\",\"parameters\":{\"device\":\"a\","
		  "\"pasid\":4294967295,\"pasid_width\":20}}" },
		{ ASK("BindPasids", "{\"device\":{\"name\":\"b\"},\"target\":{\"id\":3}}"),
		  "{\"error\":\"org.ioasidctl.Context.NoPasidSupport\",\"parameters\":{\"device\":\"b\"}}" },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"a\"}}"), REFUSED("pasid") },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[]}"),
		  REFUSED("pasid") },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":false}"),
		  REFUSED("pasid") },
		{ ASK("UnbindPasids",
		      "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(1, 1) "],\"all\":true}"),
		  REFUSED("pasid") },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true}"),
		  "{\"parameters\":{\"count\":2}}" },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(5, 5) "]}"),
		  "{\"error\":\"org.ioasidctl.Context.PasidNotBound\",\"parameters\":{\"device\":\"a\","
		  "\"pasid\":5,\"pasid_width\":20}}" },
		{ ASK("UnbindPasids", "{\"device\":{\"name\":\"c\"},\"pasid\":[" RANGE(5, 5) "]}"),
		  "{\"error\":\"org.ioasidctl.Context.UnknownObject\",\"parameters\":{\"kind\":\"device\",\"object\":{\"id\":null,\"name\":\"c\"}}}" },
		{ ASK("Cancel", "{\"change\":0}"), REFUSED("change") },
		{ "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		  "\"parameters\":{\"interface\":\"org.example\"}}",
		  "{\"error\":\"org.varlink.service.InterfaceNotFound\","
		  "\"parameters\":{\"interface\":\"org.example\"}}" },
	};
	struct context *context = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long live = memory.live;

		expect_answer(context, cases[i].ask, cases[i].answer);
		/* A refusal leaves nothing behind. */
		if (strncmp(cases[i].answer, "{\"error\"", 8) == 0)
			assert_int_equal(memory.live, live);
	}
	kernel_agrees(context);
}

/* 2048 ranges, and one more, of the highest numbers: both fit a message. */
static void long_lists(void **state)
{
	struct context *context = *state;

	for (size_t n = RANGES_MAX; n <= RANGES_MAX + 1; n++) {
		char *text = NULL;
		size_t length;
		FILE *f = open_memstream(&text, &length);

		fputs(NAME("UnbindPasids") ",\"parameters\":{\"device\":{\"name\":\"a\"},\"pasid\":[",
		      f);
		for (size_t i = 0; i < n; i++)
			fprintf(f, "%s{\"lo\":%zu,\"hi\":%zu}", i ? "," : "", 4294967295 - 2 * i,
				4294967295 - 2 * i);
		fputs("]}}", f);
		assert_int_equal(fclose(f), 0);
		expect_answer(
			context, text,
			n == RANGES_MAX
				? "{\"error\":\"org.ioasidctl.Context.PasidNotBound\","
				  "\"parameters\":{\"device\":\"a\",\"pasid\":4294963201,\"pasid_width\":20}}"
				: "{\"error\":\"org.ioasidctl.Context.LimitReached\","
				  "\"parameters\":{\"what\":\"range\",\"limit\":2048}}");
		free(text);
	}
}

/* A call that nobody answers: its reply goes with it. */
static void unanswered(void **state)
{
	struct context *context = *state;
	struct call call = { 0 };
	long live = memory.live;

	assert_int_equal(open_message(NAME("Describe") "}", &call), 0);
	call_run(context, &call);
	assert_non_null(call.reply);
	call_done(&call);
	assert_int_equal(memory.live, live);
}

static void faults(void **state)
{
	long live = memory.live;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(fault_system(&fault, "op", -100000), FAULTED);
	assert_int_equal(fault.err, 100000);
	assert_string_equal(fault.id, "org.ioasidctl.Context.KernelError");
	/* Of several faults, the last one counts. */
	assert_int_equal(fault_limit(&fault, "things", 7), FAULTED);
	assert_int_equal(fault.err, 0);
	expect_error(&fault, "LimitReached", "{\"what\":\"things\",\"limit\":7}");
	assert_false(fault.raised);
	(void)fault_system(&fault, "op", -100000);
	expect_error(&fault, "KernelError",
		     "{\"operation\":\"op\",\"errno\":100000,\"errno_name\":\"unknown\"}");
	fault_copy(&fault, "org.example.Error", json_tokener_parse("{\"x\":1}"));
	assert_string_equal(fault.id, "org.example.Error");
	assert_true(fault.raised);
	fault_copy(&fault, "org.example.Other", json_tokener_parse("{\"x\":2}"));
	expect_error(&fault, "Other", "{\"x\":2}");
	/* What an earlier one had is freed. */
	assert_int_equal(memory.live, live);
}

/* TEXT without white space, to be freed. */
static char *squeezed(const char *text)
{
	char *copy = strdup(text), *to = copy;

	for (; *text; text++)
		if (!strchr(" \t\n", *text))
			*to++ = *text;
	*to = '\0';
	return copy;
}

/* "methodMapIoas(ioas:string,size:int,...)->(" of method M, to be freed. */
static char *declaration_of(size_t m)
{
	static const char *const names[] = {
		['s'] = "string",    ['b'] = "bool",        ['n'] = "int",     ['a'] = "string",
		['r'] = "Reference", ['l'] = "[]Reference", ['p'] = "[]Range",
	};
	char *text = NULL;
	size_t length, n = 0;
	FILE *f = open_memstream(&text, &length);

	fprintf(f, "method%s(", methods[m].method);
	for (size_t i = 0; i < ARRAY_SIZE(methods[m].parameter) && methods[m].parameter[i].name;
	     i++) {
		char type = methods[m].parameter[i].type;

		fprintf(f, "%s%s:%s%s", n++ ? "," : "", methods[m].parameter[i].name,
			type < 'a' ? "" : "?", names[(unsigned char)lower(type)]);
	}
	fprintf(f, "%s)->(", !methods[m].changes ? "" : n ? ",dry_run:?bool" : "dry_run:?bool");
	assert_int_equal(fclose(f), 0);
	return text;
}

/* The .varlink file has these methods, with these parameters, and no others. */
static void described(void **state)
{
	static const char description[] =
#include "wire/interface.h"
		;
	char *text = squeezed(description);
	size_t n = 0;

	(void)state;
	for (const char *at = description; (at = strstr(at, "\nmethod ")) != NULL; at++)
		n++;
	assert_int_equal(n, ARRAY_SIZE(methods));
	for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
		char *declaration = declaration_of(m);

		if (!strstr(text, declaration))
			fail_msg("the interface lacks '%s'", declaration);
		free(declaration);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parameters),   TEST(kinds),      TEST(messages),
		TEST(combinations), TEST(long_lists), TEST(faults),
		TEST(services),     TEST(unanswered), TEST(described),
	};

	return cmocka_run_group_tests_name("holder method", tests, NULL, NULL);
}
