/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/varlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/cleanup.h"

#define READ_SIZE ((size_t)16 << 10)

static void fds_free(int **fd, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if ((*fd)[i] >= 0)
			close((*fd)[i]);
	free(*fd);
	*fd = NULL;
	*n = 0;
}

void varlink_in_done(struct varlink_in *in)
{
	fds_free(&in->fd, &in->fd_n);
	free(in->data);
	*in = (struct varlink_in){ 0 };
}

/* Makes room for N more bytes; moves the unread ones to the front. */
static int in_reserve(struct varlink_in *in, size_t n)
{
	size_t waiting = in->end - in->begin, capacity;
	char *data;

	if (in->begin) {
		memmove(in->data, in->data + in->begin, waiting);
		in->scanned -= in->begin;
		in->begin = 0;
		in->end = waiting;
	}
	if (waiting + n <= in->capacity)
		return 0;
	capacity = in->capacity * 2 > waiting + n ? in->capacity * 2 : waiting + n;
	data = realloc(in->data, capacity);
	if (!data)
		return -ENOMEM;
	in->data = data;
	in->capacity = capacity;
	return 0;
}

int varlink_in_append(struct varlink_in *in, const void *bytes, size_t n)
{
	int r;

	/* The buffer may be NULL. */
	if (n == 0)
		return 0;
	/* One byte more than max shows that a message is too long. */
	if (in->end - in->begin + n > in->max + 1)
		return -EMSGSIZE;
	r = in_reserve(in, n);
	if (r < 0)
		return r;
	memcpy(in->data + in->end, bytes, n);
	in->end += n;
	return 0;
}

static int in_take_fds(struct varlink_in *in, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int *fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n == 0)
			continue;
		fd = in->fd_n + n <= VARLINK_FD_MAX
			     ? reallocarray(in->fd, in->fd_n + n, sizeof(int))
			     : NULL;
		if (!fd) {
			for (size_t i = 0; i < n; i++)
				close(((int *)(void *)CMSG_DATA(c))[i]);
			return -EMSGSIZE;
		}
		memcpy(fd + in->fd_n, CMSG_DATA(c), n * sizeof(int));
		in->fd = fd;
		in->fd_n += n;
	}
	return 0;
}

ssize_t varlink_in_read(struct varlink_in *in, int socket)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
		struct cmsghdr align;
	} control;
	size_t room = in->max + 1 - (in->end - in->begin);
	struct iovec iov = { .iov_len = room < READ_SIZE ? room : READ_SIZE };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int r;

	if (room == 0)
		return -EMSGSIZE;
	r = in_reserve(in, iov.iov_len);
	if (r < 0)
		return r;
	iov.iov_base = in->data + in->end;
	if (in->fd_wanted) {
		header.msg_control = control.buf;
		header.msg_controllen = sizeof(control.buf);
	}
	n = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	in->end += (size_t)n;
	r = in_take_fds(in, &header);
	return r < 0 ? r : n;
}

/* The end of the first message, or NULL. */
static char *in_end(struct varlink_in *in)
{
	char *nul;

	if (in->scanned == in->end)
		return NULL;
	nul = memchr(in->data + in->scanned, '\0', in->end - in->scanned);
	in->scanned = nul ? (size_t)(nul - in->data) : in->end;
	return nul;
}

bool varlink_in_ready(struct varlink_in *in)
{
	return in_end(in) || in->end - in->begin > in->max;
}

int varlink_in_next(struct varlink_in *in, json_object **ret)
{
	const char *nul = in_end(in), *text;
	size_t length;
	int r;

	if (!nul)
		return in->end - in->begin > in->max ? -EMSGSIZE : 0;
	text = in->data + in->begin;
	length = (size_t)(nul - text);
	r = json_parse(text, length, ret);
	if (r < 0)
		return r;
	in->begin += length + 1;
	in->scanned = in->begin;
	return 1;
}

void varlink_out_done(struct varlink_out *out)
{
	fds_free(&out->fd, &out->fd_n);
	free(out->data);
	*out = (struct varlink_out){ 0 };
}

int varlink_out_put(struct varlink_out *out, json_object *message, int *fd, size_t n)
{
	size_t length;
	int r;

	varlink_out_done(out);
	out->fd = fd;
	out->fd_n = n;
	r = json_format(message, &out->data, &length);
	json_object_put(message);
	if (r < 0)
		return r;
	out->n = length + 1; /* its NUL terminates the message */
	return 0;
}

int varlink_out_append(struct varlink_out *out, json_object *message)
{
	struct varlink_out next = { 0 };
	char *data;
	int r;

	r = varlink_out_put(&next, message, NULL, 0);
	if (r == 0 && !varlink_out_pending(out)) {
		varlink_out_done(out);
		*out = next;
		return 0;
	}
	data = r == 0 ? realloc(out->data, out->n + next.n) : NULL;
	if (data) {
		memcpy(data + out->n, next.data, next.n);
		out->data = data;
		out->n += next.n;
	}
	varlink_out_done(&next);
	return data ? 0 : -ENOMEM;
}

/*
 * SCM_RIGHTS goes with the first byte, so that the receiver has the fds when the message is
 * complete.
 */
static void out_control(const struct varlink_out *out, struct msghdr *header, void *control)
{
	struct cmsghdr *c;

	header->msg_control = control;
	header->msg_controllen = CMSG_SPACE(sizeof(int) * out->fd_n);
	c = CMSG_FIRSTHDR(header);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * out->fd_n);
	memcpy(CMSG_DATA(c), out->fd, sizeof(int) * out->fd_n);
}

int varlink_out_write(struct varlink_out *out, int socket)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
		struct cmsghdr align;
	} control = { .buf = { 0 } };

	while (varlink_out_pending(out)) {
		struct iovec iov = { out->data + out->sent, out->n - out->sent };
		struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (out->fd_n)
			out_control(out, &header, control.buf);
		n = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		fds_free(&out->fd, &out->fd_n);
		out->sent += (size_t)n;
	}
	varlink_out_done(out);
	return 0;
}
