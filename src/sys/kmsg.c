/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kmsg.h"

#include <errno.h>
#include <fcntl.h>

int sys_kmsg_open(const struct sys_root *root)
{
	int fd;

	/* In a captured tree it would be whatever somebody put there. */
	if (root->captured)
		return -EREMOTE;
	fd = openat(root->fd, "dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
