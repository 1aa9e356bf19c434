/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines and their expected faults, from a file of entries, separated by an empty line:
 *
 *  source: which file and function of the kernel prints it; "public log"; "none: WHY"
 *  seen:   in which kernel versions
 *  form:   the format string with the prefix of pr_fmt() or dev_err(); then, made from it,
 *  line:   the line (\t is a tab); repeated for several lines
 *  row:    each expected fault with all its fields; "none" if there is none
 *  says:   and its full reason or, after "kernel:", the kernel's own words
 *
 * A line without a form is not from the kernel's source. Each pattern of the tables must have an
 * entry.
 */
#pragma once

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>

#include "log_seen.h"
#include "model/faultlog/internal.h"

enum { CORPUS_TEXT = 4096, CORPUS_PATTERNS = 512 };

struct corpus {
	const char *path;
	unsigned int number; /* of the line */
	bool has_source, is_public, has_seen;
	char form[CORPUS_TEXT], lines[CORPUS_TEXT], expected[CORPUS_TEXT];
	const struct log_source *const *tables;
	size_t n_tables;
	const void *met[CORPUS_PATTERNS]; /* patterns, and rows of the tables */
	size_t n_met;
};

static void corpus_fail(const struct corpus *corpus, const char *what, const char *text)
{
	fail_msg("%s:%u: %s: '%s'", corpus->path, corpus->number, what, text);
}

/* Can printf() with the rest of FORM have printed LINE? */
static bool corpus_made(const char *form, const char *line);

/* Handles the conversion at FORM, without its '%', for all lengths it can have. */
static bool corpus_converted(const char *form, const char *line)
{
	bool hash = *form == '#', zero, precise = false;
	unsigned long width;
	const char *digits;
	size_t n = 0;
	char *end;

	form += hash;
	zero = *form == '0';
	width = strtoul(form, &end, 10);
	if (*end == '.') {
		zero = precise = true;
		width = strtoul(end + 1, &end, 10);
	}
	form = end + strspn(end, "hlz");
	if (*form == 's') {
		do
			if (corpus_made(form + 1, line))
				return true;
		while (*line++);
		return false;
	}
	digits = *form == 'd' || *form == 'u' ? "-0123456789" : "0123456789abcdefABCDEF";
	if ((hash || *form == 'p') && strncmp(line, "0x", 2) == 0) {
		line += 2;
		width -= !precise && width > 2 ? 2 : 0;
	} else if (*form == 'p' || (hash && *line != '0')) {
		return false; /* 0 has no 0x */
	}
	form += *form == 'p' ? 1 + strspn(form + 1, "adK") : 1;
	while (line[n] && strchr(digits, line[n]))
		n++;
	for (; n > 0 && n >= (zero ? width : 0); n--)
		if (corpus_made(form, line + n))
			return true;
	return false;
}

static bool corpus_made(const char *form, const char *line)
{
	for (; *form; form++, line++) {
		if (*form == '%')
			return corpus_converted(form + 1, line);
		if (*form != *line)
			return false;
	}
	return *line == '\0';
}

static void corpus_escapes(char *text)
{
	for (char *s = strstr(text, "\\t"); s; s = strstr(s, "\\t")) {
		*s = '\t';
		memmove(s + 1, s + 2, strlen(s + 2) + 1);
	}
}

static void corpus_add(struct corpus *corpus, char *buf, const char *format, const char *text)
{
	size_t n = strlen(buf);
	int len = snprintf(buf + n, CORPUS_TEXT - n, format, text);

	if (len < 0 || (size_t)len >= CORPUS_TEXT - n)
		corpus_fail(corpus, "too long", text);
}

static void corpus_number(char *buf, size_t size, const char *name, const struct field_u64 *field)
{
	size_t n = strlen(buf);

	if (field->status == 1)
		snprintf(buf + n, size - n, " %s=%#llx", name, (unsigned long long)field->value);
}

static void corpus_word(char *buf, size_t size, const char *name, const char *text)
{
	size_t n = strlen(buf);

	if (*text)
		snprintf(buf + n, size - n, " %s=%s", name, text);
}

/* All fields of FAULT except line, time and register dump. */
static int corpus_row(const struct log_fault *fault, void *data)
{
	static const char *const access[] = { "", "r", "w", "rw", "x", "rx", "wx", "rwx" };
	char *buf = data;
	size_t n = strlen(buf);

	snprintf(buf + n, CORPUS_TEXT - n, "row: %s %s", fault->source, log_kind_name(fault->kind));
	corpus_word(buf, CORPUS_TEXT, "device", fault->device);
	corpus_word(buf, CORPUS_TEXT, "iommu", fault->iommu);
	corpus_word(buf, CORPUS_TEXT, "process", fault->process);
	corpus_word(buf, CORPUS_TEXT, "hub", fault->hub);
	corpus_number(buf, CORPUS_TEXT, "pid", &fault->pid);
	corpus_number(buf, CORPUS_TEXT, "pasid", &fault->pasid);
	corpus_number(buf, CORPUS_TEXT, "iova", &fault->iova);
	corpus_word(buf, CORPUS_TEXT, "access", access[fault->access]);
	corpus_number(buf, CORPUS_TEXT, "stream", &fault->stream);
	corpus_number(buf, CORPUS_TEXT, "domain", &fault->domain);
	corpus_number(buf, CORPUS_TEXT, "code", &fault->code);
	corpus_number(buf, CORPUS_TEXT, "flags", &fault->flags);
	n = strlen(buf);
	snprintf(buf + n, CORPUS_TEXT - n, "\nsays: %s%s\n",
		 fault->reason ? "" : "kernel: ", fault->reason ? fault->reason : fault->text);
	return 0;
}

static void corpus_meet(struct corpus *corpus, const void *what)
{
	for (size_t i = 0; i < corpus->n_met; i++)
		if (corpus->met[i] == what)
			return;
	assert_true(corpus->n_met < CORPUS_PATTERNS);
	corpus->met[corpus->n_met++] = what;
}

/* Notes the tables' rows that TEXT may match, and the first pattern of each that it does. */
static void corpus_find(struct corpus *corpus, const struct log_source *source,
			const struct log_line *line)
{
	struct log_span body = line->body;
	struct log_fault fault = { 0 };

	if ((source->driver && !log_span_is(&line->driver, source->driver)) ||
	    (source->prefix && !log_span_skip(&body, source->prefix)))
		return;
	while (body.s < body.end && (*body.s == ' ' || *body.s == '\t'))
		body.s++;
	for (const struct log_pattern *p = source->patterns; p->form; p++)
		if (log_pattern_match(p->form, &body, &fault)) {
			corpus_meet(corpus, source);
			corpus_meet(corpus, p);
			return;
		}
}

static void corpus_meet_line(struct corpus *corpus, const char *text, size_t size)
{
	struct log_line line;

	if (log_line_split(text, size, &line) != LOG_KERNELS)
		return;
	for (size_t i = 0; i < corpus->n_tables; i++)
		for (const struct log_source *s = corpus->tables[i]; s->name; s++)
			corpus_find(corpus, s, &line);
}

/* At the end of an entry. */
static void corpus_check_entry(struct corpus *corpus)
{
	_cleanup_log_parser_ struct log_parser parser = { 0 };
	char rows[CORPUS_TEXT] = "";

	if (!*corpus->lines)
		return;
	if (!corpus->has_source || !corpus->has_seen)
		corpus_fail(corpus, "says not who prints it, or when", corpus->lines);
	for (const char *text = corpus->lines; *text;) {
		size_t size = strcspn(text, "\n");

		corpus_meet_line(corpus, text, size);
		assert_int_equal(log_parse(&parser, text, size, corpus_row, rows), 0);
		text += size + 1;
	}
	assert_int_equal(log_flush(&parser, corpus_row, rows), 0);
	if (!*rows)
		strcpy(rows, "row: none\n");
	if (strcmp(rows, corpus->expected) != 0)
		fail_msg("%s:%u: of\n%sthere came\n%snot\n%s", corpus->path, corpus->number,
			 corpus->lines, rows, corpus->expected);
	*corpus->lines = *corpus->expected = *corpus->form = '\0';
	corpus->has_source = corpus->is_public = corpus->has_seen = false;
}

static void corpus_line(struct corpus *corpus, char *text)
{
	corpus_escapes(text);
	if (!*corpus->form && !corpus->is_public)
		corpus_fail(corpus, "a line without a form", text);
	if (*corpus->form && !corpus_made(corpus->form, text))
		corpus_fail(corpus, "not made from its form", text);
	corpus_add(corpus, corpus->lines, "%s\n", text);
	*corpus->form = '\0';
}

static void corpus_read(struct corpus *corpus, char *text)
{
	if (strncmp(text, "source: ", 8) == 0) {
		corpus->has_source = true;
		corpus->is_public = strncmp(text + 8, "public log", 10) == 0 ||
				    strncmp(text + 8, "none: ", 6) == 0;
	} else if (strncmp(text, "seen: ", 6) == 0) {
		corpus->has_seen = true;
	} else if (strncmp(text, "form: ", 6) == 0) {
		snprintf(corpus->form, sizeof(corpus->form), "%s", text + 6);
		corpus_escapes(corpus->form);
	} else if (strncmp(text, "line: ", 6) == 0) {
		corpus_line(corpus, text + 6);
	} else if (strncmp(text, "row: ", 5) == 0 || strncmp(text, "says: ", 6) == 0) {
		corpus_add(corpus, corpus->expected, "%s\n", text);
	} else if (!*text) {
		corpus_check_entry(corpus);
	} else if (*text != '#') {
		corpus_fail(corpus, "no such key", text);
	}
}

static void corpus_check_met(struct corpus *corpus, const void *what, const char *name)
{
	for (size_t i = 0; i < corpus->n_met; i++)
		if (corpus->met[i] == what)
			return;
	fail_msg("%s: no entry has '%s'", corpus->path, name);
}

/* Checks the file at PATH, relative to the top of the project, which must cover all of TABLES. */
static void corpus_check(const char *path, const struct log_source *const *tables, size_t n_tables)
{
	static struct corpus corpus;
	static char text[CORPUS_TEXT];
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("%s: cannot be read: run the tests from the top of the project", path);
	corpus = (struct corpus){ .path = path, .tables = tables, .n_tables = n_tables };
	while (f && fgets(text, sizeof(text), f)) {
		corpus.number++;
		text[strcspn(text, "\n")] = '\0';
		corpus_read(&corpus, text);
	}
	if (f)
		fclose(f);
	corpus_check_entry(&corpus);
	for (size_t i = 0; i < n_tables; i++)
		for (const struct log_source *s = tables[i]; s->name; s++) {
			corpus_check_met(&corpus, s, s->prefix ? s->prefix : s->name);
			for (const struct log_pattern *p = s->patterns; p->form; p++)
				corpus_check_met(&corpus, p, p->form);
		}
}
