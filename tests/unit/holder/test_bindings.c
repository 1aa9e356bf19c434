/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ListBindings for several devices: each binding once, wherever a batch ends and whatever changes
 * meanwhile.
 */
#include "holder/rules/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"

#define LIST(parameters) \
	"{\"method\":\"org.ioasidctl.Context.ListBindings\",\"more\":true,\"parameters\":" parameters \
	"}"
/* Number in one reply. */
#define BATCH 256

/* Devices a, b and c, each in its own group; IOASes guest (2) and other. */
static int setup_three(void **state)
{
	struct world *world;

	assert_int_equal(setup(state), 0);
	world = *state;
	kernel_add(&world->context, "/sys/devices/b", 12, 2);
	kernel_add(&world->context, "/sys/devices/c", 20, 3);
	make_ioas(&world->context, "other");
	return 0;
}

/* N single PASIDs: FIRST, FIRST + 2 and so on. */
static void bind_scattered(struct world *world, const char *device, unsigned int first,
			   unsigned int n)
{
	_cleanup_free_ char *text = scattered(first, n);

	have(world, device, text, "guest");
}

static void drop(struct world *world, const char *device)
{
	struct context *context = &world->context;
	struct fault fault = { 0 };
	struct change *change = NULL;

	assert_int_equal(context_remove_device(record_device_find(&context->record, device), true,
					       &fault, &change),
			 0);
	make(context, change);
}

/* A reply, as its number of bindings and lines "a 1-3 guest". */
struct batch {
	char *text;
	size_t n;
	bool continues;
};

/* HWPT belongs to IOAS, which has this name. */
static void check_target(const struct record *record, uint32_t hwpt, uint32_t ioas,
			 const char *name)
{
	struct object *target = record_by_id(record, hwpt);

	assert_non_null(record_target_hwpt(target));
	assert_int_equal(record_target_ioas(target)->object.id, ioas);
	assert_ptr_equal(record_target_ioas(target), record_ioas_find(record, name));
}

static struct batch next_batch(struct world *world, struct peer *peer)
{
	_cleanup_json_ json_object *message = hear(world, peer);
	json_object *parameters = NULL, *array = NULL;
	struct batch batch = { 0 };
	size_t length;
	FILE *f = open_memstream(&batch.text, &length);

	if (json_get_object(message, "parameters", &parameters) != 1 ||
	    json_get_array(parameters, "binding", &array) != 1)
		fail_msg("%s", json_object_to_json_string(message));
	batch.n = json_object_array_length(array);
	for (size_t i = 0; i < batch.n; i++) {
		json_object *entry = json_object_array_get_idx(array, i);
		const char *device = NULL;
		json_object *to = NULL;
		struct reference ioas, hwpt;
		uint32_t lo, hi;

		assert_int_equal(json_get_string(entry, "device", &device), 1);
		assert_int_equal(json_get_object(entry, "target", &to), 1);
		assert_int_equal(json_get_u32(entry, "lo", &lo), 1);
		assert_int_equal(json_get_u32(entry, "hi", &hi), 1);
		assert_int_equal(json_get_reference(to, "ioas", &ioas), 1);
		assert_int_equal(json_get_reference(to, "hwpt", &hwpt), 1);
		assert_int_equal(json_object_object_length(entry), 4);
		check_target(&world->context.record, hwpt.id, ioas.id, ioas.name);
		fprintf(f, "%s %u-%u %s\n", device, lo, hi, ioas.name);
	}
	assert_int_equal(fclose(f), 0);
	(void)json_get_bool(message, "continues", &batch.continues);
	/* The last reply is really the last. */
	if (!batch.continues)
		assert_null(heard(peer));
	return batch;
}

static void expect_batch(struct world *world, struct peer *peer, const char *text, bool continues)
{
	struct batch batch = next_batch(world, peer);

	assert_string_equal(batch.text, text);
	assert_int_equal(batch.continues, continues);
	free(batch.text);
}

/* Expects a full batch with this first and last binding. */
static void expect_full(struct world *world, struct peer *peer, const char *first, const char *last)
{
	struct batch batch = next_batch(world, peer);
	size_t length = strlen(batch.text);

	assert_int_equal(batch.n, BATCH);
	assert_true(batch.continues);
	assert_int_equal(strncmp(batch.text, first, strlen(first)), 0);
	assert_true(length >= strlen(last));
	assert_string_equal(batch.text + length - strlen(last), last);
	free(batch.text);
}

static void expect_list(struct world *world, const char *call, const char *text)
{
	struct peer peer = join(world);

	say(&peer, call);
	expect_batch(world, &peer, text, false);
	leave(&peer);
}

/* The first device's last PASID does not affect where the next device begins. */
static void several_devices(void **state)
{
	struct world *world = *state;

	expect_list(world, LIST("{}"), "");
	have(world, "a", "5", "guest");
	have(world, "b", "1-8", "guest");
	expect_list(world, LIST("{}"), "a 5-5 guest\nb 1-8 guest\n");
	have(world, "a", "1-4,6-20,30", "guest");
	have(world, "b", "9-30", "other");
	have(world, "c", "25-40", "guest");
	expect_list(world, LIST("{}"),
		    "a 1-20 guest\na 30-30 guest\nb 1-8 guest\nb 9-30 other\nc 25-40 guest\n");
	expect_list(world, LIST("{\"device\":{\"name\":\"a\"}}"), "a 1-20 guest\na 30-30 guest\n");
	expect_list(world, LIST("{\"device\":{\"name\":\"b\"}}"), "b 1-8 guest\nb 9-30 other\n");
	expect_list(world, LIST("{\"device\":{\"name\":\"c\"}}"), "c 25-40 guest\n");
	/* The highest PASID, followed by a device that begins with the lowest. */
	have(world, "a", "4000-4095", "other");
	expect_list(world, LIST("{}"),
		    "a 1-20 guest\na 30-30 guest\na 4000-4095 other\nb 1-8 guest\nb 9-30 other\n"
		    "c 25-40 guest\n");
	/* No PASIDs on the middle device, then on none. */
	drop(world, "b");
	kernel_add(&world->context, "/sys/devices/b", 12, 2);
	expect_list(world, LIST("{}"),
		    "a 1-20 guest\na 30-30 guest\na 4000-4095 other\nc 25-40 guest\n");
	expect_list(world, LIST("{\"device\":{\"name\":\"b\"}}"), "");
	drop(world, "a");
	have(world, "b", "2-3", "other");
	expect_list(world, LIST("{}"), "c 25-40 guest\nb 2-3 other\n");
}

/* A batch that ends with a device: the next one is complete, and nothing is repeated. */
static void batch_ends_with_device(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	bind_scattered(world, "a", 101, BATCH);
	have(world, "b", "1-3,700", "guest");
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	expect_batch(world, &peer, "b 1-3 guest\nb 700-700 guest\n", false);
	/* At the last device: the end is not known yet. */
	drop(world, "b");
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	expect_batch(world, &peer, "", false);
	say(&peer, LIST("{\"device\":{\"name\":\"a\"}}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	expect_batch(world, &peer, "", false);
	leave(&peer);
}

/* One less and one more than a batch. */
static void batch_ends_beside_device(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	struct batch batch;

	bind_scattered(world, "a", 101, BATCH - 1);
	say(&peer, LIST("{}"));
	batch = next_batch(world, &peer);
	assert_int_equal(batch.n, BATCH - 1);
	assert_false(batch.continues);
	free(batch.text);
	have(world, "b", "1,3", "guest");
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 609-609 guest\nb 1-1 guest\n");
	expect_batch(world, &peer, "b 3-3 guest\n", false);
	have(world, "a", "611,613", "guest");
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	expect_batch(world, &peer, "a 613-613 guest\nb 1-1 guest\nb 3-3 guest\n", false);
	leave(&peer);
}

/* Three devices, with a batch that ends in the second. */
static void batches_over_devices(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	struct batch batch;

	bind_scattered(world, "a", 2001, 200);
	bind_scattered(world, "b", 1, 200);
	bind_scattered(world, "c", 301, 200);
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 2001-2001 guest\n", "b 111-111 guest\n");
	expect_full(world, &peer, "b 113-113 guest\n", "c 523-523 guest\n");
	batch = next_batch(world, &peer);
	assert_int_equal(batch.n, 3 * 200 - 2 * BATCH);
	assert_false(batch.continues);
	assert_int_equal(strncmp(batch.text, "c 525-525 guest\n", 16), 0);
	assert_string_equal(batch.text + strlen(batch.text) - 16, "c 699-699 guest\n");
	free(batch.text);
	leave(&peer);
}

/*
 * What is removed, added or changed between two batches may be seen or not, but hides nothing else.
 */
static void changes_between_batches(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	bind_scattered(world, "a", 101, BATCH + 10);
	have(world, "b", "1-3,700", "guest");
	have(world, "c", "50", "other");
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	drop(world, "a");
	expect_batch(world, &peer, "b 1-3 guest\nb 700-700 guest\nc 50-50 other\n", false);
	/* The next one is removed; and one is added at the end. */
	bind_scattered(world, "b", 1001, BATCH);
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "b 1-3 guest\nb 700-700 guest\n", "b 1507-1507 guest\n");
	drop(world, "c");
	kernel_add(&world->context, "/sys/devices/a", 20, 1);
	have(world, "a", "7", "other");
	expect_batch(world, &peer, "b 1509-1509 guest\nb 1511-1511 guest\na 7-7 other\n", false);
	/* Bound before the cursor: not seen. After it: seen. */
	say(&peer, LIST("{}"));
	expect_full(world, &peer, "b 1-3 guest\n", "b 1507-1507 guest\n");
	have(world, "b", "900,2000", "guest");
	expect_batch(world, &peer,
		     "b 1509-1509 guest\nb 1511-1511 guest\nb 2000-2000 guest\na 7-7 other\n",
		     false);
	leave(&peer);
}

/*
 * The device that was asked for is removed: that is an error, and a new one of its name is not
 * continued.
 */
static void named_device_goes(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	bind_scattered(world, "a", 101, BATCH + 10);
	have(world, "b", "1-3", "guest");
	say(&peer, LIST("{\"device\":{\"name\":\"a\"}}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	drop(world, "a");
	expect_error(world, &peer, "org.ioasidctl.Context.UnknownObject", NULL);
	kernel_add(&world->context, "/sys/devices/a", 20, 1);
	bind_scattered(world, "a", 101, BATCH + 10);
	say(&peer, LIST("{\"device\":{\"name\":\"a\"}}"));
	expect_full(world, &peer, "a 101-101 guest\n", "a 611-611 guest\n");
	drop(world, "a");
	kernel_add(&world->context, "/sys/devices/a", 20, 1);
	have(world, "a", "1,900", "other");
	expect_batch(world, &peer, "a 1-1 other\na 900-900 other\n", false);
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_three, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_devices),          TEST(batch_ends_with_device),
		TEST(batch_ends_beside_device), TEST(batches_over_devices),
		TEST(changes_between_batches),  TEST(named_device_goes),
	};

	return cmocka_run_group_tests_name("holder bindings", tests, NULL, NULL);
}
