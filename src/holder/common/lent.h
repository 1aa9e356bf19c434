/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that received a context's fds (GetFds). While one of them lives the fds may be in use,
 * whatever it did with them. When it has ended they are assumed closed; children that inherited
 * them are unknown.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* So many at a time. */
#define LENT_MAX 256

struct lent {
	pid_t pid;
	int pidfd; /* -1: not available */
};

struct lent_list {
	struct lent v[LENT_MAX];
	size_t n;
};
void lent_done(struct lent_list *list);

/*
 * Adds the peer of SOCKET, as recorded by the kernel at connect(2). Returns 0, also if it has ended
 * or is already listed; -ENOSPC; another -errno.
 */
int lent_add(struct lent_list *list, int socket);
/* Drops processes that have ended. */
void lent_refresh(struct lent_list *list);

/* TASK_COMM_LEN */
struct lent_command {
	char text[16]; /* arbitrary bytes; "" if unreadable */
};
/* Its current name: the process may have executed another program since. */
struct lent_command lent_command(const struct lent *lent);
