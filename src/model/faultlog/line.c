/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/line.h"

#include <ctype.h>
#include <string.h>

#include "model/faultlog/internal.h"
#include "util/cleanup.h"

/* A line being split; `line.body` is the rest. */
struct split {
	struct log_line line;
	enum log_whose whose;
};

static const char *const facilities[] = { "kern", "user", "mail", "daemon", "auth",     "syslog",
					  "lpr",  "news", "uucp", "cron",   "authpriv", "ftp" };

/* Takes "kern" or another facility off the front. */
static bool take_facility(struct log_span *span, bool *ret_kernel)
{
	struct log_span rest = *span, word;

	while (rest.s < rest.end && islower((unsigned char)*rest.s))
		rest.s++;
	word = (struct log_span){ span->s, rest.s };
	if (log_span_is(&word, "local")) /* local0 .. local7 */
		while (rest.s < rest.end && isdigit((unsigned char)*rest.s))
			rest.s++;
	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++)
		if (log_span_is(&word, facilities[i]) || log_span_is(&word, "local")) {
			*ret_kernel = i == 0 && !log_span_is(&word, "local");
			*span = rest;
			return true;
		}
	return false;
}

/*
 * "3,1234,5678,-;text": a record of /dev/kmsg: level and facility, sequence number, microseconds
 * since boot. Facility 0 is the kernel; records written by processes have another.
 */
static bool split_kmsg(struct split *split)
{
	struct log_span *span = &split->line.body, rest = *span;
	const char *semicolon = memchr(span->s, ';', log_span_size(span));
	uint64_t number, ignored, when;

	if (!semicolon || !log_span_take_number(&rest, &number) || !log_span_skip(&rest, ",") ||
	    !log_span_take_number(&rest, &ignored) || !log_span_skip(&rest, ",") ||
	    !log_span_take_number(&rest, &when) || !log_span_skip(&rest, ",") || rest.s > semicolon)
		return false;
	split->line.usec = field_u64(when);
	split->whose = number >> 3 ? LOG_OTHERS : LOG_KERNELS;
	span->s = semicolon + 1;
	return true;
}

/* "<3>", in syslog(2), on serial consoles and in syslog packets. */
static bool split_level(struct split *split)
{
	struct log_span rest = split->line.body;
	uint64_t number;

	if (!log_span_skip(&rest, "<") || !log_span_take_number(&rest, &number) ||
	    !log_span_skip(&rest, ">"))
		return false;
	if (number >> 3)
		split->whose = LOG_OTHERS;
	log_span_skip_blanks(&rest);
	split->line.body = rest;
	return true;
}

/* "kern  :err   : ", from dmesg -x. */
static bool split_decoded(struct split *split)
{
	struct log_span rest = split->line.body;
	bool kernel;

	if (!take_facility(&rest, &kernel))
		return false;
	log_span_skip_blanks(&rest);
	if (!log_span_skip(&rest, ":"))
		return false;
	while (rest.s < rest.end && islower((unsigned char)*rest.s))
		rest.s++;
	log_span_skip_blanks(&rest);
	if (!log_span_skip(&rest, ":"))
		return false;
	log_span_skip_blanks(&rest);
	if (!kernel)
		split->whose = LOG_OTHERS;
	split->line.body = rest;
	return true;
}

/* "1 2026-11-22T10:11:12.1Z host kernel - - - text": RFC 5424, after the level. */
static bool split_5424(struct split *split)
{
	struct log_span rest = split->line.body, time, host, who, pid, id;

	if (!log_span_skip(&rest, "1 ") || log_time_take(&rest, &time) != LOG_TIME_DATE ||
	    !log_span_take_word(&rest, &host) || !log_span_take_word(&rest, &who) ||
	    !log_span_take_word(&rest, &pid) || !log_span_take_word(&rest, &id))
		return false;
	/* Structured data: "-", or brackets, which may contain quoted ones. */
	if (!log_span_skip(&rest, "-"))
		while (log_span_skip(&rest, "["))
			for (bool quoted = false; rest.s < rest.end; rest.s++) {
				quoted ^= *rest.s == '"' && rest.s[-1] != '\\';
				if (*rest.s == ']' && !quoted) {
					rest.s++;
					break;
				}
			}
	log_span_skip_blanks(&rest);
	(void)log_span_skip(&rest, "\xef\xbb\xbf");
	if (!log_span_is(&who, "kernel") || !log_span_is(&pid, "-"))
		split->whose = LOG_OTHERS;
	split->line.time = time;
	if (!log_span_is(&host, "-"))
		split->line.host = host;
	split->line.body = rest;
	return true;
}

/* "    0     0 E kernel  : ", Android's logcat, after the time: process and thread are 0. */
static bool split_logcat(struct split *split)
{
	struct log_span rest = split->line.body, pid, tid, level, tag;

	if (!log_span_take_word(&rest, &pid) || !log_span_all_digits(&pid, 1, 9) ||
	    !log_span_take_word(&rest, &tid) || !log_span_all_digits(&tid, 1, 9) ||
	    !log_span_take_word(&rest, &level) || log_span_size(&level) != 1 ||
	    !isupper((unsigned char)*level.s))
		return false;
	if (!log_span_is(&pid, "0") || !log_span_is(&tid, "0"))
		split->whose = LOG_OTHERS;
	split->line.body = rest;
	/* No tag, or "kernel"; any other tag is part of the message. */
	(void)(log_span_take_word(&rest, &tag) && log_span_is(&tag, "kernel") &&
	       (split->line.body = rest, true));
	rest = split->line.body;
	if (log_span_skip(&rest, ":")) {
		log_span_skip_blanks(&rest);
		split->line.body = rest;
	}
	return true;
}

/* "stdout F ", CRI, after the time: a line of a container, with a complete log line in it. */
static bool split_cri(struct split *split)
{
	struct log_span rest = split->line.body, stream, part;

	if (!log_span_take_word(&rest, &stream) ||
	    !(log_span_is(&stream, "stdout") || log_span_is(&stream, "stderr")) ||
	    !log_span_take_word(&rest, &part) ||
	    !(log_span_is(&part, "F") || log_span_is(&part, "P")))
		return false;
	split->line.body = rest;
	return true;
}

/* "kern.err", from busybox. */
static bool is_priority(const struct log_span *word, bool *ret_kernel)
{
	struct log_span rest = *word;

	if (!take_facility(&rest, ret_kernel) || !log_span_skip(&rest, "."))
		return false;
	while (rest.s < rest.end && islower((unsigned char)*rest.s))
		rest.s++;
	return rest.s == rest.end;
}

/*
 * "host kernel: ", "kern.err kernel: " or "kernel: ", after a time. The host is at most one word: a
 * program may have sent the next word, and what then looks like the kernel's tag.
 */
static void split_who(struct split *split)
{
	struct log_span rest = split->line.body, word = { rest.s, rest.s };
	bool host = false, kernel;

	while (log_span_take_word(&rest, &word)) {
		/* metalog writes "[kernel]"; "kernel:[   12.345678]" has no space. */
		if (log_span_is(&word, "kernel:") || log_span_is(&word, "[kernel]")) {
			split->line.body = rest;
			return;
		}
		if (log_span_skip(&word, "kernel:[")) {
			split->line.body.s = word.s - 1;
			return;
		}
		if (is_priority(&word, &kernel)) {
			if (!kernel)
				break;
			continue;
		}
		if (host || log_span_ends(&word, ":"))
			break;
		host = true;
		split->line.host = word;
	}
	split->whose = LOG_OTHERS;
	/* "host evil[12]: text" */
	if (log_span_ends(&word, ":"))
		split->line.body = rest;
}

static void split_text(struct split *split);

/*
 * "Nov 22 10:11:12 host kernel: ", from a journal or syslog file, and other formats that begin with
 * a time.
 */
static bool split_date(struct split *split)
{
	struct log_span rest = split->line.body, time;
	enum log_time kind = log_time_take(&rest, &time);

	if (kind == LOG_TIME_NONE)
		return false;
	split->line.body = rest;
	if (split_cri(split)) {
		split_text(split);
		if (split->line.time.s == split->line.time.end)
			split->line.time = time;
		return true;
	}
	split->line.time = time;
	/* dmesg --time-format iso; console recorders and kubectl add a time before the kernel's. */
	if (kind == LOG_TIME_ALONE || log_time_take_bracket(&rest, &time))
		return true;
	if (!split_logcat(split))
		split_who(split);
	return true;
}

/*
 * "host kernel: " or "host prog[12]: " after a time in brackets, from journalctl -o
 * short-monotonic.
 */
static void split_host(struct split *split)
{
	struct log_span rest = split->line.body, word, first = { rest.s, rest.s };

	for (int i = 0; i < 2 && log_span_take_word(&rest, &word); i++) {
		if (log_span_is(&word, "kernel:")) {
			split->line.body = rest;
			split->line.host = first;
		} else if (log_span_ends(&word, "]:"))
			split->whose = LOG_OTHERS;
		if (split->whose == LOG_OTHERS)
			split->line.body = rest;
		if (log_span_ends(&word, ":"))
			return;
		first = word;
	}
}

/* "[pid:134,cpu0,irq/12-smmu]", Honor's and others' kernels: task and CPU. */
static bool split_pid(struct log_span *span)
{
	struct log_span rest = *span;
	const char *close = memchr(rest.s, ']', log_span_size(&rest));
	uint64_t number;

	if (!close || close - rest.s > 48 || !log_span_skip(&rest, "[pid:") ||
	    !log_span_take_number(&rest, &number) || !log_span_skip(&rest, ",cpu") ||
	    !log_span_take_number(&rest, &number) || !log_span_skip(&rest, ",") || rest.s >= close)
		return false;
	rest.s = close + 1;
	log_span_skip_blanks(&rest);
	*span = rest;
	return true;
}

/* "(0)[1:swapper/0]", "c0    123 ", "[0:  swapper/0:    1] ": CPU and task in vendor kernels. */
static void split_task(struct log_span *span)
{
	struct log_span rest = *span, word;
	uint64_t number;

	if (split_pid(span))
		return;
	if (log_span_take_word(&rest, &word) && word.s[0] == 'c' && log_span_size(&word) < 5) {
		word.s++;
		if (log_span_all_digits(&word, 1, 3) && log_span_take_word(&rest, &word) &&
		    log_span_all_digits(&word, 1, 9))
			*span = rest;
		return;
	}
	rest = *span;
	if (log_span_skip(&rest, "(") &&
	    !(log_span_take_number(&rest, &number) && log_span_skip(&rest, ")")))
		return;
	if (log_span_skip(&rest, "[") && log_span_take_number(&rest, &number) &&
	    log_span_skip(&rest, ":")) {
		const char *close = memchr(rest.s, ']', log_span_size(&rest));

		if (!close || close - rest.s > 40)
			return;
		rest.s = close + 1;
		log_span_skip_blanks(&rest);
		*span = rest;
	}
}

/* Splits off all but driver and device. */
static void split_text(struct split *split)
{
	bool bracket = false;
	struct log_span *body = &split->line.body;

	(void)(split_kmsg(split) || split_level(split) || split_decoded(split));
	if (split_5424(split) || split_date(split) || log_span_skip(body, "kernel:"))
		log_span_skip_blanks(body);
	else
		bracket = true;
	for (bool found = false; log_time_take_bracket(body, &split->line.time); found = true)
		if (bracket && !found)
			split_host(split);
	split_task(body);
}

/* True for "0000:03:00.0", "ff9a0000.gpu" and "hl0", false for "Address" in "Faulted Address: ". */
static bool is_device(const struct log_span *word)
{
	for (const char *s = word->s; s < word->end; s++)
		if (!isalpha((unsigned char)*s))
			return true;
	return !isupper((unsigned char)*word->s);
}

/* "vfio-pci 0000:03:00.0: ": driver (or bus, or class) and device, from dev_printk(). */
static void split_device(struct log_line *line)
{
	struct log_span rest = line->body, driver, device;

	if (!log_span_take_word(&rest, &driver) || memchr(driver.s, ':', log_span_size(&driver)) ||
	    !log_span_take_word(&rest, &device) || log_span_size(&device) < 2 ||
	    device.end[-1] != ':' || strchr("[(\"'", *driver.s) || strchr("[(\"'", *device.s))
		return;
	device.end--;
	if (!is_device(&device))
		return;
	line->driver = driver;
	line->device = device;
	line->body.s = device.end + 1;
}

/*
 * The prefix of DRM: "[drm] *ERROR* ", "[drm:v3d_reset [v3d]] *ERROR* ". If there is no device, the
 * module is the driver.
 */
static void split_drm(struct log_line *line)
{
	struct log_span rest = line->body, module = { NULL, NULL };

	log_span_skip_blanks(&rest);
	if (!log_span_skip(&rest, "[drm"))
		return;
	if (!log_span_skip(&rest, "]")) {
		if (!log_span_skip(&rest, ":"))
			return;
		for (module.s = NULL; rest.s < rest.end && *rest.s != ']'; rest.s++)
			if (*rest.s == '[')
				module.s = rest.s + 1;
		module.end = rest.s;
		if (!log_span_skip(&rest, module.s ? "]]" : "]"))
			return;
	}
	log_span_skip_blanks(&rest);
	if (log_span_skip(&rest, "*ERROR*"))
		log_span_skip_blanks(&rest);
	line->body.s = rest.s;
	if (module.s && line->driver.s == line->driver.end)
		line->driver = module;
}

void log_line_set_message(struct log_line *line, const struct log_span *text)
{
	line->body = line->whole = *text;
	line->driver = line->device = (struct log_span){ text->s, text->s };
	split_device(line);
	split_drm(line);
	log_span_skip_blanks(&line->body);
}

enum log_whose log_line_split(const char *text, size_t size, struct log_line *ret)
{
	struct split split = { .line = { .time = { text, text },
					 .host = { text, text },
					 .body = { text, text + size } },
			       .whose = LOG_KERNELS };
	struct log_span *body = &split.line.body;

	while (body->end > body->s && strchr("\r\n ", body->end[-1]))
		body->end--;
	/*
	 * Continuation of a /dev/kmsg record (" SUBSYSTEM=pci"), or a second line in a journal,
	 * which any process may have logged.
	 */
	if (body->s == body->end)
		return LOG_NOBODYS;
	if (*text == ' ' || *text == '\t') {
		log_span_skip_blanks(body);
		split.whose = LOG_OTHERS;
	}
	split_text(&split);
	log_line_set_message(&split.line, &(struct log_span){ body->s, body->end });
	*ret = split.line;
	return split.whose;
}
