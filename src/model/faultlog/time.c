/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/internal.h"

#include <ctype.h>
#include <string.h>

#define TIME_MAX 39 /* struct log_fault's */

static bool is_digit(const struct log_span *span, size_t i)
{
	return i < log_span_size(span) && isdigit((unsigned char)span->s[i]);
}

/* Begins like "12:00:00", "12:00:00.123456", "12:00:00,123+01:00". */
static bool is_clock(const struct log_span *word)
{
	const char *s = word->s;
	size_t size = log_span_size(word);

	return size >= 8 && size <= 24 && is_digit(word, 0) && is_digit(word, 1) && s[2] == ':' &&
	       is_digit(word, 3) && is_digit(word, 4) && s[5] == ':' && is_digit(word, 6) &&
	       is_digit(word, 7) && (size == 8 || strchr(".,+-Z", s[8]));
}

/* Begins like "2026-11-27". */
static bool is_day(const struct log_span *word)
{
	const char *s = word->s;

	return log_span_size(word) >= 10 && is_digit(word, 0) && is_digit(word, 3) && s[4] == '-' &&
	       is_digit(word, 5) && s[7] == '-' && is_digit(word, 9);
}

/* "2026-11-22T10:11:12+0000" */
static bool is_iso(const struct log_span *word)
{
	struct log_span clock = *word;

	if (!is_day(word) || log_span_size(word) < 19 || word->s[10] != 'T')
		return false;
	clock.s += 11;
	return is_clock(&clock);
}

/* "1732443000.123456", from journalctl -o short-unix. */
static bool is_epoch(const struct log_span *word)
{
	struct log_span rest = *word;
	uint64_t seconds, fraction;

	return log_span_take_number(&rest, &seconds) && rest.s - word->s >= 9 &&
	       log_span_skip(&rest, ".") && log_span_take_number(&rest, &fraction) &&
	       rest.s == rest.end;
}

/* May WORD be part of a date, in any language? */
static bool is_date_word(const struct log_span *word)
{
	for (const char *s = word->s; s < word->end; s++)
		if (strchr(":[](){}<>=\"'|;", *s))
			return false;
	return log_span_size(word) <= 24;
}

/*
 * Takes the words of a date up to the clock: "Nov 22 10:11:12", "Thg 11 22 10:11:12", "10:11:12".
 */
static enum log_time take_words(struct log_span *span, struct log_span *ret)
{
	struct log_span rest = *span, word;
	bool day = false;

	for (unsigned int i = 0; i < 5 && log_span_take_word(&rest, &word); i++) {
		if (is_clock(&word)) {
			*ret = (struct log_span){ span->s, word.end };
			*span = rest;
			return day || i == 3 ? LOG_TIME_ZONE : LOG_TIME_DATE;
		}
		if (!is_date_word(&word))
			break;
		day = day || (is_day(&word) && log_span_size(&word) == 10);
	}
	return LOG_TIME_NONE;
}

/* Takes a zone ("CET", "+0100") or year ("2026") after the clock. */
static void take_zone(struct log_span *span, struct log_span *time)
{
	struct log_span rest = *span, word;
	const char *s;

	while (log_span_take_word(&rest, &word)) {
		for (s = word.s; s < word.end && isupper((unsigned char)*s); s++)
			;
		if (!log_span_all_digits(&word, 4, 4) && !(s == word.end && s - word.s <= 5) &&
		    !(strchr("+-", *word.s) && is_digit(&word, 1) && is_digit(&word, 2)))
			return;
		time->end = word.end;
		*span = rest;
	}
}

enum log_time log_time_take(struct log_span *span, struct log_span *ret)
{
	struct log_span rest = *span, word, time;
	enum log_time kind;

	if (log_span_take_word(&rest, &word) && (is_iso(&word) || is_epoch(&word))) {
		*ret = word;
		*span = rest;
		/* dmesg has a comma before the fraction, syslog daemons and journals have a dot. */
		return memchr(word.s, ',', log_span_size(&word)) ? LOG_TIME_ALONE : LOG_TIME_DATE;
	}
	rest = *span;
	kind = take_words(&rest, &time);
	if (kind == LOG_TIME_ZONE)
		take_zone(&rest, &time);
	if (kind == LOG_TIME_NONE || log_span_size(&time) > TIME_MAX)
		return LOG_TIME_NONE;
	*ret = time;
	*span = rest;
	return kind;
}

/* "1.5", "+0.000003", "+0,000003", "12.345678 <    0.000000>", or a date in words with "10:11" in it. */
static bool is_time(const struct log_span *inside)
{
	struct log_span rest = *inside;

	for (const char *s = inside->s; s < inside->end; s++)
		if (strchr("[](){}=\"'|;", *s))
			return false;
	for (; rest.s < rest.end; rest.s++)
		if (is_digit(&rest, 0) && log_span_size(&rest) > 2 && rest.s[1] == ':' &&
		    is_digit(&rest, 2))
			return true;
	for (const char *s = inside->s; s < inside->end; s++)
		if (!isdigit((unsigned char)*s) && !strchr(" .,+-<>*", *s))
			return false;
	return is_digit(inside, 0) || strchr("+-<", *inside->s);
}

/* "T123", "C0", "T123:3": the printing task or CPU, CONFIG_PRINTK_CALLER. */
static bool is_caller(const struct log_span *inside)
{
	return strchr("TC", *inside->s) && is_digit(inside, 1) && log_span_size(inside) <= 16 &&
	       !memchr(inside->s, ' ', log_span_size(inside));
}

bool log_time_take_bracket(struct log_span *span, struct log_span *ret)
{
	const char *close = memchr(span->s, ']', log_span_size(span));
	struct log_span inside;

	if (!close || *span->s != '[')
		return false;
	inside = (struct log_span){ span->s + 1, close };
	while (inside.s < inside.end && *inside.s == ' ')
		inside.s++;
	/* "[DMA Read ..." is part of the message. */
	if (inside.s == inside.end || log_span_size(&inside) > 64 ||
	    !(is_caller(&inside) || is_time(&inside)))
		return false;
	if (ret->s == ret->end && !is_caller(&inside)) {
		const char *delta = memchr(inside.s, '<', log_span_size(&inside));

		/* The time since the previous line follows the time. */
		if (delta > inside.s)
			inside.end = delta;
		while (inside.end[-1] == ' ')
			inside.end--;
		if (log_span_size(&inside) <= TIME_MAX)
			*ret = inside;
	}
	span->s = close + 1;
	log_span_skip_blanks(span);
	return true;
}
