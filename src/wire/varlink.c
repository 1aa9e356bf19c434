/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/varlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/cleanup.h"

#define READ_SIZE ((size_t)16 << 10)

static void fds_drop(const struct varlink_fds *fds, int fd)
{
	if (fds->drop)
		fds->drop(fds->userdata, fd);
	else if (fd >= 0)
		close(fd);
}

void varlink_fds_done(struct varlink_fds *fds)
{
	for (size_t i = 0; i < fds->n; i++)
		fds_drop(fds, fds->v[i]);
	free(fds->v);
	fds->v = NULL;
	fds->n = 0;
}

static void out_free_fds(struct varlink_out *out)
{
	struct varlink_fds fds = { .v = out->fd, .n = out->fd_n };

	varlink_fds_done(&fds);
	out->fd = NULL;
	out->fd_n = 0;
}

void varlink_in_done(struct varlink_in *in)
{
	varlink_fds_done(&in->fds);
	free(in->fd_at);
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
		in->origin += in->begin;
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

/* There is nothing in it: what was needed for a long message is not kept. */
static void in_shrink(struct varlink_in *in)
{
	if (in->capacity <= READ_SIZE)
		return;
	free(in->data);
	in->data = NULL;
	in->origin += in->begin;
	in->capacity = in->begin = in->end = in->scanned = 0;
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

/* Room for as many fds as one message can have, so that none is left to the kernel to close. */
union control {
	char bytes[CMSG_SPACE(sizeof(int) * VARLINK_FD_MAX)];
	struct cmsghdr align;
};

/* Keeps N fds, which come with the message at in->end, up to the limit, and drops the rest. */
static int in_keep_fds(struct varlink_in *in, const int *fd, size_t n)
{
	const size_t max = in->fd_max ? in->fd_max : VARLINK_FD_MAX;
	struct varlink_fds *fds = &in->fds;
	uint64_t *at = reallocarray(in->fd_at, fds->n + n, sizeof(at[0]));
	int *v = reallocarray(fds->v, fds->n + n, sizeof(v[0]));

	in->fd_at = at ? at : in->fd_at;
	fds->v = v ? v : fds->v;
	for (size_t i = 0; i < n; i++) {
		if (!at || !v || fds->n >= max) {
			fds_drop(fds, fd[i]);
			in->fd_lost = true;
			continue;
		}
		v[fds->n] = fd[i];
		at[fds->n++] = in->origin + in->end;
	}
	return at && v ? 0 : -ENOMEM;
}

static int in_take_fds(struct varlink_in *in, struct msghdr *header)
{
	int r = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && n && r == 0)
			r = in_keep_fds(in, (const int *)(void *)CMSG_DATA(c), n);
	}
	return r == 0 && in->fd_wanted && header->msg_flags & MSG_CTRUNC ? -EPROTO : r;
}

/*
 * Without room for fds, MSG_CTRUNC says that there are some, with these bytes or later ones. Returns the
 * number of bytes, 0 at the end, -errno.
 */
static ssize_t peek(int socket, void *bytes, size_t n, bool *ret_fds)
{
	struct iovec iov = { .iov_base = bytes, .iov_len = n };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t r = recvmsg(socket, &header, MSG_DONTWAIT | MSG_PEEK);

	*ret_fds = r > 0 && header.msg_flags & MSG_CTRUNC;
	return r < 0 ? -errno : r;
}

bool varlink_is_unread(int socket, bool *ret_fds)
{
	char byte;

	return peek(socket, &byte, 1, ret_fds) > 0;
}

/*
 * How many bytes to read, of N at most: if there are fds, up to the end of the first message, since a read
 * gives all of its bytes and the fds, and not which they came with. SCRATCH has room for N bytes. Returns
 * the number, 0 at the end, -errno.
 */
static ssize_t look_ahead(int socket, void *scratch, size_t n, bool *ret_fds)
{
	const ssize_t r = peek(socket, scratch, n, ret_fds);
	const char *nul = r > 0 && *ret_fds ? memchr(scratch, '\0', (size_t)r) : NULL;

	return nul ? nul - (const char *)scratch + 1 : r;
}

ssize_t varlink_in_read(struct varlink_in *in, int socket)
{
	union control control;
	size_t room = in->max + 1 - (in->end - in->begin);
	struct iovec iov = { .iov_len = room < READ_SIZE ? room : READ_SIZE };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
	bool fds = false;
	ssize_t n;
	int r;

	if (room == 0)
		return -EMSGSIZE;
	r = in_reserve(in, iov.iov_len);
	if (r < 0)
		return r;
	iov.iov_base = in->data + in->end;
	if (in->fd_wanted) {
		n = look_ahead(socket, iov.iov_base, iov.iov_len, &fds);
		if (n <= 0)
			return n == -EINTR ? -EAGAIN : n;
		iov.iov_len = (size_t)n;
	}
	if (fds) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control);
	}
	n = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	r = in_take_fds(in, &header);
	in->end += (size_t)n;
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
	if (in->begin == in->end)
		in_shrink(in);
	return 1;
}

int varlink_in_fds(struct varlink_in *in, struct varlink_fds *ret)
{
	const uint64_t end = in->origin + in->begin;
	struct varlink_fds *fds = &in->fds;
	const bool lost = in->fd_lost;
	size_t n = 0;
	int *v;

	in->fd_lost = lost && in->begin != in->end;
	while (n < fds->n && in->fd_at[n] < end)
		n++;
	v = n && !lost ? malloc(n * sizeof(v[0])) : NULL;
	for (size_t i = 0; i < n; i++) {
		if (v)
			v[i] = fds->v[i];
		else
			fds_drop(fds, fds->v[i]);
	}
	fds->n -= n;
	if (n && fds->n) {
		memmove(fds->v, fds->v + n, fds->n * sizeof(fds->v[0]));
		memmove(in->fd_at, in->fd_at + n, fds->n * sizeof(in->fd_at[0]));
	}
	*ret = *fds;
	ret->v = v;
	ret->n = v ? n : 0;
	if (lost)
		return -EMSGSIZE;
	return n && !v ? -ENOMEM : 0;
}

void varlink_out_done(struct varlink_out *out)
{
	out_free_fds(out);
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

void varlink_out_cut(struct varlink_out *out, size_t n)
{
	char *data;

	if (n <= out->sent) {
		varlink_out_done(out);
		return;
	}
	data = realloc(out->data, n);
	out->data = data ? data : out->data;
	out->n = n;
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
	union control control = { .bytes = { 0 } };

	while (varlink_out_pending(out)) {
		struct iovec iov = { out->data + out->sent, out->n - out->sent };
		struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (out->fd_n)
			out_control(out, &header, control.bytes);
		n = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		out_free_fds(out);
		out->sent += (size_t)n;
	}
	varlink_out_done(out);
	return 0;
}
