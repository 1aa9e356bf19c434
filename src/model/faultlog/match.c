/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/internal.h"

#include <ctype.h>
#include <string.h>

#include "util/cleanup.h"

static const struct log_source *const all_sources[] = {
	log_sources_vtd,    log_sources_amd, log_sources_arm,     log_sources_other,
	log_sources_device, log_sources_gpu, log_sources_gpu_soc, log_sources_vfio,
};

void log_span_copy(char *buf, size_t size, const struct log_span *span)
{
	size_t n = log_span_size(span) < size ? log_span_size(span) : 0;

	for (size_t i = 0; i < n; i++)
		buf[i] = span->s[i] ? span->s[i] : '?';
	buf[n] = '\0';
}

/* Was it printed by SOURCE? RET is then what remains of it. */
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

/* Does a word of TEXT begin with PART? "fault" is in "IO_PAGE_FAULT", not in "default". */
static bool has_word(const struct log_span *text, const char *part)
{
	struct log_span rest = *text;

	for (; log_span_has(&rest, part); rest.s++)
		if (log_span_begins(&rest, part) &&
		    (rest.s == text->s || !isalnum((unsigned char)rest.s[-1])))
			return true;
	return false;
}

/* Does SOURCE only print about an IOMMU? Other drivers have errors that are not about DMA. */
static bool is_iommu(const struct log_source *source)
{
	static const char *const names[] = { "dmar",        "amd-vi",       "arm-smmu",
					     "arm-smmu-v3", "virtio-iommu", "riscv-iommu" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(source->name, names[i]) == 0)
			return source->driver || source->prefix;
	return false;
}

/* Looks like a fault, but has no known form. */
static bool looks_bad(const struct log_source *source, const struct log_span *text)
{
	static const char *const words[] = { "error", "violation", "timed out", "overflow",
					     "illegal" };

	if (!source->driver && !source->prefix)
		return false;
	if (has_word(text, "fault") || log_span_has(text, "Event logged ["))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (is_iommu(source) && has_word(text, words[i]))
			return true;
	return false;
}

/* The first PCI address in TEXT. */
static void find_device(const struct log_span *text, struct log_fault *fault)
{
	for (const char *p = text->s; p < text->end && !fault->device[0]; p++) {
		const struct log_span rest = { p, text->end };

		if (isxdigit((unsigned char)*p) && (p == text->s || !isalnum((unsigned char)p[-1])))
			(void)log_pattern_match("%D%*", &rest, fault);
	}
}

/* Is the device before the message the IOMMU instead of the one that did DMA? */
static bool names_unit(const struct log_line *line, const struct log_source *source)
{
	return source->own || log_span_is(&line->driver, "iommu");
}

/* Sets the device before the message, unless it is the IOMMU. */
static void name_device(const struct log_line *line, const struct log_source *source,
			struct log_fault *fault)
{
	bool unit = names_unit(line, source);

	if (unit && !fault->iommu[0])
		log_span_copy(fault->iommu, sizeof(fault->iommu), &line->device);
	else if (!unit && !fault->device[0])
		log_span_copy(fault->device, sizeof(fault->device), &line->device);
}

/* Starts from the fields of BASE, if any, else with an empty fault. */
static void begin(const struct log_fault *base, const struct log_match *match,
		  struct log_fault *ret)
{
	*ret = base ? *base : (struct log_fault){ 0 };
	ret->source = match->source->name;
	if (!base)
		ret->kind = match->pattern ? match->pattern->kind : LOG_KIND_UNKNOWN;
}

/* Quick check by the literal letters at the beginning of FORM. */
static bool may_have(const char *form, const struct log_span *text)
{
	size_t len;

	if (text->s == text->end || (*form != '%' && *form != *text->s))
		return false;
	for (; *form; form += len ? len : *form == '%' ? 2 : 1) {
		len = strcspn(form, "% ");
		if (len > 2)
			return memmem(text->s, log_span_size(text), form, len);
	}
	return true;
}

/* Does LINE have the form of MATCH's pattern? RET is then the fault. */
static bool has_form(const struct log_line *line, const struct log_fault *base,
		     const struct log_match *match, struct log_fault *ret)
{
	const char *form = match->pattern->form;

	if (!may_have(form, &match->text))
		return false;
	begin(base, match, ret);
	if (!log_pattern_match(form, &match->text, ret))
		return false;
	name_device(line, match->source, ret);
	return true;
}

static bool find_pattern(const struct log_line *line, struct log_match *match,
			 struct log_fault *ret)
{
	for (match->pattern = match->source->patterns; match->pattern->form; match->pattern++)
		if (has_form(line, NULL, match, ret))
			return true;
	match->pattern = NULL;
	return false;
}

/* Finds the source of LINE and its form. */
bool log_match_find(const struct log_line *line, struct log_match *match, struct log_fault *ret)
{
	struct log_match unknown = { 0 };

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
	log_span_copy(ret->text, sizeof(ret->text), &match->text);
	return true;
}

bool log_match_agree(const char *a, const char *b)
{
	return !*a || !*b || strcmp(a, b) == 0;
}

/* Can LINE continue HELD? FAULT is the result of MATCH's pattern on top of HELD. */
static bool goes_on(const struct log_held *held, const struct log_line *line,
		    const struct log_match *match, const struct log_fault *fault)
{
	const struct log_pattern *before = held->pattern, *pattern = match->pattern;
	struct log_fault named = { 0 };

	name_device(line, match->source, &named);
	return pattern->family && pattern->family == before->family &&
	       (pattern->part > before->part ||
		(pattern == before && pattern->flags & LOG_PART_SAME &&
		 held->fault.n_raw < LOG_RAW_MAX)) &&
	       log_match_agree(held->fault.iommu, fault->iommu) &&
	       log_match_agree(held->fault.device, fault->device) &&
	       log_match_agree(held->fault.iommu, named.iommu) &&
	       log_match_agree(held->fault.device, named.device);
}

/* Does LINE continue HELD? If it has a form of its own, that form decides. */
static bool next_of(const struct log_held *held, const struct log_line *line,
		    struct log_match *match, struct log_fault *ret)
{
	if (!source_says(match->source, line, &match->text))
		return false;
	for (match->pattern = match->source->patterns; match->pattern->form; match->pattern++)
		if (has_form(line, &held->fault, match, ret))
			return goes_on(held, line, match, ret);
	return false;
}

bool log_match_next(const struct log_held *held, const struct log_line *line,
		    struct log_match *match, struct log_fault *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(all_sources); i++)
		for (match->source = all_sources[i]; match->source->name; match->source++)
			if (strcmp(match->source->name, held->fault.source) == 0 &&
			    next_of(held, line, match, ret))
				return true;
	return false;
}

bool log_match_is_nothing(const struct log_match *match)
{
	const struct log_pattern *pattern = match->pattern;

	return pattern && (pattern->flags & LOG_PART_MORE ||
			   (pattern->kind == LOG_KIND_UNKNOWN && !pattern->decode));
}
