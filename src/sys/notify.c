/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not with libsystemd, which would be the largest library of all for one datagram. */
#include "sys/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/cleanup.h"

/* An address that begins with @ is abstract; others than Unix sockets ("vsock:") are not served. */
static int connect_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	size_t len = strlen(name);

	if (*name != '/' && *name != '@')
		return -EAFNOSUPPORT;
	/* An abstract name has no NUL at its end. */
	if (len + (*name == '/') > sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (*name == '/'))) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int sys_notify_open(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int fd = name && *name ? connect_to(name) : -ESRCH;

	unsetenv("NOTIFY_SOCKET");
	return fd;
}

void sys_notify(int fd, const char *lines)
{
	if (fd >= 0)
		(void)!send(fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
}
