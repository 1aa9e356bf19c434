/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the loop: what it sends and receives, and how it disconnects. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "holder/server.h"
#include "util/cleanup.h"
#include "util/clock.h"

void server_client_free(struct client *client)
{
	varlink_in_done(&client->in);
	varlink_out_done(&client->out);
	call_done(&client->call);
	purse_disconnect(client->purse, client->fd);
	free(client);
}

/* SIOCOUTQ of unix(7) under its other name: 0 if the peer has read everything. */
static size_t unread_fds(struct client *client)
{
	int bytes = 0;

	if (client->unread_fds && ioctl(client->fd, TIOCOUTQ, &bytes) == 0 && bytes == 0)
		client->unread_fds = 0;
	return client->unread_fds;
}

/* May N more fds be sent to CLIENT? Raises LimitReached. */
static void check_fds(struct server *server, struct client *client, size_t n)
{
	size_t own = unread_fds(client), sum = 0;

	if (own == 0)
		return;
	for (size_t i = 0; i < server->client_n; i++)
		sum += unread_fds(server->client[i]);
	if (own + n > SERVER_UNREAD_FD_MAX)
		fault_limit(&client->call.fault, "unread", SERVER_UNREAD_FD_MAX);
	else if (sum + n > SERVER_UNREAD_FD_SUM)
		fault_limit(&client->call.fault, "unread_sum", SERVER_UNREAD_FD_SUM);
}

/* Noted before it receives them, so that whoever destroys the context is warned. */
static void lend(struct server *server, struct client *client)
{
	struct call *call = &client->call;
	int r = lent_add(&server->context->lent, client->fd);

	if (r == 0)
		record_share(&server->context->record);
	else if (r == -ENOSPC)
		fault_limit(&call->fault, "process", LENT_MAX);
	else
		fault_system(&call->fault, "getsockopt", r);
}

/* What is told of the progress of a call, which has no fds, is sent first. */
static void put(struct client *client, int *fd, size_t n)
{
	json_object *message = call_answer(&client->call);
	const int r = varlink_out_pending(&client->out)
			      ? varlink_out_append(&client->out, message)
			      : varlink_out_put(&client->out, message, fd, n);

	client->dead = client->dead || r < 0;
}

/*
 * An answer for which there is no room becomes an error; one that a change was made is not turned into
 * its opposite: then the connection ends.
 */
static void answer(struct server *server, struct client *client, int *fd, size_t n)
{
	const size_t before = varlink_out_pending(&client->out) ? client->out.n : 0;
	const bool changed =
		client->call.number && !call_is_dry(&client->call) && !client->call.fault.raised;

	put(client, fd, n);
	if (client->dead || server_bytes_allowed(server, client->purse, client->out.n - before))
		return;
	varlink_out_cut(&client->out, before);
	client->dead = changed;
	if (changed)
		return;
	fault_limit(&client->call.fault, "bytes", SERVER_BYTES_MAX);
	put(client, NULL, 0);
}

void server_client_answer(struct server *server, struct client *client)
{
	struct call *call = &client->call;
	bool more;

	if (!call->fault.raised && call->fd_n)
		check_fds(server, client, call->fd_n);
	if (!call->fault.raised && call->fd_n && call->lends)
		lend(server, client);
	if (!call->oneway && !client->gone) {
		int *fd = call->fault.raised ? NULL : TAKE_PTR(call->fd);
		size_t n = fd ? call->fd_n : 0;

		call->fd_n -= n;
		client->unread_fds += n;
		answer(server, client, fd, n);
	}
	more = call->continues && !call->fault.raised;
	client->state = more ? CLIENT_STREAMING : CLIENT_IDLE;
	if (more)
		return;
	call_done(call);
	client->bytes = 0;
}

void server_client_garbage(struct server *server, struct client *client, const char *what)
{
	fault_parameter(&client->call.fault, what);
	server_client_answer(server, client);
	client->closing = true;
}

/* Not the peer's fault: retry later; poll(2) does not signal it. */
static bool is_passing(ssize_t r)
{
	return r == -ENOMEM || r == -ENOBUFS || r == -ETOOMANYREFS;
}

/* Its reply waits for resources; after a while it gets an error instead of the fds. */
static void stuck(struct client *client, int64_t now)
{
	_cleanup_(call_done) struct call call = { 0 };
	struct rlimit limit = { 0 };

	if (client->stuck == 0)
		client->stuck = now;
	client->rest = now + SERVER_REST;
	if (client->out.fd_n == 0 || now - client->stuck < SERVER_PATIENCE)
		return;
	client->unread_fds = 0;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	fault_limit(&call.fault, "sent", limit.rlim_cur);
	if (varlink_out_put(&client->out, call_answer(&call), NULL, 0) < 0)
		client->dead = true;
}

void server_client_write(struct client *client)
{
	int64_t now;
	int r;

	if (!varlink_out_pending(&client->out))
		return;
	now = clock_ms();
	if (now < client->rest)
		return;
	r = varlink_out_write(&client->out, client->fd);
	if (is_passing(r))
		stuck(client, now);
	else if (r < 0 && r != -EAGAIN)
		client->dead = true;
	else
		client->stuck = 0;
}

/* To read its call would take its descriptors: it is answered without, and disconnected. */
static void refuse_fds(struct server *server, struct client *client)
{
	fault_limit(&client->call.fault, "came", SERVER_FD_USER_MAX);
	server_client_answer(server, client);
	client->closing = true;
}

static void client_read(struct server *server, struct client *client)
{
	bool fds = false;
	ssize_t n;

	if (varlink_is_unread(client->fd, &fds) && fds &&
	    !server_fds_allowed(server, client->purse)) {
		refuse_fds(server, client);
		return;
	}
	n = varlink_in_read(&client->in, client->fd);
	if (n == 0)
		client->eof = true;
	else if (n < 0 && n != -EAGAIN && !is_passing(n))
		client->dead = true;
}

void server_client_progress(const struct server *server, struct client *client)
{
	const struct change *change = server->change ? server->change : server->dry.change;
	const int64_t now = clock_ms();

	if ((client->state != CLIENT_BUSY && client->state != CLIENT_QUEUED) || !client->progress ||
	    client->progress > now || varlink_out_pending(&client->out))
		return;
	client->progress = now + SERVER_PROGRESS;
	if (varlink_out_put(
		    &client->out,
		    call_progress(&client->call, client->state == CLIENT_BUSY ? change : NULL),
		    NULL, 0) < 0)
		client->progress = 0;
}

/* The peer has disconnected. Drops its call, unless that has started or needs no answer. */
static void client_gone(struct client *client)
{
	client->gone = client->eof = true;
	varlink_out_done(&client->out);
	if (client->state == CLIENT_STREAMING ||
	    (client->state == CLIENT_QUEUED && !client->call.oneway))
		client->dead = true;
	if (client->state == CLIENT_BUSY)
		client->dead = true;
}

void server_client_event(struct server *server, struct client *client, short events)
{
	if (events & POLLIN)
		client_read(server, client);
	else if (events & (POLLHUP | POLLERR))
		client_gone(client);
	if (events & POLLOUT)
		client->turn = server->turn;
}

/* Applies back pressure: reads nothing while an answer is pending. */
short server_client_wants(struct client *client)
{
	if (varlink_out_pending(&client->out))
		return client->stuck ? 0 : POLLOUT;
	if (client->state == CLIENT_IDLE && !client->eof && !client->closing &&
	    !varlink_in_ready(&client->in))
		return POLLIN;
	return 0;
}

int server_client_pause(const struct client *client)
{
	const bool stuck = client->stuck && varlink_out_pending(&client->out);
	const bool waits = client->state == CLIENT_BUSY || client->state == CLIENT_QUEUED;
	int64_t left;

	if (!stuck && (!waits || !client->progress || varlink_out_pending(&client->out)))
		return -1;
	left = (stuck ? client->rest : client->progress) - clock_ms();
	return left > 0 ? (int)left : 0;
}

bool server_client_ready(struct client *client)
{
	if (varlink_out_pending(&client->out))
		return false;
	return client->closing ||
	       (client->state == CLIENT_STREAMING && call_ready(&client->call)) ||
	       (client->state == CLIENT_IDLE && (client->eof || varlink_in_ready(&client->in)));
}
