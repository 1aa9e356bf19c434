/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls from a client to a holder, up to the execution of the method. */
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "holder/method.h"
#include "wire/varlink.h"

static unsigned int kept; /* fds that are not dropped yet */

static void drop(void *userdata, int fd)
{
	(void)userdata;
	kept--;
	close(fd);
}

/* Sends N bytes with some fds, none if their first one is even. */
static void send_part(int socket, const uint8_t *bytes, size_t n)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * 3)];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	const size_t fds = n && bytes[0] % 2 ? 1 + bytes[0] / 2 % 3 : 0;
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control.bytes;

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds);
		for (size_t i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &(int){ STDERR_FILENO },
			       sizeof(int));
	}
	if (sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		kept += (unsigned int)fds;
}

static void take(struct varlink_in *in)
{
	json_object *message;

	while (varlink_in_next(in, &message) == 1) {
		struct varlink_fds fds = { 0 };
		struct call call = { 0 };
		const int r = varlink_in_fds(in, &fds);

		if (call_open(message, &call) == 0 && call_take_fds(&call, &fds, r) == 0)
			fuzz_check(call.method && call.parameters &&
				   call.fds.n <= call.method->fds && fds.n == 0);
		varlink_fds_done(&fds);
		call_done(&call);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct varlink_in in = {
		.max = 65536,
		.fd_wanted = true,
		.fd_max = 4,
		.fds = { .drop = drop },
	};
	const size_t at = size / 2;
	int pair[2];

	if (size > 100000 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	/* In two pieces, as a socket may deliver them, read one by one or together. */
	send_part(pair[0], data, at);
	if (size % 3 == 0)
		(void)varlink_in_read(&in, pair[1]);
	send_part(pair[0], data + at, size - at);
	while (varlink_in_read(&in, pair[1]) > 0)
		take(&in);
	take(&in);
	varlink_in_done(&in);
	/* What was not read is closed with the sockets. */
	if (!varlink_is_unread(pair[1], &(bool){ false }))
		fuzz_check(kept == 0);
	kept = 0;
	close(pair[0]);
	close(pair[1]);
	return 0;
}
