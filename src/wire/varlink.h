/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The varlink transport, for both ends: NUL-terminated JSON objects over a non-blocking stream
 * socket, with fds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/json.h"

#define HOLDER_INTERFACE  "org.ioasidctl.Context"
#define VARLINK_INTERFACE "org.varlink.service"

/* The kernel's SCM_MAX_FD: the maximum per message. */
#define VARLINK_FD_MAX 253

/*
 * Received fds, owned. Closing one can block forever if its sender has chosen what it is (a FUSE file,
 * a socket that lingers), so that a receiver who must not block has its own way to drop them.
 */
struct varlink_fds {
	int *v;
	size_t n;
	void (*drop)(void *userdata, int fd); /* takes over FD; NULL: close(2) */
	void *userdata;
};
/* Drops them; what drops them is kept. */
void varlink_fds_done(struct varlink_fds *fds);

/* Received data that was not taken out yet. */
struct varlink_in {
	char *data;
	size_t capacity;
	size_t begin, end; /* the unread bytes */
	size_t scanned;    /* no NUL before this index */
	size_t max;        /* maximum length of a message */
	bool fd_wanted;    /* if false, the kernel discards received fds */
	size_t fd_max;     /* of the unread bytes, 0: VARLINK_FD_MAX; those beyond are dropped */
	struct varlink_fds fds;
	uint64_t *fd_at; /* of each: a byte, in the stream, of its message */
	uint64_t origin; /* which byte of the stream data[0] is */
	bool fd_lost;    /* some were dropped since there were last no unread bytes */
};
void varlink_in_done(struct varlink_in *in);

/* Appends bytes. Returns 0, -ENOMEM, -EMSGSIZE if they do not fit within max. */
int varlink_in_append(struct varlink_in *in, const void *bytes, size_t n);

/*
 * Reads from SOCKET, once; if there are fds, no further than the end of the first message. Returns the
 * number of bytes, 0 at the end, -EAGAIN, -EMSGSIZE if a message of maximum length has to be taken out
 * first, -EPROTO if the kernel had no room for all fds (MSG_CTRUNC), another -errno.
 */
ssize_t varlink_in_read(struct varlink_in *in, int socket);

/*
 * Is there anything in SOCKET that was not read? To close it closes the fds in it, if RET_FDS says that
 * there are some.
 */
bool varlink_is_unread(int socket, bool *ret_fds);

/* Would varlink_in_next() return non-zero? */
bool varlink_in_ready(struct varlink_in *in);

/*
 * The next message; release it with json_object_put(). Returns 1, 0 if none is complete, -EMSGSIZE
 * for one longer than max, -EBADMSG if it is not a JSON object; after these two errors the stream
 * cannot be trusted.
 */
int varlink_in_next(struct varlink_in *in, json_object **ret);

/*
 * After varlink_in_next() has returned 1: moves the fds that came with that message's bytes to RET, which
 * is overwritten. Returns 0; -EMSGSIZE if there were too many, or -ENOMEM, and then they are dropped.
 */
int varlink_in_fds(struct varlink_in *in, struct varlink_fds *ret);

/* What is to go out. */
struct varlink_out {
	char *data;
	size_t sent, n;
	int *fd; /* owned; sent with the first byte */
	size_t fd_n;
};
void varlink_out_done(struct varlink_out *out);

static inline bool varlink_out_pending(const struct varlink_out *out)
{
	return out->sent < out->n;
}

/*
 * Queues MESSAGE and N fds, both taken over in any case. OUT must be empty: a peer that does not
 * read gets no further message. Returns 0 or -ENOMEM.
 */
int varlink_out_put(struct varlink_out *out, json_object *message, int *fd, size_t n);

/* Queues MESSAGE, taken over in any case, behind what is there. Returns 0 or -ENOMEM. */
int varlink_out_append(struct varlink_out *out, json_object *message);

/* Takes back what is behind the first N bytes; what was sent stays sent. */
void varlink_out_cut(struct varlink_out *out, size_t n);

/* Writes as much as SOCKET takes. Returns 0 when everything is sent, -EAGAIN, another -errno. */
int varlink_out_write(struct varlink_out *out, int socket);
