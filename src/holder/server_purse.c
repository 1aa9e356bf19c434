/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each user's clients may cost the holder. */
#include <sys/socket.h>
#include <unistd.h>

#include "holder/server.h"

struct purse *server_purse(struct server *server, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(peer);
	size_t which = PURSE_OTHERS;

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	if (peer.uid == server->context->record.uid)
		which = PURSE_OWN;
	else if (peer.uid == 0)
		which = PURSE_ROOT;
	return &server->purse[which];
}

/* Without memory or room for that, a descriptor stays open: that is better than a loop that may hang. */
void purse_drop(void *userdata, int fd)
{
	struct purse *purse = userdata;

	if (!purse->closer)
		purse->closer = closer_new();
	if (purse->closer)
		(void)closer_take(purse->closer, fd);
}

/* Nothing comes in any more, so that an empty connection stays empty. */
void purse_disconnect(struct purse *purse, int fd)
{
	bool fds;

	(void)shutdown(fd, SHUT_RDWR);
	if (varlink_is_unread(fd, &fds))
		purse_drop(purse, fd);
	else
		close(fd);
}

static size_t closing(const struct purse *purse)
{
	return purse->closer ? closer_waiting(purse->closer) : 0;
}

bool server_fds_allowed(const struct server *server, const struct purse *purse)
{
	size_t n = closing(purse);

	for (size_t i = 0; i < server->client_n; i++) {
		const struct client *client = server->client[i];

		if (client->purse == purse)
			n += client->in.fds.n + client->call.fds.n;
	}
	return n < SERVER_FD_USER_MAX;
}

bool server_bytes_allowed(const struct server *server, const struct purse *purse, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < server->client_n; i++) {
		const struct client *client = server->client[i];

		if (client->purse == purse)
			sum += client->in.capacity + client->bytes + client->out.n;
	}
	return sum <= SERVER_BYTES_MAX || (n && n <= SERVER_BYTES_SHORT);
}

bool server_is_stuffed(const struct server *server)
{
	for (size_t i = 0; i < PURSES; i++)
		if (closing(&server->purse[i]) > CLOSER_MAX - SERVER_CLIENT_MAX)
			return true;
	return false;
}

void server_purses_done(struct server *server)
{
	for (size_t i = 0; i < PURSES; i++) {
		closer_free(server->purse[i].closer);
		server->purse[i].closer = NULL;
	}
}
