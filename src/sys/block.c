/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/block.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/cleanup.h"

int sys_block_claimed(const char *name)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	if ((size_t)snprintf(path, sizeof(path), "/dev/%s", name) >= sizeof(path))
		return -ENAMETOOLONG;
	/* sysfs replaces the slash of "cciss/c0d0" by '!'. */
	for (char *p = path; *p; p++)
		if (*p == '!')
			*p = '/';
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == EBUSY ? 1 : -errno;
	return 0;
}
