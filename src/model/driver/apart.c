/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/clock.h"

#define TELL_MS  3000 /* then `watch` is called */
#define GRACE_MS 2000 /* extra time for a child that is about to end */

/* The child waits for an answer; if the parent has given up, its end is closed. */
static _Noreturn void be_child(const struct driver_apart *apart, int fd)
{
	char answer;
	int r;

	/*
	 * It may outlive the pipe's other end and the terminal, whose signals are not meant for it.
	 */
	(void)setsid();
	for (int i = 0; i <= STDERR_FILENO; i++)
		close(i);
	r = apart->task(apart->data);
	if ((send(fd, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r) || recv(fd, &answer, 1, 0) != 1) &&
	    apart->left)
		(void)apart->left(apart->data);
	/* Not exit(3): buffered output belongs to the parent. */
	for (;;)
		syscall(SYS_exit_group, 0);
}

/* Returns 1 if the task has ended, with its result in RET. */
static int take_result(int fd, int *ret)
{
	ssize_t n = recv(fd, ret, sizeof(*ret), 0);

	if (n != sizeof(*ret)) {
		*ret = -ECHILD;
		return 1;
	}
	(void)send(fd, "", 1, MSG_NOSIGNAL);
	return 1;
}

/* Milliseconds until the next deadline; -1: none. */
static int next_ms(int64_t now, const int64_t *due, size_t n)
{
	int64_t least = -1;

	for (size_t i = 0; i < n; i++)
		if (due[i] && (least < 0 || due[i] - now < least))
			least = due[i] > now ? due[i] - now : 0;
	return (int)least;
}

/* Returns 1 with the result in RET, or 0 to stop waiting. */
static int wait_for(const struct driver_apart *apart, int fd, int *ret)
{
	enum { TELL, LIMIT, STOPPED, N };
	const int64_t begun = clock_ms();
	int64_t due[N] = { [TELL] = apart->watch ? begun + TELL_MS : 0,
			   [LIMIT] = apart->limit_ms ? begun + apart->limit_ms : 0 };

	for (;;) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
					{ .fd = due[STOPPED] ? -1 : apart->stop,
					  .events = POLLIN } };
		int64_t now = clock_ms();

		if (poll(fds, ARRAY_SIZE(fds), next_ms(now, due, N)) < 0 && errno != EINTR)
			return 0;
		if (fds[0].revents)
			return take_result(fd, ret);
		now = clock_ms();
		if (fds[1].revents)
			due[STOPPED] = now + GRACE_MS;
		if ((due[STOPPED] && now >= due[STOPPED]) || (due[LIMIT] && now >= due[LIMIT]))
			return 0;
		if (due[TELL] && now >= due[TELL]) {
			apart->watch->waits(apart->watch->data,
					    (unsigned int)((now - begun) / 1000));
			due[TELL] = 0;
		}
	}
}

int driver_apart(const struct driver_apart *apart, pid_t *ret_pid)
{
	_cleanup_close_ int fd = -1;
	int pair[2], result;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	fd = pair[0];
	pid = fork();
	if (pid == 0) {
		close(fd);
		be_child(apart, pair[1]);
	}
	close(pair[1]);
	if (pid < 0)
		return -errno;
	if (wait_for(apart, fd, &result)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return result;
	}
	*ret_pid = pid;
	return -EINPROGRESS;
}
