/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the systemd unit or container of a control group. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/proc.h"
#include "util/cleanup.h"

/*
 * Called from the outside in: keeps what the component of LEN bytes at PART says about unit or
 * container.
 */
static void judge_component(const char *part, size_t len, char *unit, char *container, size_t size)
{
	static const char *const suffixes[] = { ".service", ".scope" };
	static const char *const lxc[] = { "lxc.payload.", "lxc.monitor." };
	size_t hex = 0;

	if (len == 0 || len >= size)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t tail = strlen(suffixes[i]);

		if (len > tail && memcmp(part + len - tail, suffixes[i], tail) == 0)
			snprintf(unit, size, "%.*s", (int)len, part);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lxc); i++)
		if (len > strlen(lxc[i]) && strncmp(part, lxc[i], strlen(lxc[i])) == 0)
			snprintf(container, size, "%.*s", (int)(len - strlen(lxc[i])),
				 part + strlen(lxc[i]));
	/* docker-ID.scope, crio-ID, cri-containerd-ID.scope, libpod-ID.scope, or just ID. */
	for (size_t i = 0; i < len; i++) {
		hex = isxdigit((unsigned char)part[i]) ? hex + 1 : 0;
		if (hex == 64 && (i + 1 == len || part[i + 1] == '.'))
			snprintf(container, size, "%.64s", part + i + 1 - 64);
	}
}

/* The path from cgroup v2's line ("0::/...") or systemd's own v1 tree ("1:name=systemd:/..."). */
static const char *cgroup_path(const char *line)
{
	if (str_starts(line, "0::"))
		return line + 3;
	line += strspn(line, "0123456789");
	return str_starts(line, ":name=systemd:") ? strchr(line + 1, ':') + 1 : NULL;
}

int sys_proc_cgroup_unit(const char *text, char **ret)
{
	char unit[256] = "", container[256] = "";
	char *copy;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *path = cgroup_path(line);

		while (path && path < line + len) {
			size_t part = strcspn(path, "/\n");

			judge_component(path, part, unit, container, sizeof(unit));
			path += part + 1;
		}
		line += len;
		line += *line == '\n';
	}
	if (!*unit && !*container) {
		*ret = NULL;
		return 0;
	}
	copy = strdup(*container ? container : unit);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

/* As unit_name_is_valid() of systemd; also not an option of systemctl. */
static bool is_unit_name(const char *name)
{
	static const char valid[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789:-_.\\@";

	return *name != '-' && strlen(name) < 256 && name[strspn(name, valid)] == '\0';
}

/*
 * As cg_path_get_unit() of systemd: the component after the slices. False if the path has no unit.
 */
static bool is_outermost(const char *path, const char *unit)
{
	for (;;) {
		size_t part;

		path += strspn(path, "/");
		part = strcspn(path, "/\n");
		if (part < strlen(".slice") || strncmp(path + part - 6, ".slice", 6) != 0)
			return part == strlen(unit) && strncmp(path, unit, part) == 0;
		path += part;
	}
}

bool sys_proc_cgroup_service(const char *text, const char *unit)
{
	if (!str_ends(unit, ".service") || !is_unit_name(unit))
		return false;
	for (const char *line = text; *line;) {
		const char *path = cgroup_path(line);

		if (path && is_outermost(path, unit))
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}
