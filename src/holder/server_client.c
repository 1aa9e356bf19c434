/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One client of the loop: what it sends, what it is sent, and how it goes. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder/server.h"
#include "util/cleanup.h"

void server_client_free(struct client *client)
{
	close(client->fd);
	varlink_in_done(&client->in);
	varlink_out_done(&client->out);
	call_done(&client->call);
	free(client);
}

void server_client_answer(struct client *client)
{
	struct call *call = &client->call;
	bool more = call->continues && !call->fault.raised;

	if (!call->oneway && !client->gone) {
		int *fd = call->fault.raised ? NULL : TAKE_PTR(call->fd);
		size_t n = fd ? call->fd_n : 0;

		call->fd_n -= n;
		if (varlink_out_put(&client->out, call_answer(call), fd, n) < 0)
			client->dead = true;
	}
	client->state = more ? CLIENT_STREAMING : CLIENT_IDLE;
	if (!more)
		call_done(call);
}

void server_client_garbage(struct client *client, const char *what)
{
	fault_parameter(&client->call.fault, what);
	server_client_answer(client);
	client->closing = true;
}

/* To be tried again: want of memory is no fault of the peer's. */
static bool is_passing(ssize_t r)
{
	return r == -EAGAIN || r == -ENOMEM || r == -ENOBUFS;
}

void server_client_write(struct client *client)
{
	int r;

	if (!varlink_out_pending(&client->out))
		return;
	r = varlink_out_write(&client->out, client->fd);
	if (r < 0 && !is_passing(r))
		client->dead = true;
}

static void client_read(struct client *client)
{
	ssize_t n = varlink_in_read(&client->in, client->fd);

	if (n == 0)
		client->eof = true;
	else if (n < 0 && !is_passing(n))
		client->dead = true;
}

/*
 * The peer has closed. Nobody waits for an answer, but what has begun, or asked for none, goes on.
 */
static void client_gone(struct server *server, struct client *client)
{
	client->gone = client->eof = true;
	varlink_out_done(&client->out);
	if (client->state == CLIENT_STREAMING ||
	    (client->state == CLIENT_QUEUED && !client->call.oneway))
		client->dead = true;
	if (client->state == CLIENT_BUSY) {
		server->job_client = NULL;
		client->dead = true;
	}
}

void server_client_event(struct server *server, struct client *client, short events)
{
	if (events & POLLIN)
		client_read(client);
	else if (events & (POLLHUP | POLLERR))
		client_gone(server, client);
	if (events & POLLOUT)
		client->turn = server->turn;
}

/* Wants nothing more of it than it can digest: no reading while an answer is due. */
short server_client_wants(struct client *client)
{
	if (varlink_out_pending(&client->out))
		return POLLOUT;
	if (client->state == CLIENT_IDLE && !client->eof && !client->closing &&
	    !varlink_in_ready(&client->in))
		return POLLIN;
	return 0;
}

bool server_client_ready(struct client *client)
{
	if (varlink_out_pending(&client->out))
		return false;
	return client->closing || client->state == CLIENT_STREAMING ||
	       (client->state == CLIENT_IDLE && (client->eof || varlink_in_ready(&client->in)));
}
