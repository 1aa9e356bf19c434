/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/log_pattern.h"
#include "sys/kmsg.h"

/* Longer is no message of the kernel, whatever it looks like (PRINTKRB_RECORD_MAX, 1024). */
#define LINE_MAX_SIZE 8192
/* Other CPUs print in between; then no more of a fault comes. */
#define HELD_LINES 32

static const struct log_source *const all_sources[] = {
	log_sources_x86,
	log_sources_arm,
	log_sources_other,
};

void log_fault_done(struct log_fault *fault)
{
	free(fault->line);
	*fault = (struct log_fault){ 0 };
}

void log_parser_done(struct log_parser *parser)
{
	log_fault_done(&parser->held);
	parser->pattern = NULL;
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

static void copy_span(char *buf, size_t size, const struct log_span *span)
{
	size_t n = log_span_size(span) < size ? log_span_size(span) : 0;

	for (size_t i = 0; i < n; i++)
		buf[i] = span->s[i] ? span->s[i] : '?';
	buf[n] = '\0';
}

/* Is the message of SOURCE? What it says then, in RET. */
static bool source_says(const struct log_source *source, const struct log_line *line,
			struct log_span *ret)
{
	*ret = line->body;
	if (source->driver && !log_span_is(&line->driver, source->driver))
		return false;
	if (source->prefix && !log_span_skip(ret, source->prefix))
		return false;
	while (ret->s < ret->end && (*ret->s == ' ' || *ret->s == '\t'))
		ret->s++;
	return true;
}

/* A message of the driver of an IOMMU that looks like a fault, in a form that is none of ours. */
static bool looks_bad(const struct log_source *source, const struct log_span *text)
{
	return (source->driver || source->prefix) &&
	       (log_span_has(text, "fault") || log_span_has(text, "Event logged ["));
}

/* The first PCI address in TEXT, if any. */
static void find_device(const struct log_span *text, struct log_fault *fault)
{
	for (const char *p = text->s; p < text->end && !fault->device[0]; p++) {
		const struct log_span rest = { p, text->end };

		if (isxdigit((unsigned char)*p) && (p == text->s || !isalnum((unsigned char)p[-1])))
			(void)log_pattern_match("%D%*", &rest, fault);
	}
}

/* The device before the message, unless it is the IOMMU's own. */
static void name_device(const struct log_line *line, bool own, struct log_fault *fault)
{
	bool unit = own || log_span_is(&line->driver, "iommu");

	if (unit && !fault->iommu[0])
		copy_span(fault->iommu, sizeof(fault->iommu), &line->device);
	else if (!unit && !fault->device[0])
		copy_span(fault->device, sizeof(fault->device), &line->device);
}

struct match {
	const struct log_source *source;
	const struct log_pattern *pattern; /* NULL: a form that is not known */
	struct log_span text;
};

/* On top of what BASE has. Unless PART is a further line, the fault begins with this one. */
static void begin(const struct log_fault *base, const struct match *match, struct log_fault *ret)
{
	*ret = base ? *base : (struct log_fault){ 0 };
	ret->source = match->source->name;
	if (!base)
		ret->kind = match->pattern ? match->pattern->kind : LOG_KIND_UNKNOWN;
}

static bool find_pattern(const struct log_line *line, const struct log_fault *base,
			 struct match *match, struct log_fault *ret)
{
	for (match->pattern = match->source->patterns; match->pattern->form; match->pattern++) {
		if (match->text.s == match->text.end ||
		    (*match->pattern->form != '%' && *match->pattern->form != *match->text.s))
			continue;
		begin(base, match, ret);
		if (log_pattern_match(match->pattern->form, &match->text, ret)) {
			name_device(line, match->source->own, ret);
			return true;
		}
	}
	match->pattern = NULL;
	return false;
}

/* Who has printed LINE, and in which form. */
static bool find(const struct log_line *line, struct match *match, struct log_fault *ret)
{
	struct match unknown = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(all_sources); i++)
		for (match->source = all_sources[i]; match->source->name; match->source++) {
			if (!source_says(match->source, line, &match->text))
				continue;
			if (find_pattern(line, NULL, match, ret))
				return true;
			if (!unknown.source && looks_bad(match->source, &match->text))
				unknown = *match;
		}
	if (!unknown.source)
		return false;
	*match = unknown;
	begin(NULL, match, ret);
	name_device(line, match->source->own, ret);
	find_device(&match->text, ret);
	copy_span(ret->text, sizeof(ret->text), &match->text);
	return true;
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

int log_flush(struct log_parser *parser, log_each *each, void *data)
{
	const struct log_pattern *pattern = parser->pattern;

	parser->pattern = NULL;
	return pattern ? give(parser, pattern, &parser->held, each, data) : 0;
}

/* May a line of PATTERN go on with what is held? */
static bool goes_on(const struct log_parser *parser, const struct match *match,
		    const struct log_fault *fault)
{
	const struct log_pattern *held = parser->pattern, *pattern = match->pattern;

	return held && pattern && pattern->family && pattern->family == held->family &&
	       strcmp(parser->held.source, match->source->name) == 0 &&
	       (!fault->iommu[0] || !parser->held.iommu[0] ||
		strcmp(fault->iommu, parser->held.iommu) == 0) &&
	       (pattern->part > held->part || (pattern == held && pattern->flags & LOG_PART_SAME &&
					       parser->held.n_raw < LOG_RAW_MAX));
}

/* Adds a line to what is held. */
static int join(struct log_parser *parser, const struct log_line *line, struct match *match,
		log_each *each, void *data)
{
	const struct log_pattern *before = parser->pattern;
	struct log_fault fault;

	/* The later line knows better; the earlier one has what it does not tell. */
	if (!find_pattern(line, &parser->held, match, &fault))
		return 0;
	if (before->reason && !fault.reason)
		fault.reason = before->reason;
	if (before->remedy && !fault.remedy)
		fault.remedy = before->remedy;
	parser->held = fault;
	parser->pattern = match->pattern;
	parser->age = 0;
	return match->pattern->flags & LOG_PART_NEXT ? 0 : log_flush(parser, each, data);
}

static int set_line(struct log_fault *fault, const struct log_line *line, const char *text,
		    size_t size)
{
	fault->line = malloc(size + 1);
	if (!fault->line)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++)
		fault->line[i] = text[i] ? text[i] : '?';
	fault->line[size] = '\0';
	copy_span(fault->time, sizeof(fault->time), &line->time);
	if (line->usec.status == 1 && !fault->time[0])
		snprintf(fault->time, sizeof(fault->time), "%llu.%06llu",
			 (unsigned long long)line->usec.value / 1000000,
			 (unsigned long long)line->usec.value % 1000000);
	return 0;
}

/* A fault of which this line is the first, or all. */
static int start(struct log_parser *parser, const struct match *match, struct log_fault *fault,
		 log_each *each, void *data)
{
	int r = log_flush(parser, each, data);

	if (r != 0) {
		log_fault_done(fault);
		return r;
	}
	if (!match->pattern || !(match->pattern->flags & LOG_PART_NEXT))
		return give(parser, match->pattern, fault, each, data);
	parser->held = *fault;
	parser->pattern = match->pattern;
	parser->age = 0;
	return 0;
}

static int other(struct log_parser *parser, log_each *each, void *data)
{
	parser->others++;
	return parser->pattern && ++parser->age > HELD_LINES ? log_flush(parser, each, data) : 0;
}

int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data)
{
	struct log_fault fault;
	struct log_line line;
	struct match match;
	int r;

	parser->lines++;
	if (size > LINE_MAX_SIZE || !log_line_split(text, size, &line) ||
	    !find(&line, &match, &fault))
		return other(parser, each, data);
	if (goes_on(parser, &match, &fault))
		return join(parser, &line, &match, each, data);
	if (match.pattern && (match.pattern->flags & LOG_PART_MORE ||
			      (match.pattern->kind == LOG_KIND_UNKNOWN && !match.pattern->decode)))
		return other(parser, each, data);
	r = set_line(&fault, &line, text, size);
	return r < 0 ? r : start(parser, &match, &fault, each, data);
}

int log_kernel_open(const struct sys_root *root)
{
	return sys_kmsg_open(root);
}
