/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user's clients may cost in memory. */
#include "holder/server.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../holder_world.h"

#define LIMIT_REACHED "org.ioasidctl.Context.LimitReached"
enum { N = 60 };

#define TEN       "0123456789"
#define FIFTY     TEN TEN TEN TEN TEN
#define LONG_NAME "a" FIFTY FIFTY FIFTY

/* The call of BindPasids for N single PASIDs of DEVICE, without its end; to be freed. */
static char *bind_many(const char *device, unsigned int first, unsigned int n, const char *end)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	fprintf(f,
		"{\"method\":\"org.ioasidctl.Context.BindPasids\",\"parameters\":{"
		"\"device\":{\"name\":\"%s\"},\"target\":{\"name\":\"guest\"},\"pasid\":[",
		device);
	for (unsigned int i = 0; i < n; i++)
		fprintf(f, "%s{\"lo\":%u,\"hi\":%u}", i ? "," : "", first + 2 * i, first + 2 * i);
	fprintf(f, "]%s}}", end);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* Asks for a plan with as many lines as can be, which have a long name: some 400 kB. */
static void ask_long(struct peer *peer)
{
	char *call = bind_many(LONG_NAME, 1, RANGES_MAX, ",\"dry_run\":true");
	size_t n = strlen(call) + 1;

	assert_int_equal(write(peer->fd, call, n), n);
	free(call);
}

static int setup_long(void **state)
{
	int r = setup(state);
	struct world *world = *state;

	kernel_add(&world->context, "/sys/devices/" LONG_NAME, 20, 2);
	return r;
}

static struct client *last_client(struct world *world)
{
	return world->server.client[world->server.client_n - 1];
}

static void become_root(struct world *world)
{
	last_client(world)->purse = &world->server.purse[PURSE_ROOT];
}

/* Clients that ask for long plans and do not read them. Returns what they cost. */
static size_t hoard(struct world *world, struct peer *hoarder)
{
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;

	for (size_t i = 0; i < N; i++) {
		hoarder[i] = join(world);
		ask_long(&hoarder[i]);
		do
			server_turn(&world->server);
		while (world->server.dry.change);
	}
	return mallinfo2().uordblks + mallinfo2().hblkhd - before;
}

static void leave_all(struct world *world, struct peer *hoarder)
{
	for (size_t i = 0; i < N; i++)
		leave(&hoarder[i]);
	while (world->server.client_n)
		server_turn(&world->server);
}

/* The plan of HOARDER, or that there was no room for it. */
static bool has_plan(struct world *world, struct peer *hoarder)
{
	_cleanup_json_ json_object *message = hear(world, hoarder);
	json_object *parameters = NULL;
	const char *text = NULL;
	uint64_t limit = 0;

	if (json_get_string(message, "error", &text) == 0)
		return true;
	assert_string_equal(text, LIMIT_REACHED);
	assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
	assert_int_equal(json_get_string(parameters, "what", &text), 1);
	assert_string_equal(text, "bytes");
	assert_int_equal(json_get_u64(parameters, "limit", INT64_MAX, &limit), 1);
	assert_int_equal(limit, SERVER_BYTES_MAX);
	return false;
}

/* Not more than so much is kept; others are served, of the same user with what is short. */
static void unread(void **state)
{
	struct world *world = *state;
	struct peer hoarder[N], other, roots;
	unsigned int n = 0;

	assert_true(hoard(world, hoarder) < SERVER_BYTES_MAX + ((size_t)N << 15));
	other = join(world);
	say(&other, CALL("Describe", "{}"));
	expect_reply(world, &other);
	ask_long(&other);
	assert_false(has_plan(world, &other));
	roots = join(world);
	become_root(world);
	ask_long(&roots);
	assert_true(has_plan(world, &roots));
	for (size_t i = 0; i < N; i++)
		n += has_plan(world, &hoarder[i]);
	assert_true(n >= 30 && n < N);
	/* When they have read, there is room again. */
	ask_long(&other);
	assert_true(has_plan(world, &other));
	leave(&other);
	leave(&roots);
	leave_all(world, hoarder);
}

/* A change that is made is not said to have failed: the connection ends. */
static void made(void **state)
{
	struct world *world = *state;
	struct peer hoarder[N], other;
	char *call = bind_many("a", 3, 1990, "");

	(void)hoard(world, hoarder);
	other = join(world);
	world->server.client[0]->bytes = SERVER_BYTES_MAX;
	assert_int_equal(write(other.fd, call, strlen(call) + 1), strlen(call) + 1);
	while (world->server.client_n > N)
		server_turn(&world->server);
	assert_int_equal(bound(world), 1990);
	expect_closed(world, &other);
	free(call);
	leave(&other);
	leave_all(world, hoarder);
}

/* A call that has to wait costs, too. */
static void waiting(void **state)
{
	struct world *world = *state;
	struct peer busy = join(world), idle = join(world), late, roots;

	last_client(world)->bytes = SERVER_BYTES_MAX;
	late = join(world);
	begin_bind(world, &busy, BIND("{\"lo\":1,\"hi\":4000}"));
	say(&late, CALL("AllocIoas", "{}"));
	assert_false(has_plan(world, &late));
	roots = join(world);
	become_root(world);
	say(&roots, CALL("AllocIoas", "{}"));
	server_turn(&world->server);
	assert_int_equal(last_client(world)->state, CLIENT_QUEUED);
	kernel_release();
	expect_reply(world, &busy);
	expect_reply(world, &roots);
	leave(&busy);
	leave(&idle);
	leave(&late);
	leave(&roots);
}

/* The room for a long message is not kept. */
static void after_long_message(void **state)
{
	struct world *world = *state;
	struct peer peer = join(world);
	char *call = NULL;

	assert_true(asprintf(&call, CALL("ShowIoas", "{\"ioas\":{\"name\":\"x%060000d\"}}"), 7) >
		    0);
	assert_int_equal(write(peer.fd, call, strlen(call) + 1), strlen(call) + 1);
	expect_error(world, &peer, "org.ioasidctl.Context.UnknownObject", NULL);
	assert_true(last_client(world)->in.capacity <= 16384);
	assert_int_equal(last_client(world)->bytes, 0);
	say(&peer, CALL("Describe", "{}"));
	expect_reply(world, &peer);
	free(call);
	leave(&peer);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_long, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unread),
		TEST(made),
		TEST(waiting),
		TEST(after_long_message),
	};

	return cmocka_run_group_tests_name("holder bytes", tests, NULL, NULL);
}
