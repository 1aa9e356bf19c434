/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tmpfs that is mounted nowhere: only this process reaches it, through its fd, and the kernel
 * removes it with the process. Mounting needs CAP_SYS_ADMIN, which every user has in a user
 * namespace of their own. A child enters one, so that this process stays where it is.
 */
#include "sys/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"

#define STACK_SIZE 65536

struct attempt {
	unsigned int uid, gid;
	int result; /* as sys_root_memory_open() */
};

static int mount_detached(void)
{
	_cleanup_close_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0) < 0 ||
	    fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_text(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* Files can only be created by users and groups that the namespace of the mount knows. */
static int map_owner(const struct attempt *attempt)
{
	char users[32], groups[32];
	int r;

	snprintf(users, sizeof(users), "%u %u 1", attempt->uid, attempt->uid);
	snprintf(groups, sizeof(groups), "%u %u 1", attempt->gid, attempt->gid);
	r = write_text("/proc/self/uid_map", users);
	/* gid_map can only be written after this, user_namespaces(7). */
	if (r == 0)
		r = write_text("/proc/self/setgroups", "deny");
	return r == 0 ? write_text("/proc/self/gid_map", groups) : r;
}

/* Runs in the child, which shares memory and fds with this process. */
static int mount_in_namespace(void *data)
{
	struct attempt *attempt = data;

	attempt->result = map_owner(attempt);
	if (attempt->result == 0)
		attempt->result = mount_detached();
	return 0;
}

int sys_root_memory_open(void)
{
	struct attempt attempt = { .uid = geteuid(), .gid = getegid(), .result = -EPERM };
	char stack[STACK_SIZE] __attribute__((aligned(16)));
	int fd = mount_detached();
	pid_t child;

	if (fd != -EPERM)
		return fd;
	/* CLONE_VFORK: this process continues when the child has ended. */
	child = clone(mount_in_namespace, stack + sizeof(stack),
		      CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWUSER | CLONE_NEWNS | SIGCHLD,
		      &attempt);
	if (child < 0)
		return -errno;
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return attempt.result;
}
