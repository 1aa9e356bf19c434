/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/cleanup.h"

/* The number after KEY, "\nTgid:", or 0. */
static pid_t parse_pid(const char *text, size_t size, const char *key)
{
	const char *end = text + size;
	const char *at = memmem(text, size, key, strlen(key));
	pid_t pid = 0;

	if (!at)
		return 0;
	for (at += strlen(key); at < end && (*at == ' ' || *at == '\t'); at++)
		;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		if (pid > (INT32_MAX - 9) / 10)
			return 0;
		pid = pid * 10 + (*at - '0');
	}
	return at < end && *at == '\n' ? pid : 0;
}

pid_t sys_proc_leader_parse(const char *text, size_t size)
{
	return parse_pid(text, size, "\nTgid:");
}

/* The length is unbounded: it lists all groups of the process. */
static pid_t read_pid(const struct sys_root *root, pid_t of, const char *key)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[32];
	size_t size;

	snprintf(path, sizeof(path), "proc/%d", (int)of);
	dir = sys_dir_open(root, path);
	if (sys_read_all(dir, "status", &text, &size) < 0)
		return 0;
	return parse_pid(text, size, key);
}

pid_t sys_proc_leader(const struct sys_root *root, pid_t thread)
{
	pid_t leader = read_pid(root, thread, "\nTgid:");

	return leader ? leader : thread;
}

pid_t sys_proc_parent(const struct sys_root *root, pid_t pid)
{
	return read_pid(root, pid, "\nPPid:");
}
