/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/kernel_config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define TEXT_MAX (16u << 20)

void kernel_config_done(struct kernel_config *config)
{
	free(config->text);
	*config = (struct kernel_config){ 0 };
}

static int inflate_all(z_stream *stream, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t room = 0;
	int r = Z_OK;

	while (r == Z_OK) {
		char *grown;

		if (room >= TEXT_MAX)
			return -E2BIG;
		grown = realloc(text, room + 65536 + 1);
		if (!grown)
			return -ENOMEM;
		text = grown;
		stream->next_out = (Bytef *)text + room;
		stream->avail_out = 65536;
		r = inflate(stream, Z_NO_FLUSH);
		room += 65536;
	}
	/* Z_BUF_ERROR: the input is truncated. */
	if (r != Z_STREAM_END)
		return r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
	text[stream->total_out] = '\0';
	*ret_size = stream->total_out;
	*ret = TAKE_PTR(text);
	return 0;
}

int sys_kernel_config_gunzip(const void *data, size_t size, char **ret, size_t *ret_size)
{
	z_stream stream = { 0 };
	int r;

	if (size > UINT_MAX)
		return -E2BIG;
	/* 16: gzip header. */
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)size;
	r = inflate_all(&stream, ret, ret_size);
	inflateEnd(&stream);
	return r;
}

static int read_at(const struct sys_root *root, const char *directory, const char *name,
		   struct kernel_config *config)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, directory);

	return sys_read_all(dir, name, &config->text, &config->size);
}

static int read_proc(const struct sys_root *root, struct kernel_config *ret)
{
	_cleanup_kernel_config_ struct kernel_config config = { 0 };
	int r;

	r = read_at(root, "proc", "config.gz", &config);
	if (r < 0)
		return r;
	if (config.size >= 2 && memcmp(config.text, "\x1f\x8b", 2) == 0)
		return sys_kernel_config_gunzip(config.text, config.size, &ret->text, &ret->size);
	*ret = config;
	config = (struct kernel_config){ 0 };
	return 0;
}

/* As `uname -r`; becomes part of a path. */
static int read_release(const struct sys_root *root, char *buf, size_t size)
{
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "proc/sys/kernel");
	ssize_t len;

	len = sys_read(dir, "osrelease", buf, size);
	if (len < 0)
		return (int)len;
	return len == 0 || strchr(buf, '/') || strcmp(buf, "..") == 0 ? -EBADMSG : 0;
}

static int read_file(const struct sys_root *root, struct kernel_config *ret)
{
	char release[65], path[128];
	int r;

	r = read_release(root, release, sizeof(release));
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "config-%s", release);
	r = read_at(root, "boot", path, ret);
	if (r != -ENOENT)
		return r;
	snprintf(path, sizeof(path), "lib/modules/%s", release);
	return read_at(root, path, "config", ret);
}

int sys_kernel_config_read(const struct sys_root *root, struct kernel_config *ret)
{
	int error = read_proc(root, ret), r;

	if (error == 0)
		return 0;
	r = read_file(root, ret);
	/* An unreadable file is a better reason than a missing one. */
	return r == -ENOENT ? error : r;
}

/* The value if LINE sets CONFIG_NAME, else NULL. */
static const char *line_value(const char *line, const char *end, const char *name)
{
	static const char prefix[] = "CONFIG_";
	size_t start = sizeof(prefix) - 1, len = strlen(name);

	if ((size_t)(end - line) <= start + len || memcmp(line, prefix, start) != 0 ||
	    memcmp(line + start, name, len) != 0 || line[start + len] != '=')
		return NULL;
	return line + start + len + 1;
}

struct field_str sys_kernel_config_get(const struct kernel_config *config, enum sys_word option)
{
	const char *end = config->text + config->size, *next;

	for (const char *line = config->text; line && line < end; line = next) {
		const char *stop = memchr(line, '\n', (size_t)(end - line)), *value;

		if (!stop)
			stop = end;
		next = stop + 1;
		value = line_value(line, stop, sys_word(option));
		if (value) {
			char *copy = strndup(value, (size_t)(stop - value));

			return (struct field_str){ copy, copy ? 1 : -ENOMEM };
		}
	}
	return (struct field_str){ 0 };
}
