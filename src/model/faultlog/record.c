/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/record.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/faultlog/internal.h"
#include "util/cleanup.h"

static bool is_message(const char *key)
{
	static const char *const names[] = { "MESSAGE", "message", "msg", "log" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

static void append(struct log_record *record, const char *s, size_t size)
{
	if (size > sizeof(record->message) - record->size)
		size = sizeof(record->message) - record->size;
	memcpy(record->message + record->size, s, size);
	record->size += size;
}

/* Once another program's, it stays so. */
static void set_whose(struct log_record *record, bool kernel)
{
	if (record->whose != LOG_OTHERS)
		record->whose = kernel ? LOG_KERNELS : LOG_OTHERS;
}

/* Microseconds since 1970, formatted for people. */
static void set_date(struct log_record *record, uint64_t usec)
{
	time_t seconds = (time_t)(usec / 1000000);
	size_t n;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 8000)
		return;
	n = strftime(record->time, sizeof(record->time), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(record->time + n, sizeof(record->time) - n, ".%06uZ",
		 (unsigned int)(usec % 1000000));
}

static void set_time(struct log_record *record, const char *key, const struct log_span *value)
{
	struct log_span rest = *value;
	uint64_t number;

	if (strcmp(key, "__REALTIME_TIMESTAMP") == 0 && log_span_take_number(&rest, &number) &&
	    rest.s == rest.end)
		set_date(record, number);
	else if ((strcmp(key, "time") == 0 || strcmp(key, "timestamp") == 0 ||
		  strcmp(key, "@timestamp") == 0) &&
		 log_span_size(value) < sizeof(record->time) && !record->time[0] &&
		 !memchr(value->s, '\0', log_span_size(value)))
		snprintf(record->time, sizeof(record->time), "%.*s", (int)log_span_size(value),
			 value->s);
}

/* Handles a field other than the message. */
static void set_field(struct log_record *record, const char *key, const struct log_span *value)
{
	struct log_span rest = *value;
	uint64_t number;

	set_time(record, key, value);
	if (strncmp(key, "__", 2) == 0 || strcmp(key, "_BOOT_ID") == 0)
		record->journal = true;
	if (strcmp(key, "_HOSTNAME") == 0 && log_span_size(value) < sizeof(record->host) &&
	    !memchr(value->s, '\0', log_span_size(value)))
		snprintf(record->host, sizeof(record->host), "%.*s", (int)log_span_size(value),
			 value->s);
	if (strcmp(key, "_TRANSPORT") == 0)
		set_whose(record, log_span_is(value, "kernel"));
	else if (strcmp(key, "fac") == 0)
		set_whose(record, log_span_is(value, "kern"));
	else if (strcmp(key, "pri") == 0 && log_span_take_number(&rest, &number) &&
		 rest.s == rest.end)
		set_whose(record, number >> 3 == 0);
	else if (strcmp(key, "_PID") == 0 ||
		 (strcmp(key, "SYSLOG_IDENTIFIER") == 0 && !log_span_is(value, "kernel")))
		set_whose(record, false);
}

/* Reports the record and starts a new one; the position in the text is kept. */
static int finish(struct log_record *record, log_record_each *each, void *data)
{
	int r = 0;

	if ((record->whose == LOG_NOBODYS && record->journal) ||
	    (record->torn && record->form == LOG_FORM_EXPORT))
		record->whose = LOG_OTHERS;
	if (record->size)
		r = each(record, data);
	record->size = 0;
	record->complete = record->journal = record->last_is_message = false;
	record->time[0] = record->host[0] = '\0';
	record->whose = LOG_NOBODYS;
	record->message_depth = 0;
	return r;
}

static void forget(struct log_record *record)
{
	record->size = 0;
	(void)finish(record, NULL, NULL);
	record->form = LOG_FORM_NONE;
	record->depth = 0;
	record->value = record->array = false;
	record->key[0] = '\0';
	record->blob = 0;
	record->n_length = 0;
}

/* Handles a JSON value for the current key. */
static void json_value(struct log_record *record, const struct log_json_token *token)
{
	struct log_span rest = token->text;
	uint64_t number;

	if (!is_message(record->key)) {
		if (!record->message_depth || record->message_depth == record->depth)
			set_field(record, record->key, &token->text);
	} else if (record->array && token->kind != LOG_JSON_STRING) {
		/* A message that is not valid text is an array of bytes. */
		if (log_span_take_number(&rest, &number) && number < 256 && !record->complete)
			append(record, (const char[]){ (char)number }, 1);
		record->message_depth = record->depth;
	} else if (token->kind == LOG_JSON_STRING && !record->complete) {
		append(record, token->text.s, log_span_size(&token->text));
		record->complete = true;
		record->message_depth = record->depth;
	}
	if (!record->array)
		record->value = false;
}

static int json_token(struct log_record *record, const struct log_json_token *token,
		      log_record_each *each, void *data)
{
	int r = 0;

	switch (token->kind) {
	case LOG_JSON_OPEN:
		record->value = record->array = false;
		record->depth++;
		return 0;
	case LOG_JSON_CLOSE:
		if (record->depth == record->message_depth || record->depth == 1)
			r = finish(record, each, data);
		record->depth -= record->depth > 0;
		record->value = false;
		return r;
	case LOG_JSON_ARRAY:
		record->array = record->value;
		return 0;
	case LOG_JSON_END:
		record->complete = record->complete || (is_message(record->key) && record->size);
		record->array = record->value = false;
		return 0;
	case LOG_JSON_KEY:
		snprintf(record->key, sizeof(record->key), "%.*s",
			 log_span_size(&token->text) < sizeof(record->key)
				 ? (int)log_span_size(&token->text)
				 : 0,
			 token->text.s);
		record->value = true;
		return 0;
	case LOG_JSON_STRING:
	case LOG_JSON_OTHER:
		if (record->value)
			json_value(record, token);
		return 0;
	}
	return 0;
}

static int parse_json(struct log_record *record, struct log_span *text, log_record_each *each,
		      void *data)
{
	char buf[LOG_MESSAGE_MAX];
	struct log_json_token token;
	int r = 0, more = 0;

	while (r == 0 && (more = log_json_next(text, buf, sizeof(buf), &token)) > 0)
		r = json_token(record, &token, each, data);
	if (r)
		return r;
	if (more < 0) {
		forget(record);
		return 0;
	}
	if (!record->depth)
		forget(record);
	return 1;
}

/* Takes the name of a journal field. */
static bool take_key(struct log_span *text, char *key, size_t size)
{
	const char *s = text->s;

	while (s < text->end &&
	       (isupper((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_'))
		s++;
	if (s == text->s || s - text->s > 64)
		return false;
	snprintf(key, size, "%.*s", (int)(s - text->s), text->s);
	text->s = s;
	return true;
}

/* "KEY=value", in export and verbose output. */
static bool parse_pair(struct log_record *record, struct log_span *text, char *key, size_t size)
{
	if (!take_key(text, key, size))
		return false;
	if (!log_span_skip(text, "="))
		return text->s == text->end;
	record->last_is_message = strcmp(key, "MESSAGE") == 0 && !record->complete;
	if (record->last_is_message) {
		append(record, text->s, log_span_size(text));
		record->complete = true;
	} else {
		set_field(record, key, text);
	}
	key[0] = '\0';
	return true;
}

/* Takes the bytes of a binary value, and the newline at the end of each line. */
static void take_blob(struct log_record *record, const struct log_span *text)
{
	for (const char *s = text->s; s <= text->end && (record->n_length || record->blob); s++) {
		char c = s < text->end ? *s : '\n';

		if (record->n_length) {
			record->length[sizeof(record->length) - record->n_length] =
				(unsigned char)c;
			if (--record->n_length)
				continue;
			for (size_t i = sizeof(record->length); i > 0; i--)
				record->blob = record->blob << 8 | record->length[i - 1];
			/* The newline after it. */
			record->blob += record->blob < UINT64_MAX;
			continue;
		}
		if (record->blob_is_message && record->blob > 1)
			append(record, &c, 1);
		record->blob--;
	}
}

static int parse_export(struct log_record *record, struct log_span *text, log_record_each *each,
			void *data)
{
	char key[65];
	int r;

	if (record->n_length || record->blob) {
		take_blob(record, text);
		return 1;
	}
	if (text->s == text->end) {
		r = finish(record, each, data);
		return r ? r : 1;
	}
	if (!parse_pair(record, text, key, sizeof(key))) {
		r = finish(record, each, data);
		forget(record);
		return r;
	}
	if (*key) {
		record->n_length = sizeof(record->length);
		record->blob = 0;
		record->blob_is_message = strcmp(key, "MESSAGE") == 0 && !record->complete;
		record->complete = record->complete || record->blob_is_message;
	}
	return 1;
}

/*
 * "Sun 2026-12-27 12:00:00.000000 CET [s=95ff...;i=1;...]", before each record of verbose output.
 */
static bool is_heading(const struct log_span *text)
{
	return text->s < text->end && *text->s != ' ' && log_span_ends(text, "]") &&
	       log_span_has(text, " [s=") && log_span_has(text, ";i=");
}

/* Up to the bracket without the space before it, truncated to the buffer. */
static void set_heading_time(struct log_record *record, const struct log_span *text)
{
	struct log_span time = { text->s, memchr(text->s, '[', log_span_size(text)) };

	while (time.end > time.s && time.end[-1] == ' ')
		time.end--;
	set_time(record, "time", &time);
}

static int parse_verbose(struct log_record *record, struct log_span *text, log_record_each *each,
			 void *data)
{
	struct log_span rest = *text;
	char key[65];
	int r;

	if (is_heading(text)) {
		r = finish(record, each, data);
		record->journal = true;
		set_heading_time(record, text);
		return r ? r : 1;
	}
	if (log_span_skip(&rest, "    ") && parse_pair(record, &rest, key, sizeof(key)))
		return 1;
	if (*text->s == ' ' || text->s == text->end) {
		log_span_skip_blanks(&rest);
		if (record->last_is_message) {
			append(record, "\n", 1);
			append(record, rest.s, log_span_size(&rest));
		}
		return 1;
	}
	r = finish(record, each, data);
	forget(record);
	return r;
}

/* Does a record begin here, and in which form? */
static enum log_form form_of(struct log_span *text, bool pasted)
{
	struct log_span rest = *text;

	if (pasted)
		while (rest.s < rest.end && strchr(" \t>|`*-", *rest.s))
			rest.s++;
	(void)log_span_skip(&rest, "\xef\xbb\xbf");
	(void)(log_span_skip(&rest, "data: ") || log_span_skip(&rest, "\x1e"));
	if (rest.s < rest.end && *rest.s == '{') {
		*text = rest;
		return LOG_FORM_JSON;
	}
	if (log_span_skip(&rest, "__CURSOR=") || log_span_skip(&rest, "__REALTIME_TIMESTAMP="))
		return LOG_FORM_EXPORT;
	return is_heading(text) ? LOG_FORM_VERBOSE : LOG_FORM_NONE;
}

int log_record_parse(struct log_record *record, const char *text, size_t size, bool pasted,
		     log_record_each *each, void *data)
{
	struct log_span span = { text, text + size };
	int r = 0;

	/* A line that does not continue a record may begin one. */
	for (bool again = true; r == 0 && again;) {
		again = record->form != LOG_FORM_NONE;
		if (!again)
			record->form = form_of(&span, pasted);
		switch (record->form) {
		case LOG_FORM_NONE:
			return 0;
		case LOG_FORM_JSON:
			r = parse_json(record, &span, each, data);
			break;
		case LOG_FORM_EXPORT:
			r = parse_export(record, &span, each, data);
			break;
		case LOG_FORM_VERBOSE:
			r = parse_verbose(record, &span, each, data);
			break;
		}
		span = (struct log_span){ text, text + size };
	}
	return r;
}

int log_record_flush(struct log_record *record, log_record_each *each, void *data)
{
	/* JSON records are complete at their closing brace. */
	return record->form == LOG_FORM_EXPORT || record->form == LOG_FORM_VERBOSE
		       ? finish(record, each, data)
		       : 0;
}

void log_record_tear(struct log_record *record)
{
	/* In export form, lines of a message may look like other fields, and its length is lost. */
	record->torn = true;
	if (record->form == LOG_FORM_EXPORT)
		forget(record);
}
