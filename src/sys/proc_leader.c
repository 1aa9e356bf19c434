/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/cleanup.h"

pid_t sys_proc_leader_parse(const char *text, size_t size)
{
	static const char key[] = "\nTgid:";
	const char *end = text + size;
	const char *at = memmem(text, size, key, sizeof(key) - 1);
	pid_t pid = 0;

	if (!at)
		return 0;
	for (at += sizeof(key) - 1; at < end && (*at == ' ' || *at == '\t'); at++)
		;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (pid > (INT32_MAX - 9) / 10)
			return 0;
		pid = pid * 10 + (*at - '0');
	}
	return at < end && *at == '\n' ? pid : 0;
}

pid_t sys_proc_leader(const struct sys_root *root, pid_t thread)
{
	_cleanup_close_ int dir = -1;
	char path[32], text[8192];
	ssize_t len;
	pid_t leader;

	snprintf(path, sizeof(path), "proc/%d", (int)thread);
	dir = sys_dir_open(root, path);
	len = dir < 0 ? dir : sys_read(dir, "status", text, sizeof(text));
	leader = len < 0 ? 0 : sys_proc_leader_parse(text, (size_t)len);
	return leader ? leader : thread;
}
