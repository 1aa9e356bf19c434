/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/faultlog/internal.h"
#include "sys/kmsg.h"

/* Longer lines are not kernel messages (PRINTKRB_RECORD_MAX, 1024). */
#define LINE_MAX_SIZE 8192
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

const char *const log_kind_names[] = {
	[LOG_KIND_UNKNOWN] = "unknown",
	[LOG_KIND_DMA] = "dma",
	[LOG_KIND_INTERRUPT] = "interrupt",
	[LOG_KIND_PAGE_REQUEST] = "page-request",
	[LOG_KIND_INVALIDATION] = "invalidation",
	[LOG_KIND_HARDWARE] = "hardware",
	[LOG_KIND_LOST] = "lost",
	[LOG_KIND_REFUSED] = "refused",
	[LOG_KIND_UNSAFE] = "unsafe",
	[LOG_KIND_UNSAFE + 1] = NULL,
};

const char *log_kind_name(enum log_kind kind)
{
	return log_kind_names[kind];
}

static int parse_strict(struct log_parser *parser, const struct log_span *text,
			const struct log_input *in)
{
	struct log_line line;
	bool known = false;
	int r = 0;

	switch (log_line_split(text->s, log_span_size(text), &line)) {
	case LOG_KERNELS:
		r = log_take_messages(parser, &line, in, &known);
		break;
	case LOG_OTHERS:
		if (*text->s == ' ' && log_join_indented(parser, &line))
			return log_release(parser, 0, in->each, in->data);
		r = log_pass(parser, in->each, in->data);
		break;
	case LOG_NOBODYS:
		return log_pass(parser, in->each, in->data);
	}
	/*
	 * Count lines that look like faults but are not believed, so that the result is not "no
	 * faults".
	 */
	if (!known && log_is_doubtful(text))
		parser->doubted++;
	return r;
}

/* Parses TEXT, cleaned, in the mode of the parser. */
static int parse_text(struct log_parser *parser, struct log_input *in)
{
	char buf[LINE_MAX_SIZE];
	struct log_span rest;
	size_t size;
	int r;

	if (in->size > LINE_MAX_SIZE)
		return log_pass(parser, in->each, in->data);
	size = log_paste_clean(in->text, in->size, buf);
	if (!parser->pasted)
		return parse_strict(parser, &(struct log_span){ buf, buf + size }, in);
	rest = (struct log_span){ buf, buf + log_paste_unquote(buf, size) };
	do {
		struct log_span message = log_paste_take_message(&rest);

		r = log_take_pasted(parser, &message, in);
	} while (r == 0 && rest.s < rest.end);
	return r;
}

/* A record whose message is known to be from the kernel. */
static int parse_kernels(struct log_parser *parser, const struct log_input *in)
{
	struct log_line line = { .time = { in->time, in->time }, .host = { in->time, in->time } };
	char buf[LINE_MAX_SIZE];
	struct log_span text = { buf, buf + log_paste_clean(in->text, in->size, buf) };
	bool known;
	int r;

	line.whole = text;
	r = log_take_messages(parser, &line, in, &known);
	if (!known && log_is_doubtful(&text))
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
	struct log_input in = { .text = record->message,
				.size = record->size,
				.each = records->each,
				.data = records->data,
				.front = LOG_FRONT_MAX,
				.time = record->time,
				.host = record->host };
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
		else if (log_is_doubtful(&text))
			parser->doubted++;
	}
	records->error = r;
	return r ? -ECANCELED : 0;
}

int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data)
{
	struct log_input in = {
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
	r = records.error ? records.error : log_give_pieces(parser, each, data);
	return r ? r : log_release(parser, parser->n_held, each, data);
}

void log_tear(struct log_parser *parser)
{
	log_record_tear(&parser->record);
}

int log_kernel_open(const struct sys_root *root)
{
	return sys_kmsg_open(root);
}
