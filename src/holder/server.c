/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/server.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"

int server_add_client(struct server *server, int fd)
{
	struct client *client;

	if (server->client_n == SERVER_CLIENT_MAX)
		return -EUSERS;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	client->fd = fd;
	client->purse = server_purse(server, fd);
	client->in = (struct varlink_in){
		.max = SERVER_MESSAGE_MAX,
		.fd_wanted = true,
		.fd_max = SERVER_FD_MAX,
		.fds = { .drop = purse_drop, .userdata = client->purse },
	};
	client->turn = server->turn;
	server->client[server->client_n++] = client;
	return 0;
}

/* Of the same user. */
static size_t count_queued(const struct server *server, const struct purse *purse)
{
	size_t n = 0;

	for (size_t i = 0; i < server->client_n; i++)
		n += server->client[i]->purse == purse && server->client[i]->state == CLIENT_QUEUED;
	return n;
}

/* May its call wait? Raises LimitReached. */
static bool may_wait(struct server *server, struct client *client)
{
	if (count_queued(server, client->purse) == SERVER_QUEUE_MAX)
		fault_limit(&client->call.fault, "call", SERVER_QUEUE_MAX);
	else if (!server_bytes_allowed(server, client->purse, 0))
		fault_limit(&client->call.fault, "bytes", SERVER_BYTES_MAX);
	return !client->call.fault.raised;
}

static void client_begin(struct server *server, struct client *client)
{
	const size_t unread = client->in.end - client->in.begin;
	struct varlink_fds fds = { 0 };
	json_object *message = NULL;
	int r;

	r = varlink_in_next(&client->in, &message);
	if (r == 0)
		return;
	client->bytes = unread - (client->in.end - client->in.begin);
	client->turn = server->turn;
	if (r < 0) {
		server_client_garbage(server, client,
				      r == -EMSGSIZE ? "message (too long)" : "message");
		return;
	}
	r = varlink_in_fds(&client->in, &fds);
	if (call_open(message, &client->call) < 0 || call_take_fds(&client->call, &fds, r) < 0) {
		varlink_fds_done(&fds);
		server_client_answer(server, client);
		return;
	}
	if (call_changes(&client->call))
		client->call.number = ++server->number;
	if (client->call.more && !client->call.oneway && client->call.number)
		client->progress = clock_ms() + SERVER_PROGRESS_FIRST;
	else
		client->progress = 0;
	if (call_changes(&client->call) && server_is_busy(server)) {
		if (!may_wait(server, client)) {
			server_client_answer(server, client);
			return;
		}
		client->state = CLIENT_QUEUED;
		client->ticket = ++server->ticket;
		return;
	}
	server_call(server, client);
}

/* One message or one further reply per turn, so that no client delays the others. */
static void client_serve(struct server *server, struct client *client)
{
	server_client_write(client);
	if (client->dead || varlink_out_pending(&client->out))
		return;
	if (client->closing) {
		client->dead = true;
		return;
	}
	if (client->state == CLIENT_STREAMING && call_ready(&client->call))
		server_call(server, client);
	else if (client->state == CLIENT_IDLE && varlink_in_ready(&client->in))
		client_begin(server, client);
	else if (client->state == CLIENT_IDLE && client->eof)
		client->dead = true;
	else
		server_client_progress(server, client);
	server_client_write(client);
}

void server_reap(struct server *server)
{
	size_t kept = 0;

	for (size_t i = 0; i < server->client_n; i++) {
		struct client *client = server->client[i];

		if (!client->dead) {
			server->client[kept++] = client;
			continue;
		}
		if (server->change_client == client) {
			server->change_client = NULL;
			server->orphaned = true;
		}
		server_client_free(client);
	}
	server->client_n = kept;
}

static void read_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	server->hasty = server->signal;
	server->signal = (int)info.ssi_signo;
}

/* The shorter of two timeouts; -1 is forever. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int until(int64_t when)
{
	int64_t left = when - clock_ms();

	if (when == 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* The timeout for poll(2) in ms: 0 if there is something to do. */
static int how_long(struct server *server)
{
	int ms = server->deaf ? 1000 : -1;

	if (server->dry.change || ((server->signal || server->lost) && !server->leaving))
		return 0;
	for (size_t i = 0; i < server->client_n; i++) {
		if (server_client_ready(server->client[i]))
			return 0;
		ms = sooner(ms, server_client_pause(server->client[i]));
	}
	ms = sooner(ms, until(server->attend_at));
	ms = sooner(ms, log_limit_flush(server->log, &server->evicted, false));
	return sooner(ms, log_limit_flush(server->log, &server->refused, false));
}

/* P has room for every device. Returns their number. */
static size_t poll_devices(const struct server *server, struct pollfd *p)
{
	const struct record_device *device;
	size_t i;

	for (i = 0; (device = record_device_at(&server->context->record, i)) != NULL; i++)
		p[i] = (struct pollfd){ .fd = device->request, .events = POLLIN };
	return i;
}

static void read_requests(struct server *server, const struct pollfd *p)
{
	struct record_device *device;
	uint64_t count;

	for (size_t i = 0; (device = record_device_at(&server->context->record, i)) != NULL; i++)
		if (p[i].revents & POLLIN)
			device->requested =
				read(p[i].fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

/* P has room for LENT_MAX. Returns their number. */
static size_t poll_lent(const struct server *server, struct pollfd *p)
{
	const struct lent_list *lent = &server->context->lent;

	for (size_t i = 0; i < lent->n; i++)
		p[i] = (struct pollfd){ .fd = lent->v[i].pidfd, .events = POLLIN };
	return lent->n;
}

/* When the last process that was given fds has ended, what it changed is set again. */
static void attend_lent(struct server *server)
{
	struct lent_list *lent = &server->context->lent;

	if (lent->n == 0)
		return;
	lent_refresh(lent);
	server->rewatch = server->rewatch || lent->n == 0;
}

static void attend(struct server *server)
{
	int again = -1;

	server->lost = !server->attend(server->userdata, &again);
	server->attend_at = again < 0 ? 0 : clock_ms() + again;
}

/* What is polled, in this order; devices and processes follow. */
enum { POLL_LISTENER, POLL_SIGNALS, POLL_WORKER, POLL_WATCH, POLL_CLIENTS };

void server_turn(struct server *server)
{
	struct pollfd p[POLL_CLIENTS + SERVER_CLIENT_MAX + VARLINK_FD_MAX + LENT_MAX] = {
		[POLL_LISTENER] = { .fd = server->deaf ? -1 : server->listener, .events = POLLIN },
		[POLL_SIGNALS] = { .fd = server->signals, .events = POLLIN },
		[POLL_WORKER] = { .fd = server->worker->event, .events = POLLIN },
		[POLL_WATCH] = { .fd = server->watch, .events = POLLIN },
	};
	struct pollfd *clients = &p[POLL_CLIENTS], *devices = &clients[server->client_n];
	size_t n = server->client_n, n_devices = poll_devices(server, devices);
	size_t n_lent = poll_lent(server, &devices[n_devices]);

	for (size_t i = 0; i < n; i++)
		clients[i] = (struct pollfd){
			.fd = server->client[i]->gone ? -1 : server->client[i]->fd,
			.events = server_client_wants(server->client[i]),
		};
	if (poll(p, POLL_CLIENTS + n + n_devices + n_lent, how_long(server)) < 0)
		memset(p, 0, sizeof(p));
	server->deaf = false;
	server->turn++;
	for (size_t i = 0; i < n; i++)
		server_client_event(server, server->client[i], clients[i].revents);
	if (p[POLL_SIGNALS].revents & POLLIN)
		read_signal(server);
	read_requests(server, devices);
	attend_lent(server);
	for (size_t i = 0; i < n; i++)
		client_serve(server, server->client[i]);
	if ((server->signal || server->lost) && !server->leaving)
		server_leave(server);
	server_change(server);
	/* After Destroy nobody is accepted or refused any more. */
	if (p[POLL_LISTENER].revents & POLLIN && !server->ending)
		server_accept(server);
	/* Nor is the socket missed, which is removed. */
	if (!server->ending && (p[POLL_WATCH].revents || until(server->attend_at) == 0))
		attend(server);
	server_reap(server);
}

/* Goes on with a Monitor. Returns whether it has more to be told. */
static bool flush_events(struct server *server, struct client *client)
{
	if (client->call.journal && server_client_ready(client)) {
		server_call(server, client);
		server_client_write(client);
	}
	return client->call.journal;
}

/*
 * The answer to Destroy is still buffered, and who monitors is to be told of the end: waits up to
 * half a second for clients to read it.
 */
static void flush_answers(struct server *server)
{
	for (unsigned int i = 0; i < 50; i++) {
		bool pending = false;

		for (size_t j = 0; j < server->client_n; j++) {
			struct client *client = server->client[j];
			bool more;

			server_client_write(client);
			more = !client->dead && flush_events(server, client);
			pending = pending ||
				  (!client->dead && (more || varlink_out_pending(&client->out)));
		}
		if (!pending)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

void server_run(struct server *server)
{
	while (!server->ending && !server->hasty)
		server_turn(server);
	if (server->ending)
		flush_answers(server);
	(void)log_limit_flush(server->log, &server->evicted, true);
	(void)log_limit_flush(server->log, &server->refused, true);
	for (size_t i = 0; i < server->client_n; i++)
		server_client_free(server->client[i]);
	server->client_n = 0;
	server_purses_done(server);
	journal_free(TAKE_PTR(server->journal));
}
