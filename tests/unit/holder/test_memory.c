/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A holder that runs out of memory for a message: json-c's functions fail one after the other. The
 * answer is complete or an error, or the connection is closed; the holder and its context survive.
 */
#include "holder/server.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"

static unsigned int countdown; /* which allocation from now on fails; 0: none */

static bool fails(void)
{
	return countdown && --countdown == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

json_object *json_object_new_object(void)
{
	return fails() ? NULL : REAL(json_object_new_object)();
}

json_object *json_object_new_array(void)
{
	return fails() ? NULL : REAL(json_object_new_array)();
}

json_object *json_object_new_string(const char *text)
{
	return fails() ? NULL : REAL(json_object_new_string)(text);
}

json_object *json_object_new_uint64(uint64_t value)
{
	return fails() ? NULL : REAL(json_object_new_uint64)(value);
}

json_object *json_object_new_boolean(json_bool value)
{
	return fails() ? NULL : REAL(json_object_new_boolean)(value);
}

int json_object_object_add(json_object *object, const char *key, json_object *value)
{
	return fails() ? -1 : REAL(json_object_object_add)(object, key, value);
}

int json_object_array_add(json_object *array, json_object *value)
{
	return fails() ? -1 : REAL(json_object_array_add)(array, value);
}

FILE *open_memstream(char **text, size_t *length)
{
	return fails() ? NULL : REAL(open_memstream)(text, length);
}

/* Calls that return everything about a context, with an item in each list. */
static const char *const calls[] = {
	CALL("Describe", "{}"),
	"{\"method\":\"org.ioasidctl.Context.Describe\"}",
	"{\"method\":\"org.ioasidctl.Context.ListBindings\",\"more\":true}",
	CALL("ShowIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	CALL("GetFds", "{}"),
	"{\"method\":\"org.varlink.service.GetInfo\"}",
	CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
	CALL("FreeIoas", "{\"ioas\":{\"name\":\"none\"}}"),
	CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"other\"}}"),
	CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}}"),
	BIND(RANGE(7, 7)),
	BIND(RANGE(0, 0)),
	CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(99, 99) "]}"),
	CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4095}"),
	CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(41, 41) "," RANGE(
				   600, 601) "],\"target\":{\"name\":\"guest\"},"
					     "\"partial\":true}"),
	CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				   41, 41) "],\"target\":{\"name\":\"guest\"},"
					   "\"dry_run\":true}"),
	CALL("UnbindPasids",
	     "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(9, 9) "],\"dry_run\":true}"),
	CALL("Cancel", "{\"change\":99}"),
	CALL("Nothing", "{}"),
};

static void prepare(struct world *world)
{
	struct peer peer = join(world);

	say(&peer, CALL("AllocIoas", "{\"name\":\"other\"}"));
	expect_reply(world, &peer);
	say(&peer, BIND(RANGE(5, 9) "," RANGE(20, 20)));
	expect_reply(world, &peer);
	say(&peer,
	    CALL("AttachDevice", "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"}}"));
	expect_reply(world, &peer);
	say(&peer, CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096}"));
	expect_reply(world, &peer);
	leave(&peer);
	while (world->server.client_n)
		server_turn(&world->server);
}

static void unbind(struct context *context, struct record_device *device, uint32_t pasid)
{
	struct ranges one = { 0 };
	struct fault fault = { 0 };
	struct change *change = NULL;

	if (!record_pasid_target(device, pasid))
		return;
	assert_int_equal(ranges_add(&one, pasid, pasid), 0);
	assert_int_equal(context_unbind_pasids(device, &one, &fault, &change), 0);
	make(context, change);
}

static void put_back(struct world *world)
{
	struct record_device *device = record_device_at(&world->context.record, 0);

	kernel.err = 0;
	for (uint32_t p = 21; p < 700; p++)
		unbind(&world->context, device, p);
	if (!record_pasid_target(device, 7))
		have(world, "a", "7", "guest");
}

/* The answer to CALL, NULL if the connection is closed instead. */
static char *answer(struct world *world, const char *call)
{
	struct peer peer = join(world);
	json_object *message = NULL;
	char *text = NULL;
	char byte;

	say(&peer, call);
	while (!(message = heard(&peer)) && recv(peer.fd, &byte, 1, MSG_PEEK) != 0)
		server_turn(&world->server);
	if (message)
		text = strdup(json_object_to_json_string(message));
	json_object_put(message);
	leave(&peer);
	while (world->server.client_n)
		server_turn(&world->server);
	return text;
}

static void each_allocation(void **state)
{
	struct world *world = *state;
	unsigned int closed = 0, errors = 0;

	prepare(world);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		char *right = answer(world, calls[i]);

		assert_non_null(right);
		put_back(world);
		for (unsigned int nth = 1;; nth++) {
			char *text;

			countdown = nth;
			text = answer(world, calls[i]);
			closed += !text;
			errors += text && strstr(text, "{ \"error\":") == text;
			/* A partial answer must not look complete. */
			if (text && strcmp(text, right) != 0 &&
			    strstr(text, "{ \"error\":") != text)
				fail_msg("%s, allocation %u: %s", calls[i], nth, text);
			free(text);
			put_back(world);
			if (countdown) /* there are fewer allocations */
				break;
		}
		countdown = 0;
		free(right);
		kernel_agrees(&world->context);
	}
	assert_true(closed > 20 && errors > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_allocation, setup, teardown),
	};

	return cmocka_run_group_tests_name("holder memory", tests, NULL, NULL);
}
