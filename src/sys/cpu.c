/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

/* The value in the first line "KEY\t\t: fpu vme ..."; *END is the end of the line. NULL: none. */
static const char *find_value(const char *text, size_t size, const char *key, const char **end)
{
	const char *stop = text + size;
	ptrdiff_t len = (ptrdiff_t)strlen(key);

	for (const char *line = text; line < stop; line = *end + 1) {
		const char *value;

		*end = memchr(line, '\n', (size_t)(stop - line));
		if (!*end)
			*end = stop;
		value = memchr(line, ':', (size_t)(*end - line));
		if (!value || value - line < len || memcmp(line, key, (size_t)len) != 0 ||
		    (line[len] != '\t' && line[len] != ' ' && line[len] != ':'))
			continue;
		return value + 1;
	}
	return NULL;
}

struct field_u64 sys_cpu_flag_parse(const char *text, size_t size, const char *name)
{
	const char *end = NULL, *at = find_value(text, size, "flags", &end);
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

struct field_u64 sys_cpu_flag(const struct sys_root *root, enum sys_word flag)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = sys_read_all(dir, "cpuinfo", &text, &size);
	if (r < 0)
		return field_u64_error(r == -ENOENT ? 0 : r);
	return sys_cpu_flag_parse(text, size, sys_word(flag));
}

/*
 * setup.c or cpu.c of each architecture (show_cpuinfo(), c_show()). S390 also has vendor_id, but no
 * flags.
 */
static const struct {
	enum sys_arch arch;
	const char *mark, *key;
} arches[] = {
	{ SYS_ARCH_X86, "flags", "vendor_id" },
	{ SYS_ARCH_ARM, "CPU implementer", "CPU implementer" },
	{ SYS_ARCH_RISCV, "isa", "isa" },
};

const char *sys_cpu_key(enum sys_arch arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++)
		if (arches[i].arch == arch)
			return arches[i].key;
	return NULL;
}

void sys_cpu_parse(const char *text, size_t size, struct sys_cpu *ret)
{
	*ret = (struct sys_cpu){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		const char *end, *at;

		if (!find_value(text, size, arches[i].mark, &end))
			continue;
		ret->arch = arches[i].arch;
		at = find_value(text, size, arches[i].key, &end);
		if (!at)
			return;
		at += strspn(at, " ");
		snprintf(ret->id, sizeof(ret->id), "%.*s", at < end ? (int)(end - at) : 0, at);
		return;
	}
}

void sys_cpu_read(const struct sys_root *root, struct sys_cpu *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	size_t size;

	if (sys_read_all(dir, "cpuinfo", &text, &size) < 0)
		*ret = (struct sys_cpu){ 0 };
	else
		sys_cpu_parse(text, size, ret);
}
