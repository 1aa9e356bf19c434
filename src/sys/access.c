/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/access.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/cleanup.h"

int sys_node_read(const struct sys_root *root, const char *path, struct sys_node *ret)
{
	struct stat st;
	char full[300];

	if (root->captured)
		return -EREMOTE;
	if (fstatat(root->fd, path, &st, 0) < 0)
		return -errno;
	if ((size_t)snprintf(full, sizeof(full), "/%s", path) >= sizeof(full))
		return -ENAMETOOLONG;
	*ret = (struct sys_node){
		.mode = st.st_mode & 07777,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.acl = getxattr(full, "system.posix_acl_access", NULL, 0) > 0,
		.may = faccessat(root->fd, path, R_OK | W_OK, AT_EACCESS) == 0,
	};
	return 0;
}

bool sys_node_for_users(const struct sys_node *node)
{
	return node->acl || (node->mode & 06) == 06 || (node->gid && (node->mode & 060) == 060) ||
	       (node->uid && (node->mode & 0600) == 0600);
}

/* 4026531837 is the initial user namespace (PROC_USER_INIT_INO), the one that capable() checks. */
static bool in_first_namespace(void)
{
	char target[64];
	ssize_t len = readlink("/proc/self/ns/user", target, sizeof(target) - 1);

	if (len < 0)
		return true; /* a kernel without user namespaces */
	target[len] = '\0';
	return strcmp(target, "user:[4026531837]") == 0;
}

static bool has_ipc_lock(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK) &&
	       in_first_namespace();
}

static uint64_t limit(rlim_t value)
{
	return value == RLIM_INFINITY ? UINT64_MAX : value;
}

int sys_memlock_read(const struct sys_root *root, struct sys_memlock *ret)
{
	struct rlimit rlimit;
	bool capable;

	if (root->captured)
		return -EREMOTE;
	if (getrlimit(RLIMIT_MEMLOCK, &rlimit) < 0)
		return -errno;
	capable = has_ipc_lock();
	*ret = (struct sys_memlock){
		.unlimited = capable || rlimit.rlim_cur == RLIM_INFINITY,
		.capable = capable,
		.soft = limit(rlimit.rlim_cur),
		.hard = limit(rlimit.rlim_max),
		.memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE),
	};
	return 0;
}

bool sys_is_root(void)
{
	return geteuid() == 0 && in_first_namespace();
}
