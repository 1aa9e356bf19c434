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

/* Does a word of TEXT begin with PART? "default" does not with "fault"; "IO_PAGE_FAULT" does. */
static bool has_word(const struct log_span *text, const char *part)
{
	struct log_span rest = *text;

	for (; log_span_has(&rest, part); rest.s++)
		if (log_span_begins(&rest, part) &&
		    (rest.s == text->s || !isalnum((unsigned char)rest.s[-1])))
			return true;
	return false;
}

/* A message of the driver of an IOMMU that looks like a fault, in a form that is none of ours. */
static bool looks_bad(const struct log_source *source, const struct log_span *text)
{
	return (source->driver || source->prefix) &&
	       (has_word(text, "fault") || log_span_has(text, "Event logged ["));
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

/* Is the device before the message the IOMMU, not who did the DMA? */
static bool names_unit(const struct log_line *line, const struct log_source *source)
{
	return source->own || log_span_is(&line->driver, "iommu");
}

/* The device before the message, unless it is the IOMMU's own. */
static void name_device(const struct log_line *line, const struct log_source *source,
			struct log_fault *fault)
{
	bool unit = names_unit(line, source);

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

/* On top of what BASE has; without it the fault begins with this line. */
static void begin(const struct log_fault *base, const struct match *match, struct log_fault *ret)
{
	*ret = base ? *base : (struct log_fault){ 0 };
	ret->source = match->source->name;
	if (!base)
		ret->kind = match->pattern ? match->pattern->kind : LOG_KIND_UNKNOWN;
}

/* Has LINE the form of MATCH's pattern? What it says then, in RET. */
static bool has_form(const struct log_line *line, const struct log_fault *base,
		     const struct match *match, struct log_fault *ret)
{
	const char *form = match->pattern->form;

	if (match->text.s == match->text.end || (*form != '%' && *form != *match->text.s))
		return false;
	begin(base, match, ret);
	if (!log_pattern_match(form, &match->text, ret))
		return false;
	name_device(line, match->source, ret);
	return true;
}

static bool find_pattern(const struct log_line *line, struct match *match, struct log_fault *ret)
{
	for (match->pattern = match->source->patterns; match->pattern->form; match->pattern++)
		if (!(match->pattern->flags & LOG_PART_BARE) && has_form(line, NULL, match, ret))
			return true;
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
			if (find_pattern(line, match, ret))
				return true;
			if (!unknown.source && looks_bad(match->source, &match->text))
				unknown = *match;
		}
	if (!unknown.source)
		return false;
	*match = unknown;
	begin(NULL, match, ret);
	name_device(line, match->source, ret);
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

int log_flush(struct log_parser *parser, log_each *each, void *data)
{
	return release(parser, parser->n_held, each, data);
}

/* Do both names, where both are known, say the same? */
static bool agree(const char *a, const char *b)
{
	return !*a || !*b || strcmp(a, b) == 0;
}

/* May LINE, of which FAULT is what MATCH's pattern makes on top of HELD, go on with it? */
static bool goes_on(const struct log_held *held, const struct log_line *line,
		    const struct match *match, const struct log_fault *fault)
{
	const struct log_pattern *before = held->pattern, *pattern = match->pattern;
	struct log_fault named = { 0 };

	name_device(line, match->source, &named);
	return pattern->family && pattern->family == before->family &&
	       (pattern->part > before->part ||
		(pattern == before && pattern->flags & LOG_PART_SAME &&
		 held->fault.n_raw < LOG_RAW_MAX)) &&
	       agree(held->fault.iommu, fault->iommu) && agree(held->fault.device, fault->device) &&
	       agree(held->fault.iommu, named.iommu) && agree(held->fault.device, named.device);
}

/* Is LINE a further one of what is held? The form that it has decides, where it is one of its own. */
static bool find_next(const struct log_held *held, const struct log_line *line, struct match *match,
		      struct log_fault *ret)
{
	bool says = source_says(match->source, line, &match->text);
	const struct log_span text = match->text;

	for (match->pattern = match->source->patterns; match->pattern->form; match->pattern++) {
		bool bare = match->pattern->flags & LOG_PART_BARE;

		match->text = bare ? line->whole : text;
		if ((bare || says) && has_form(line, &held->fault, match, ret) &&
		    (goes_on(held, line, match, ret) || !bare))
			return goes_on(held, line, match, ret);
	}
	return false;
}

/* Adds a line to what is held. False where it belongs to nothing of that. */
static bool join(struct log_held *held, const struct log_line *line)
{
	struct log_fault fault;
	struct match match;

	if (!held->pattern || !(held->pattern->flags & LOG_PART_NEXT))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(all_sources); i++)
		for (match.source = all_sources[i]; match.source->name; match.source++) {
			if (strcmp(match.source->name, held->fault.source) != 0 ||
			    !find_next(held, line, &match, &fault))
				continue;
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
	return false;
}

/* Two that print at once go on line by line: the newest that LINE belongs to has it. */
static bool join_any(struct log_parser *parser, const struct log_line *line)
{
	for (unsigned int i = parser->n_held; i > 0; i--)
		if (join(&parser->held[i - 1], line))
			return true;
	return false;
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

/*
 * A fault of which this line is the first, or all. It waits for those before it, so that faults come
 * in the order in which they began.
 */
static int start(struct log_parser *parser, const struct match *match, struct log_fault *fault,
		 log_each *each, void *data)
{
	unsigned int done = parser->n_held == LOG_HELD_MAX;
	int r;

	for (unsigned int i = 0; i < parser->n_held; i++)
		/* Whoever begins anew has done with what was before. */
		if (strcmp(parser->held[i].fault.source, fault->source) == 0 &&
		    strcmp(parser->held[i].fault.iommu, fault->iommu) == 0 &&
		    agree(parser->held[i].fault.device, fault->device))
			done = i + 1;
	r = release(parser, done, each, data);
	if (r != 0) {
		log_fault_done(fault);
		return r;
	}
	parser->held[parser->n_held++] = (struct log_held){ *fault, match->pattern, 0 };
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

int log_parse(struct log_parser *parser, const char *text, size_t size, log_each *each, void *data)
{
	struct log_fault fault;
	struct log_line line;
	struct match match;
	int r;

	parser->lines++;
	if (size > LINE_MAX_SIZE || !log_line_split(text, size, &line))
		return other(parser, each, data);
	if (join_any(parser, &line))
		return release(parser, 0, each, data);
	if (!find(&line, &match, &fault) ||
	    (match.pattern &&
	     (match.pattern->flags & LOG_PART_MORE ||
	      (match.pattern->kind == LOG_KIND_UNKNOWN && !match.pattern->decode))))
		return other(parser, each, data);
	r = set_line(&fault, &line, text, size);
	return r < 0 ? r : start(parser, &match, &fault, each, data);
}

int log_kernel_open(const struct sys_root *root)
{
	return sys_kmsg_open(root);
}
