/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock: what a process may still do with files, with the network, and to other processes. What
 * the kernel is too old to forbid stays allowed; see landlock(7).
 */
#pragma once

enum {
	LANDLOCK_READ = 1 << 0,    /* files, and lists of directories */
	LANDLOCK_WRITE = 1 << 1,   /* to existing files, and ioctls on devices */
	LANDLOCK_CREATE = 1 << 2,  /* directories, files and sockets; remove the latter two */
	LANDLOCK_CONNECT = 1 << 3, /* to Unix sockets */
};

/*
 * Opens a set of rules that allows nothing. Returns its fd, owned by the caller; -ENOSYS or
 * -EOPNOTSUPP without Landlock; another -errno. RET_ABI is the version of the kernel's interface.
 */
int sys_landlock_open(int *ret_abi);
/* Allows a mask of the above at and below PATH. Returns 0, -ENOENT, another -errno. */
int sys_landlock_allow(int rules, int abi, const char *path, unsigned int mask);
/*
 * For this process, from now on. Open files stay as they are. Needs no_new_privs. Returns 0; -EBUSY
 * if there are other threads, which would not be restricted; another -errno.
 */
int sys_landlock_restrict(int rules);
