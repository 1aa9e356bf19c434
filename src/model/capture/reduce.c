/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reduces files to the part that is read, and to what --anonymous keeps. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "model/capture/internal.h"
#include "sys/pci_config.h"
#include "sys/word.h"

#define HIDDEN "hidden"

/*
 * The next line from *AT up to END, without its newline, and its length. Returns false at the end.
 */
static bool next_line(const char **at, const char *end, const char **ret, size_t *ret_len)
{
	const char *newline;

	if (*at == end)
		return false;
	newline = memchr(*at, '\n', (size_t)(end - *at));
	*ret = *at;
	*ret_len = (size_t)((newline ? newline : end) - *at);
	*at = newline ? newline + 1 : end;
	return true;
}

/* Keeps the lines that begin with one of the N STARTS. */
static void keep_lines(const char *text, size_t size, const char *const *starts, size_t n,
		       FILE *out)
{
	const char *const end = text + size;
	const char *line;
	size_t len;

	while (next_line(&text, end, &line, &len))
		for (size_t i = 0; i < n; i++)
			if (str_starts(line, starts[i]))
				fprintf(out, "%.*s\n", (int)len, line);
}

int capture_reduce_status(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char *const starts[] = { "Name:", "Tgid:", "Pid:", "PPid:", "Uid:", "Gid:" };

	/* The first is the command's name, which capture_reduce_comm() may hide. */
	keep_lines(text, size, starts + anonymous, ARRAY_SIZE(starts) - anonymous, out);
	return 0;
}

/* A context's holder is named "ioasid:" and the name of the context. */
int capture_reduce_comm(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char holder[] = "ioasid:";

	if (anonymous)
		fprintf(out, "%s" HIDDEN "\n", str_starts(text, holder) ? holder : "");
	else
		fwrite(text, 1, size, out);
	return 0;
}

int capture_reduce_cgroup(const char *text, size_t size, bool anonymous, FILE *out)
{
	if (!anonymous)
		fwrite(text, 1, size, out);
	return anonymous;
}

/* The command's name is in parentheses. */
int capture_reduce_stat(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char *const starts[] = { "btime " };
	const char *open = strchr(text, '('), *close = strrchr(text, ')');

	if (str_starts(text, "cpu"))
		keep_lines(text, size, starts, ARRAY_SIZE(starts), out);
	else if (anonymous && open && close)
		fprintf(out, "%.*s(" HIDDEN "%s", (int)(open - text), text, close);
	else
		fwrite(text, 1, size, out);
	return 0;
}

int capture_reduce_fdinfo(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char *const starts[] = { "vfio-device-syspath:", "pasid:", "drm-pdev:" };

	(void)anonymous;
	keep_lines(text, size, starts, ARRAY_SIZE(starts), out);
	return ftell(out) == 0;
}

/* Mounts and swap files without a block device do not use a device. */
static bool is_of_block(const char *line, size_t len)
{
	static const char *const types[] = { " - btrfs ", " - zfs " };
	const char *type = memmem(line, len, " - ", 3), *source;

	if (!type)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_starts(type, types[i]))
			return true;
	source = memchr(type + 3, ' ', len - (size_t)(type + 3 - line));
	return source && str_starts(source, " /dev/");
}

/*
 * "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG..] - TYPE SOURCE OPTIONS": hides root and mount
 * point unless "/", and the source unless it is a disk.
 */
static void hide_mount(const char *line, size_t len, unsigned int number, FILE *out)
{
	_cleanup_free_ char *copy = strndup(line, len);
	char *word, *save = NULL;
	unsigned int field = 0, dash = 0;

	for (word = copy ? strtok_r(copy, " ", &save) : NULL; word;
	     word = strtok_r(NULL, " ", &save)) {
		field++;
		if (strcmp(word, "-") == 0)
			dash = field;
		if (field == 6 || (dash && field == dash + 3))
			word = (char *)"rw";
		else if (dash && field == dash + 2 &&
			 (!str_starts(word, "/dev/") || str_starts(word, "/dev/mapper/")))
			word = (char *)HIDDEN;
		if ((field == 4 || field == 5) && strcmp(word, "/") != 0)
			fprintf(out, " /" HIDDEN "-%u", number);
		else
			fprintf(out, "%s%s", field > 1 ? " " : "", word);
	}
	fputc('\n', out);
}

int capture_reduce_mounts(const char *text, size_t size, bool anonymous, FILE *out)
{
	const char *const end = text + size;
	const char *line;
	unsigned int n = 0;
	size_t len;

	while (next_line(&text, end, &line, &len)) {
		if (!is_of_block(line, len))
			continue;
		n++;
		if (anonymous)
			hide_mount(line, len, n, out);
		else
			fprintf(out, "%.*s\n", (int)len, line);
	}
	return 0;
}

int capture_reduce_swaps(const char *text, size_t size, bool anonymous, FILE *out)
{
	const char *const end = text + size;
	const char *line;
	size_t len;

	if (!anonymous) {
		fwrite(text, 1, size, out);
		return 0;
	}
	while (next_line(&text, end, &line, &len))
		fprintf(out, "%.*s\n", *line == '/' && !str_starts(line, "/dev/") ? 0 : (int)len,
			line);
	return 0;
}

/* "unique_id" is a serial number. */
int capture_reduce_kfd(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char *const starts[] = { "domain ", "location_id " };

	(void)anonymous;
	keep_lines(text, size, starts, ARRAY_SIZE(starts), out);
	return 0;
}

int capture_reduce_config(const char *text, size_t size, bool anonymous, FILE *out)
{
	size_t begin = 0, end = 0;

	if (anonymous)
		sys_pci_config_serial(text, size, &begin, &end);
	fwrite(text, 1, begin, out);
	for (size_t i = begin; i < end; i++)
		fputc(0, out);
	fwrite(text + end, 1, size - end, out);
	return 0;
}

int capture_reduce_uevent(const char *text, size_t size, bool anonymous, FILE *out)
{
	static const char *const starts[] = { "DRIVER=",        "PCI_CLASS=",     "PCI_ID=",
					      "PCI_SUBSYS_ID=", "PCI_SLOT_NAME=", "MODALIAS=" };

	if (anonymous)
		keep_lines(text, size, starts, ARRAY_SIZE(starts), out);
	else
		fwrite(text, 1, size, out);
	return 0;
}

int capture_reduce_hidden(const char *text, size_t size, bool anonymous, FILE *out)
{
	if (anonymous)
		fputs(HIDDEN "\n", out);
	else
		fwrite(text, 1, size, out);
	return 0;
}

/* The part before the dash shows what created it: "LVM-", "CRYPT-". */
int capture_reduce_uuid(const char *text, size_t size, bool anonymous, FILE *out)
{
	const char *dash = strchr(text, '-');

	if (anonymous)
		fprintf(out, "%.*s" HIDDEN "\n", dash ? (int)(dash + 1 - text) : 0, text);
	else
		fwrite(text, 1, size, out);
	return 0;
}

int capture_reduce_file(const char *text, size_t size, bool anonymous, FILE *out)
{
	return capture_reduce_hidden(text, size, anonymous && !str_starts(text, "/dev/"), out);
}

int capture_reduce_nothing(const char *text, size_t size, bool anonymous, FILE *out)
{
	(void)text;
	(void)size;
	(void)anonymous;
	(void)out;
	return 0;
}

/* Is word N (from 0) of the line one of this kind that is asked for? */
static bool has_word(enum sys_word_kind kind, const char *line, size_t len, unsigned int n)
{
	const char *const end = line + len;

	for (;; n--) {
		const char *word;

		while (line < end && (*line == ' ' || *line == '\t'))
			line++;
		word = line;
		while (line < end && *line != ' ' && *line != '\t')
			line++;
		if (n == 0 || line == end)
			return n == 0 && sys_word_is(kind, word, (size_t)(line - word));
	}
}

/* "248 vfio-dev" */
int capture_reduce_chrdevs(const char *text, size_t size, bool anonymous, FILE *out)
{
	const char *const end = text + size;
	const char *line;
	size_t len;

	(void)anonymous;
	while (next_line(&text, end, &line, &len))
		if (has_word(WORD_CHRDEV, line, len, 1))
			fprintf(out, "%.*s\n", (int)len, line);
	return 0;
}

/*
 * "ffffffffc0a01230 T vfio_iommufd_physical_attach_ioas\t[vfio]", without the address, which is a
 * secret.
 */
int capture_reduce_symbols(const char *text, size_t size, bool anonymous, FILE *out)
{
	const char *const end = text + size;
	const char *line, *rest;
	size_t len;

	(void)anonymous;
	while (next_line(&text, end, &line, &len)) {
		rest = memchr(line, ' ', len);
		if (rest && has_word(WORD_SYMBOL, line, len, 2))
			fprintf(out, "0%.*s\n", (int)(len - (size_t)(rest - line)), rest);
	}
	return 0;
}

/* Omits interrupt chips that no device's interrupts go through. */
int capture_reduce_chip(const char *text, size_t size, bool anonymous, FILE *out)
{
	(void)anonymous;
	if (!strstr(text, "PCI-MSI") && !strstr(text, "IO-APIC"))
		return 1;
	fwrite(text, 1, size, out);
	return 0;
}
