/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/log_match.h"
#include "model/log_paste.h"
#include "sys/kmsg.h"

/* Longer is no message of the kernel, whatever it looks like (PRINTKRB_RECORD_MAX, 1024). */
#define LINE_MAX_SIZE 8192
/* Other CPUs print in between; then no more of a fault comes. */
#define HELD_LINES 32

void log_fault_done(struct log_fault *fault)
{
	free(fault->line);
	*fault = (struct log_fault){ 0 };
}

void log_parser_done(struct log_parser *parser)
{
	for (unsigned int i = 0; i < parser->n_held; i++)
		log_fault_done(&parser->held[i].fault);
	parser->n_held = 0;
}

const char *log_kind_name(enum log_kind kind)
{
	static const char *const names[] = {
		[LOG_KIND_UNKNOWN] = "unknown",
		[LOG_KIND_DMA] = "dma",
		[LOG_KIND_INTERRUPT] = "interrupt",
		[LOG_KIND_PAGE_REQUEST] = "page-request",
		[LOG_KIND_INVALIDATION] = "invalidation",
		[LOG_KIND_HARDWARE] = "hardware",
		[LOG_KIND_LOST] = "lost",
		[LOG_KIND_REFUSED] = "refused",
		[LOG_KIND_UNSAFE] = "unsafe",
	};

	return names[kind];
}

/* Gives FAULT, complete, and frees it. */
static int give(struct log_parser *parser, const struct log_pattern *pattern,
		struct log_fault *fault, log_each *each, void *data)
{
	int r = 0;

	if (pattern) {
		fault->reason = fault->reason ? fault->reason : pattern->reason;
		fault->remedy = fault->remedy ? fault->remedy : pattern->remedy;
		if (pattern->decode)
			pattern->decode(fault);
	}
	if (fault->kind != LOG_KIND_UNKNOWN || !pattern) {
		parser->faults++;
		r = each(fault, data);
	}
	log_fault_done(fault);
	return r;
}

/* Gives those that are complete, as far as no older one is in front of them, or COUNT at least. */
static int release(struct log_parser *parser, unsigned int count, log_each *each, void *data)
{
	int r = 0;

	while (r == 0 && parser->n_held &&
	       (count || !parser->held[0].pattern ||
		!(parser->held[0].pattern->flags & LOG_PART_NEXT))) {
		struct log_held first = parser->held[0];

		memmove(parser->held, parser->held + 1, --parser->n_held * sizeof(first));
		count -= count > 0;
		r = give(parser, first.pattern, &first.fault, each, data);
	}
	return r;
}

/* Adds a line to what is held. False where it belongs to nothing of that. */
static bool join(struct log_held *held, const struct log_line *line)
{
	struct log_fault fault;
	struct log_match match;

	if (!held->pattern || !(held->pattern->flags & LOG_PART_NEXT) ||
	    !log_match_next(held, line, &match, &fault))
		return false;
	/* The later line knows better; the earlier has what it does not tell. */
	if (!fault.reason)
		fault.reason = held->pattern->reason;
	if (!fault.remedy)
		fault.remedy = held->pattern->remedy;
	held->fault = fault;
	held->pattern = match.pattern;
	held->age = 0;
	return true;
}

/* Two that print at once go on line by line: the newest that LINE belongs to has it. */
static bool join_any(struct log_parser *parser, const struct log_line *line)
{
	for (unsigned int i = parser->n_held; i > 0; i--)
		if (join(&parser->held[i - 1], line))
			return true;
	return false;
}

struct input {
	const char *text; /* as it was read */
	size_t size;
	log_each *each;
	void *data;
	size_t front;     /* where in it, at most, a message begins */
	const char *time; /* of the record that it is in, where the text has none; or NULL */
};

static int set_line(struct log_fault *fault, const struct log_line *line, const struct input *in)
{
	const char *text = in->text;
	size_t size = in->size;

	fault->line = malloc(size + 1);
	if (!fault->line)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		fault->line[i] = text[i] ? text[i] : '?';
	fault->line[size] = '\0';
	log_span_copy(fault->time, sizeof(fault->time), &line->time);
	if (in->time && !fault->time[0])
		snprintf(fault->time, sizeof(fault->time), "%s", in->time);
	if (line->usec.status == 1 && !fault->time[0])
		snprintf(fault->time, sizeof(fault->time), "%llu.%06llu",
			 (unsigned long long)line->usec.value / 1000000,
			 (unsigned long long)line->usec.value % 1000000);
	return 0;
}

/*
 * A fault of which this line is the first, or all. It waits for those before it, so that faults come
 * in the order in which they began.
 */
static int start(struct log_parser *parser, const struct log_match *match, struct log_fault *fault,
		 log_each *each, void *data)
{
	unsigned int done = parser->n_held == LOG_HELD_MAX;
	int r;

	for (unsigned int i = 0; i < parser->n_held; i++)
		/* Whoever begins anew has done with what was before. */
		if (strcmp(parser->held[i].fault.source, fault->source) == 0 &&
		    strcmp(parser->held[i].fault.iommu, fault->iommu) == 0 &&
		    log_match_agree(parser->held[i].fault.device, fault->device))
			done = i + 1;
	r = release(parser, done, each, data);
	if (r != 0) {
		log_fault_done(fault);
		return r;
	}
	parser->held[parser->n_held++] =
		(struct log_held){ *fault, match->pattern, 0, parser->lines };
	return release(parser, 0, each, data);
}

static int other(struct log_parser *parser, log_each *each, void *data)
{
	unsigned int old = 0;

	parser->others++;
	for (unsigned int i = 0; i < parser->n_held; i++)
		if (++parser->held[i].age > HELD_LINES)
			old = i + 1;
	return release(parser, old, each, data);
}

/* A message, of which LINE tells the rest. RET_KNOWN: it is understood, be it a fault or not. */
static int parse_message(struct log_parser *parser, const struct log_line *line,
			 const struct input *in, bool *ret_known)
{
	struct log_fault fault;
	struct log_match match;
	int r;

	*ret_known = true;
	if (join_any(parser, line))
		return release(parser, 0, in->each, in->data);
	*ret_known = log_match_find(line, &match, &fault);
	if (!*ret_known || log_match_is_nothing(&match))
		return other(parser, in->each, in->data);
	r = set_line(&fault, line, in);
	return r < 0 ? r : start(parser, &match, &fault, in->each, in->data);
}

/* All lines of a message: what rsyslog and /dev/kmsg write for a newline parts them. */
static int parse_messages(struct log_parser *parser, struct log_line *line, const struct input *in,
			  bool *ret_known)
{
	struct log_span rest = line->whole;
	bool known;
	int r = 0;

	*ret_known = false;
	for (bool more = true; more && r == 0;) {
		struct log_span text = log_paste_take_line(&rest, &more);

		log_line_set_message(line, &text);
		r = parse_message(parser, line, in, &known);
		*ret_known = *ret_known || known;
	}
	return r;
}

/*
 * The second line of a message is the kernel's where it stands right behind the first, and adds to it;
 * alone it may be anybody's.
 */
static bool join_indented(struct log_parser *parser, const struct log_line *line)
{
	struct log_held *last = parser->held + parser->n_held - 1;

	return parser->n_held && last->line == parser->lines - 1 && join(last, line);
}

/* Where in TEXT, if anywhere, is a message? A form that is known comes before one that is not. */
static bool find_anywhere(const struct log_span *text, size_t front, struct log_line *line,
			  struct log_match *match, struct log_fault *fault)
{
	struct log_span rest = { 0 }, unknown = { 0 };

	while (log_paste_next_start(text, front, &rest)) {
		if (log_line_split(rest.s, log_span_size(&rest), line) == LOG_NOBODYS ||
		    !log_match_find(line, match, fault))
			continue;
		if (match->pattern)
			return true;
		if (!unknown.s)
			unknown = rest;
	}
	return unknown.s &&
	       log_line_split(unknown.s, log_span_size(&unknown), line) != LOG_NOBODYS &&
	       log_match_find(line, match, fault);
}

/* Does TEXT look like a fault, whoever wrote it? */
static bool is_doubtful(const struct log_span *text)
{
	struct log_fault fault;
	struct log_match match;
	struct log_line line;

	return log_paste_may_tell(text) &&
	       find_anywhere(text, LOG_FRONT_MAX, &line, &match, &fault) &&
	       !log_match_is_nothing(&match);
}

/* Does TEXT go on with what is held, from wherever in it? */
static bool join_anywhere(struct log_parser *parser, const struct log_span *text, size_t front)
{
	struct log_span rest = { 0 };
	struct log_line line;

	while (parser->n_held && log_paste_next_start(text, front, &rest))
		if (log_line_split(rest.s, log_span_size(&rest), &line) != LOG_NOBODYS &&
		    join_any(parser, &line))
			return true;
	return false;
}

/* TEXT, if it has a message in a form that is known, or UNKNOWN at least. Returns 1 if so. */
static int parse_anywhere(struct log_parser *parser, const struct log_span *text, bool unknown,
			  const struct input *in)
{
	struct log_fault fault;
	struct log_match match;
	struct log_line line;
	bool known;
	int r;

	if (join_anywhere(parser, text, in->front)) {
		r = release(parser, 0, in->each, in->data);
		return r ? r : 1;
	}
	if (!log_paste_may_tell(text) || !find_anywhere(text, in->front, &line, &match, &fault) ||
	    !(match.pattern || unknown))
		return 0;
	r = parse_messages(parser, &line, in, &known);
	return r ? r : 1;
}

/* What is left in pieces is given as it is, where it looks like a fault. */
static int give_pieces(struct log_parser *parser, log_each *each, void *data)
{
	struct log_pieces *pieces = &parser->pieces;
	int r = 0;

	for (unsigned int i = 0; i < pieces->n && r >= 0; i++) {
		const struct log_span text = { pieces->text[i], pieces->text[i] + pieces->size[i] };
		const struct input in = { .text = text.s,
					  .size = pieces->size[i],
					  .each = each,
					  .data = data,
					  .front = LOG_FRONT_MAX };

		r = parse_anywhere(parser, &text, true, &in);
	}
	pieces->n = 0;
	return r < 0 ? r : 0;
}

/* Tries TEXT as the end of the COUNT pieces before it. Returns 1 if it is. */
static int parse_pieces(struct log_parser *parser, const struct log_span *text, unsigned int count,
			const char *between, const struct input *in)
{
	struct log_pieces *pieces = &parser->pieces;
	char buf[(LOG_PIECES_MAX + 1) * (LOG_PIECE_MAX + 1)];
	struct input joined = *in;
	size_t n = 0;
	int r;

	for (unsigned int i = pieces->n - count; i < pieces->n; i++)
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%.*s%s", (int)pieces->size[i],
				      pieces->text[i], between);
	n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%.*s", (int)log_span_size(text), text->s);
	joined.text = buf;
	joined.size = n;
	/* Those before are no part of it. */
	if (pieces->size[pieces->n - count] < joined.front)
		joined.front = pieces->size[pieces->n - count];
	r = parse_anywhere(parser, &(struct log_span){ buf, buf + n }, false, &joined);
	if (r <= 0)
		return r;
	pieces->n -= count;
	r = give_pieces(parser, in->each, in->data);
	return r ? r : 1;
}

static int parse_pasted(struct log_parser *parser, const struct log_span *text,
			const struct input *in)
{
	struct log_pieces *pieces = &parser->pieces;
	const struct log_span bare = log_paste_strip(text);
	int r = parse_anywhere(parser, &bare, false, in);

	if (r)
		return r < 0 ? r : give_pieces(parser, in->each, in->data);
	if (bare.s == bare.end || log_span_size(&bare) >= LOG_PIECE_MAX ||
	    memchr(bare.s, '\0', log_span_size(&bare)))
		return parse_anywhere(parser, &bare, true, in) < 0 ? -ENOMEM : 0;
	for (unsigned int i = pieces->n; i > 0 && r == 0; i--) {
		r = parse_pieces(parser, &bare, i, " ", in);
		if (r == 0)
			r = parse_pieces(parser, &bare, i, "", in);
	}
	if (r)
		return r < 0 ? r : 0;
	if (pieces->n == LOG_PIECES_MAX || (pieces->n == 0 && !log_paste_may_tell(&bare)))
		r = give_pieces(parser, in->each, in->data);
	if (r == 0 && (pieces->n || log_paste_may_tell(&bare))) {
		memcpy(pieces->text[pieces->n], bare.s, log_span_size(&bare));
		pieces->size[pieces->n++] = log_span_size(&bare);
	}
	return r;
}

static int parse_strict(struct log_parser *parser, const struct log_span *text,
			const struct input *in)
{
	struct log_line line;
	bool known = false;
	int r = 0;

	switch (log_line_split(text->s, log_span_size(text), &line)) {
	case LOG_KERNELS:
		r = parse_messages(parser, &line, in, &known);
		break;
	case LOG_OTHERS:
		if (*text->s == ' ' && join_indented(parser, &line))
			return release(parser, 0, in->each, in->data);
		r = other(parser, in->each, in->data);
		break;
	case LOG_NOBODYS:
		return other(parser, in->each, in->data);
	}
	/* What looks like a fault, and is not believed, is no reason to say that there was none. */
	if (!known && is_doubtful(text))
		parser->doubted++;
	return r;
}

/* TEXT, clean, in whatever way the parser is told to read it. */
static int parse_text(struct log_parser *parser, const struct input *in)
{
	char buf[LINE_MAX_SIZE];
	size_t size;

	if (in->size > LINE_MAX_SIZE)
		return other(parser, in->each, in->data);
	size = log_paste_clean(in->text, in->size, buf);
	if (!parser->pasted)
		return parse_strict(parser, &(struct log_span){ buf, buf + size }, in);
	size = log_paste_unquote(buf, size);
	return parse_pasted(parser, &(struct log_span){ buf, buf + size }, in);
}

/* A record of which the kernel has told the message. */
static int parse_kernels(struct log_parser *parser, const struct input *in)
{
	struct log_line line = { .time = { in->time, in->time } };
	char buf[LINE_MAX_SIZE];
	struct log_span text = { buf, buf + log_paste_clean(in->text, in->size, buf) };
	bool known;
	int r;

	line.whole = text;
	r = parse_messages(parser, &line, in, &known);
	if (!known && is_doubtful(&text))
		parser->doubted++;
	return r;
}

struct records {
	struct log_parser *parser;
	log_each *each;
	void *data;
	int error; /* what EACH returned, if not 0 */
};

static int parse_record(struct log_record *record, void *data)
{
	struct records *records = data;
	struct log_parser *parser = records->parser;
	struct input in = { .text = record->message,
			    .size = record->size,
			    .each = records->each,
			    .data = records->data,
			    .front = LOG_FRONT_MAX,
			    .time = record->time };
	struct log_span rest = { record->message, record->message + record->size }, text;
	int r = 0;

	if (record->whose == LOG_KERNELS)
		r = parse_kernels(parser, &in);
	for (bool more = record->whose != LOG_KERNELS; more && r == 0;) {
		text = log_paste_take_line(&rest, &more);
		in.text = text.s;
		in.size = log_span_size(&text);
		if (record->whose != LOG_OTHERS || parser->pasted)
			r = parse_text(parser, &in);
		else if (is_doubtful(&text))
			parser->doubted++;
	}
	records->error = r;
	return r ? -ECANCELED : 0;
}

int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data)
{
	const struct input in = {
		.text = text, .size = size, .each = each, .data = data, .front = LOG_FRONT_MAX
	};
	struct records records = { parser, each, data, 0 };
	int r;

	parser->lines++;
	r = log_record_parse(&parser->record, text, size, parser->pasted, parse_record, &records);
	return records.error ? records.error : r ? 0 : parse_text(parser, &in);
}

int log_flush(struct log_parser *parser, log_each *each, void *data)
{
	struct records records = { parser, each, data, 0 };
	int r;

	(void)log_record_flush(&parser->record, parse_record, &records);
	r = records.error ? records.error : give_pieces(parser, each, data);
	return r ? r : release(parser, parser->n_held, each, data);
}

void log_tear(struct log_parser *parser)
{
	log_record_tear(&parser->record);
}

int log_kernel_open(const struct sys_root *root)
{
	return sys_kmsg_open(root);
}
