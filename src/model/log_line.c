/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/log_line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool log_span_skip(struct log_span *span, const char *prefix)
{
	size_t len = strlen(prefix);

	if (log_span_size(span) < len || memcmp(span->s, prefix, len) != 0)
		return false;
	span->s += len;
	return true;
}

bool log_span_is(const struct log_span *span, const char *text)
{
	return log_span_size(span) == strlen(text) && memcmp(span->s, text, strlen(text)) == 0;
}

bool log_span_begins(const struct log_span *span, const char *part)
{
	size_t len = strlen(part);

	return log_span_size(span) >= len && strncasecmp(span->s, part, len) == 0;
}

bool log_span_has(const struct log_span *span, const char *part)
{
	for (struct log_span rest = *span; rest.s < rest.end; rest.s++)
		if (log_span_begins(&rest, part))
			return true;
	return false;
}

static void skip_blanks(struct log_span *span)
{
	/* rsyslog writes a tab as #011, /dev/kmsg as \x09. */
	while (span->s < span->end && (*span->s == ' ' || *span->s == '\t'))
		span->s++;
	if (log_span_skip(span, "#011") || log_span_skip(span, "\\x09"))
		skip_blanks(span);
}

/* The word at the front, up to a blank; SPAN then stands behind the blanks. False: the end is near. */
static bool take_word(struct log_span *span, struct log_span *ret)
{
	const char *blank = memchr(span->s, ' ', log_span_size(span));

	if (!blank)
		return false;
	*ret = (struct log_span){ span->s, blank };
	span->s = blank;
	while (span->s < span->end && *span->s == ' ')
		span->s++;
	return true;
}

static bool take_number(struct log_span *span, uint64_t *ret)
{
	const char *s = span->s;
	uint64_t value = 0;

	while (s < span->end && isdigit((unsigned char)*s) && value < UINT64_MAX / 16)
		value = value * 10 + (uint64_t)(*s++ - '0');
	if (s == span->s)
		return false;
	span->s = s;
	*ret = value;
	return true;
}

/*
 * "3,1234,5678,-;text": a record of /dev/kmsg: level and facility, number, microseconds since boot.
 * Facility 0 is the kernel's; what processes write there has another.
 */
static bool split_kmsg(struct log_span *span, struct field_u64 *usec, bool *ret_kernel)
{
	const char *semicolon = memchr(span->s, ';', log_span_size(span));
	struct log_span rest = *span;
	uint64_t number, ignored, when;

	if (!semicolon || !take_number(&rest, &number) || !log_span_skip(&rest, ",") ||
	    !take_number(&rest, &ignored) || !log_span_skip(&rest, ",") ||
	    !take_number(&rest, &when) || !log_span_skip(&rest, ",") || rest.s > semicolon)
		return false;
	*usec = field_u64(when);
	*ret_kernel = number >> 3 == 0;
	span->s = semicolon + 1;
	return true;
}

/* "<3>", of syslog(2) and serial consoles. */
static bool split_level(struct log_span *span, bool *ret_kernel)
{
	struct log_span rest = *span;
	uint64_t number;

	if (!log_span_skip(&rest, "<") || !take_number(&rest, &number) ||
	    !log_span_skip(&rest, ">"))
		return false;
	*ret_kernel = number >> 3 == 0;
	*span = rest;
	return true;
}

/* "kern  :err   : ", of dmesg -x. */
static bool split_decoded(struct log_span *span, bool *ret_kernel)
{
	static const char *const facilities[] = { "kern", "user",   "mail",     "daemon",
						  "auth", "syslog", "lpr",      "news",
						  "uucp", "cron",   "authpriv", "ftp" };
	struct log_span rest = *span;
	size_t i;

	for (i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++)
		if (log_span_skip(&rest, facilities[i]))
			break;
	while (rest.s > span->s && rest.s < span->end && *rest.s == ' ')
		rest.s++;
	if (rest.s == span->s || !log_span_skip(&rest, ":"))
		return false;
	while (rest.s < rest.end && islower((unsigned char)*rest.s))
		rest.s++;
	while (rest.s < rest.end && *rest.s == ' ')
		rest.s++;
	if (!log_span_skip(&rest, ": "))
		return false;
	*ret_kernel = i == 0;
	*span = rest;
	return true;
}

/* "[   12.345678] ", "[   12.345678][    T1] ", "[Tue Nov 24 04:28:19 2026] ", "[  +0.000003] ". */
static bool split_bracket(struct log_span *span, struct log_span *time)
{
	const char *close = memchr(span->s, ']', log_span_size(span));
	struct log_span inside;

	if (!close || *span->s != '[')
		return false;
	inside = (struct log_span){ span->s + 1, close };
	while (inside.s < inside.end && *inside.s == ' ')
		inside.s++;
	/* "[DMA Read ..." is the message itself. */
	if (inside.s == inside.end || log_span_size(&inside) > 36 ||
	    !(isdigit((unsigned char)*inside.s) || *inside.s == '+' ||
	      (strchr("TC", *inside.s) && inside.s[1] >= '0' && inside.s[1] <= '9') ||
	      log_span_has(&inside, ":")))
		return false;
	for (const char *p = inside.s; p < inside.end; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" .:+<>", *p))
			return false;
	if (time->s == time->end && !strchr("TC", inside.s[0]))
		*time = inside;
	else if (time->s == time->end && log_span_has(&inside, ":"))
		*time = inside;
	span->s = close + 1;
	while (span->s < span->end && *span->s == ' ')
		span->s++;
	return true;
}

static bool is_iso(const struct log_span *word)
{
	const char *s = word->s;

	return log_span_size(word) >= 19 && log_span_size(word) <= 36 && s[4] == '-' &&
	       s[7] == '-' && s[10] == 'T' && s[13] == ':';
}

/* "1732443000.123456", of journalctl -o short-unix. */
static bool is_epoch(const struct log_span *word)
{
	struct log_span rest = *word;
	uint64_t seconds, fraction;

	return take_number(&rest, &seconds) && rest.s - word->s >= 9 && log_span_skip(&rest, ".") &&
	       take_number(&rest, &fraction) && rest.s == rest.end;
}

/* "Tue 2026-11-24 17:54:37 UTC", of journalctl -o short-full, behind the day's name. */
static bool split_full(struct log_span *span, const struct log_span *day, struct log_span *time)
{
	struct log_span rest = *span, date, clock, zone;

	if (log_span_size(day) != 3 || !take_word(&rest, &date) || log_span_size(&date) != 10 ||
	    date.s[4] != '-' || date.s[7] != '-' || !take_word(&rest, &clock) ||
	    log_span_size(&clock) < 8 || clock.s[2] != ':' || !take_word(&rest, &zone) ||
	    zone.end - day->s >= 40)
		return false;
	*time = (struct log_span){ day->s, zone.end };
	*span = rest;
	return true;
}

/* "Nov 22 10:11:12", "2026-11-22T10:11:12+0000" and what journalctl has besides, at the front. */
static bool split_date(struct log_span *span, struct log_span *time)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct log_span rest = *span, word, day, clock;
	char month[4] = "";
	const char *at;

	if (!take_word(&rest, &word))
		return false;
	if (split_full(&rest, &word, time)) {
		*span = rest;
		return true;
	}
	if (is_iso(&word) || is_epoch(&word)) {
		*time = word;
		*span = rest;
		return true;
	}
	if (log_span_size(&word) != 3)
		return false;
	memcpy(month, word.s, 3);
	at = strstr(months, month);
	if (!at || (at - months) % 3 || !take_word(&rest, &day) || !take_word(&rest, &clock) ||
	    log_span_size(&day) > 2 || log_span_size(&clock) < 8 || log_span_size(&clock) > 15 ||
	    clock.s[2] != ':')
		return false;
	*time = (struct log_span){ word.s, clock.end };
	*span = rest;
	return true;
}

/* "Nov 22 10:11:12 host kernel: ", of a journal or a syslog file; and dmesg's ISO times. */
static bool split_syslog(struct log_span *span, struct log_span *time, bool *ret_kernel)
{
	struct log_span rest = *span, when, host, who;

	if (!split_date(&rest, &when))
		return false;
	*time = when;
	/* dmesg --time-format iso has a comma before the fraction, and no host. */
	if (memchr(when.s, ',', log_span_size(&when))) {
		*span = rest;
		return true;
	}
	*ret_kernel =
		take_word(&rest, &host) && take_word(&rest, &who) && log_span_is(&who, "kernel:");
	*span = rest;
	return true;
}

/* "host kernel: " or "host prog[12]: " behind a time in brackets, of journalctl -o short-monotonic. */
static void split_host(struct log_span *span, bool *ret_kernel)
{
	struct log_span rest = *span, host, who;

	if (!take_word(&rest, &host) || !take_word(&rest, &who) || log_span_size(&who) < 2)
		return;
	if (log_span_is(&who, "kernel:"))
		*span = rest;
	else if (who.end[-2] == ']' && who.end[-1] == ':')
		*ret_kernel = false;
}

/* "vfio-pci 0000:03:00.0: ": dev_printk()'s driver, or bus or class, and device. */
static void split_device(struct log_line *line)
{
	struct log_span rest = line->body, driver, device;

	if (!take_word(&rest, &driver) || memchr(driver.s, ':', log_span_size(&driver)) ||
	    !take_word(&rest, &device) || log_span_size(&device) < 2 || device.end[-1] != ':' ||
	    strchr("[(\"'", *driver.s))
		return;
	device.end--;
	line->driver = driver;
	line->device = device;
	line->body.s = device.end + 1;
}

bool log_line_split(const char *text, size_t size, struct log_line *ret)
{
	struct log_line line = { .time = { text, text },
				 .driver = { text, text },
				 .device = { text, text },
				 .body = { text, text + size } };
	bool kernel = true, bracket = false;

	while (line.body.end > line.body.s && strchr("\r\n ", line.body.end[-1]))
		line.body.end--;
	/*
	 * Details of a record of /dev/kmsg (" SUBSYSTEM=pci"), and the second line of a message in a
	 * journal, which anybody may have logged.
	 */
	if (line.body.s == line.body.end || *text == ' ' || *text == '\t')
		return false;
	if (split_kmsg(&line.body, &line.usec, &kernel) || split_level(&line.body, &kernel) ||
	    split_decoded(&line.body, &kernel) || split_syslog(&line.body, &line.time, &kernel))
		if (!kernel)
			return false;
	while (line.body.s < line.body.end && split_bracket(&line.body, &line.time))
		bracket = true;
	if (bracket)
		split_host(&line.body, &kernel);
	if (!kernel)
		return false;
	line.whole = line.body;
	split_device(&line);
	skip_blanks(&line.body);
	*ret = line;
	return true;
}
