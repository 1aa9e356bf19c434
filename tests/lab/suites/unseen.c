/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unseen NODE: keeps NODE open where no process shows it, in a message that was not received;
 * prints "ready", and keeps it until the end of stdin.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char nothing = 0;
	struct iovec byte = { .iov_base = &nothing, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *fds = CMSG_FIRSTHDR(&message);
	int pair[2], fd;

	fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		perror("unseen");
		return 1;
	}
	fds->cmsg_level = SOL_SOCKET;
	fds->cmsg_type = SCM_RIGHTS;
	fds->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(fds), &fd, sizeof(fd));
	if (sendmsg(pair[0], &message, 0) != 1) {
		perror("unseen");
		return 1;
	}
	close(fd);
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
