/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

/* Reads a line "NAME:x:UID:..." of a captured /etc/passwd, which libc cannot be pointed to. */
static int captured_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "etc");
	_cleanup_free_ char *text = NULL;
	size_t length;
	int r = sys_read_all(dir, "passwd", &text, &length);

	if (r < 0)
		return r;
	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, ":\n");
		unsigned long long found;

		if (sscanf(line + len, ":x:%llu:", &found) == 1 && found == uid)
			return (size_t)snprintf(buf, size, "%.*s", (int)len, line) < size
				       ? 0
				       : -ENAMETOOLONG;
		line += strcspn(line, "\n");
	}
	return -ENOENT;
}

int sys_user_name(const struct sys_root *root, uint64_t uid, char *buf, size_t size)
{
	struct passwd entry, *found = NULL;
	char strings[16384];
	int r;

	if (uid > UINT32_MAX)
		return -ENOENT;
	if (root->captured)
		return captured_name(root, uid, buf, size);
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
