/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holder/common/lent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

void lent_done(struct lent_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		cleanup_close(&list->v[i].pidfd);
	list->n = 0;
}

static bool has_ended(const struct lent *lent)
{
	struct pollfd p = { .fd = lent->pidfd, .events = POLLIN };

	if (lent->pidfd >= 0)
		return poll(&p, 1, 0) == 1 && p.revents;
	return kill(lent->pid, 0) < 0 && errno == ESRCH;
}

void lent_refresh(struct lent_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (has_ended(&list->v[i]))
			cleanup_close(&list->v[i].pidfd);
		else
			list->v[kept++] = list->v[i];
	}
	list->n = kept;
}

/*
 * The process itself if the kernel supports it, else the one that has its pid now: noting one too
 * many is the safe side.
 */
static int peer_pidfd(int socket, pid_t pid)
{
	int fd = -1;
	socklen_t size = sizeof(fd);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0)
		return fd;
	return errno == ENOPROTOOPT ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

struct lent_command lent_command(const struct lent *lent)
{
	struct lent_command command = { "" };
	_cleanup_fclose_ FILE *f = NULL;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)lent->pid);
	f = fopen(path, "re");
	if (!f || !fgets(command.text, sizeof(command.text), f))
		command.text[0] = '\0';
	command.text[strcspn(command.text, "\n")] = '\0';
	return command;
}

int lent_add(struct lent_list *list, int socket)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);
	struct lent lent = { .pidfd = -1 };

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	lent_refresh(list);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].pid == peer.pid)
			return 0;
	if (list->n == LENT_MAX)
		return -ENOSPC;
	lent.pid = peer.pid;
	lent.pidfd = peer_pidfd(socket, peer.pid);
	if (has_ended(&lent)) {
		cleanup_close(&lent.pidfd);
		return 0;
	}
	list->v[list->n++] = lent;
	return 0;
}
