/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults that may continue: adds each line to the fault that it belongs to. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/faultlog/internal.h"

/* Other CPUs may print in between; after so many lines, a fault is complete. */
#define HELD_LINES 32

/* Reports the complete FAULT and frees it. */
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

int log_release(struct log_parser *parser, unsigned int count, log_each *each, void *data)
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

/* Adds LINE to HELD. Returns false if it does not belong to it. */
static bool join(struct log_held *held, const struct log_line *line)
{
	struct log_fault fault;
	struct log_match match;

	if (!held->pattern || !(held->pattern->flags & LOG_PART_NEXT) ||
	    !log_match_next(held, line, &match, &fault))
		return false;
	/* The later line is more specific; keep the earlier one's where it has none. */
	if (!fault.reason)
		fault.reason = held->pattern->reason;
	if (!fault.remedy)
		fault.remedy = held->pattern->remedy;
	held->fault = fault;
	held->pattern = match.pattern;
	held->age = 0;
	return true;
}

bool log_join_any(struct log_parser *parser, const struct log_line *line)
{
	for (unsigned int i = parser->n_held; i > 0; i--)
		if (join(&parser->held[i - 1], line))
			return true;
	return false;
}

static int set_line(struct log_fault *fault, const struct log_line *line,
		    const struct log_input *in)
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
	log_span_copy(fault->host, sizeof(fault->host), &line->host);
	if (in->host && !fault->host[0])
		snprintf(fault->host, sizeof(fault->host), "%s", in->host);
	if (in->time && !fault->time[0])
		snprintf(fault->time, sizeof(fault->time), "%s", in->time);
	if (line->usec.status == 1 && !fault->time[0])
		snprintf(fault->time, sizeof(fault->time), "%llu.%06llu",
			 (unsigned long long)line->usec.value / 1000000,
			 (unsigned long long)line->usec.value % 1000000);
	return 0;
}

/*
 * A fault that begins with this line. It waits for those before it, so that faults are reported in
 * the order in which they began.
 */
static int start(struct log_parser *parser, const struct log_match *match, struct log_fault *fault,
		 log_each *each, void *data)
{
	unsigned int done = parser->n_held == LOG_HELD_MAX;
	int r;

	for (unsigned int i = 0; i < parser->n_held; i++)
		/* A new fault of the same source completes those before it. */
		if (strcmp(parser->held[i].fault.source, fault->source) == 0 &&
		    strcmp(parser->held[i].fault.iommu, fault->iommu) == 0 &&
		    log_match_agree(parser->held[i].fault.device, fault->device))
			done = i + 1;
	r = log_release(parser, done, each, data);
	if (r != 0) {
		log_fault_done(fault);
		return r;
	}
	parser->held[parser->n_held++] =
		(struct log_held){ *fault, match->pattern, 0, parser->lines };
	return log_release(parser, 0, each, data);
}

int log_pass(struct log_parser *parser, log_each *each, void *data)
{
	unsigned int old = 0;

	parser->others++;
	for (unsigned int i = 0; i < parser->n_held; i++)
		if (++parser->held[i].age > HELD_LINES)
			old = i + 1;
	return log_release(parser, old, each, data);
}

/* Parses a message; LINE has its prefix. RET_KNOWN: understood, as a fault or not. */
static int parse_message(struct log_parser *parser, const struct log_line *line,
			 const struct log_input *in, bool *ret_known)
{
	struct log_fault fault;
	struct log_match match;
	int r;

	*ret_known = true;
	if (log_join_any(parser, line))
		return log_release(parser, 0, in->each, in->data);
	*ret_known = log_match_find(line, &match, &fault);
	if (!*ret_known || log_match_is_nothing(&match))
		return log_pass(parser, in->each, in->data);
	r = set_line(&fault, line, in);
	return r < 0 ? r : start(parser, &match, &fault, in->each, in->data);
}

int log_take_messages(struct log_parser *parser, struct log_line *line, const struct log_input *in,
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

bool log_join_indented(struct log_parser *parser, const struct log_line *line)
{
	struct log_held *last = parser->held + parser->n_held - 1;

	if (!parser->n_held || last->line != parser->lines - 1)
		return false;
	last->line = parser->lines;
	return join(last, line);
}
