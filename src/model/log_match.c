/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/log_match.h"

#include <ctype.h>
#include <string.h>

#include "util/cleanup.h"

static const struct log_source *const all_sources[] = {
	log_sources_vtd,   log_sources_amd,    log_sources_arm,
	log_sources_other, log_sources_device, log_sources_vfio,
};

void log_span_copy(char *buf, size_t size, const struct log_span *span)
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

/* Does SOURCE print of nothing but an IOMMU? Others have errors that are none of its. */
static bool is_iommu(const struct log_source *source)
{
	static const char *const names[] = { "dmar",        "amd-vi",       "arm-smmu",
					     "arm-smmu-v3", "virtio-iommu", "riscv-iommu" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(source->name, names[i]) == 0)
			return source->driver || source->prefix;
	return false;
}

/* A message that looks like a fault, in a form that is none of ours. */
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
		log_span_copy(fault->iommu, sizeof(fault->iommu), &line->device);
	else if (!unit && !fault->device[0])
		log_span_copy(fault->device, sizeof(fault->device), &line->device);
}

/* On top of what BASE has; without it the fault begins with this line. */
static void begin(const struct log_fault *base, const struct log_match *match,
		  struct log_fault *ret)
{
	*ret = base ? *base : (struct log_fault){ 0 };
	ret->source = match->source->name;
	if (!base)
		ret->kind = match->pattern ? match->pattern->kind : LOG_KIND_UNKNOWN;
}

/* Can TEXT have FORM at all? The first letters of it that stand for themselves say that soonest. */
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

/* Has LINE the form of MATCH's pattern? What it says then, in RET. */
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

/* Who has printed LINE, and in which form. */
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

/* Do both names, where both are known, say the same? */
bool log_match_agree(const char *a, const char *b)
{
	return !*a || !*b || strcmp(a, b) == 0;
}

/* May LINE, of which FAULT is what MATCH's pattern makes on top of HELD, go on with it? */
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

/* Is LINE a further one of what is held? The form that it has decides, where it is one of its own. */
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
