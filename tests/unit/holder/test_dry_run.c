/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dry runs: their answers, what they leave undone, and whom they keep waiting. */
#include "holder/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"

#define DRY "\"dry_run\":true}"

static unsigned int descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Begins one that PEER asks for and that takes several turns of the loop. */
static void begin_long(struct world *world, struct peer *peer)
{
	_cleanup_free_ char *list = scattered(1, 2000), *pasids = pasids_json(list), *text = NULL;

	assert_true(asprintf(&text,
			     CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":%s,"
						"\"target\":{\"name\":\"guest\"}," DRY),
			     pasids) > 0);
	say(peer, text);
	while (!world->server.dry.change)
		server_turn(&world->server);
}

/* TEXT has the plan's lines, each with a newline. */
static void expect_plan(struct world *world, struct peer *peer, const char *expected)
{
	_cleanup_json_ json_object *message = hear(world, peer);
	json_object *parameters = NULL, *lines = NULL;
	char text[2000] = "";

	if (json_get_object(message, "parameters", &parameters) != 1 ||
	    json_get_array(parameters, "plan", &lines) != 1)
		fail_msg("%s", json_object_to_json_string(message));
	for (size_t i = 0; i < json_object_array_length(lines); i++) {
		strcat(text, json_object_get_string(json_object_array_get_idx(lines, i)));
		strcat(text, "\n");
	}
	assert_string_equal(text, expected);
}

/* A dry run lists what would be done and does nothing: the kernel is not called. */
static void plans(void **state)
{
	static const struct {
		const char *message, *plan;
	} cases[] = {
		{ CALL("AllocIoas", "{\"name\":\"x\",\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_ALLOC\n" },
		{ CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"},\"dry_run\":true}"),
		  "ioctl IOMMU_DESTROY ioas 2\n" },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":8192,\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_MAP ioas 2 size 0x2000 read write\n" },
		{ CALL("UnmapIoas",
		       "{\"ioas\":{\"name\":\"guest\"},\"all\":true,\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\n" },
		{ CALL("AttachDevice",
		       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"},\"dry_run\":true}"),
		  "ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a hwpt NEW\n" },
		{ CALL("BindPasids",
		       "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(7, 7) "," RANGE(
			       100, 163) "],\"target\":{\"name\":\"guest\"},"
					 "\"dry_run\":true}"),
		  "ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 7 hwpt NEW\n"
		  "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 100-163 hwpt NEW\n" },
		{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"},\"dry_run\":true}"), "" },
		{ CALL("Destroy", "{\"dry_run\":true}"),
		  "ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\n"
		  "ioctl IOMMU_DESTROY ioas 2\n" },
	};
	struct world *world = *state;
	struct peer peer = join(world);
	unsigned int calls = kernel.calls;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		say(&peer, cases[i].message);
		expect_plan(world, &peer, cases[i].plan);
	}
	assert_int_equal(kernel.calls, calls);
	kernel_agrees(&world->context);
	assert_false(world->unlinked);
	leave(&peer);
}

/* Steps are undone in the right order; a refusal is the same as the real one. */
static void dry_run_of_bound(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	say(&peer, BIND(RANGE(5, 9)));
	expect_reply(world, &peer);
	say(&peer, CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
						6, 6) "],\"dry_run\":true}"));
	expect_plan(world, &peer, "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 6\n");
	say(&peer,
	    CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"},\"force\":true,\"dry_run\":true}"));
	expect_plan(world, &peer,
		    "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 5-9\n"
		    "ioctl IOMMU_DESTROY hwpt 3\n");
	say(&peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"},\"dry_run\":true}"));
	expect_error(world, &peer, "org.ioasidctl.Context.StillBound", NULL);
	say(&peer, CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"},\"dry_run\":true}"));
	expect_error(world, &peer, "org.ioasidctl.Context.ObjectInUse", NULL);
	say(&peer, CALL("Describe", "{\"dry_run\":true}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "dry_run");
	say(&peer, CALL("Destroy", "{\"dry_run\":1}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "dry_run");
	kernel_agrees(&world->context);
	assert_int_equal(bound(world), 5);
	leave(&peer);
}

/*
 * Meanwhile calls that read are served, those that change wait, and a client that disconnects
 * cancels its dry run.
 */
static void dry_run_and_others(void **state)
{
	struct world *world = *state;
	struct peer dry = join(world), reader = join(world), other = join(world);

	begin_long(world, &dry);
	say(&other, CALL("AllocIoas", "{}"));
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	assert_null(heard(&other));
	assert_int_equal(world->server.client[2]->state, CLIENT_QUEUED);
	assert_non_null(world->server.dry.change);
	leave(&dry);
	expect_reply(world, &other);
	assert_null(world->server.dry.change);
	/* It was not made instead. */
	assert_int_equal(bound(world), 0);
	kernel_agrees(&world->context);
	leave(&reader);
	leave(&other);
}

/* It is answered, however many turns it takes; what it saw is the context as it was. */
static void dry_run_goes_on(void **state)
{
	struct world *world = *state;
	struct peer dry = join(world), other = join(world);
	_cleanup_json_ json_object *message = NULL;
	json_object *parameters = NULL, *lines = NULL;

	begin_long(world, &dry);
	say(&other, BIND(RANGE(1, 1)));
	message = hear(world, &dry);
	assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
	assert_int_equal(json_get_array(parameters, "plan", &lines), 1);
	assert_int_equal(json_object_array_length(lines), 1 + 2000);
	expect_reply(world, &other);
	assert_int_equal(bound(world), 1);
	kernel_agrees(&world->context);
	leave(&dry);
	leave(&other);
}

/* It waits for a change that is being made, and shows the context as that leaves it. */
static void dry_run_waits(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), dry = join(world);

	begin_bind(world, &peer, BIND(RANGE(1, 500)));
	say(&dry, CALL("UnbindPasids",
		       "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(500, 500) "]," DRY));
	server_turn(&world->server);
	assert_null(world->server.dry.change);
	kernel_release();
	expect_plan(world, &dry, "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT a pasid 500\n");
	expect_reply(world, &peer);
	leave(&peer);
	leave(&dry);
}

/* How far it is is told as of a change: it does not wait for another one. */
static void dry_run_progress(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	_cleanup_json_ json_object *message = NULL;

	begin_long(world, &peer);
	world->server.client[0]->progress = 1;
	message = hear(world, &peer);
	assert_non_null(strstr(json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN),
			       "\"call\":\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\""));
	expect_reply(world, &peer);
	leave(&peer);
}

/* Every second PASID of the device, in the record alone. */
static void fragment(struct world *world, uint32_t n)
{
	struct record_device *device = record_device_at(&world->context.record, 0);
	struct object *guest =
		record_find(&world->context.record, OBJECT_IOAS, reference_name("guest"));

	assert_int_equal(record_pasid_reserve(device, guest), 0);
	for (uint32_t i = 1; i < 2 * n; i += 2)
		assert_int_equal(ranges_add(&device->binding[0].pasid, i, i), 0);
}

static void forget(struct world *world)
{
	record_device_at(&world->context.record, 0)->binding[0].pasid.n = 0;
}

/* Looking for those of a list that are bound does not go over all that are (for minutes). */
static void list_of_taken(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	_cleanup_free_ char *text = scattered(993001, 2000), *all = NULL, *call = NULL;
	_cleanup_free_ char *list = NULL;

	fragment(world, 499999);
	assert_true(asprintf(&all, "2,%s", text) > 0);
	list = pasids_json(all);
	assert_true(asprintf(&call,
			     CALL("BindPasids",
				  "{\"device\":{\"name\":\"a\"},\"pasid\":%s,"
				  "\"target\":{\"name\":\"guest\"},\"partial\":true," DRY),
			     list) > 0);
	say(&peer, call);
	expect_plan(world, &peer,
		    "ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\n"
		    "ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 2 hwpt NEW\n");
	forget(world);
	leave(&peer);
}

/* What could not be answered within an array of ranges is refused: of those chosen, asked for, or left out. */
static void many_ranges(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	/* Free are 2, 4 and so on. */
	fragment(world, RANGES_MAX + 2);
	say(&peer,
	    CALL("BindPasids",
		 "{\"device\":{\"name\":\"a\"},\"count\":2048,\"target\":{\"name\":\"guest\"}," DRY));
	expect_reply(world, &peer);
	say(&peer,
	    CALL("BindPasids",
		 "{\"device\":{\"name\":\"a\"},\"count\":2049,\"target\":{\"name\":\"guest\"}," DRY));
	expect_error(world, &peer, "org.ioasidctl.Context.LimitReached", NULL);
	say(&peer, CALL("BindPasids",
			"{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				1, 4096) "],"
					 "\"target\":{\"name\":\"guest\"},\"partial\":true," DRY));
	expect_reply(world, &peer);
	say(&peer, CALL("BindPasids",
			"{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
				1, 4097) "],"
					 "\"target\":{\"name\":\"guest\"},\"partial\":true," DRY));
	expect_error(world, &peer, "org.ioasidctl.Context.LimitReached", NULL);
	forget(world);
	leave(&peer);
}

/* That of the end can be cancelled, unlike the end. */
static void cancel_of_destroy(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), other = join(world);

	fragment(world, 5000);
	say(&peer, CALL("Destroy", "{" DRY));
	while (!world->server.dry.change)
		server_turn(&world->server);
	say(&other, CALL("Cancel", "{\"change\":1}"));
	expect_reply(world, &other);
	expect_error(world, &peer, "org.ioasidctl.Context.Cancelled", NULL);
	forget(world);
	leave(&peer);
	leave(&other);
}

/* One that is under way when the holder ends is ended with it. */
static void dry_run_at_the_end(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	char byte;

	begin_long(world, &peer);
	world->server.signal = SIGTERM;
	server_run(&world->server);
	assert_true(world->server.ending);
	assert_null(world->server.dry.change);
	assert_int_equal(read(peer.fd, &byte, 1), 0);
	leave(&peer);
}

/* Compares the whole answer to CALL. */
static void expect_answer(struct world *world, struct peer *peer, const char *call,
			  const char *expected)
{
	_cleanup_json_ json_object *message = NULL;

	say(peer, call);
	message = hear(world, peer);
	assert_string_equal(
		json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE),
		expected);
	assert_null(world->server.dry.change);
}

/* Values that only the kernel assigns are null, those it has already assigned are not. */
static void answers(void **state)
{
	static const struct {
		const char *call, *answer;
	} cases[] = {
		{ CALL("AllocIoas", "{" DRY),
		  "{\"parameters\":{\"ioas\":null,\"plan\":[\"ioctl IOMMU_IOAS_ALLOC\"]}}" },
		{ CALL("AllocHwpt",
		       "{\"device\":{\"name\":\"a\"},\"ioas\":{\"id\":2},\"pasid\":true," DRY),
		  "{\"parameters\":{\"hwpt\":null,\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\"]}}" },
		{ CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
					     5, 5) "],\"target\":{\"name\":\"guest\"}," DRY),
		  "{\"parameters\":{\"pasid\":[" RANGE(5, 5) "],\"count\":1,\"target\":" ON_IOAS(
			  2,
			  "guest") ",\"failure\":null,"
				   "\"taken\":[],\"reserved\":null,\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\","
				   "\"ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a pasid 5 hwpt NEW\"]}}" },
		{ CALL("MapIoas",
		       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":\"0x5000\"," DRY),
		  "{\"parameters\":{\"iova\":\"0x5000\",\"plan\":["
		  "\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 iova 0x5000 read write\"]}}" },
		{ CALL("MapIoas",
		       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":null," DRY),
		  "{\"parameters\":{\"iova\":null,\"plan\":["
		  "\"ioctl IOMMU_IOAS_MAP ioas 2 size 0x1000 read write\"]}}" },
		{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"iova\":\"0x5000\"," DRY),
		  "{\"error\":\"org.ioasidctl.Context.NotMapped\",\"parameters\":{\"ioas\":{\"id\":2,\"name\":\"guest\"},\"iova\":\"0x5000\"}}" },
		{ CALL("DetachDevice", "{\"device\":{\"name\":\"a\"}," DRY),
		  "{\"error\":\"org.ioasidctl.Context.NotAttached\",\"parameters\":{\"device\":\"a\"}}" },
		{ CALL("AttachDevice",
		       "{\"device\":{\"name\":\"a\"},\"target\":{\"name\":\"guest\"}," DRY),
		  "{\"parameters\":{\"plan\":[\"ioctl IOMMU_HWPT_ALLOC a ioas 2 for PASIDs\","
		  "\"ioctl VFIO_DEVICE_ATTACH_IOMMUFD_PT a hwpt NEW\"]}}" },
		{ CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}," DRY),
		  "{\"parameters\":{\"plan\":[]}}" },
		{ CALL("Destroy", "{" DRY),
		  "{\"parameters\":{\"plan\":["
		  "\"ioctl IOMMU_IOAS_UNMAP ioas 2 iova 0x0 size 0xffffffffffffffff\","
		  "\"ioctl IOMMU_DESTROY ioas 2\"]}}" },
	};
	struct world *world = *state;
	struct peer peer = join(world);
	unsigned int before = descriptors();

	kernel_forget();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_answer(world, &peer, cases[i].call, cases[i].answer);
	kernel_asked("");
	kernel_agrees(&world->context);
	assert_int_equal(descriptors(), before);
	leave(&peer);
}

/* Of a name as long as names get: each PASID of it costs a long line. */
#define LONG_NAME 255

/* The removal of DEVICE, which has N scattered PASIDs, on TARGET. */
static json_object *plan_of(struct world *world, struct peer *peer, struct record_device *device,
			    struct object *target, uint32_t n)
{
	json_object *message;

	for (uint32_t i = 0; i < n; i++) {
		const struct range one = { 100001 + 2 * i, 100001 + 2 * i };

		assert_int_equal(record_pasid_reserve(device, target), 0);
		record_pasid_bind(&world->context.record, device, one, target);
	}
	say(peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"vfio99\"},\"force\":true," DRY));
	message = hear(world, peer);
	for (uint32_t i = n; i-- > 0;) {
		const struct range one = { 100001 + 2 * i, 100001 + 2 * i };

		record_pasid_unbind(&world->context.record, device, one);
	}
	return message;
}

/* A long plan is complete however slowly it is read; one that is too long is refused. */
static void long_plans(void **state)
{
	const uint32_t length =
		strlen("ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT  pasid 100001") + LONG_NAME;
	const uint32_t fits = (4 << 20) / length;
	_cleanup_json_ json_object *whole = NULL, *none = NULL;
	json_object *parameters = NULL, *lines = NULL;
	char path[LONG_NAME + 2] = "/", last[LONG_NAME + 80];
	struct world *world = *state;
	struct peer peer = join(world);
	struct record_device *device;
	struct object *target;

	memset(path + 1, 'n', LONG_NAME);
	device = kernel_add(&world->context, path, 20, 5);
	assert_int_equal(str_replace(&device->cdev, "vfio99"), 0);
	say(&peer,
	    CALL("AllocHwpt", "{\"device\":{\"name\":\"vfio99\"},\"ioas\":{\"name\":\"guest\"},"
			      "\"name\":\"x\",\"pasid\":true}"));
	expect_reply(world, &peer);
	target = record_find(&world->context.record, OBJECT_HWPT, reference_name("x"));
	whole = plan_of(world, &peer, device, target, fits);
	assert_int_equal(json_get_object(whole, "parameters", &parameters), 1);
	assert_int_equal(json_get_array(parameters, "plan", &lines), 1);
	assert_int_equal(json_object_array_length(lines), fits);
	snprintf(last, sizeof(last), "ioctl VFIO_DEVICE_DETACH_IOMMUFD_PT %s pasid %u", path + 1,
		 100001 + 2 * (fits - 1));
	assert_string_equal(json_object_get_string(json_object_array_get_idx(lines, fits - 1)),
			    last);
	none = plan_of(world, &peer, device, target, fits + 1);
	assert_string_equal(json_object_to_json_string_ext(none, JSON_C_TO_STRING_PLAIN),
			    "{\"error\":\"org.ioasidctl.Context.LimitReached\",\"parameters\":{"
			    "\"what\":\"plan\",\"limit\":4194304}}");
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plans),           TEST(dry_run_of_bound), TEST(dry_run_and_others),
		TEST(dry_run_goes_on), TEST(dry_run_waits),    TEST(dry_run_at_the_end),
		TEST(answers),         TEST(long_plans),       TEST(list_of_taken),
		TEST(many_ranges),     TEST(dry_run_progress), TEST(cancel_of_destroy),
	};

	return cmocka_run_group_tests_name("holder dry run", tests, NULL, NULL);
}
