/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors that come with calls, also of clients who mean harm with them. */
#include "holder/server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../holder_world.h"
#include "util/clock.h"

#define MAP_THE_FILE CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"file\":0}")

/* Sends LENGTH bytes with N copies of FD. */
static ssize_t pass(int socket, const char *bytes, size_t length, int fd, size_t n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, length };
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(sizeof(int) * n),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(int));
	return sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void say_with(struct peer *peer, const char *text, int fd, size_t n)
{
	assert_int_equal(pass(peer->fd, text, strlen(text) + 1, fd, n), strlen(text) + 1);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static struct purse *own(struct world *world)
{
	return &world->server.purse[PURSE_OWN];
}

/* The thread closes what it was given. */
static void await_closed(struct world *world)
{
	for (unsigned int i = 0; i < 1000 && closer_waiting(own(world)->closer); i++)
		usleep(1000);
	assert_int_equal(closer_waiting(own(world)->closer), 0);
}

/* A method takes the number that it says, and what is sent in vain is closed. */
static void wrong_number(void **state)
{
	static const struct {
		const char *call, *error, *parameter;
		size_t fds;
	} rows[] = {
		{ CALL("Describe", "{}"), "org.varlink.service.InvalidParameter", "descriptors",
		  1 },
		{ CALL("GetFds", "{}"), "org.varlink.service.InvalidParameter", "descriptors", 16 },
		{ CALL("Describe", "{}"), "org.varlink.service.InvalidParameter", "descriptors",
		  VARLINK_FD_MAX },
		{ MAP_THE_FILE, "org.varlink.service.InvalidParameter", "descriptors", 2 },
		{ MAP_THE_FILE, "org.varlink.service.InvalidParameter", "descriptors", 17 },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"file\":1}"),
		  "org.varlink.service.InvalidParameter", "file", 1 },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096}"),
		  "org.varlink.service.InvalidParameter", "file", 1 },
		{ CALL("MapIoas",
		       "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"offset\":\"0x0\"}"),
		  "org.varlink.service.InvalidParameter", "offset", 1 },
		{ CALL("Nothing", "{}"), "org.varlink.service.MethodNotFound", NULL, 3 },
		{ CALL("MapIoas", "{\"ioas\":{\"name\":\"none\"},\"size\":4096,\"file\":0}"),
		  "org.ioasidctl.Context.UnknownObject", NULL, 1 },
	};
	struct world *world = *state;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct peer peer = join(world);
		unsigned int before = count_fds();

		say_with(&peer, rows[i].call, fd, rows[i].fds);
		expect_error(world, &peer, rows[i].error, rows[i].parameter);
		await_closed(world);
		assert_int_equal(count_fds(), before);
		/* The connection goes on. */
		say(&peer, CALL("Describe", "{}"));
		expect_reply(world, &peer);
		leave(&peer);
		while (world->server.client_n)
			server_turn(&world->server);
	}
	close(fd);
}

/* Named without having been sent. */
static void missing(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	int fd = memfd_create("x", MFD_CLOEXEC);

	say(&peer, MAP_THE_FILE);
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "file");
	/* Those of one message are not there for the next one. */
	say_with(&peer, CALL("Describe", "{}"), fd, 1);
	say(&peer, MAP_THE_FILE);
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "descriptors");
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "file");
	leave(&peer);
	close(fd);
}

/* The file is closed after the change, and only with its last message of several sent at once used. */
static void mapped(void **state)
{
	static const char dry[] =
		CALL("MapIoas",
		     "{\"ioas\":{\"name\":\"guest\"},\"size\":4096,\"file\":0,\"dry_run\":true}");
	struct world *world = *state;
	struct peer peer = join(world);
	int fd = memfd_create("x", MFD_CLOEXEC);
	unsigned int before;

	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	before = count_fds();
	say(&peer, CALL("Describe", "{}"));
	say_with(&peer, dry, fd, 1);
	say_with(&peer, MAP_THE_FILE, fd, 1);
	say(&peer, CALL("Describe", "{}"));
	for (unsigned int i = 0; i < 4; i++)
		expect_reply(world, &peer);
	await_closed(world);
	assert_int_equal(count_fds(), before);
	assert_int_equal(record_ioas_at(&world->context.record, 0)->n_mappings, 1);
	say(&peer, CALL("UnmapIoas", "{\"ioas\":{\"name\":\"guest\"},\"all\":true}"));
	expect_reply(world, &peer);
	leave(&peer);
	close(fd);
}

/* Ten clients send as many as they can, in whole messages and in parts that never end. */
static void flood(void **state)
{
	enum { N = 10, EACH = 40 };
	struct world *world = *state;
	struct peer hostile[N], other;
	unsigned int before, most = 0, again = 0;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; i < N; i++)
		hostile[i] = join(world);
	before = count_fds();
	for (unsigned int j = 0; j < EACH; j++) {
		for (size_t i = 0; i < N; i++) {
			static const char call[] = CALL("Describe", "{}");

			while (pass(hostile[i].fd, i % 2 ? call : " ", i % 2 ? sizeof(call) : 1, fd,
				    VARLINK_FD_MAX) < 0) {
				/* It was disconnected, and comes back. */
				assert_int_equal(errno, EPIPE);
				leave(&hostile[i]);
				hostile[i] = join(world);
				again++;
			}
		}
		server_turn(&world->server);
		if (count_fds() > most)
			most = count_fds();
	}
	assert_true(again > 0);
	/* What is kept, what is being closed, and what one read adds for each client. */
	assert_true(most - before <= SERVER_FD_USER_MAX + N * (VARLINK_FD_MAX + 1));
	other = join(world);
	say(&other, CALL("Describe", "{}"));
	expect_reply(world, &other);
	for (size_t i = 0; i < N; i++)
		leave(&hostile[i]);
	while (world->server.client_n > 1)
		server_turn(&world->server);
	await_closed(world);
	leave(&other);
	close(fd);
}

/* A TCP socket that close(2) waits for: SECONDS for bytes that nobody reads. */
static int lingering(int seconds, int *ret_peer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct linger linger = { .l_onoff = 1, .l_linger = seconds };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	static char bytes[1 << 16];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	*ret_peer = accept(listener, NULL, NULL);
	close(listener);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	return fd;
}

/* OTHER is served at once. */
static void expect_prompt(struct world *world, struct peer *other)
{
	int64_t begin = clock_ms();

	say(other, CALL("Describe", "{}"));
	expect_reply(world, other);
	assert_true(clock_ms() - begin < 1000);
}

/* Whether it was read, refused, or is still in a connection that is closed: the loop does not wait. */
static void close_that_waits(void **state)
{
	enum { SECONDS = 3 };
	struct world *world = *state;
	struct peer other = join(world), rude, quick, slow;
	int peers[3], fd;
	int64_t begin = clock_ms();

	rude = join(world);
	fd = lingering(SECONDS, &peers[0]);
	say_with(&rude, CALL("Describe", "{}"), fd, 1);
	close(fd);
	expect_error(world, &rude, "org.varlink.service.InvalidParameter", "descriptors");
	expect_prompt(world, &other);
	assert_int_equal(closer_waiting(own(world)->closer), 1);

	/* It has read nothing of its answer, so that what follows is not read. */
	quick = join(world);
	say(&quick, CALL("Describe", "{}"));
	server_turn(&world->server);
	fd = lingering(SECONDS, &peers[1]);
	say_with(&quick, CALL("Describe", "{}"), fd, 1);
	close(fd);
	world->server.client[world->server.client_n - 1]->dead = true;
	expect_prompt(world, &other);
	assert_int_equal(closer_waiting(own(world)->closer), 2);

	/* A part of a message. */
	slow = join(world);
	fd = lingering(SECONDS, &peers[2]);
	assert_int_equal(pass(slow.fd, "{", 1, fd, 1), 1);
	close(fd);
	server_turn(&world->server);
	leave(&slow);
	expect_prompt(world, &other);
	leave(&rude);
	leave(&quick);
	while (world->server.client_n > 1)
		server_turn(&world->server);
	assert_true(closer_waiting(own(world)->closer) >= 2);
	assert_true(clock_ms() - begin < SECONDS * 1000);
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		close(peers[i]);
	await_closed(world);
	leave(&other);
}

/* As long as closing is stuck, a user may not bring more than so many; root may. */
static void stuck(void **state)
{
	struct world *world = *state;
	struct peer last, bringing[20], roots;
	struct client *client;
	int peer, fd = lingering(10, &peer);
	unsigned int refused = 0;

	last = join(world);
	say_with(&last, CALL("Describe", "{}"), fd, 1);
	close(fd);
	expect_error(world, &last, "org.varlink.service.InvalidParameter", "descriptors");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(bringing); i++) {
		_cleanup_json_ json_object *message = NULL;
		const char *error = NULL;

		bringing[i] = join(world);
		say_with(&bringing[i], CALL("Describe", "{}"), fd, 100);
		message = hear(world, &bringing[i]);
		assert_int_equal(json_get_string(message, "error", &error), 1);
		refused += strcmp(error, "org.ioasidctl.Context.LimitReached") == 0;
	}
	/* Three of a hundred fit. */
	assert_int_equal(refused, ARRAY_SIZE(bringing) - 3);
	assert_true(closer_waiting(own(world)->closer) <= SERVER_FD_USER_MAX + VARLINK_FD_MAX);
	expect_prompt(world, &last);
	/* Another purse. */
	roots = join(world);
	client = world->server.client[world->server.client_n - 1];
	client->purse = &world->server.purse[PURSE_ROOT];
	client->in.fds.userdata = client->purse;
	say_with(&roots, CALL("Describe", "{}"), fd, 1);
	expect_error(world, &roots, "org.varlink.service.InvalidParameter", "descriptors");
	close(fd);
	close(peer);
	for (size_t i = 0; i < ARRAY_SIZE(bringing); i++)
		leave(&bringing[i]);
	leave(&roots);
	leave(&last);
	while (world->server.client_n)
		server_turn(&world->server);
	await_closed(world);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_number), TEST(missing),          TEST(mapped),
		TEST(flood),        TEST(close_that_waits), TEST(stuck),
	};

	return cmocka_run_group_tests_name("holder fds", tests, NULL, NULL);
}
