/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"

void proc_mounts_done(struct proc_mounts *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].source);
		free(list->v[i].point);
		free(list->v[i].type);
	}
	free(list->v);
	*list = (struct proc_mounts){ 0 };
}

/* The kernel escapes spaces and backslashes as \NNN (mangle_path()). */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static int add_mount(const struct proc_mount *found, struct proc_mounts *list)
{
	struct proc_mount mount = { .major = found->major, .minor = found->minor }, *slot;

	mount.source = strdup(found->source);
	mount.point = strdup(found->point);
	mount.type = strdup(found->type);
	slot = mount.source && mount.point && mount.type ? array_push(list->v, list->n) : NULL;
	if (!slot) {
		free(mount.source);
		free(mount.point);
		free(mount.type);
		return -ENOMEM;
	}
	*slot = mount;
	return 0;
}

/*
 * "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG..] - TYPE SOURCE OPTIONS" (proc_pid_mountinfo(5)).
 * Returns 1 with pointers into LINE, 0 if malformed.
 */
static int parse_mount(char *line, struct proc_mount *ret)
{
	struct proc_mount mount = { 0 };
	char *save = NULL, *field = strtok_r(line, " ", &save);

	for (int i = 0; field && strcmp(field, "-") != 0; i++) {
		if (i == 2 && sscanf(field, "%u:%u", &mount.major, &mount.minor) != 2)
			return 0;
		if (i == 4)
			mount.point = field;
		field = strtok_r(NULL, " ", &save);
	}
	if (!field || !mount.point)
		return 0;
	mount.type = strtok_r(NULL, " ", &save);
	mount.source = strtok_r(NULL, " ", &save);
	if (!mount.type || !mount.source)
		return 0;
	unescape(mount.point);
	unescape(mount.source);
	*ret = mount;
	return 1;
}

int sys_proc_mounts_parse(char *text, struct proc_mounts *ret)
{
	_cleanup_proc_mounts_ struct proc_mounts list = { 0 };
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct proc_mount mount;

		if (!parse_mount(line, &mount))
			continue;
		if (add_mount(&mount, &list) < 0)
			return -ENOMEM;
	}
	*ret = list;
	list = (struct proc_mounts){ 0 };
	return 0;
}

int sys_proc_mounts(const struct sys_root *root, struct proc_mounts *ret)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	size_t size;
	int r;

	dir = sys_dir_open(root, "proc/self");
	r = sys_read_all(dir, "mountinfo", &text, &size);
	if (r < 0)
		return r;
	return sys_proc_mounts_parse(text, ret);
}

int sys_proc_swaps(const struct sys_root *root, struct strv *ret)
{
	_cleanup_strv_ struct strv list = { 0 };
	_cleanup_free_ char *text = NULL;
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char *save = NULL, *line;
	size_t size;
	int r;

	dir = sys_dir_open(root, "proc");
	if (dir.error < 0)
		return dir.error;
	r = sys_read_all(dir, "swaps", &text, &size);
	/* Without CONFIG_SWAP the file does not exist. */
	if (r < 0 && r != -ENOENT)
		return r;
	/* The first line has headings: "FILENAME TYPE SIZE USED PRIORITY". */
	line = text ? strtok_r(text, "\n", &save) : NULL;
	while (line && (line = strtok_r(NULL, "\n", &save))) {
		line[strcspn(line, " \t")] = '\0';
		unescape(line);
		r = strv_push(&list, line);
		if (r < 0)
			return r;
	}
	*ret = list;
	list = (struct strv){ 0 };
	return 0;
}
