/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop with malicious clients, whose actions other clients must not notice. */
#include "holder/server.h"

#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "../holder_world.h"
#include "util/clock.h"

/* The kernel refuses this many messages with fds, as beyond a user's limit. */
static unsigned int too_many_references;

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (too_many_references && message->msg_controllen) {
		too_many_references--;
		errno = ETOOMANYREFS;
		return -1;
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}

static int listen_at(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "ioasidctl-enemy-%d",
		 getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	assert_int_equal(listen(fd, 200), 0);
	return fd;
}

static int dial(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(*address)), 0);
	return fd;
}

/* Expects LimitReached with {"what": ..., "limit": ...}. */
static void expect_limit(struct world *world, struct peer *peer, const char *what, uint64_t limit)
{
	_cleanup_json_ json_object *message = hear(world, peer);
	json_object *parameters = NULL;
	const char *text = NULL;
	uint64_t number = 0;

	assert_int_equal(json_get_string(message, "error", &text), 1);
	assert_string_equal(text, "org.ioasidctl.Context.LimitReached");
	assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
	assert_int_equal(json_get_string(parameters, "what", &text), 1);
	assert_string_equal(text, what);
	assert_int_equal(json_get_u64(parameters, "limit", INT64_MAX, &number), 1);
	assert_int_equal(number, limit);
}

/* More than a hundred silent connections, while nobody reads the log messages about them. */
static void connections_and_a_full_pipe(void **state)
{
	enum { N = 200 };
	struct world *world = *state;
	struct sockaddr_un address;
	char text[1 << 16], byte;
	int fds[2], fd[N];
	struct peer peer;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	memset(text, '.', sizeof(text));
	while (write(fds[1], text, sizeof(text)) > 0)
		;
	world->log.foreground = true;
	world->log.fd = fds[1];
	world->server.listener = listen_at(&address);
	for (int i = 0; i < N; i++) {
		fd[i] = dial(&address);
		server_turn(&world->server);
	}
	assert_int_equal(world->server.client_n, SERVER_CLIENT_MAX);
	/* One line for all connections that were closed, which was lost. */
	assert_int_equal(world->log.lost, 1);
	assert_int_equal(world->server.evicted.suppressed, N - SERVER_CLIENT_MAX - 1);
	for (int i = 0; i < N; i++)
		assert_int_equal(read(fd[i], &byte, 1), i < N - SERVER_CLIENT_MAX ? 0 : -1);
	peer = (struct peer){ .fd = dial(&address), .in.max = 1 << 20 };
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	/* It ends when asked to, although the pipe is still full. */
	world->server.signals = take_signals();
	assert_int_equal(raise(SIGTERM), 0);
	server_run(&world->server);
	assert_true(world->unlinked);
	assert_true(world->log.lost >= 3);
	close(world->server.signals);
	close(world->server.listener);
	world->server.signals = world->server.listener = world->log.fd = -1;
	world->log.foreground = false;
	for (int i = 0; i < N; i++)
		close(fd[i]);
	leave(&peer);
	close(fds[0]);
	close(fds[1]);
}

/* Suppressed messages are logged when it is time, even if nothing else happens. */
static void evictions_are_counted(void **state)
{
	struct world *world = *state;
	struct sockaddr_un address;
	int fds[2], fd[SERVER_CLIENT_MAX + 3];
	char text[1000] = "";

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	world->log.foreground = true;
	world->log.fd = fds[1];
	world->server.listener = listen_at(&address);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		fd[i] = dial(&address);
		server_turn(&world->server);
	}
	world->server.evicted.next = clock_ms() + 100;
	server_turn(&world->server);
	assert_int_equal(write(fd[ARRAY_SIZE(fd) - 1], " ", 1), 1);
	server_turn(&world->server);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(
		text, "ioasidctl: context test: too many connections, the longest idle is closed\n"
		      "ioasidctl: context test: connections closed because there were too many: 2 "
		      "more since the last message\n");
	close(world->server.listener);
	world->server.listener = world->log.fd = -1;
	world->log.foreground = false;
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	close(fds[0]);
	close(fds[1]);
}

/* No more are sent until it has read them: a client that does not read costs others nothing. */
static void unread_descriptors(void **state)
{
	struct world *world = *state;
	struct peer lazy = join(world), other = join(world);
	unsigned int sent = 0;

	/* Two fds each: the iommufd and a device. */
	for (; sent < SERVER_UNREAD_FD_MAX / 2; sent++) {
		say(&lazy, CALL("GetFds", "{}"));
		server_turn(&world->server);
	}
	say(&lazy, CALL("GetFds", "{}"));
	server_turn(&world->server);
	/* Calls without fds, and other clients, are still answered. */
	say(&lazy, CALL("Describe", "{}"));
	say(&other, CALL("GetFds", "{}"));
	expect_reply(world, &other);
	assert_int_equal(other.in.fds.n, 2);
	for (unsigned int i = 0; i < sent; i++)
		expect_reply(world, &lazy);
	assert_int_equal(lazy.in.fds.n, SERVER_UNREAD_FD_MAX - 1);
	expect_limit(world, &lazy, "unread", SERVER_UNREAD_FD_MAX);
	expect_reply(world, &lazy);
	/* After reading it gets fds again. */
	varlink_in_done(&lazy.in);
	lazy.in = (struct varlink_in){ .max = 1 << 20, .fd_wanted = true };
	say(&lazy, CALL("GetFds", "{}"));
	expect_reply(world, &lazy);
	leave(&lazy);
	leave(&other);
}

/* Many clients that do not read cannot use up what others need. */
static void unread_by_many(void **state)
{
	enum { N = 20, EACH = 60 };
	struct world *world = *state;
	struct peer greedy[N], last;
	unsigned int sent = 0, refused = 0;

	for (size_t i = 0; i < N; i++)
		greedy[i] = join(world);
	for (unsigned int j = 0; j < EACH; j++) {
		for (size_t i = 0; i < N; i++)
			say(&greedy[i], CALL("GetFds", "{}"));
		server_turn(&world->server);
	}
	last = join(world);
	say(&last, CALL("GetFds", "{}"));
	expect_reply(world, &last);
	assert_int_equal(last.in.fds.n, 2);
	for (size_t i = 0; i < N; i++)
		for (unsigned int j = 0; j < EACH; j++) {
			json_object *message = hear(world, &greedy[i]);

			refused += json_object_object_get(message, "error") != NULL;
			json_object_put(message);
		}
	for (size_t i = 0; i < N; i++) {
		sent += (unsigned int)greedy[i].in.fds.n;
		leave(&greedy[i]);
	}
	/* To the brim. */
	assert_int_equal(sent, SERVER_UNREAD_FD_SUM);
	assert_int_equal(refused, N * EACH - SERVER_UNREAD_FD_SUM / 2);
	leave(&last);
}

/* Others have reached the user's limit: a reply waits, without blocking other replies. */
static void too_many_on_their_way(void **state)
{
	struct world *world = *state;
	struct peer a = join(world), b = join(world);
	int64_t begin = clock_ms();

	too_many_references = 3;
	say(&a, CALL("GetFds", "{}"));
	server_turn(&world->server);
	say(&b, CALL("Describe", "{}"));
	expect_reply(world, &b);
	expect_reply(world, &a);
	assert_int_equal(a.in.fds.n, 2);
	/* It paused three times without retrying in between. */
	assert_int_equal(too_many_references, 0);
	assert_true(clock_ms() - begin >= 3 * SERVER_REST);
	/* It does not wait forever: the client gets an error, and its connection still works. */
	too_many_references = UINT32_MAX;
	say(&a, CALL("GetFds", "{}"));
	server_turn(&world->server);
	assert_true(world->server.client[0]->stuck > 0);
	world->server.client[0]->stuck -= SERVER_PATIENCE;
	{
		struct rlimit limit;

		assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
		expect_limit(world, &a, "sent", limit.rlim_cur);
	}
	too_many_references = 0;
	assert_int_equal(world->server.client[0]->stuck, 0);
	say(&a, CALL("GetFds", "{}"));
	expect_reply(world, &a);
	assert_int_equal(a.in.fds.n, 4);
	leave(&a);
	leave(&b);
}

/* Sends TEXT of SIZE bytes including NUL, in as many writes as needed. */
static void say_long(struct world *world, struct peer *peer, const char *text, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t n = write(peer->fd, text + sent, size - sent);

		sent += n > 0 ? (size_t)n : 0;
		server_turn(&world->server);
	}
}

/* BEGIN, spaces and END, LENGTH bytes without NUL. */
static char *padded(const char *begin, const char *end, size_t length)
{
	char *text = malloc(length + 1);

	assert_non_null(text);
	memset(text, ' ', length);
	memcpy(text, begin, strlen(begin));
	memcpy(text + length - strlen(end), end, strlen(end) + 1);
	return text;
}

/* A message of maximum length, and one byte more. */
static void message_lengths(void **state)
{
	static const char begin[] = "{\"method\":\"org.ioasidctl.Context.Describe\"";
	struct world *world = *state;
	struct peer peer = join(world);
	char *text = padded(begin, "}", SERVER_MESSAGE_MAX);

	say_long(world, &peer, text, SERVER_MESSAGE_MAX + 1);
	expect_reply(world, &peer);
	free(text);
	text = padded(begin, "}", SERVER_MESSAGE_MAX + 1);
	say_long(world, &peer, text, SERVER_MESSAGE_MAX + 1);
	expect_error(world, &peer, "org.varlink.service.InvalidParameter", "message (too long)");
	expect_closed(world, &peer);
	free(text);
	leave(&peer);
}

static size_t memory_used(void)
{
	return mallinfo2().uordblks;
}

/*
 * The number of waiting calls is limited, and only their parameters are stored. Calls that read are
 * served.
 */
static void a_full_queue(void **state)
{
	enum { N = SERVER_QUEUE_MAX };
	struct world *world = *state;
	struct peer busy = join(world), waiting[N], late, reader;
	char *text = malloc(SERVER_MESSAGE_MAX + 1);
	size_t length, before;

	length = (size_t)snprintf(text, SERVER_MESSAGE_MAX,
				  "{\"method\":\"org.ioasidctl.Context.AllocIoas\",\"x\":[0");
	while (length + 4 < SERVER_MESSAGE_MAX) {
		memcpy(text + length, ",0", 3);
		length += 2;
	}
	memcpy(text + length, "]}", 3);
	begin_bind(world, &busy, BIND(RANGE(1, 4000)));
	for (size_t i = 0; i < N; i++)
		waiting[i] = join(world);
	before = memory_used();
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(write(waiting[i].fd, text, length + 3), length + 3);
		waiting[i].in.max = 1 << 20;
	}
	while (world->server.client[N]->state != CLIENT_QUEUED)
		server_turn(&world->server);
	/* The read buffer of each is kept; of the 32,000 numbers nothing is. */
	assert_true(memory_used() - before < N * (3 * SERVER_MESSAGE_MAX));
	late = join(world);
	reader = join(world);
	say(&late, CALL("FreeIoas", "{\"ioas\":{\"name\":\"guest\"}}"));
	expect_limit(world, &late, "call", N);
	say(&reader, CALL("Describe", "{}"));
	expect_reply(world, &reader);
	kernel_release();
	expect_reply(world, &busy);
	for (size_t i = 0; i < N; i++) {
		expect_reply(world, &waiting[i]);
		leave(&waiting[i]);
	}
	assert_int_equal(world->context.record.of[OBJECT_IOAS].n, 1 + N);
	free(text);
	leave(&busy);
	leave(&late);
	leave(&reader);
}

/* Starts a process called NAME that receives fds and sleeps. Returns when it has them. */
static pid_t borrow(struct world *world, const struct sockaddr_un *address, const char *name)
{
	size_t before = world->context.lent.n;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct peer peer = { .in = { .max = 1 << 20, .fd_wanted = true } };

		prctl(PR_SET_NAME, name);
		peer.fd = dial(address);
		say(&peer, CALL("GetFds", "{}"));
		while (peer.in.fds.n == 0)
			json_object_put(heard(&peer));
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	while (world->context.lent.n == before)
		server_turn(&world->server);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Expects the complete error. */
static void expect_answer(struct world *world, struct peer *peer, const char *expected)
{
	_cleanup_json_ json_object *message = hear(world, peer);

	assert_string_equal(json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN),
			    expected);
}

/* The context is not destroyed while processes with its fds live. */
static void lent_descriptors(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	struct sockaddr_un address;
	char expected[400];
	pid_t a, b;

	world->server.listener = listen_at(&address);
	a = borrow(world, &address, "qemu\xff\x1b");
	b = borrow(world, &address, "dpdk");
	assert_int_equal(world->context.lent.n, 2);
	snprintf(
		expected, sizeof(expected),
		"{\"error\":\"org.ioasidctl.Context.FdsInUse\",\"parameters\":{\"process\":["
		"{\"pid\":%d,\"command\":\"qemu\\\\xff\\\\x1b\"},{\"pid\":%d,\"command\":\"dpdk\"}],"
		"\"count\":2}}",
		a, b);
	say(&peer, CALL("Destroy", "{}"));
	expect_answer(world, &peer, expected);
	say(&peer, CALL("Destroy", "{\"dry_run\":true}"));
	expect_answer(world, &peer, expected);
	say(&peer, CALL("Destroy", "{\"force\":true,\"dry_run\":true}"));
	expect_reply(world, &peer);
	/* Its connection is already closed; only the process counts. */
	end(a);
	snprintf(expected, sizeof(expected),
		 "{\"error\":\"org.ioasidctl.Context.FdsInUse\",\"parameters\":{\"process\":["
		 "{\"pid\":%d,\"command\":\"dpdk\"}],\"count\":1}}",
		 b);
	say(&peer, CALL("Destroy", "{\"force\":false}"));
	expect_answer(world, &peer, expected);
	assert_false(world->server.ending);
	end(b);
	say(&peer, CALL("Destroy", "{\"dry_run\":true}"));
	expect_reply(world, &peer);
	/* Again, with force. */
	a = borrow(world, &address, "last");
	say(&peer, CALL("Destroy", "{\"force\":true}"));
	server_run(&world->server);
	assert_true(world->server.ending && world->unlinked);
	assert_int_equal(world->context.lent.n, 0);
	end(a);
	leave(&peer);
	close(world->server.listener);
	world->server.listener = -1;
	world->server.ending = world->unlinked = false;
}

static struct {
	bool there;
	int again;
	unsigned int calls;
} place;

static bool attend_place(void *userdata, int *ret_again)
{
	uint64_t count;

	(void)!read(((struct world *)userdata)->server.watch, &count, sizeof(count));
	place.calls++;
	*ret_again = place.again;
	return place.there;
}

/* The socket is checked when it may have changed, and periodically; without it the holder ends. */
static void socket_lost(void **state)
{
	struct world *world = *state;
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct peer peer = join(world);
	int64_t begin = clock_ms();

	place = (__typeof__(place)){ .there = true, .again = 60 };
	world->server.watch = event;
	world->server.attend = attend_place;
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	assert_int_equal(place.calls, 0);
	assert_int_equal(eventfd_write(event, 1), 0);
	server_turn(&world->server);
	assert_int_equal(place.calls, 1);
	assert_false(world->server.lost);
	/* Again after the interval, and not before. */
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	assert_int_equal(place.calls, 1);
	server_turn(&world->server);
	assert_int_equal(place.calls, 2);
	assert_true(clock_ms() - begin >= 60);
	/* No longer once all is well. */
	place.again = -1;
	server_turn(&world->server);
	assert_int_equal(place.calls, 3);
	assert_int_equal(world->server.attend_at, 0);
	place.there = false;
	assert_int_equal(eventfd_write(event, 1), 0);
	server_run(&world->server);
	assert_int_equal(place.calls, 4);
	assert_true(world->server.lost && world->unlinked);
	assert_int_equal(world->server.signal, 0);
	close(event);
	world->server.watch = -1;
	leave(&peer);
}

/* Of many processes only some are named, and their number is limited. */
static void lent_to_many(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	struct lent_list *lent = &world->context.lent;
	_cleanup_json_ json_object *message = NULL;
	json_object *parameters = NULL, *process = NULL;

	/* All of them are this process. */
	for (; lent->n < LENT_MAX; lent->n++)
		lent->v[lent->n] = (struct lent){ .pid = getppid(), .pidfd = -1 };
	say(&peer, CALL("GetFds", "{}"));
	expect_limit(world, &peer, "process", LENT_MAX);
	assert_int_equal(peer.in.fds.n, 0);
	assert_false(world->context.record.shared);
	/* Memory is not counted: nothing can be changed with it. */
	say(&peer, CALL("MapIoas", "{\"ioas\":{\"name\":\"guest\"},\"size\":4096}"));
	expect_reply(world, &peer);
	say(&peer, CALL("GetMemory", "{\"ioas\":{\"name\":\"guest\"}}"));
	expect_reply(world, &peer);
	assert_int_equal(peer.in.fds.n, 1);
	assert_false(world->context.record.shared);
	say(&peer, CALL("Destroy", "{}"));
	message = hear(world, &peer);
	assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
	assert_int_equal(json_get_array(parameters, "process", &process), 1);
	assert_int_equal(json_object_array_length(process), 8);
	lent->n = LENT_MAX - 1;
	say(&peer, CALL("GetFds", "{}"));
	expect_reply(world, &peer);
	/* A process is only listed once. */
	say(&peer, CALL("GetFds", "{}"));
	expect_reply(world, &peer);
	assert_int_equal(lent->n, LENT_MAX);
	assert_int_equal(lent->v[LENT_MAX - 1].pid, getpid());
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connections_and_a_full_pipe),
		TEST(evictions_are_counted),
		TEST(unread_descriptors),
		TEST(too_many_on_their_way),
		TEST(unread_by_many),
		TEST(message_lengths),
		TEST(a_full_queue),
		TEST(lent_descriptors),
		TEST(lent_to_many),
		TEST(socket_lost),
	};

	return cmocka_run_group_tests_name("holder enemy", tests, NULL, NULL);
}
