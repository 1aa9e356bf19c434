/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another user's holder may send any open file, and to close a file can take for ever: a FUSE file's close() sends
 * FLUSH to its daemon and waits (fuse_flush() asks with args.force, which not even SIGKILL ends), its last one waits
 * for pages to be written (fuse_release()), a TCP socket's for as long as SO_LINGER says. The same where the file is
 * never taken from the socket, for then the kernel closes it. So a process of its own has the connection, and passes
 * on what is good; if it is stuck, nobody waits for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/internal.h"

#define READ_SIZE ((size_t)64 << 10)

/* Room for as many descriptors as one message can have. */
union control {
	char bytes[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
	struct cmsghdr align;
};

/* What is neither an iommufd nor a VFIO device goes on as something that is harmless, and no device either. */
static void replace_unfit(struct msghdr *header, int stand_in, const char *sysfs)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		int *fd = (int *)(void *)CMSG_DATA(c);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
			if (!client_fd_is_fit(fd[i], sysfs))
				fd[i] = stand_in;
	}
}

static int send_all(int to, struct msghdr *header)
{
	struct iovec *part = header->msg_iov;

	while (part->iov_len) {
		ssize_t n = sendmsg(to, header, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		part->iov_base = (char *)part->iov_base + n;
		part->iov_len -= (size_t)n;
		header->msg_control = NULL;
		header->msg_controllen = 0;
	}
	return 0;
}

/*
 * One read's worth, from FROM to TO, descriptors too: those that are fit, or all if SYSFS is NULL, for what
 * the caller sends is his own affair. They are not closed: that could be the last thing this process
 * does, and there is one reply to a connection that has any. Returns 1, 0 at the end, -errno.
 */
static int pass(int from, int to, int stand_in, const char *sysfs)
{
	char bytes[READ_SIZE];
	union control control;
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(from, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	if (n == 0)
		return 0;
	/* Some did not fit in here: then none of them is worth anything. */
	if (header.msg_flags & MSG_CTRUNC)
		header.msg_controllen = 0;
	if (sysfs)
		replace_unfit(&header, stand_in, sysfs);
	part.iov_len = (size_t)n;
	return send_all(to, &header) < 0 ? -EPIPE : 1;
}

/* 0 is the holder's connection, 1 our own; all that this process shares with the caller is closed. */
__attribute__((noreturn)) static void run(const char *sysfs)
{
	const int stand_in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct timeval patience = { .tv_sec = CLIENT_PATIENCE / 1000 };
	struct pollfd p[] = { { .fd = 0, .events = POLLIN }, { .fd = 1, .events = POLLIN } };
	int r = chdir("/") < 0 ? -errno : 1;

	for (int i = 0; i < 2; i++) {
		(void)fcntl(i, F_SETFL, 0);
		(void)setsockopt(i, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	}
	while (r > 0) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0) {
			r = errno == EINTR ? 1 : -errno;
			continue;
		}
		if (p[1].revents)
			r = p[1].events ? pass(1, 0, -1, NULL) : 0;
		/* A holder that refuses says why and closes: that is still there to be read. */
		if (r < 0) {
			p[1].events = 0;
			r = 1;
		}
		if (r > 0 && p[0].revents)
			r = pass(0, 1, stand_in, sysfs);
	}
	/* To end closes all, in an order that is the kernel's affair. */
	(void)shutdown(1, SHUT_RDWR);
	_exit(0);
}

/* Of the two descriptors, and nothing else, becomes 0 and 1. */
static void keep_only(int holder, int own)
{
	int a = fcntl(holder, F_DUPFD, 3), b = fcntl(own, F_DUPFD, 3);

	if (a < 0 || b < 0 || dup2(a, 0) < 0 || dup2(b, 1) < 0 ||
	    syscall(SYS_close_range, 2, ~0U, 0) < 0)
		_exit(1);
}

/* The caller's child ends at once and is waited for; what is left is nobody's child that he would have to know. */
static int start(int holder, int own, const char *sysfs)
{
	const pid_t pid = fork();
	int status = 0;
	pid_t next;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* The terminal's signals are for the caller, who may still wait for an answer. */
		(void)setsid();
		next = fork();
		if (next != 0)
			_exit(next < 0 ? errno : 0);
		keep_only(holder, own);
		run(sysfs);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

int client_shield(struct holder_client *client, const char *sysfs)
{
	_cleanup_close_ int own = -1, other = -1;
	int pair[2], r;

	r = client_peer(client, &client->peer_pid, &client->peer_uid);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	own = pair[0];
	other = pair[1];
	r = start(client->fd, other, sysfs);
	if (r < 0)
		return r;
	/* The other process has it, too: this closes nothing. */
	close(client->fd);
	client->fd = TAKE_FD(own);
	return 0;
}
