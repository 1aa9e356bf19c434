/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cpu.h"

#include <errno.h>
#include <string.h>

#include "util/cleanup.h"

/* "flags\t\t: fpu vme ..."; the end of the line in *END. */
static const char *find_flags(const char *text, size_t size, const char **end)
{
	const char *stop = text + size;

	for (const char *line = text; line < stop; line = *end + 1) {
		const char *value;

		*end = memchr(line, '\n', (size_t)(stop - line));
		if (!*end)
			*end = stop;
		value = memchr(line, ':', (size_t)(*end - line));
		if (!value || *end - line < 5 || memcmp(line, "flags", 5) != 0 ||
		    (line[5] != '\t' && line[5] != ' ' && line[5] != ':'))
			continue;
		return value + 1;
	}
	return NULL;
}

struct field_u64 sys_cpu_flag_parse(const char *text, size_t size, const char *name)
{
	const char *end = NULL, *at = find_flags(text, size, &end);
	size_t len = strlen(name);

	if (!at)
		return (struct field_u64){ 0 };
	while (at < end) {
		const char *word;

		while (at < end && *at == ' ')
			at++;
		word = at;
		while (at < end && *at != ' ')
			at++;
		if ((size_t)(at - word) == len && memcmp(word, name, len) == 0)
			return field_u64(1);
	}
	return field_u64(0);
}

struct field_u64 sys_cpu_flag(const struct sys_root *root, const char *name)
{
	_cleanup_close_ int dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = dir < 0 ? dir : sys_read_all(dir, "cpuinfo", &text, &size);
	if (r < 0)
		return field_u64_error(r == -ENOENT ? 0 : r);
	return sys_cpu_flag_parse(text, size, name);
}
