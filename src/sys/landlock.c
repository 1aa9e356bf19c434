/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util/cleanup.h"

/* From linux/landlock.h, of which older systems have an older one, or none. */

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_FIRST = (1 << 13) - 1, /* all of version 1 */
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,
	FS_RESOLVE_UNIX = 1 << 16,
};
#define FS_OF_FILE \
	(FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV | FS_RESOLVE_UNIX)

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#define CREATE_VERSION    1
#define RULE_PATH_BENEATH 1

/* What a version can forbid that the one before could not. */
static const struct {
	int abi;
	struct ruleset can;
} grown[] = {
	{ 1, { .fs = FS_FIRST } },
	{ 2, { .fs = FS_REFER } },
	{ 3, { .fs = FS_TRUNCATE } },
	{ 4, { .net = 1 << 0 | 1 << 1 } }, /* TCP: bind, connect */
	{ 5, { .fs = FS_IOCTL_DEV } },
	{ 6, { .scoped = 1 << 0 | 1 << 1 } }, /* abstract Unix sockets, signals */
	{ 9, { .fs = FS_RESOLVE_UNIX } },
	{ 10, { .net = 1 << 2 | 1 << 3 } }, /* UDP: bind, connect and send */
};

static struct ruleset all_of(int abi)
{
	struct ruleset all = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(grown) && grown[i].abi <= abi; i++) {
		all.fs |= grown[i].can.fs;
		all.net |= grown[i].can.net;
		all.scoped |= grown[i].can.scoped;
	}
	return all;
}

int sys_landlock_open(int *ret_abi)
{
	struct ruleset all;
	long abi, fd;

	abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, CREATE_VERSION);
	if (abi < 0)
		return -errno;
	all = all_of((int)abi);
	/* What an older version does not know is zero here, and so may be passed. */
	fd = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	if (fd < 0)
		return -errno;
	*ret_abi = (int)abi;
	return (int)fd;
}

int sys_landlock_allow(int rules, int abi, const char *path, unsigned int mask)
{
	_cleanup_close_ int parent = open(path, O_PATH | O_CLOEXEC);
	struct path_beneath rule = { .parent = parent };
	struct stat st;

	if (parent < 0 || fstat(parent, &st) < 0)
		return -errno;
	if (mask & LANDLOCK_READ)
		rule.allowed |= FS_READ_FILE | FS_READ_DIR;
	if (mask & LANDLOCK_WRITE)
		rule.allowed |= FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
	if (mask & LANDLOCK_CREATE)
		rule.allowed |= FS_MAKE_DIR | FS_MAKE_REG | FS_MAKE_SOCK | FS_REMOVE_FILE;
	if (mask & LANDLOCK_CONNECT)
		rule.allowed |= FS_RESOLVE_UNIX;
	rule.allowed &= all_of(abi).fs & (S_ISDIR(st.st_mode) ? UINT64_MAX : FS_OF_FILE);
	/* The kernel refuses a rule without rights. */
	if (rule.allowed && syscall(SYS_landlock_add_rule, rules, RULE_PATH_BENEATH, &rule, 0) < 0)
		return -errno;
	return 0;
}

int sys_landlock_restrict(int rules)
{
	struct stat st;

	/* Each thread is a directory in it, and these are counted as links, after two of its own. */
	if (stat("/proc/self/task", &st) < 0)
		return -errno;
	if (st.st_nlink != 3)
		return -EBUSY;
	return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
