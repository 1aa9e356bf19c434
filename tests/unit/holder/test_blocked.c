/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop while the kernel does not return: who is served, who waits, what is told of it, and how
 * it is ended.
 */
#include "holder/server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../holder_world.h"
#include "util/clock.h"

#define MORE(method, parameters) \
	"{\"method\":\"org.ioasidctl.Context." method \
	"\",\"more\":true,\"parameters\":" parameters "}"
#define BIND_MORE(pasids) \
	MORE("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" pasids \
			   "],\"target\":{\"name\":\"guest\"}}")
#define UNBIND(pasids) CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" pasids "]}")
#define CANCELLED      "{\"error\":\"org.ioasidctl.Context.Cancelled\",\"parameters\":{}}"

static bool trickling; /* a socket takes a byte at a time, */
static bool full;      /* and then none, until it is polled */

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct iovec byte = { message->msg_iov[0].iov_base, 1 };
	struct msghdr first = *message;

	if (!trickling)
		return syscall(SYS_sendmsg, fd, message, flags);
	full = !full;
	if (!full) {
		errno = EAGAIN;
		return -1;
	}
	first.msg_iov = &byte;
	return syscall(SYS_sendmsg, fd, &first, flags);
}

/* Compares the whole answer. */
static void expect_message(struct world *world, struct peer *peer, const char *expected)
{
	_cleanup_json_ json_object *message = hear(world, peer);

	assert_string_equal(json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN),
			    expected);
}

/* CALL is the kernel's call or null, TOTAL a number or null. */
static void expect_progress(struct world *world, struct peer *peer, unsigned int change,
			    const char *call, unsigned int done, const char *total)
{
	char expected[300];

	snprintf(
		expected, sizeof(expected),
		"{\"parameters\":{\"progress\":{\"change\":%u,\"call\":%s,\"done\":%u,\"total\":%s}},"
		"\"continues\":true}",
		change, call, done, total);
	expect_message(world, peer, expected);
}

/* The time for it has come. */
static void hurry(struct world *world, size_t client)
{
	assert_true(world->server.client[client]->progress > 0);
	world->server.client[client]->progress = 1;
}

#define ATTACHING "\"VFIO_DEVICE_ATTACH_IOMMUFD_PT\""
#define BOUND(pasids, count) \
	"{\"parameters\":{\"pasid\":[" pasids "],\"count\":" count \
	",\"target\":" TARGET(2, "guest", 3) ",\"failure\":null,\"taken\":[],\"reserved\":null}}"

static void expect_listed(struct world *world, struct peer *peer, unsigned int hi)
{
	char expected[200];

	snprintf(
		expected, sizeof(expected),
		"{\"parameters\":{\"binding\":[{\"device\":\"a\",\"lo\":1,\"hi\":%u,\"target\":" TARGET(
			2, "guest", 3) "}]}}",
		hi);
	say(peer, MORE("ListBindings", "{}"));
	expect_message(world, peer, expected);
}

/* Calls that read, while a bind blocks, by clients P[1] to P[4]. */
static void read_all(struct world *world, struct peer *p)
{
	say(&p[1], CALL("Describe", "{}"));
	say(&p[2], "{\"method\":\"org.varlink.service.GetInfo\"}");
	say(&p[3], CALL("ShowIoas", "{\"ioas\":{\"name\":\"guest\"}}"));
	expect_reply(world, &p[1]);
	expect_reply(world, &p[2]);
	expect_reply(world, &p[3]);
	expect_listed(world, &p[4], 96);
}

/*
 * Those that read are served; those that change are done afterwards, in the order in which they
 * came: each of them needs the one before.
 */
static void eight_clients(void **state)
{
	struct world *world = *state;
	struct peer p[8];

	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = join(world);
	begin_bind(world, &p[0], BIND(RANGE(1, 500)));
	read_all(world, p);
	say(&p[7], BIND(RANGE(600, 610)));
	read_all(world, p);
	say(&p[6], UNBIND(RANGE(1, 500) "," RANGE(600, 600)));
	read_all(world, p);
	say(&p[5], BIND(RANGE(500, 500) "," RANGE(600, 600)));
	read_all(world, p);
	assert_int_equal(bound(world), 96);
	for (size_t i = 5; i < 9; i++)
		assert_null(heard(&p[i % 8]));
	kernel_release();
	expect_message(world, &p[0], BOUND(RANGE(1, 500), "500"));
	expect_message(world, &p[7], BOUND(RANGE(600, 610), "11"));
	expect_message(world, &p[6], "{\"parameters\":{\"count\":501}}");
	expect_message(world, &p[5], BOUND(RANGE(500, 500) "," RANGE(600, 600), "2"));
	assert_int_equal(bound(world), 12);
	kernel_agrees(&world->context);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		leave(&p[i]);
}

/* At first after a while, then again and again; who waits is told that too. */
static void progress(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world), mute = join(world);
	int64_t begin = clock_ms();

	begin_bind(world, &a, BIND_MORE(RANGE(1, 500)));
	say(&b, MORE("AllocIoas", "{}"));
	say(&mute, CALL("AllocIoas", "{}"));
	expect_progress(world, &a, 1, ATTACHING, 96, "500");
	assert_true(clock_ms() - begin >= SERVER_PROGRESS_FIRST);
	expect_progress(world, &b, 2, "null", 0, "null");
	expect_progress(world, &a, 1, ATTACHING, 96, "500");
	assert_true(clock_ms() - begin >= SERVER_PROGRESS_FIRST + SERVER_PROGRESS);
	kernel_release();
	expect_message(world, &a, BOUND(RANGE(1, 500), "500"));
	expect_reply(world, &b);
	expect_reply(world, &mute);
	assert_null(heard(&a));
	leave(&a);
	leave(&b);
	leave(&mute);
}

/* Who wants no answer gets none of these either. */
static void no_progress(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);

	begin_bind(world, &a,
		   "{\"method\":\"org.ioasidctl.Context.BindPasids\",\"more\":true,\"oneway\":true,"
		   "\"parameters\":{\"device\":{\"name\":\"a\"},\"pasid\":[" RANGE(
			   1, 500) "],\"target\":{\"name\":\"guest\"}}}");
	say(&b, MORE("AllocIoas", "{}"));
	expect_progress(world, &b, 2, "null", 0, "null");
	kernel_release();
	expect_reply(world, &b);
	say(&a, CALL("FreeIoas", "{\"ioas\":{\"id\":4}}"));
	expect_message(world, &a, "{\"parameters\":{}}");
	leave(&a);
	leave(&b);
}

/* The answer comes while the peer has only part of what it was told: each message is whole. */
static void byte_by_byte(void **state)
{
	struct world *world = *state;
	struct peer a = join(world);

	begin_bind(world, &a, BIND_MORE(RANGE(1, 500)));
	trickling = true;
	hurry(world, 0);
	for (unsigned int i = 0; i < 10; i++)
		server_turn(&world->server);
	assert_in_range(world->server.client[0]->out.sent, 1, 10);
	kernel_release();
	while (world->server.change)
		server_turn(&world->server);
	assert_true(varlink_out_pending(&world->server.client[0]->out));
	expect_progress(world, &a, 1, ATTACHING, 96, "500");
	expect_message(world, &a, BOUND(RANGE(1, 500), "500"));
	trickling = full = false;
	say(&a, CALL("AllocIoas", "{}"));
	expect_message(world, &a, "{\"parameters\":{\"ioas\":{\"id\":4,\"name\":null}}}");
	leave(&a);
}

/* A peer that reads nothing: at most one such message waits for it. */
static void unread_progress(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);
	struct client *client = world->server.client[0];
	size_t n = 0, waiting;

	begin_bind(world, &a, BIND_MORE(RANGE(1, 500)));
	while (write(client->fd, "{}", 3) == 3)
		n++;
	for (unsigned int i = 0; i < 3; i++) {
		hurry(world, 0);
		say(&b, CALL("Describe", "{}"));
		expect_reply(world, &b);
		if (i == 0)
			waiting = client->out.n;
		assert_true(varlink_out_pending(&client->out));
		assert_int_equal(client->out.n, waiting);
	}
	kernel_release();
	while (world->server.change)
		server_turn(&world->server);
	for (; n > 0; n--)
		expect_message(world, &a, "{}");
	expect_progress(world, &a, 1, ATTACHING, 96, "500");
	expect_message(world, &a, BOUND(RANGE(1, 500), "500"));
	leave(&a);
	leave(&b);
}

/* The change that is made is undone after the kernel's call; one that waits is dropped at once. */
static void cancel(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world), c = join(world), d = join(world);

	begin_bind(world, &a, BIND_MORE(RANGE(1, 500)));
	say(&b, BIND(RANGE(600, 600)));
	server_turn(&world->server);
	say(&c, CALL("AllocIoas", "{}"));
	server_turn(&world->server);
	say(&d, CALL("Cancel", "{\"change\":2}"));
	expect_message(world, &d, "{\"parameters\":{}}");
	expect_message(world, &b, CANCELLED);
	say(&d, CALL("Cancel", "{\"change\":2}"));
	expect_error(world, &d, "org.ioasidctl.Context.NoSuchChange", NULL);
	hurry(world, 0);
	expect_progress(world, &a, 1, ATTACHING, 96, "500");
	say(&d, CALL("Cancel", "{\"change\":1}"));
	expect_message(world, &d, "{\"parameters\":{}}");
	assert_null(heard(&a));
	assert_int_equal(bound(world), 96);
	kernel_release();
	expect_message(world, &a, CANCELLED);
	expect_reply(world, &c);
	assert_int_equal(bound(world), 0);
	kernel_agrees(&world->context);
	for (unsigned int i = 0; i < 2; i++) {
		say(&d, i ? CALL("Cancel", "{\"change\":99}") : CALL("Cancel", "{\"change\":1}"));
		expect_error(world, &d, "org.ioasidctl.Context.NoSuchChange", NULL);
	}
	/* Both still work. */
	say(&a, BIND(RANGE(1, 1)));
	expect_reply(world, &a);
	say(&b, BIND(RANGE(600, 600)));
	expect_reply(world, &b);
	leave(&a);
	leave(&b);
	leave(&c);
	leave(&d);
}

static void cancel_of_destroy(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);

	kernel_block(UAPI_IOMMU_IOAS_UNMAP, 0);
	say(&a, MORE("Destroy", "{}"));
	reach(world, "IOMMU_IOAS_UNMAP");
	hurry(world, 0);
	expect_progress(world, &a, 1, "\"IOMMU_IOAS_UNMAP\"", 0, "null");
	say(&b, CALL("Cancel", "{\"change\":1}"));
	expect_error(world, &b, "org.ioasidctl.Context.NoSuchChange", NULL);
	kernel_release();
	server_run(&world->server);
	assert_true(world->unlinked);
	expect_message(world, &a, "{\"parameters\":{}}");
	leave(&a);
	leave(&b);
}

/* A change that is made is undone, those that wait are not begun, and reads are still served. */
static void a_signal(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world), reader = join(world);
	char byte;

	world->server.signals = take_signals();
	begin_bind(world, &a, BIND(RANGE(1, 500)));
	say(&b, CALL("AllocIoas", "{}"));
	assert_int_equal(raise(SIGTERM), 0);
	server_turn(&world->server);
	assert_true(world->server.leaving);
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	assert_false(world->server.ending || world->server.hasty || world->unlinked);
	kernel_release();
	server_run(&world->server);
	assert_true(world->server.ending && world->unlinked);
	expect_message(world, &a, CANCELLED);
	assert_int_equal(read(b.fd, &byte, 1), 0);
	close(world->server.signals);
	leave(&a);
	leave(&b);
	leave(&reader);
}

/* The second one waits for nothing. */
static void two_signals(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), reader = join(world);
	char byte;

	world->server.signals = take_signals();
	begin_bind(world, &a, BIND(RANGE(1, 500)));
	assert_int_equal(raise(SIGTERM), 0);
	server_turn(&world->server);
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	assert_int_equal(raise(SIGTERM), 0);
	server_run(&world->server);
	assert_true(world->server.hasty);
	assert_false(world->server.ending || world->unlinked);
	assert_int_equal(read(a.fd, &byte, 1), 0);
	/* A holder would exit here. */
	kernel_release();
	close(world->server.signals);
	world->server.signals = -1;
	world->server.hasty = false;
	world->server.change_client = NULL;
	leave(&a);
	leave(&reader);
}

/* The end is under way because the socket is lost: a first signal changes nothing. */
static void signal_after_the_loss(void **state)
{
	struct world *world = *state;
	struct peer a = join(world);

	world->server.signals = take_signals();
	begin_bind(world, &a, BIND(RANGE(1, 500)));
	world->server.lost = true;
	server_turn(&world->server);
	assert_true(world->server.leaving);
	assert_int_equal(raise(SIGTERM), 0);
	server_turn(&world->server);
	assert_int_equal(world->server.signal, SIGTERM);
	assert_false(world->server.hasty);
	kernel_release();
	server_run(&world->server);
	assert_true(world->unlinked);
	expect_message(world, &a, CANCELLED);
	close(world->server.signals);
	leave(&a);
}

static bool look_for_socket(void *userdata, int *ret_again)
{
	const struct world *world = userdata;

	assert_false(world->unlinked);
	*ret_again = 0;
	return true;
}

/* A socket that the end removed is not looked for, let alone made again. */
static void no_socket_at_the_end(void **state)
{
	struct world *world = *state;
	struct peer a = join(world);

	world->server.attend = look_for_socket;
	world->server.attend_at = 1;
	say(&a, CALL("Destroy", "{}"));
	server_run(&world->server);
	assert_true(world->unlinked);
	expect_message(world, &a, "{\"parameters\":{}}");
	leave(&a);
}

/* The log, which the test reads. */
static int open_log(struct world *world)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	world->log.foreground = true;
	world->log.fd = fds[1];
	return fds[0];
}

static void expect_logged(struct world *world, int log, const char *expected)
{
	char text[1000] = "";

	assert_true(read(log, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, expected);
	close(log);
	close(world->log.fd);
	world->log.foreground = false;
	world->log.fd = -1;
}

/* Its change goes on nevertheless. */
static void client_goes(void **state)
{
	static const char *const how[] = { "was done to the end", "failed" };
	struct world *world = *state;
	struct peer b = join(world);
	char line[200];

	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct peer a = join(world);
		int log = open_log(world);

		begin_bind(world, &a, BIND(RANGE(1, 500)));
		leave(&a);
		say(&b, CALL("AllocIoas", "{}"));
		server_turn(&world->server);
		assert_int_equal(world->server.client_n, 1);
		if (i == 1)
			kernel_fail(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 200, ENOMEM);
		kernel_release();
		expect_reply(world, &b);
		assert_int_equal(bound(world), i ? 0 : 500);
		kernel_agrees(&world->context);
		snprintf(line, sizeof(line),
			 "ioasidctl: context test: BindPasids of a: the client went away, the "
			 "change %s\n",
			 how[i]);
		expect_logged(world, log, line);
		say(&b, CALL("UnbindPasids", "{\"device\":{\"name\":\"a\"},\"all\":true}"));
		expect_reply(world, &b);
	}
	leave(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(eight_clients),        TEST(progress),
		TEST(no_progress),          TEST(byte_by_byte),
		TEST(unread_progress),      TEST(cancel),
		TEST(cancel_of_destroy),    TEST(a_signal),
		TEST(two_signals),          TEST(signal_after_the_loss),
		TEST(no_socket_at_the_end), TEST(client_goes),
	};

	return cmocka_run_group_tests_name("holder blocked", tests, NULL, NULL);
}
