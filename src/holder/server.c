/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/server.h"

#include <errno.h>
#include <inttypes.h>
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
	client->in.max = SERVER_MESSAGE_MAX;
	client->turn = server->turn;
	server->client[server->client_n++] = client;
	return 0;
}

/* Must calls that change the context wait? */
static bool is_busy(const struct server *server)
{
	return server->job || server->dry;
}

static void client_run(struct server *server, struct client *client)
{
	bool dry = call_is_dry(&client->call);

	client->turn = server->turn;
	/* Here, because the child of a dry run does not have the pidfds. */
	lent_refresh(&server->context->lent);
	if (dry)
		(void)dry_run_begin(server->context, &client->call, &server->dry);
	else
		call_run(server->context, &client->call);
	if (dry ? !server->dry : !client->call.job) {
		server_client_answer(server, client);
		return;
	}
	if (!dry)
		server->job = TAKE_PTR(client->call.job);
	server->job_client = client;
	client->state = CLIENT_BUSY;
}

static size_t count_queued(const struct server *server)
{
	size_t n = 0;

	for (size_t i = 0; i < server->client_n; i++)
		n += server->client[i]->state == CLIENT_QUEUED;
	return n;
}

static void client_begin(struct server *server, struct client *client)
{
	json_object *message = NULL;
	int r;

	r = varlink_in_next(&client->in, &message);
	if (r == 0)
		return;
	client->turn = server->turn;
	if (r < 0) {
		server_client_garbage(server, client,
				      r == -EMSGSIZE ? "message (too long)" : "message");
		return;
	}
	if (call_open(message, &client->call) < 0) {
		server_client_answer(server, client);
		return;
	}
	if (call_changes(&client->call) && is_busy(server)) {
		if (count_queued(server) == SERVER_QUEUE_MAX) {
			fault_limit(&client->call.fault, "calls that wait", SERVER_QUEUE_MAX);
			server_client_answer(server, client);
			return;
		}
		client->state = CLIENT_QUEUED;
		client->ticket = ++server->ticket;
		return;
	}
	client_run(server, client);
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
	if (client->state == CLIENT_STREAMING)
		client_run(server, client);
	else if (client->state == CLIENT_IDLE && varlink_in_ready(&client->in))
		client_begin(server, client);
	else if (client->state == CLIENT_IDLE && client->eof)
		client->dead = true;
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
		if (server->job_client == client)
			server->job_client = NULL;
		server_client_free(client);
	}
	server->client_n = kept;
}

static void read_signal(struct server *server)
{
	struct signalfd_siginfo info;

	if (read(server->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		server->signal = (int)info.ssi_signo;
}

static struct client *next_queued(const struct server *server)
{
	struct client *next = NULL;

	for (size_t i = 0; i < server->client_n; i++) {
		struct client *client = server->client[i];

		if (client->state == CLIENT_QUEUED && !client->dead &&
		    (!next || client->ticket < next->ticket))
			next = client;
	}
	return next;
}

static void end_context(struct server *server)
{
	log_line(server->log, LOG_NOTICE, "destroyed");
	context_close(server->context);
	if (server->unlink)
		server->unlink(server->userdata);
	server->ending = true;
}

static void job_ended(struct server *server)
{
	_cleanup_(job_freep) struct job *job = TAKE_PTR(server->job);
	struct client *client = server->job_client;

	server->job_client = NULL;
	if (job->requested) {
		if (job->fault.raised)
			log_line(server->log, LOG_WARNING,
				 "the device that the kernel wants back could not be given: %s",
				 job->fault.id);
	} else if (!client) {
		_cleanup_free_ char *what = job_describe(server->context, job);

		log_line(server->log, LOG_NOTICE, "%s: the client went away, the job %s",
			 what ? what : "job", job->fault.raised ? "failed" : "was done to the end");
	}
	if (job->kind == JOB_DESTROY)
		end_context(server);
	if (!client)
		return;
	client->call.fault = job->fault;
	client->call.reply = TAKE_PTR(job->reply);
	job->fault = (struct fault){ 0 };
	server_client_answer(server, client);
}

static void dry_run_ended(struct server *server)
{
	struct client *client = TAKE_PTR(server->job_client);

	dry_run_end(TAKE_PTR(server->dry), client ? &client->call : NULL);
	if (client)
		server_client_answer(server, client);
}

/* An unbind or removal of these devices is waiting for the holder to close them. */
static void begin_requested(struct server *server)
{
	struct record *record = &server->context->record;

	for (size_t i = 0; i < record->device_n && !is_busy(server); i++) {
		struct record_device *device = &record->device[i];
		_cleanup_fault_ struct fault fault = { 0 };

		if (!device->requested)
			continue;
		device->requested = false; /* the kernel repeats it until the device is closed */
		log_line(server->log, LOG_NOTICE,
			 "%s: the kernel wants it back: its PASIDs are unbound and it is closed",
			 device->name);
		if (job_remove(device, true, &fault, &server->job) == 0)
			server->job->requested = true;
		else
			log_line(server->log, LOG_WARNING, "%s: cannot give it back: %s",
				 device->name, fault.id);
	}
}

static void do_job(struct server *server)
{
	struct client *client;

	if (server->dry && (!server->job_client || dry_run_step(server->dry)))
		dry_run_ended(server);

	if (server->job && job_step(server->context, server->job))
		job_ended(server);
	begin_requested(server);
	while (!is_busy(server) && !server->ending && (client = next_queued(server)) != NULL)
		client_run(server, client);
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

	if (server->job)
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
	const struct record *record = &server->context->record;

	for (size_t i = 0; i < record->device_n; i++)
		p[i] = (struct pollfd){ .fd = record->device[i].request, .events = POLLIN };
	return record->device_n;
}

static void read_requests(struct server *server, const struct pollfd *p)
{
	const struct record *record = &server->context->record;
	uint64_t count;

	for (size_t i = 0; i < record->device_n; i++)
		if (p[i].revents & POLLIN)
			record->device[i].requested =
				read(p[i].fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void attend(struct server *server)
{
	int again = -1;

	server->lost = !server->attend(server->userdata, &again);
	server->attend_at = again < 0 ? 0 : clock_ms() + again;
}

void server_turn(struct server *server)
{
	struct pollfd p[4 + SERVER_CLIENT_MAX + CONTEXT_DEVICE_MAX] = {
		{ .fd = server->deaf ? -1 : server->listener, .events = POLLIN },
		{ .fd = server->signals, .events = POLLIN },
	};
	size_t n = server->client_n;

	for (size_t i = 0; i < n; i++)
		p[2 + i] = (struct pollfd){
			.fd = server->client[i]->gone ? -1 : server->client[i]->fd,
			.events = server_client_wants(server->client[i]),
		};
	p[2 + n] = (struct pollfd){
		.fd = server->dry ? dry_run_fd(server->dry) : -1,
		.events = POLLIN,
	};
	p[3 + n] = (struct pollfd){ .fd = server->watch, .events = POLLIN };
	if (poll(p, 4 + n + poll_devices(server, &p[4 + n]), how_long(server)) < 0)
		memset(p, 0, sizeof(p));
	server->deaf = false;
	server->turn++;
	for (size_t i = 0; i < n; i++)
		server_client_event(server, server->client[i], p[2 + i].revents);
	if (p[1].revents & POLLIN)
		read_signal(server);
	read_requests(server, &p[4 + n]);
	for (size_t i = 0; i < n; i++)
		client_serve(server, server->client[i]);
	do_job(server);
	/* After Destroy nobody is accepted or refused any more. */
	if (p[0].revents & POLLIN && !server->ending)
		server_accept(server);
	if (p[3 + n].revents || until(server->attend_at) == 0)
		attend(server);
	server_reap(server);
}

/* The answer to Destroy is still buffered: waits up to half a second for the client to read it. */
static void flush_answers(struct server *server)
{
	for (unsigned int i = 0; i < 50; i++) {
		bool pending = false;

		for (size_t j = 0; j < server->client_n; j++) {
			server_client_write(server->client[j]);
			pending = pending || (!server->client[j]->dead &&
					      varlink_out_pending(&server->client[j]->out));
		}
		if (!pending)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

static void end_unasked(struct server *server)
{
	const struct record *record = &server->context->record;
	uint64_t pasids = 0;

	for (size_t i = 0; i < record->device_n; i++)
		pasids += record_device_pasids(&record->device[i]);
	log_line(server->log, LOG_NOTICE,
		 "ended by %s%s: %" PRIu64 " PASIDs of %zu devices and %zu IOASes are freed",
		 server->signal ? "SIG" : "the loss of its socket",
		 server->signal ? sigabbrev_np(server->signal) : "", pasids, record->device_n,
		 record->ioas_n);
	if (server->dry)
		dry_run_end(TAKE_PTR(server->dry), NULL);
	context_close(server->context);
	if (server->unlink)
		server->unlink(server->userdata);
}

void server_run(struct server *server)
{
	while (!server->ending && !server->signal && !server->lost)
		server_turn(server);
	if (server->ending)
		flush_answers(server);
	else
		end_unasked(server);
	(void)log_limit_flush(server->log, &server->evicted, true);
	(void)log_limit_flush(server->log, &server->refused, true);
	job_free(TAKE_PTR(server->job));
	for (size_t i = 0; i < server->client_n; i++)
		server_client_free(server->client[i]);
	server->client_n = 0;
}
