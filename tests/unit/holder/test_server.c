/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: order of calls, who waits for whom, and how misbehaving clients are treated. */
#include "holder/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_world.h"

static void errors(void **state)
{
	static const struct {
		const char *message, *error, *parameter;
	} cases[] = {
		{ "{}", "org.varlink.service.InvalidParameter", "method" },
		{ "{\"method\":1}", "org.varlink.service.InvalidParameter", "method" },
		{ "{\"method\":\"x\"}", "org.varlink.service.InterfaceNotFound", NULL },
		{ "{\"method\":\"\"}", "org.varlink.service.InterfaceNotFound", NULL },
		{ "{\"method\":\".\"}", "org.varlink.service.InterfaceNotFound", NULL },
		{ "{\"method\":\"org.ioasidctl.Context.\"}", "org.varlink.service.MethodNotFound",
		  NULL },
		{ CALL("describe", "{}"), "org.varlink.service.MethodNotFound", NULL },
		{ CALL("Describe", "1"), "org.varlink.service.InvalidParameter", "parameters" },
		{ CALL("Describe", "{\"x\":1}"), "org.varlink.service.InvalidParameter", "x" },
		{ CALL("FreeIoas", "{}"), "org.varlink.service.InvalidParameter", "ioas" },
		{ CALL("FreeIoas", "{\"ioas\":null}"), "org.varlink.service.InvalidParameter",
		  "ioas" },
		{ CALL("FreeIoas", "{\"ioas\":3}"), "org.varlink.service.InvalidParameter",
		  "ioas" },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":-1}"),
		  "org.varlink.service.InvalidParameter", "size" },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"iova\":4096}"),
		  "org.varlink.service.InvalidParameter", "iova" },
		{ CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"}}"),
		  "org.varlink.service.InvalidParameter", "iova" },
		{ CALL("GetFds", "{\"device\":[1]}"), "org.varlink.service.InvalidParameter",
		  "device" },
		{ CALL("AllocIoas", "{\"name\":\"1\"}"), "org.varlink.service.InvalidParameter",
		  "name" },
		{ CALL("AllocIoas", "{\"name\":\"guest\"}"), "org.ioasidctl.Context.NameInUse",
		  NULL },
		{ BIND("{\"lo\":1}"), "org.varlink.service.InvalidParameter", "pasid" },
		{ CALL("FreeIoas", "{\"ioas\":\"guest\"}"), "org.varlink.service.InvalidParameter",
		  "ioas" },
		{ BIND(RANGE(99999999999, 99999999999)), "org.varlink.service.InvalidParameter",
		  "pasid" },
		{ CALL("BindPasids",
		       "{\"device\":{\"name\":\"a\"},\"count\":0,\"target\":{\"name\":\"guest\"}}"),
		  "org.varlink.service.InvalidParameter", "count" },
		{ CALL("BindPasids",
		       "{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
			       1, 1) "],\"count\":1,\"target\":{\"name\":\"guest\"}}"),
		  "org.varlink.service.InvalidParameter", "count" },
		{ CALL("ListBindings", "{}"), "org.varlink.service.ExpectedMore", NULL },
		{ CALL("AddDevice", "{\"path\":\"/etc\"}"), "org.varlink.service.InvalidParameter",
		  "path" },
		{ CALL("AddDevice", "{\"path\":\"/sys/devices/../devices\"}"),
		  "org.varlink.service.InvalidParameter", "path" },
		{ CALL("AddDevice", "{\"path\":\"/sys/devices/none\"}"),
		  "org.ioasidctl.Context.NoSuchDevice", NULL },
		{ CALL("AddDevice", "{\"path\":\"/sys/devices/system\"}"),
		  "org.ioasidctl.Context.NoVfioDevice", NULL },
	};
	struct world *world = *state;
	struct peer peer = join(world);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		say(&peer, cases[i].message);
		expect_error(world, &peer, cases[i].error, cases[i].parameter);
	}
	/* And it still answers. */
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	/* Optional parameters may be null. */
	say(&peer, CALL("ListBindings", "{\"device\":null},\"more\":true"));
	expect_reply(world, &peer);
	say(&peer, CALL("GetFds", "{\"device\":null}"));
	expect_reply(world, &peer);
	leave(&peer);
}

static void garbage(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), other = join(world);
	char *text = calloc(1, SERVER_MESSAGE_MAX + 2);
	size_t sent = 0;
	ssize_t n;

	say(&peer, "[");
	say(&peer, CALL("Describe", "{}"));
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "message");
	expect_closed(world, &peer);
	leave(&peer);
	memset(text, ' ', SERVER_MESSAGE_MAX + 1);
	while (sent < SERVER_MESSAGE_MAX + 1) {
		n = write(other.fd, text + sent, SERVER_MESSAGE_MAX + 1 - sent);
		sent += n > 0 ? (size_t)n : 0;
		server_turn(&world->server);
	}
	expect_error(world, &other, "org.varlink.service.InvalidParameter", "message (too long)");
	expect_closed(world, &other);
	leave(&other);
	free(text);
	assert_int_equal(world->server.client_n, 0);
}

/*
 * Several calls in one write are answered in order, even after the caller has shut down its side.
 */
static void pipelined(void **state)
{
	static const char calls[] = CALL("AllocIoas", "{}") "\0" CALL("Describe", "{}") "\0" CALL(
		"FreeIoas", "{\"ioas\":{\"id\":3}}") "\0" CALL("FreeIoas", "{\"ioas\":{\"id\":3}}");
	struct world *world = *state;
	struct peer peer = join(world);

	assert_int_equal(write(peer.fd, calls, sizeof(calls)), sizeof(calls));
	assert_int_equal(shutdown(peer.fd, SHUT_WR), 0);
	expect_reply(world, &peer);
	expect_reply(world, &peer);
	expect_reply(world, &peer);
	expect_error(world, &peer, "org.ioasidctl.Context.UnknownObject", NULL);
	expect_closed(world, &peer);
	leave(&peer);
}

static void oneway(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	say(&peer, "{\"method\":\"org.ioasidctl.Context.AllocIoas\",\"oneway\":true}");
	say(&peer, CALL("FreeIoas", "{\"ioas\":{\"id\":3}}"));
	expect_reply(world, &peer);
	assert_null(heard(&peer));
	leave(&peer);
}

/* While a change is made, calls that read are served and calls that change wait. */
static void queue(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world), c = join(world), reader = join(world);

	begin_bind(world, &a, BIND(RANGE(1, 500)));
	say(&b, BIND(RANGE(600, 610)));
	say(&c, BIND(RANGE(500, 500)));
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	assert_int_equal(bound(world), 96);
	assert_null(heard(&a));
	assert_null(heard(&b));
	kernel_release();
	expect_reply(world, &a);
	assert_true(bound(world) >= 500);
	expect_reply(world, &b);
	expect_error(world, &c, "org.ioasidctl.Context.PasidInUse", NULL);
	assert_int_equal(bound(world), 511);
	kernel_agrees(&world->context);
	leave(&a);
	leave(&b);
	leave(&c);
	leave(&reader);
}

/*
 * The kernel wants the device back: a bind on it is undone, and the device removed before all
 * waiting calls.
 */
static void requested(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);
	struct record *record = &world->context.record;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	record_device_at(record, 0)->request = event;
	begin_bind(world, &a, BIND(RANGE(1, 500)));
	say(&b, BIND(RANGE(600, 610)));
	assert_int_equal(eventfd_write(event, 1), 0);
	kernel_release();
	expect_error(world, &a, "org.ioasidctl.Context.KernelError", NULL);
	expect_error(world, &b, "org.ioasidctl.Context.UnknownObject", NULL);
	assert_int_equal(record->of[OBJECT_DEVICE].n, 0);
	assert_int_equal(record->of[OBJECT_IOAS].n, 1);
	kernel_agrees(&world->context);
	assert_int_equal(fcntl(event, F_GETFD), -1);
	leave(&a);
	leave(&b);
}

/* A started call completes although its client is gone; one that was waiting is dropped. */
static void client_dies(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world), c = join(world), d = join(world);

	begin_bind(world, &a, BIND(RANGE(1, 500)));
	say(&b, BIND(RANGE(600, 610)));
	say(&c, "{\"method\":\"org.ioasidctl.Context.AllocIoas\",\"oneway\":true}");
	say(&d, BIND(RANGE(700, 710)));
	server_turn(&world->server);
	leave(&a);
	leave(&b);
	leave(&c);
	kernel_release();
	expect_reply(world, &d);
	assert_int_equal(bound(world), 511);
	assert_null(record_pasid_target(record_device_at(&world->context.record, 0), 600));
	assert_int_equal(world->context.record.of[OBJECT_IOAS].n, 2);
	assert_int_equal(world->server.client_n, 1);
	leave(&d);
}

static void client_dies_and_change_fails(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);

	kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 300, ENOMEM);
	say(&a, BIND(RANGE(1, 500)));
	server_turn(&world->server);
	leave(&a);
	say(&b, CALL("AllocIoas", "{}"));
	expect_reply(world, &b);
	assert_int_equal(bound(world), 0);
	kernel_agrees(&world->context);
	leave(&b);
}

/* A long list comes in batches; a client that does not read them does not block others. */
static void stream(void **state)
{
	static const char list[] =
		"{\"method\":\"org.ioasidctl.Context.ListBindings\",\"more\":true}";
	struct world *world = *state;
	struct peer lazy = join(world), peer = join(world);
	_cleanup_free_ char *pasids = scattered(1, 2000);
	size_t seen = 0, replies = 0;
	bool continues = true;

	have(world, "a", pasids, "guest");
	for (unsigned int i = 0; i < 100; i++)
		say(&lazy, list);
	for (unsigned int i = 0; i < 500; i++) {
		say(&peer, CALL("AllocIoas", "{\"name\":\"1\"}"));
		expect_error(world, &peer, "org.varlink.service.InvalidParameter", "name");
	}
	say(&peer, list);
	while (continues) {
		_cleanup_json_ json_object *message = hear(world, &peer);
		json_object *parameters = NULL, *array = NULL;

		assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
		assert_int_equal(json_get_array(parameters, "binding", &array), 1);
		seen += json_object_array_length(array);
		replies++;
		continues = false;
		(void)json_get_bool(message, "continues", &continues);
	}
	assert_int_equal(seen, 2000);
	assert_int_equal(replies, 8);
	leave(&lazy);
	leave(&peer);
}

static void descriptors(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	say(&peer, CALL("GetFds", "{}"));
	expect_reply(world, &peer);
	assert_int_equal(peer.in.fds.n, 2);
	say(&peer, CALL("GetFds", "{\"device\":[{\"name\":\"a\"},{\"name\":\"vfio99\"}]}"));
	expect_error(world, &peer, "org.ioasidctl.Context.UnknownObject", NULL);
	assert_int_equal(peer.in.fds.n, 2);
	leave(&peer);
}

static void destroy(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), other = join(world);
	char byte;

	say(&other, BIND(RANGE(1, 500)));
	server_turn(&world->server);
	say(&peer, CALL("Destroy", "{}"));
	expect_reply(world, &other);
	server_run(&world->server);
	assert_true(world->unlinked);
	expect_reply(world, &peer);
	assert_int_equal(read(peer.fd, &byte, 1), 0);
	leave(&peer);
	leave(&other);
	/* Needed by the teardown of every test. */
	world->server.ending = false;
	world->unlinked = false;
}

static void signals(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);

	world->server.signals = take_signals();
	say(&peer, BIND(RANGE(1, 500)));
	server_turn(&world->server);
	assert_int_equal(raise(SIGTERM), 0);
	server_run(&world->server);
	assert_int_equal(world->server.signal, SIGTERM);
	assert_true(world->unlinked);
	leave(&peer);
	close(world->server.signals);
	world->server.signals = -1;
}

static int listen_at(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	/* In the abstract namespace, so nothing has to be removed. */
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "ioasidctl-test-%d",
		 getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

static struct peer dial(const struct sockaddr_un *address)
{
	struct peer peer = { .in = { .max = 1000 } };

	peer.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(peer.fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	return peer;
}

/* Idle connections do not lock others out. */
static void too_many(void **state)
{
	struct world *world = *state;
	struct peer idle[SERVER_CLIENT_MAX], last;
	struct sockaddr_un address;

	world->server.listener = listen_at(&address);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++) {
		idle[i] = dial(&address);
		server_turn(&world->server);
	}
	assert_int_equal(world->server.client_n, SERVER_CLIENT_MAX);
	last = dial(&address);
	server_turn(&world->server);
	say(&last, CALL("AllocIoas", "{}"));
	expect_reply(world, &last);
	expect_closed(world, &idle[0]);
	say(&idle[1], CALL("FreeIoas", "{\"ioas\":{\"id\":3}}"));
	expect_reply(world, &idle[1]);
	for (size_t i = 0; i < ARRAY_SIZE(idle); i++)
		leave(&idle[i]);
	leave(&last);
	close(world->server.listener);
	world->server.listener = -1;
}

/*
 * A client that connects while the context is destroyed is told that it is gone, not that it is
 * another user's.
 */
static void too_late(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world), late;
	struct sockaddr_un address;
	char byte;

	world->server.listener = listen_at(&address);
	say(&peer, CALL("RemoveDevice", "{\"device\":{\"name\":\"a\"}}"));
	expect_reply(world, &peer);
	kernel_block(UAPI_IOMMU_DESTROY, 0);
	say(&peer, CALL("Destroy", "{}"));
	/* Its last call. */
	reach(world, "IOMMU_DESTROY");
	kernel_release();
	settle(world);
	late = dial(&address);
	server_turn(&world->server);
	assert_true(world->server.ending);
	assert_int_equal(world->server.client_n, 1);
	close(world->server.listener);
	world->server.listener = -1;
	assert_true(read(late.fd, &byte, 1) <= 0);
	leave(&late);
	leave(&peer);
	journal_free(TAKE_PTR(world->server.journal));
	world->server.ending = world->unlinked = false;
}

static void stranger(void **state)
{
	struct world *world = *state;
	struct sockaddr_un address;
	char text[200] = "";
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	world->server.listener = listen_at(&address);
	pid = fork();
	if (pid == 0) {
		if (setuid(65534) == 0) {
			int fd = socket(AF_UNIX, SOCK_STREAM, 0);

			(void)!connect(fd, (struct sockaddr *)&address, sizeof(address));
			(void)!read(fd, text, sizeof(text) - 1);
		}
		_exit(strstr(text, "org.varlink.service.PermissionDenied") ? 0 : 1);
	}
	server_turn(&world->server);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(world->server.client_n, 0);
	close(world->server.listener);
	world->server.listener = -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(errors),      TEST(garbage),
		TEST(pipelined),   TEST(oneway),
		TEST(queue),       TEST(requested),
		TEST(client_dies), TEST(client_dies_and_change_fails),
		TEST(stream),      TEST(descriptors),
		TEST(destroy),     TEST(signals),
		TEST(too_many),    TEST(too_late),
		TEST(stranger),
	};

	return cmocka_run_group_tests_name("holder server", tests, NULL, NULL);
}
