/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/faultlog/internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "util/parse.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct log_span *text)
{
	while (text->s < text->end && is_blank(*text->s))
		text->s++;
}

/* Takes a number in BASE, at most 64 bits. */
static bool take_number(struct log_span *text, unsigned int base, uint64_t *ret)
{
	uint64_t value = 0;
	const char *s;

	if (base == 16 && !log_span_skip(text, "0x"))
		(void)log_span_skip(text, "0X");
	for (s = text->s; s < text->end; s++) {
		int c = tolower((unsigned char)*s);
		unsigned int digit = isdigit(c)             ? (unsigned int)(c - '0')
				     : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10)
							    : 16;

		if (digit >= base)
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (s == text->s)
		return false;
	text->s = s;
	*ret = value;
	return true;
}

static bool take_field(struct log_span *text, unsigned int base, struct field_u64 *ret)
{
	uint64_t value;

	if (!take_number(text, base, &value))
		return false;
	*ret = field_u64(value);
	return true;
}

/* "0x7f29_5b8c9000" */
static bool take_halves(struct log_span *text, struct field_u64 *ret)
{
	uint64_t high, low;

	if (!take_number(text, 16, &high) || !log_span_skip(text, "_") ||
	    !take_number(text, 16, &low) || high > UINT32_MAX || low > UINT32_MAX)
		return false;
	*ret = field_u64(high << 32 | low);
	return true;
}

static bool take_raw(struct log_span *text, struct log_fault *fault)
{
	return fault->n_raw < LOG_RAW_MAX && take_number(text, 16, &fault->raw[fault->n_raw]) &&
	       ++fault->n_raw;
}

/* The part of TEXT before the next literal of FORM, or all of it. */
static struct log_span up_to(const struct log_span *text, const char *form)
{
	struct log_span rest = *text;
	size_t len = strcspn(form, "%");

	if (len == 0)
		return rest;
	while (log_span_size(&rest) >= len && memcmp(rest.s, form, len) != 0)
		rest.s++;
	return (struct log_span){ text->s, log_span_size(&rest) < len ? rest.end : rest.s };
}

static bool copy(struct log_span *text, const struct log_span *part, char *buf, size_t size)
{
	if (log_span_size(part) == 0 || log_span_size(part) >= size ||
	    memchr(part->s, '\0', log_span_size(part)))
		return false;
	memcpy(buf, part->s, log_span_size(part));
	buf[log_span_size(part)] = '\0';
	text->s = part->end;
	return true;
}

/* The kernel's text may be too long or empty; a truncated one is better than none. */
static bool copy_words(struct log_span *text, const struct log_span *part, char *buf, size_t size)
{
	size_t n = log_span_size(part) < size - 1 ? log_span_size(part) : size - 1;

	for (size_t i = 0; i < n; i++)
		buf[i] = part->s[i] ? part->s[i] : '?';
	buf[n] = '\0';
	text->s = part->end;
	return true;
}

/* Linux 5.13 and 5.14 print 0x before bus and slot: "0x03:0x00.0". */
static bool take_address(struct log_span *text, struct log_fault *fault)
{
	struct log_span rest = *text;
	struct pci_address address;
	char buf[16];
	size_t n = 0;

	while (n < sizeof(buf) - 1 && rest.s < rest.end && *rest.s) {
		if ((n == 0 || buf[n - 1] == ':') && log_span_skip(&rest, "0x"))
			continue;
		if (!isxdigit((unsigned char)*rest.s) && !strchr(":.", *rest.s))
			break;
		buf[n++] = *rest.s++;
	}
	buf[n] = '\0';
	if (parse_pci_address(buf, &address) < 0)
		return false;
	snprintf(fault->device, sizeof(fault->device), "%04x:%02x:%02x.%x", address.domain,
		 address.bus, address.device, address.function);
	text->s = rest.s;
	return true;
}

/* "Read", "write", "rd", "RW", "RWX", or empty. */
static bool take_access(struct log_span *text, const struct log_span *part, struct log_fault *fault)
{
	static const struct {
		const char *word;
		unsigned int access;
	} words[] = {
		{ "read", LOG_ACCESS_READ },
		{ "rd", LOG_ACCESS_READ },
		{ "write", LOG_ACCESS_WRITE },
		{ "wr", LOG_ACCESS_WRITE },
	};

	text->s = part->end;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (log_span_size(part) == strlen(words[i].word) &&
		    log_span_has(part, words[i].word)) {
			fault->access |= words[i].access;
			return true;
		}
	for (const char *s = part->s; s < part->end; s++) {
		unsigned int bit = *s == 'R'   ? LOG_ACCESS_READ
				   : *s == 'W' ? LOG_ACCESS_WRITE
				   : *s == 'X' ? LOG_ACCESS_EXEC
					       : 0;

		if (!bit)
			return false;
		fault->access |= bit;
	}
	return true;
}

static bool take_text(char what, const char *form, struct log_span *text, struct log_fault *fault)
{
	struct log_span part = up_to(text, form);

	switch (what) {
	case 'U':
		return copy(text, &part, fault->iommu, sizeof(fault->iommu));
	case 'N':
		return copy(text, &part, fault->device, sizeof(fault->device));
	case 'g':
		return copy(text, &part, fault->process, sizeof(fault->process));
	case 'H':
		return copy(text, &part, fault->hub, sizeof(fault->hub));
	case 'T':
		return copy_words(text, &part, fault->text, sizeof(fault->text));
	case 'W':
		return take_access(text, &part, fault);
	default: /* %* */
		text->s = part.end;
		return true;
	}
}

static bool take(char what, const char *form, struct log_span *text, struct log_fault *fault)
{
	uint64_t ignored;

	switch (what) {
	case 'D':
		return take_address(text, fault);
	case 'A':
		return take_field(text, 16, &fault->iova);
	case 'B':
		return take_halves(text, &fault->iova);
	case 'a':
		return take_field(text, 10, &fault->iova);
	case 'P':
		return take_field(text, 16, &fault->pasid);
	case 'p':
		return take_field(text, 10, &fault->pasid);
	case 'C':
		return take_field(text, 16, &fault->code);
	case 'c':
		return take_field(text, 10, &fault->code);
	case 'F':
		return take_field(text, 16, &fault->flags);
	case 'S':
		return take_field(text, 16, &fault->stream);
	case 's':
		return take_field(text, 10, &fault->stream);
	case 'M':
		return take_field(text, 16, &fault->domain);
	case 'G':
		return take_field(text, 10, &fault->pid);
	case 'X':
		return take_raw(text, fault);
	case 'x':
		return take_number(text, 16, &ignored);
	case 'd':
		return take_number(text, 10, &ignored);
	default:
		return take_text(what, form, text, fault);
	}
}

bool log_pattern_match(const char *form, const struct log_span *text, struct log_fault *fault)
{
	struct log_span rest = *text;

	for (; *form; form++) {
		if (*form == ' ') {
			if (rest.s == rest.end || !is_blank(*rest.s))
				return false;
			skip_blanks(&rest);
		} else if (*form != '%') {
			if (rest.s == rest.end || *rest.s++ != *form)
				return false;
		} else {
			form++;
			if (!take(*form, form + 1, &rest, fault))
				return false;
		}
	}
	skip_blanks(&rest); /* "fault addr 7000 " */
	return rest.s == rest.end;
}

const struct log_code *log_code_find(const struct log_code *codes, const struct field_u64 *code)
{
	for (; codes->reason; codes++)
		if (code->status == 1 && codes->code == code->value)
			return codes;
	return NULL;
}

void log_code_explain(struct log_fault *fault, const struct log_code *codes)
{
	const struct log_code *code = log_code_find(codes, &fault->code);

	if (!code)
		return;
	fault->reason = code->reason;
	fault->remedy = code->remedy;
}

void log_fault_set_rid(struct log_fault *fault, uint64_t rid)
{
	snprintf(fault->device, sizeof(fault->device), "0000:%02x:%02x.%x",
		 (unsigned int)(rid >> 8 & 0xff), (unsigned int)(rid >> 3 & 0x1f),
		 (unsigned int)(rid & 7));
}

const struct log_pattern log_suppressed[] = {
	{ .form = "%d callbacks suppressed",
	  LOG_KIND_LOST,
	  "the kernel limits its messages: lines about faults are missing here" },
	{ 0 },
};
