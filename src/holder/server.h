/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a holder: clients, their calls, and the one job. Single-threaded, never
 * blocking.
 */
#pragma once

#include "holder/dry_run.h"
#include "holder/log.h"
#include "holder/method.h"
#include "wire/varlink.h"

/*
 * What a peer may send as one message. So many connections there may be, and so many of them may have a
 * call that waits for another's: the rest is for calls that only read.
 */
#define SERVER_MESSAGE_MAX ((size_t)64 << 10)
#define SERVER_CLIENT_MAX  64
#define SERVER_QUEUE_MAX   48
/*
 * Descriptors that a client was sent and has not read. They count against a limit that all processes of a user
 * share, RLIMIT_NOFILE (unix(7), ETOOMANYREFS), so others may have used it up: such a reply waits.
 */
#define SERVER_UNREAD_FD_MAX VARLINK_FD_MAX
/* Of all clients: whoever has some unread gets no more then, and whoever has none is not kept from his. */
#define SERVER_UNREAD_FD_SUM 1024
#define SERVER_PATIENCE      5000 /* ms */
#define SERVER_REST          50   /* ms between two attempts */

enum client_state {
	CLIENT_IDLE,
	CLIENT_QUEUED, /* its call changes the context and waits for the job or dry run of another */
	CLIENT_BUSY,   /* the job or dry run is its call's */
	CLIENT_STREAMING, /* its call has more replies */
};

struct client {
	int fd;
	struct varlink_in in;
	struct varlink_out
		out;      /* one reply at most: no call is begun before the last is answered */
	struct call call; /* unless idle */
	enum client_state state;
	uint64_t ticket;   /* place in the queue */
	uint64_t turn;     /* of the loop, when it last did something */
	size_t unread_fds; /* at most; sent since it had read everything */
	int64_t stuck; /* ms, since when its reply waits for want of something; 0: it does not */
	int64_t rest;  /* ms, not to be tried again before */
	bool eof;      /* it will send nothing more */
	bool gone;     /* it will take nothing either */
	bool closing;  /* to be closed when all is out */
	bool dead;     /* to be closed now */
};

struct server {
	struct context *context;
	struct log *log;
	struct log_limit evicted, refused;
	int listener, signals; /* signals: a signalfd; both non-blocking */
	int watch;         /* readable when something happened to the listener's socket; -1: none */
	int64_t attend_at; /* ms, when to look after it in any case; 0: no need */
	struct client *client[SERVER_CLIENT_MAX];
	size_t client_n;
	struct job *job;
	struct dry_run *dry;       /* at most one of the two */
	struct client *job_client; /* of either; NULL: it is gone, and a job goes on */
	uint64_t turn, ticket;
	bool deaf;   /* accept(2) fails for want of something: let the listener rest for a turn */
	bool ending; /* the context is destroyed */
	bool lost;   /* nobody can find it any more */
	int signal;  /* that ended it, 0 for none */
	void (*unlink)(void *userdata); /* takes the socket away, before Destroy is answered */
	/* Looks after the socket (listener and watch may change), and is called again after RET_AGAIN ms, -1: not. */
	bool (*attend)(void *userdata, int *ret_again);
	void *userdata;
};

/* Serves until Destroy, a signal, or nobody can find it. On return the context is closed and all clients are. */
void server_run(struct server *server);

/* Steps of it, for tests: takes a connected socket over; does one turn of the loop. */
int server_add_client(struct server *server, int fd);
void server_turn(struct server *server);

/* Parts of a turn, for server*.c only: accepts new clients; drops dead ones. */
void server_accept(struct server *server);
void server_reap(struct server *server);

/* One client's part. Its call has run: the answer goes out, and unless there is more to come it is over. */
void server_client_answer(struct server *server, struct client *client);
/* What is no message cannot be answered in kind, and nothing after it can be trusted. */
void server_client_garbage(struct server *server, struct client *client, const char *what);
void server_client_write(struct client *client);
/* Of poll(2): what it waits for, and what has come. */
short server_client_wants(struct client *client);
void server_client_event(struct server *server, struct client *client, short events);
/* The ms after which its reply is to be tried again, -1 when it is not stuck. */
int server_client_pause(const struct client *client);
/* It can be served without waiting. */
bool server_client_ready(struct client *client);
void server_client_free(struct client *client);
