/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kernel_param.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Copies the word at *AT without its quotes to WORD, which is large enough. Spaces within quotes
 * belong to it (next_arg() in lib/cmdline.c).
 */
static void take_word(const char **at, const char *end, char *word)
{
	bool quoted = false;

	for (; *at < end && (quoted || !is_space(**at)); (*at)++) {
		if (**at == '"')
			quoted = !quoted;
		else
			*word++ = **at;
	}
	*word = '\0';
}

int sys_cmdline_parse(const char *text, size_t size, struct strv *ret)
{
	_cleanup_strv_ struct strv words = { 0 };
	_cleanup_free_ char *word = malloc(size + 1);
	const char *end = text + size;
	int r;

	if (!word)
		return -ENOMEM;
	for (;;) {
		while (text < end && is_space(*text))
			text++;
		if (text == end)
			break;
		take_word(&text, end, word);
		if (strcmp(word, "--") == 0)
			break;
		r = strv_push(&words, word);
		if (r < 0)
			return r;
	}
	*ret = words;
	words = (struct strv){ 0 };
	return 0;
}

int sys_cmdline_read(const struct sys_root *root, struct strv *ret)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc");
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = sys_read_all(dir, "cmdline", &text, &size);
	return r < 0 ? r : sys_cmdline_parse(text, size, ret);
}

static char dashed(char c)
{
	return c == '-' ? '_' : c;
}

const char *sys_cmdline_value(const char *word, enum sys_word option)
{
	const char *name = sys_word(option);

	for (; *name; word++, name++)
		if (dashed(*word) != dashed(*name))
			return NULL;
	return *word == '=' ? word + 1 : NULL;
}

bool sys_cmdline_has(const struct strv *words, enum sys_word option, const char *item)
{
	size_t len = strlen(item);

	for (size_t i = 0; i < words->n; i++) {
		const char *value = sys_cmdline_value(words->v[i], option);

		for (; value; value = strchr(value, ','), value = value ? value + 1 : NULL)
			if (strncmp(value, item, len) == 0 && (value[len] == ',' || !value[len]))
				return true;
	}
	return false;
}

struct field_str sys_module_param(const struct sys_root *root, enum sys_word param)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	const char *module = sys_word(param), *dot = strchr(module, '.');
	char path[NAME_MAX + 32], text[4096];
	ssize_t len;
	char *copy;

	snprintf(path, sizeof(path), SYS_MODULE_PARAMS, (int)(dot - module), module);
	dir = sys_dir_open(root, path);
	len = sys_read(dir, dot + 1, text, sizeof(text));
	if (len < 0)
		return (struct field_str){ .status = len == -ENOENT ? 0 : (int)len };
	copy = strdup(text);
	return (struct field_str){ copy, copy ? 1 : -ENOMEM };
}
