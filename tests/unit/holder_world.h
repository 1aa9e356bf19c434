/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A holder's loop without a process: a context on the kernel of holder_kernel.h, and its peers. */
#pragma once

#include "holder/server.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "holder_kernel.h"
#include "util/cleanup.h"

#define CALL(method, parameters) \
	"{\"method\":\"org.ioasidctl.Context." method "\",\"parameters\":" parameters "}"
#define BIND(pasids) \
	CALL("BindPasids", "{\"device\":{\"name\":\"a\"},\"pasid\":[" pasids \
			   "],\"target\":{\"name\":\"guest\"}}")

struct world {
	struct context context;
	struct log log;
	struct worker worker;
	struct server server;
	bool unlinked;
};

static inline void unlink_socket(void *userdata)
{
	struct world *world = userdata;

	/* Everything is detached by now. */
	assert_int_equal(kernel_count(KERNEL_IOAS) + kernel_count(KERNEL_DEVICE), 0);
	world->unlinked = true;
}

/* Makes CHANGE to its end without the loop, and frees it. */
static inline void make(struct context *context, struct change *change)
{
	struct work *work;

	assert_non_null(change);
	while ((work = change_next(context, change)) != NULL) {
		work_run(work);
		change_done(context, change);
	}
	assert_false(change->fault.raised);
	change_free(change);
}

static inline void make_ioas(struct context *context, const char *name)
{
	struct fault fault = { 0 };
	struct change *change = NULL;

	assert_int_equal(context_alloc_ioas(context, name, &fault, &change), 0);
	make(context, change);
}

/* Binds PASIDs of DEVICE to TO. */
static inline void have(struct world *world, const char *device, const char *pasids, const char *to)
{
	struct context *context = &world->context;
	struct bind_request request = { 0 };
	struct fault fault = { 0 };
	struct object *target = NULL;
	struct change *change = NULL;

	assert_int_equal(parse_ranges(pasids, UINT32_MAX, &request.pasid), 0);
	assert_int_equal(context_find_target(context, named(to), &fault, &target), 0);
	assert_int_equal(context_bind_pasids(context, record_device_find(&context->record, device),
					     target, &request, &fault, &change),
			 0);
	ranges_done(&request.pasid);
	make(context, change);
}

/* The list TEXT as JSON, to be freed. */
static inline char *pasids_json(const char *text)
{
	_cleanup_json_ json_object *object = json_object_new_object();
	_cleanup_ranges_ struct ranges list = { 0 };
	size_t length;
	char *json;

	assert_int_equal(parse_ranges(text, UINT32_MAX, &list), 0);
	json_add_ranges(object, "pasid", &list);
	assert_int_equal(json_format(json_object_object_get(object, "pasid"), &json, &length), 0);
	return json;
}

/* N single PASIDs: FIRST, FIRST + 2 and so on, to be freed. */
static inline char *scattered(unsigned int first, unsigned int n)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	for (unsigned int i = 0; i < n; i++)
		fprintf(f, "%s%u", i ? "," : "", first + 2 * i);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* A signalfd for SIGTERM, which no thread gets any more. */
static inline int take_signals(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
	return signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

static inline int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	/* A loop that hangs is a failure. */
	alarm(20);
	kernel_context(&world->context);
	world->context.record.journal = journal_new();
	assert_non_null(world->context.record.journal);
	kernel_add(&world->context, "/sys/devices/a", 20, 1);
	make_ioas(&world->context, "guest");
	world->log = (struct log){ .context = "test", .fd = -1 };
	assert_int_equal(worker_start(&world->worker), 0);
	world->server = (struct server){
		.context = &world->context,
		.log = &world->log,
		.worker = &world->worker,
		.listener = -1,
		.signals = -1,
		.watch = -1,
		.unlink = unlink_socket,
		.userdata = world,
	};
	*state = world;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *world = *state;

	/* Ends as a holder does. */
	world->server.signal = SIGTERM;
	server_run(&world->server);
	worker_stop(&world->worker);
	assert_int_equal(kernel_count(KERNEL_IOAS) + kernel_count(KERNEL_DEVICE), 0);
	assert_int_equal(open_descriptors(), kernel.descriptors);
	free(world);
	return 0;
}

struct peer {
	int fd;
	struct varlink_in in;
};

static inline struct peer join(struct world *world)
{
	struct peer peer = { .in = { .max = (size_t)8 << 20, .fd_wanted = true } };
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	assert_int_equal(server_add_client(&world->server, fds[1]), 0);
	peer.fd = fds[0];
	return peer;
}

static inline void leave(struct peer *peer)
{
	close(peer->fd);
	peer->fd = -1;
	varlink_in_done(&peer->in);
}

static inline void say(struct peer *peer, const char *text)
{
	size_t n = strlen(text) + 1;

	assert_int_equal(write(peer->fd, text, n), n);
}

/* The next answer, if it has arrived. */
static inline json_object *heard(struct peer *peer)
{
	json_object *message = NULL;

	while (varlink_in_read(&peer->in, peer->fd) > 0)
		;
	(void)varlink_in_next(&peer->in, &message);
	return message;
}

/* Turns the loop until it arrives. */
static inline json_object *hear(struct world *world, struct peer *peer)
{
	json_object *message;

	while (!(message = heard(peer)))
		server_turn(&world->server);
	return message;
}

static inline void expect_error(struct world *world, struct peer *peer, const char *expected,
				const char *parameter)
{
	_cleanup_json_ json_object *message = hear(world, peer);
	json_object *parameters = NULL;
	const char *text = NULL;

	assert_int_equal(json_get_string(message, "error", &text), 1);
	assert_string_equal(text, expected);
	if (!parameter)
		return;
	assert_int_equal(json_get_object(message, "parameters", &parameters), 1);
	assert_int_equal(json_get_string(parameters, "parameter", &text), 1);
	assert_string_equal(text, parameter);
}

static inline void expect_reply(struct world *world, struct peer *peer)
{
	_cleanup_json_ json_object *message = hear(world, peer);

	if (json_object_object_get(message, "error"))
		fail_msg("%s", json_object_to_json_string(message));
}

static inline void expect_closed(struct world *world, struct peer *peer)
{
	char byte;

	for (unsigned int i = 0; i < 4 && read(peer->fd, &byte, 1) != 0; i++)
		server_turn(&world->server);
	assert_int_equal(read(peer->fd, &byte, 1), 0);
}

static inline uint64_t bound(struct world *world)
{
	return record_device_pasids(record_device_at(&world->context.record, 0));
}

/* Waits for the call of the kernel that was posted, which the loop then has not noticed yet. */
static inline void settle(struct world *world)
{
	struct pollfd p = { .fd = world->worker.event, .events = POLLIN };

	assert_int_equal(poll(&p, 1, -1), 1);
}

/* Turns the loop until the worker has this call of the kernel, which kernel_block() stops. */
static inline void reach(struct world *world, const char *call)
{
	while (!world->server.change || !worker_has_work(&world->worker) ||
	       strcmp(change_call(world->server.change), call) != 0)
		server_turn(&world->server);
	kernel_await();
}

/* PEER binds PASIDs in CALL, more than 100: stops it after 100 of them, of which 96 are noted. */
static inline void begin_bind(struct world *world, struct peer *peer, const char *call)
{
	kernel_block(UAPI_VFIO_DEVICE_ATTACH_IOMMUFD_PT, 100);
	say(peer, call);
	while (bound(world) != 96)
		server_turn(&world->server);
	kernel_await();
}
