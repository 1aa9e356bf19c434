/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that closes what a client has sent. A FUSE file's close(2) waits for its daemon, a TCP
 * socket's for as long as SO_LINGER says, and so does that of a connection in which such a descriptor was
 * not read; not even SIGKILL need end it. So neither the loop nor the worker closes those. There is one
 * for each user: who stops it stops his own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Descriptors that can wait to be closed. */
#define CLOSER_MAX 768

struct closer;

/* NULL if out of memory. The thread starts with the first descriptor, and inherits the blocked signals. */
struct closer *closer_new(void);
/* Waits for a second at most: a thread that is stuck by then keeps what it has. Accepts NULL. */
void closer_free(struct closer *closer);

/* Takes over FD. Returns false, with FD still the caller's, if there are too many. */
bool closer_take(struct closer *closer, int fd);
/* How many are not closed yet. */
size_t closer_waiting(struct closer *closer);
