/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Varlink on the wire, for both ends: JSON objects, each ended by a NUL byte, over a stream socket
 * that does not block, with file descriptors beside them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "wire/json.h"

#define HOLDER_INTERFACE  "org.ioasidctl.Context"
#define VARLINK_INTERFACE "org.varlink.service"

/* SCM_MAX_FD of the kernel: so many descriptors fit one message. */
#define VARLINK_FD_MAX 253

/* What has come in and is not taken out yet. */
struct varlink_in {
	char *data;
	size_t capacity;
	size_t begin, end; /* the bytes that wait */
	size_t scanned;    /* no NUL before this one */
	size_t max;        /* a message may be this long */
	int *fd;           /* descriptors that came, owned */
	size_t fd_n;
	bool fd_wanted; /* else those that come are closed by the kernel */
};
void varlink_in_done(struct varlink_in *in);

/* Appends bytes. Returns 0, -ENOMEM, -EMSGSIZE when there is no room for them within max. */
int varlink_in_append(struct varlink_in *in, const void *bytes, size_t n);

/*
 * Takes one read(2) of SOCKET. Returns the number of bytes, 0 at the end, -EAGAIN, -EMSGSIZE when a
 * message as long as max waits to be taken out first, -errno.
 */
ssize_t varlink_in_read(struct varlink_in *in, int socket);

/* True when varlink_in_next() has something to say. */
bool varlink_in_ready(struct varlink_in *in);

/*
 * The next message, to be released by json_object_put(). Returns 1, 0 when none is whole yet,
 * -EMSGSIZE for one longer than max, -EBADMSG for what is no JSON object; nothing after these two
 * can be trusted.
 */
int varlink_in_next(struct varlink_in *in, json_object **ret);

/* What is to go out. */
struct varlink_out {
	char *data;
	size_t sent, n;
	int *fd; /* owned; go with the first byte */
	size_t fd_n;
};
void varlink_out_done(struct varlink_out *out);

static inline bool varlink_out_pending(const struct varlink_out *out)
{
	return out->sent < out->n;
}

/*
 * Puts MESSAGE and N descriptors, which it takes over in any case, into OUT, which must have
 * nothing pending: a peer that does not read gets no further message. Returns 0 or -ENOMEM.
 */
int varlink_out_put(struct varlink_out *out, json_object *message, int *fd, size_t n);

/* Writes what SOCKET takes. Returns 0 when all is gone, -EAGAIN, -errno. */
int varlink_out_write(struct varlink_out *out, int socket);
