/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor: what is noted of each change, and who is told of it. */
#include "holder/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"
#include "../memory.h"

#define MONITOR(parameters) CALL("Monitor", parameters ",\"more\":true")

static void put_object(FILE *f, json_object *event, const char *key)
{
	json_object *object = NULL;
	const char *kind = NULL, *name = NULL;
	uint32_t id;

	assert_true(json_get_object(event, key, &object) >= 0);
	if (!object)
		return;
	assert_int_equal(json_get_string(object, "kind", &kind), 1);
	fprintf(f, " %s", kind);
	if (json_get_u32(object, "id", &id) == 1)
		fprintf(f, " %u", id);
	if (json_get_string(object, "name", &name) == 1)
		fprintf(f, " (%s)", name);
}

static void put_event(FILE *f, json_object *event)
{
	uint64_t number = 0, time = 0, iova, length;
	struct range pasid;
	const char *what = NULL;

	assert_int_equal(json_get_u64(event, "number", INT64_MAX, &number), 1);
	assert_int_equal(json_get_u64(event, "time", INT64_MAX, &time), 1);
	assert_true(time > 1000000000);
	assert_int_equal(json_get_string(event, "what", &what), 1);
	fprintf(f, "%s", what);
	put_object(f, event, "object");
	put_object(f, event, "target");
	if (json_get_range(event, "pasid", &pasid) == 1)
		fprintf(f, " %u-%u", pasid.lo, pasid.hi);
	if (json_get_address(event, "iova", &iova) == 1 &&
	    json_get_u64(event, "length", INT64_MAX, &length) == 1)
		fprintf(f, " 0x%x+0x%x", (unsigned int)iova, (unsigned int)length);
	fputc('\n', f);
}

struct batch {
	char *text; /* the events, a line each */
	uint64_t n, lost, last;
	bool continues;
};

static struct batch read_batch(json_object *message)
{
	struct batch batch = { 0 };
	json_object *parameters = NULL, *array = NULL;
	size_t length;
	FILE *f = open_memstream(&batch.text, &length);

	if (json_get_object(message, "parameters", &parameters) != 1 ||
	    json_get_array(parameters, "event", &array) != 1)
		fail_msg("%s", json_object_to_json_string(message));
	assert_int_equal(json_get_u64(parameters, "lost", INT64_MAX, &batch.lost), 1);
	assert_int_equal(json_get_u64(parameters, "last", INT64_MAX, &batch.last), 1);
	assert_true(json_get_bool(message, "continues", &batch.continues) >= 0);
	batch.n = json_object_array_length(array);
	for (size_t i = 0; i < batch.n; i++)
		put_event(f, json_object_array_get_idx(array, i));
	assert_int_equal(fclose(f), 0);
	json_object_put(message);
	return batch;
}

static void expect_batch(struct world *world, struct peer *peer, const char *expected)
{
	struct batch batch = read_batch(hear(world, peer));

	assert_string_equal(batch.text, expected);
	assert_int_equal(batch.lost, 0);
	assert_true(batch.continues);
	free(batch.text);
}

/* A client that is told from now on. */
static struct peer listen_in(struct world *world)
{
	struct peer peer = join(world);

	say(&peer, MONITOR("{}"));
	expect_batch(world, &peer, "");
	return peer;
}

static void done(struct world *world, struct peer *peer, const char *call)
{
	say(peer, call);
	expect_reply(world, peer);
}

/* Nothing is to be done, and the loop would wait. */
static void expect_silence(struct world *world, struct peer *peer)
{
	for (size_t i = 0; i < world->server.client_n; i++)
		assert_false(server_client_ready(world->server.client[i]));
	assert_null(heard(peer));
}

static void each_kind(void **state)
{
	static const struct {
		const char *call, *events;
	} cases[] = {
		{ CALL("AllocIoas", "{\"name\":\"other\"}"), "added ioas 3 (other)\n" },
		{ CALL("AllocIoas", "{}"), "added ioas 4\n" },
		{ CALL("FreeIoas", "{\"ioas\":{\"id\":4}}"), "removed ioas 4\n" },
		{ CALL("MapIoas",
		       "{\"ioas\":{\"name\":\"other\"},\"size\":8192,\"iova\":\"0x10000\"}"),
		  "mapped ioas 3 (other) 0x10000+0x2000\n" },
		{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"other\"},\"all\":true}"),
		  "unmapped ioas 3 (other) 0x10000+0x2000\n" },
		{ CALL("AttachDevice",
		       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"other\"}}"),
		  "added hwpt 4\nattached device 1 (a) hwpt 4\n" },
		{ CALL("AttachDevice",
		       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"},\"replace\":true}"),
		  "added hwpt 5\nattached device 1 (a) hwpt 5\nremoved hwpt 4\n" },
		{ BIND(RANGE(7, 7) "," RANGE(100, 163)), "bound device 1 (a) hwpt 5 7-7\n"
							 "bound device 1 (a) hwpt 5 100-131\n"
							 "bound device 1 (a) hwpt 5 132-163\n" },
		{ CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true}"),
		  "unbound device 1 (a) hwpt 5 7-7\n"
		  "unbound device 1 (a) hwpt 5 100-131\n"
		  "unbound device 1 (a) hwpt 5 132-163\n" },
		{ CALL("DetachDevice", "{\"device\":{\"name\":\"a\"}}"),
		  "detached device 1 (a) hwpt 5\nremoved hwpt 5\n" },
		{ CALL("AllocHwpt",
		       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"name\":\"other\"},\"name\":\"table\"}"),
		  "added hwpt 4 (table)\n" },
		{ CALL("FreeHwpt", "{\"hwpt\":{\"name\":\"table\"}}"), "removed hwpt 4 (table)\n" },
		{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}}"), "removed device 1 (a)\n" },
	};
	struct world *world = *state;
	struct peer peer = join(world), reader = listen_in(world), other = listen_in(world);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *told = NULL;
		size_t length;
		FILE *f = open_memstream(&told, &length);
		json_object *message;

		done(world, &peer, cases[i].call);
		/* Both read as fast as it happens: in how many replies does not matter. */
		for (fflush(f); length < strlen(cases[i].events); fflush(f)) {
			struct batch batch = read_batch(hear(world, &reader));

			fputs(batch.text, f);
			free(batch.text);
		}
		assert_int_equal(fclose(f), 0);
		assert_string_equal(told, cases[i].events);
		while ((message = heard(&other)) != NULL)
			json_object_put(message);
		expect_silence(world, &reader);
	}
	/* What only reads, and what is refused, is no change. */
	done(world, &peer, CALL("Describe", "{}"));
	say(&peer, CALL("FreeIoas", "{\"ioas\":{\"name\":\"nope\"}}"));
	expect_error(world, &peer, "org.ioasidctl.Context.UnknownObject", NULL);
	expect_silence(world, &reader);
	leave(&peer);
	leave(&reader);
	leave(&other);
}

/* All that is left, at once. */
static void expect_since(struct world *world, const char *parameters, const char *expected)
{
	struct peer peer = join(world);
	char call[200];

	snprintf(call, sizeof(call),
		 "{\"method\":\"org.ioasidctl.Context.Monitor\",\"more\":true,\"parameters\":%s}",
		 parameters);
	say(&peer, call);
	expect_batch(world, &peer, expected);
	leave(&peer);
	server_turn(&world->server);
}

static void since(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	/* Without a reader, PASIDs that follow each other are one event, in both directions. */
	done(world, &peer, BIND(RANGE(100, 200)));
	done(world, &peer,
	     CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(150, 200) "]}"));
	done(world, &peer,
	     CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(149, 149) "]}"));
	expect_since(world, "{\"since\":0}",
		     "added device 1 (a)\nadded ioas 2 (guest)\nadded hwpt 3\n"
		     "bound device 1 (a) hwpt 3 100-200\n"
		     "unbound device 1 (a) hwpt 3 149-200\n");
	/* What was given to a reader stays as it is. */
	done(world, &peer,
	     CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(148, 148) "]}"));
	expect_since(world, "{\"since\":4}",
		     "unbound device 1 (a) hwpt 3 149-200\nunbound device 1 (a) hwpt 3 148-148\n");
	expect_since(world, "{\"since\":6}", "");
	expect_since(world, "{\"since\":null}", "");
	/* So does what a reader was told to go on after. */
	done(world, &peer,
	     CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(147, 147) "]}"));
	expect_since(world, "{}", "");
	done(world, &peer,
	     CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(146, 146) "]}"));
	expect_since(world, "{\"since\":7}", "unbound device 1 (a) hwpt 3 146-146\n");
	say(&peer, MONITOR("{\"since\":9}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "since");
	leave(&peer);
}

/* A failure in the middle is told as it was, and then backwards. */
static void undo(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 41, ENOMEM);
	say(&peer, BIND(RANGE(100, 200)));
	expect_error(world, &peer, "org.ioasidctl.Context.KernelError", NULL);
	expect_since(world, "{\"since\":2}",
		     "added hwpt 3\nbound device 1 (a) hwpt 3 100-140\n"
		     "unbound device 1 (a) hwpt 3 100-140\nremoved hwpt 3\n");
	leave(&peer);
}

static void dry_run(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), reader = listen_in(world);

	done(world, &peer, CALL("AllocIoas", "{\"dry_run\":true}"));
	done(world, &peer,
	     CALL("BindPasids",
		  "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
			  7, 7) "],\"target\":{\"name\":\"guest\"},\"dry_run\":true}"));
	expect_silence(world, &reader);
	leave(&peer);
	leave(&reader);
}

static void shared(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), reader = listen_in(world);

	done(world, &peer, CALL("GetFds", "{}"));
	expect_batch(world, &reader, "shared context\n");
	done(world, &peer, CALL("GetFds", "{}"));
	expect_silence(world, &reader);
	leave(&peer);
	leave(&reader);
}

/* N events. */
static void happen(struct world *world, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		journal_note(world->context.record.journal,
			     &(struct happening){ EVENT_CHANGED, record_at(&world->context.record,
									   OBJECT_IOAS, 0) });
}

/* One that does not read costs nothing but its own events. */
static void slow(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), reader = listen_in(world), deaf = listen_in(world);
	struct client *client = world->server.client[2];
	uint64_t told = 0, n = 0, lost = 0;

	for (unsigned int i = 0; i < 100; i++) {
		struct batch batch;

		happen(world, 200);
		for (uint64_t end = n + 200; n < end; n += batch.n) {
			batch = read_batch(hear(world, &reader));
			assert_int_equal(batch.lost, 0);
			free(batch.text);
		}
		done(world, &peer, CALL("Describe", "{}"));
		/* At most one reply waits for it. */
		assert_true(client->out.n <= 400 * 256);
	}
	assert_true(varlink_out_pending(&client->out));
	assert_false(server_client_ready(client));
	while (told + lost < 20000) {
		struct batch batch = read_batch(hear(world, &deaf));

		told += batch.n;
		lost += batch.lost;
		assert_int_equal(batch.last, 2 + told + lost);
		free(batch.text);
	}
	assert_true(told >= JOURNAL_SIZE && lost > 10000);
	expect_silence(world, &deaf);
	leave(&peer);
	leave(&reader);
	leave(&deaf);
}

/* Everything, and at last a reply that ends it, to those who read. */
static void end(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), reader = listen_in(world), late = join(world);
	struct batch batch = { 0 };

	happen(world, 600);
	say(&peer, CALL("Destroy", "{}"));
	server_run(&world->server);
	expect_reply(world, &peer);
	for (uint64_t n = 0;; n += batch.n) {
		json_object *message = heard(&reader);

		if (!message)
			break;
		free(batch.text);
		batch = read_batch(message);
	}
	assert_false(batch.continues);
	assert_int_equal(batch.last, 2 + 600 + 2);
	assert_string_equal(batch.text, "removed device 1 (a)\n");
	free(batch.text);
	assert_true(world->unlinked);
	leave(&peer);
	leave(&reader);
	leave(&late);
}

/* Who goes away is not waited for. */
static void gone(void **state)
{
	struct world *world = *state;
	struct peer reader = listen_in(world);

	assert_int_equal(world->server.client_n, 1);
	leave(&reader);
	server_turn(&world->server);
	assert_int_equal(world->server.client_n, 0);
}

static struct record_device *put_device(struct record *record, const char *path, uint32_t id)
{
	struct record_device *device = record_device_new(path, "vfio0");

	assert_non_null(device);
	assert_int_equal(record_reserve(record, OBJECT_DEVICE), 0);
	record_insert(record, &device->object);
	record_bind_device(record, device, id);
	device->group = 1;
	return device;
}

static struct object *put_ioas(struct record *record, uint32_t id)
{
	struct object *ioas = object_new(OBJECT_IOAS, NULL);

	assert_non_null(ioas);
	assert_int_equal(record_reserve(record, OBJECT_IOAS), 0);
	ioas->id = id;
	record_insert(record, ioas);
	return ioas;
}

/* Another record, with the journal of the context. */
static void rare(void **state)
{
	struct world *world = *state;
	struct peer reader = listen_in(world);
	struct record record = { .journal = world->context.record.journal };
	struct record_device *a = put_device(&record, "/sys/devices/a", 11),
			     *b = put_device(&record, "/sys/devices/b", 12);
	struct object *one = put_ioas(&record, 13), *two = put_ioas(&record, 14);

	record_attach(&record, a, one);
	record_attach(&record, b, one);
	/* A group is attached as a whole. */
	record_attach(&record, a, two);
	record_detach(&record, a);
	record_detach(&record, a);
	/* Others destroyed what is used. */
	assert_int_equal(record_pasid_reserve(a, two), 0);
	record_pasid_bind(&record, a, (struct range){ 5, 6 }, two);
	record_remove(&record, two);
	object_free(two);
	expect_batch(world, &reader,
		     "added device (a)\nchanged device 11 (a)\n"
		     "added device (b)\nchanged device 12 (b)\nadded ioas 13\nadded ioas 14\n"
		     "attached device 11 (a) ioas 13\nattached device 12 (b) ioas 13\n"
		     "attached device 11 (a) ioas 14\nattached device 12 (b) ioas 14\n"
		     "detached device 11 (a) ioas 14\nbound device 11 (a) ioas 14 5-6\n"
		     "unbound device 11 (a) ioas 14 5-6\ndetached device 12 (b) ioas 14\n"
		     "removed ioas 14\n");
	record.journal = NULL;
	record_done(&record);
	leave(&reader);
}

/* What cannot be noted is lost, and that is all. */
static void no_memory(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	struct batch batch;

	memory.fail_at = memory.n + 1;
	happen(world, 1);
	memory.fail_at = 0;
	happen(world, 1);
	say(&peer, MONITOR("{\"since\":2}"));
	batch = read_batch(hear(world, &peer));
#ifdef __SANITIZE_ADDRESS__ /* with which no allocation fails */
	assert_string_equal(batch.text, "changed ioas 2 (guest)\nchanged ioas 2 (guest)\n");
	assert_int_equal(batch.lost, 0);
#else
	assert_string_equal(batch.text, "changed ioas 2 (guest)\n");
	assert_int_equal(batch.lost, 1);
#endif
	assert_int_equal(batch.last, 4);
	free(batch.text);
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_kind), TEST(since), TEST(undo), TEST(dry_run),   TEST(shared),
		TEST(slow),      TEST(end),   TEST(gone), TEST(no_memory), TEST(rare),
	};

	return cmocka_run_group_tests_name("holder monitor", tests, NULL, NULL);
}
