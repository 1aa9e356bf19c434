/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

int sys_user_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size)
{
	struct passwd entry, *found = NULL;
	char strings[16384];
	int r;

	if (root->captured || uid > UINT32_MAX)
		return -ENOENT;
	r = getpwuid_r((uid_t)uid, &entry, strings, sizeof(strings), &found);
	if (r != 0)
		return -r;
	if (!found)
		return -ENOENT;
	return (size_t)snprintf(buf, size, "%s", found->pw_name) < size ? 0 : -ENAMETOOLONG;
}

int sys_group_name(const struct sys_root *root, uint64_t gid, char *buf, size_t size)
{
	struct group entry, *found = NULL;
	char strings[16384];
	int r;

	if (root->captured || gid > UINT32_MAX)
		return -ENOENT;
	r = getgrgid_r((gid_t)gid, &entry, strings, sizeof(strings), &found);
	if (r != 0)
		return -r;
	if (!found)
		return -ENOENT;
	return (size_t)snprintf(buf, size, "%s", found->gr_name) < size ? 0 : -ENAMETOOLONG;
}
