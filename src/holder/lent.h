/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes that were given a context's descriptors (GetFds). While one of them lives the descriptors may be in use,
 * whatever it has done with them. When it has ended they are taken for closed: of a child that it has left
 * them to nothing can be known here.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* So many at a time. */
#define LENT_MAX 256

struct lent {
	pid_t pid;
	int pidfd; /* -1: the kernel gave none */
};

struct lent_list {
	struct lent v[LENT_MAX];
	size_t n;
};
void lent_done(struct lent_list *list);

/*
 * Who is at the other end of SOCKET, by what the kernel noted when it connected. Returns 0, also for one that has
 * ended or is in there; -ENOSPC, -errno.
 */
int lent_add(struct lent_list *list, int socket);
/* Forgets those that have ended. */
void lent_refresh(struct lent_list *list);

/* TASK_COMM_LEN */
struct lent_command {
	char text[16]; /* whatever bytes it likes; "" where it cannot be read */
};
/* Its name now: a process that got the descriptors may have become another program since. */
struct lent_command lent_command(const struct lent *lent);
