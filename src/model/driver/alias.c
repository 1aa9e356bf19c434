/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/driver/match.h"
#include "util/cleanup.h"
#include "util/lines.h"

/* A PCI alias has 60 characters; longer lines are not aliases. */
#define LINE_SIZE 1024

int driver_modules_path(const struct sys_root *root, char *buf, size_t size)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc/sys/kernel");
	char release[NAME_MAX];
	ssize_t len = sys_read(dir, "osrelease", release, sizeof(release));

	if (len < 0)
		return (int)len;
	if (len == 0 || strchr(release, '/') || strcmp(release, "..") == 0)
		return -EBADMSG;
	return (size_t)snprintf(buf, size, "lib/modules/%s", release) < size ? 0 : -ENAMETOOLONG;
}

/* "alias PATTERN MODULE": depmod(8) lists the aliases of all loadable modules. */
static void alias_line(const char *text, size_t size, driver_alias_fn *each, void *data)
{
	char line[LINE_SIZE], *pattern, *module, *save = NULL;

	if (size >= sizeof(line))
		return;
	memcpy(line, text, size);
	line[size] = '\0';
	pattern = strtok_r(line, " ", &save);
	if (!pattern || strcmp(pattern, "alias") != 0)
		return;
	pattern = strtok_r(NULL, " ", &save);
	module = pattern ? strtok_r(NULL, " ", &save) : NULL;
	if (module)
		each(module, pattern, data);
}

static int read_loadable(struct sys_dir dir, driver_alias_fn *each, void *data)
{
	_cleanup_free_ struct lines *lines = malloc(sizeof(*lines));
	_cleanup_close_ int fd = sys_file_open(dir, "modules.alias");
	const char *line;
	size_t size;
	int r;

	if (!lines)
		return -ENOMEM;
	if (fd < 0)
		return fd;
	lines_init(lines, fd, false);
	while ((r = lines_next(lines, -1, &line, &size)) > 0)
		alias_line(line, size, each, data);
	return r;
}

/* "MODULE.alias=PATTERN", NUL-terminated; includes the drivers' ID tables since Linux 6.18. */
static int read_builtin(struct sys_dir dir, driver_alias_fn *each, void *data)
{
	static const char key[] = ".alias=";
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r = sys_read_all(dir, "modules.builtin.modinfo", &text, &size);

	if (r < 0)
		return r;
	for (char *at = text; at < text + size; at += strlen(at) + 1) {
		char module[NAME_MAX + 1];
		const char *found = strstr(at, key);

		if (!found || found != strchr(at, '.') || found == at ||
		    (size_t)(found - at) >= sizeof(module))
			continue;
		snprintf(module, sizeof(module), "%.*s", (int)(found - at), at);
		each(module, found + strlen(key), data);
	}
	return 0;
}

int driver_aliases(const struct sys_root *root, driver_alias_fn *each, void *data)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[NAME_MAX + 32];
	int loadable, builtin;

	builtin = driver_modules_path(root, path, sizeof(path));
	if (builtin < 0)
		return builtin;
	dir = sys_dir_open(root, path);
	if (dir.error < 0)
		return dir.error;
	loadable = read_loadable(dir, each, data);
	builtin = read_builtin(dir, each, data);
	/*
	 * A kernel without modules has no modules.alias, and an old one no modules.builtin.modinfo.
	 */
	if (loadable == -ENOENT)
		return builtin;
	return builtin == -ENOENT || loadable < 0 ? loadable : builtin;
}
