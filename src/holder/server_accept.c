/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may become a client, and which one has to be dropped for it. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "holder/server.h"
#include "util/cleanup.h"

/* Of the user who has most, or of any (NULL), the one that was idle for longest; NULL if all have calls. */
static struct client *find_oldest(const struct server *server, const struct purse *purse)
{
	struct client *oldest = NULL;

	for (size_t i = 0; i < server->client_n; i++) {
		struct client *client = server->client[i];

		if (client->state == CLIENT_BUSY || client->state == CLIENT_QUEUED ||
		    (purse && client->purse != purse))
			continue;
		if (!oldest || client->turn < oldest->turn)
			oldest = client;
	}
	return oldest;
}

static const struct purse *find_largest(const struct server *server)
{
	size_t n[PURSES] = { 0 }, largest = 0;

	for (size_t i = 0; i < server->client_n; i++)
		n[server->client[i]->purse - server->purse]++;
	for (size_t i = 1; i < PURSES; i++)
		if (n[i] > n[largest])
			largest = i;
	return &server->purse[largest];
}

/* Clients that keep idle connections open, or do not read, must not lock others out. */
static void evict(struct server *server)
{
	struct client *oldest = find_oldest(server, find_largest(server));

	if (!oldest)
		oldest = find_oldest(server, NULL);
	if (oldest) {
		oldest->dead = true;
		server->evicted.what = "connections closed because there were too many";
		if (log_limit(&server->evicted))
			log_line(server->log, LOG_NOTICE,
				 "too many connections, the longest idle is closed");
	}
}

/* Sends FAULT and closes, without waiting for the peer to read it. */
static void refuse(struct server *server, int fd, struct fault *fault)
{
	struct call call = { .fault = *fault };
	struct varlink_out out = { 0 };

	if (varlink_out_put(&out, call_answer(&call), NULL, 0) == 0)
		(void)varlink_out_write(&out, fd);
	varlink_out_done(&out);
	call_done(&call);
	*fault = (struct fault){ 0 };
	purse_disconnect(server_purse(server, fd), fd);
}

static bool is_permitted(struct server *server, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	    (peer.uid == 0 || peer.uid == server->context->record.uid))
		return true;
	server->refused.what = "clients of other users refused";
	if (log_limit(&server->refused))
		log_line(server->log, LOG_WARNING, "client refused: process %d of user %u",
			 (int)peer.pid, peer.uid);
	return false;
}

static void add_accepted(struct server *server, int fd)
{
	_cleanup_fault_ struct fault fault = { 0 };

	if (!is_permitted(server, fd)) {
		fault_varlink(&fault, "PermissionDenied", NULL, NULL);
		refuse(server, fd, &fault);
		return;
	}
	if (server->client_n == SERVER_CLIENT_MAX) {
		evict(server);
		server_reap(server);
	}
	if (server_add_client(server, fd) == 0)
		return;
	fault_limit(&fault, "connection", SERVER_CLIENT_MAX);
	refuse(server, fd, &fault);
}

void server_accept(struct server *server)
{
	for (unsigned int i = 0; i < 16; i++) {
		int fd;

		/* They wait, until the kernel has closed something or for ever. */
		if (server_is_stuffed(server)) {
			server->deaf = true;
			return;
		}
		fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			server->deaf = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
			return;
		}
		add_accepted(server, fd);
	}
}
