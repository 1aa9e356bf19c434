/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a holder: clients, their calls, and the change that is being made. It never
 * blocks: what can take long is done by the worker.
 */
#pragma once

#include "holder/common/closer.h"
#include "holder/engine/plan.h"
#include "holder/engine/worker.h"
#include "holder/method.h"
#include "wire/varlink.h"

/*
 * Limits: size of a message from a client; number of connections; number of a user's clients whose
 * call waits for another's, so that the rest can still make calls that only read.
 */
#define SERVER_MESSAGE_MAX ((size_t)64 << 10)
#define SERVER_CLIENT_MAX  64
#define SERVER_QUEUE_MAX   48
/*
 * Fds sent to a client and not received yet. They count against RLIMIT_NOFILE over all processes of
 * a user (unix(7), ETOOMANYREFS), which others may have used up: the reply then waits.
 */
#define SERVER_UNREAD_FD_MAX VARLINK_FD_MAX
/*
 * Of all clients together. Beyond it, clients with unread fds get no more; clients without are
 * served.
 */
#define SERVER_UNREAD_FD_SUM 1024
/*
 * Fds that come with calls: of one connection that are not used yet; of all of a user's that are not
 * used yet or still to be closed. Who has too many and sends more is disconnected.
 */
#define SERVER_FD_MAX      16
#define SERVER_FD_USER_MAX 256
/*
 * Bytes that all of a user's clients may cost: what came from them and was not used yet, and replies that
 * they have not read. A short reply is sent in any case.
 */
#define SERVER_BYTES_MAX   ((size_t)16 << 20)
#define SERVER_BYTES_SHORT ((size_t)8 << 10)
#define SERVER_PATIENCE    5000 /* ms */
#define SERVER_REST        50   /* ms between retries */
/* A call with more is told how far it is: first after, then every so many ms. */
#define SERVER_PROGRESS_FIRST 200
#define SERVER_PROGRESS       500

enum client_state {
	CLIENT_IDLE,
	CLIENT_QUEUED,    /* its call changes the context and waits for another one */
	CLIENT_BUSY,      /* its call is the current change or dry run */
	CLIENT_STREAMING, /* its call has more replies, now or (Monitor) when something changes */
};

/* What the clients of one user may cost, so that one user's do not take from another's. */
struct purse {
	struct closer *closer; /* NULL: it had nothing to close yet */
};
enum { PURSE_OWN, PURSE_ROOT, PURSE_OTHERS, PURSES };

struct client {
	int fd;
	struct purse *purse;
	struct varlink_in in;
	struct varlink_out out; /* at most one reply: the next call starts when it is sent */
	struct call call;       /* unless idle */
	enum client_state state;
	uint64_t ticket;   /* place in the queue */
	uint64_t turn;     /* turn of the loop in which it was last active */
	size_t bytes;      /* of the message that its call came in */
	size_t unread_fds; /* upper limit: sent since it last read everything */
	int64_t stuck;     /* ms, since when its reply waits for resources; 0: it does not */
	int64_t rest;      /* ms, do not retry before */
	int64_t progress;  /* ms, when to tell it how far its call is; 0: never */
	bool eof;          /* the peer will send nothing more */
	bool gone;         /* the peer will receive nothing more */
	bool closing;      /* close when everything is sent */
	bool dead;         /* to be closed now */
};

/* A dry run: a change of a copy of the record. */
struct rehearsal {
	struct context context;
	struct plan plan;
	struct change *change; /* NULL: there is no dry run */
};

struct server {
	struct context *context;
	struct log *log;
	struct worker *worker;
	struct log_limit evicted, refused;
	int listener, signals; /* signals: a signalfd; both non-blocking */
	int watch;             /* readable when the listener's socket may have changed; -1: none */
	int64_t attend_at;     /* ms, when to check the socket in any case; 0: never */
	struct client *client[SERVER_CLIENT_MAX];
	size_t client_n;
	/* The context's owner; root, if that is another; all who are refused. */
	struct purse purse[PURSES];
	struct change *change;
	struct rehearsal dry;         /* at most one of change and dry */
	struct client *change_client; /* of either; NULL: the holder itself, or it has gone */
	bool orphaned;                /* it has gone: the change continues */
	bool giving_back; /* the change is the removal of a device that is wanted back */
	uint64_t turn, ticket, number;
	struct journal *journal; /* of the context that has ended: clients are still told */
	bool deaf;    /* accept(2) ran out of resources: do not poll the listener for a turn */
	bool rewatch; /* nobody has fds any more: what they may have changed is to be set again */
	bool leaving; /* a signal, or no client can find it: the context is to be destroyed */
	bool ending;  /* it was */
	bool hasty;   /* a second signal: do not wait for the kernel */
	bool lost;    /* no client can find it any more */
	int signal;   /* the signal that ended it, 0: none */
	void (*unlink)(void *userdata); /* removes the socket before Destroy is answered */
	/*
	 * Checks the socket (listener and watch may change); called again after RET_AGAIN ms, -1:
	 * not.
	 */
	bool (*attend)(void *userdata, int *ret_again);
	void *userdata;
};

/*
 * Serves until Destroy, a signal, or until no client can find it. On return, the context and all
 * clients are closed; with hasty, the worker may still be in a call.
 */
void server_run(struct server *server);

/* For tests: takes over a connected socket; does one turn of the loop. */
int server_add_client(struct server *server, int fd);
void server_turn(struct server *server);

/* Parts of a turn, only for server*.c: accepts new clients; drops dead ones. */
void server_accept(struct server *server);
void server_reap(struct server *server);

/* What users' clients cost (server_purse.c). Whose is the connection FD? */
struct purse *server_purse(struct server *server, int fd);
/* Closes FD, which may block, elsewhere. */
void purse_drop(void *purse, int fd);
/* Closes a connection, elsewhere if that closes what was not read. */
void purse_disconnect(struct purse *purse, int fd);
/* May its clients send more fds? */
bool server_fds_allowed(const struct server *server, const struct purse *purse);
/* May one of its clients be sent N bytes, which are queued already? 0: may a call of it wait? */
bool server_bytes_allowed(const struct server *server, const struct purse *purse, size_t n);
/* No connection can be accepted, because it might not be possible to close it. */
bool server_is_stuffed(const struct server *server);
void server_purses_done(struct server *server);

/* Changes (server_change.c). Must calls that change the context wait? */
bool server_is_busy(const struct server *server);
/* Runs the client's call, which answers it, or makes it the current change or dry run. */
void server_call(struct server *server, struct client *client);
/* Goes on with the current change, and begins the next one. */
void server_change(struct server *server);
/* A signal, or the loss of the socket. */
void server_leave(struct server *server);

/*
 * A single client. Its call has run: sends the answer and ends the call unless more replies follow.
 */
void server_client_answer(struct server *server, struct client *client);
/* Data that is not a message cannot be answered, and nothing after it can be trusted. */
void server_client_garbage(struct server *server, struct client *client, const char *what);
void server_client_write(struct client *client);
/* Tells it how far its call is, if it is time. */
void server_client_progress(const struct server *server, struct client *client);
/* For poll(2): the events to wait for, and those that occurred. */
short server_client_wants(struct client *client);
void server_client_event(struct server *server, struct client *client, short events);
/* Milliseconds until its reply is retried or progress is due, -1 if it is not waiting. */
int server_client_pause(const struct client *client);
/* Can it be served without waiting? */
bool server_client_ready(struct client *client);
void server_client_free(struct client *client);
