/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/str.h"
#include "util/cleanup.h"

static bool has_hex_prefix(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
}

/* strtoull() also accepts signs, spaces, a second 0x and the empty string. */
static int parse_digits(const char *s, int base, const char **end, uint64_t *ret)
{
	unsigned long long value;
	char *stop;

	if (base == 16 ? !isxdigit((unsigned char)*s) || has_hex_prefix(s)
		       : !isdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &stop, base);
	if (errno)
		return -errno;
	*end = stop;
	*ret = value;
	return 0;
}

static int parse_number(const char *s, const char **end, uint64_t *ret)
{
	if (has_hex_prefix(s))
		return parse_digits(s + 2, 16, end, ret);
	return parse_digits(s, 10, end, ret);
}

int parse_u64(const char *s, uint64_t max, uint64_t *ret)
{
	const char *end;
	uint64_t value;
	int r;

	r = parse_number(s, &end, &value);
	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_hex(const char *s, uint64_t *ret)
{
	const char *end;
	uint64_t value;
	int r;

	if (has_hex_prefix(s))
		s += 2;
	r = parse_digits(s, 16, &end, &value);
	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*ret = value;
	return 0;
}

#define FRACTION_MAX 6 /* digits: shifted by a T they still fit 64 bits */

/* Parses the digits after a decimal point. RET_SCALE is 10^DIGITS. */
static int parse_fraction(const char **s, uint64_t *ret, uint64_t *ret_scale)
{
	uint64_t value = 0, scale = 1;
	size_t n;

	for (n = 0; n < FRACTION_MAX && isdigit((unsigned char)**s); n++, (*s)++) {
		value = value * 10 + (uint64_t)(**s - '0');
		scale *= 10;
	}
	*ret = value;
	*ret_scale = scale;
	return n && !isdigit((unsigned char)**s) ? 0 : -EINVAL;
}

int parse_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGT";
	uint64_t value, fraction = 0, scale = 1;
	unsigned int shift = 0;
	const char *end, *unit;
	int r;

	r = parse_number(s, &end, &value);
	if (r < 0)
		return r;
	if (*end == '.' && !has_hex_prefix(s)) {
		end++;
		if (parse_fraction(&end, &fraction, &scale) < 0)
			return -EINVAL;
	}
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit || (end[1] && !str_same(end + 1, "iB")))
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (shift && value >> (64 - shift))
		return -ERANGE;
	/* "1.5M" is a whole number of bytes; a fraction of a byte is an error. */
	if ((fraction << shift) % scale)
		return -EINVAL;
	*ret = (value << shift) + (fraction << shift) / scale;
	return 0;
}

bool parse_is_name(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char others[] = "0123456789._-";
	size_t len = strlen(s);

	/* A leading dot would mean a hidden file or a parent directory, a dash an option. */
	if (len == 0 || len > NAME_LENGTH_MAX || (!strchr(letters, s[0]) && s[0] != '_'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr(letters, s[i]) && !strchr(others, s[i]))
			return false;
	return true;
}

void ranges_done(struct ranges *list)
{
	free(list->v);
	*list = (struct ranges){ 0 };
}

static int parse_range(const char **s, uint32_t max, struct range *ret)
{
	uint64_t lo, hi;
	int r;

	r = parse_number(*s, s, &lo);
	if (r < 0)
		return r;
	hi = lo;
	if (**s == '-') {
		r = parse_number(*s + 1, s, &hi);
		if (r < 0)
			return r;
	}
	if (lo > max || hi > max)
		return -ERANGE;
	if (lo > hi)
		return -EINVAL;
	*ret = (struct range){ (uint32_t)lo, (uint32_t)hi };
	return 0;
}

int parse_ranges(const char *s, uint32_t max, struct ranges *ret)
{
	_cleanup_ranges_ struct ranges list = { 0 };
	struct range item;
	int r;

	for (;;) {
		r = parse_range(&s, max, &item);
		if (r == 0)
			r = ranges_include(&list, item);
		if (r < 0)
			return r;
		if (*s == '\0')
			break;
		if (*s++ != ',')
			return -EINVAL;
	}
	*ret = list;
	list = (struct ranges){ 0 };
	return 0;
}

uint64_t ranges_count(const struct ranges *list)
{
	uint64_t count = 0;

	for (size_t i = 0; i < list->n; i++)
		count += UINT64_C(1) + list->v[i].hi - list->v[i].lo;
	return count;
}

/* Index of the first range that ends at or after VALUE; list->n if there is none. */
static size_t ranges_find(const struct ranges *list, uint64_t value)
{
	size_t lo = 0, hi = list->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (list->v[middle].hi < value)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

bool ranges_has(const struct ranges *list, uint32_t value)
{
	size_t at = ranges_find(list, value);

	return at < list->n && list->v[at].lo <= value;
}

bool ranges_next(const struct ranges *list, uint32_t from, struct range *ret)
{
	size_t at = ranges_find(list, from);

	if (at == list->n)
		return false;
	*ret = list->v[at];
	return true;
}

int ranges_reserve(struct ranges *list)
{
	size_t capacity = list->capacity ? 2 * list->capacity : 1;
	struct range *v;

	if (list->n < list->capacity)
		return 0;
	v = reallocarray(list->v, capacity, sizeof(v[0]));
	if (!v)
		return -ENOMEM;
	list->v = v;
	list->capacity = capacity;
	return 0;
}

/* Replaces the ranges [first, past) by N of WITH. There is room. */
static void ranges_replace(struct ranges *list, size_t first, size_t past, const struct range *with,
			   size_t n)
{
	if (list->n > past)
		memmove(&list->v[first + n], &list->v[past], (list->n - past) * sizeof(list->v[0]));
	for (size_t i = 0; i < n; i++)
		list->v[first + i] = with[i];
	list->n += n - (past - first);
}

int ranges_add(struct ranges *list, uint32_t lo, uint32_t hi)
{
	/* The ranges [first, past) overlap LO-HI or touch it. */
	size_t first = ranges_find(list, lo ? lo - UINT64_C(1) : 0), past = first;
	struct range merged = { lo, hi };

	while (past < list->n && list->v[past].lo <= hi + UINT64_C(1)) {
		if (list->v[past].lo < merged.lo)
			merged.lo = list->v[past].lo;
		if (list->v[past].hi > merged.hi)
			merged.hi = list->v[past].hi;
		past++;
	}
	if (past == first && ranges_reserve(list) < 0)
		return -ENOMEM;
	ranges_replace(list, first, past, &merged, 1);
	return 0;
}

int ranges_include(struct ranges *list, struct range range)
{
	struct range same;

	if (ranges_next(list, range.lo, &same) && same.lo <= range.hi)
		return -EEXIST;
	return ranges_add(list, range.lo, range.hi);
}

int ranges_cut(struct ranges *list, uint32_t lo, uint32_t hi)
{
	/* The ranges [first, past) overlap LO-HI; rest is what remains of the outermost. */
	size_t first = ranges_find(list, lo), past = first, n = 0;
	struct range rest[2];

	while (past < list->n && list->v[past].lo <= hi)
		past++;
	if (past == first)
		return 0;
	if (list->v[first].lo < lo)
		rest[n++] = (struct range){ list->v[first].lo, lo - 1 };
	if (list->v[past - 1].hi > hi)
		rest[n++] = (struct range){ hi + 1, list->v[past - 1].hi };
	if (n > past - first && ranges_reserve(list) < 0)
		return -ENOMEM;
	ranges_replace(list, first, past, rest, n);
	return 0;
}

char *ranges_format(const struct ranges *list)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		fprintf(f, "%s%u", i ? "," : "", list->v[i].lo);
		if (list->v[i].hi != list->v[i].lo)
			fprintf(f, "-%u", list->v[i].hi);
	}
	if (fclose(f) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int parse_hex_field(const char **s, size_t min, size_t max, uint32_t *ret)
{
	uint32_t value = 0;
	size_t n;

	for (n = 0; n < max && isxdigit((unsigned char)**s); n++, (*s)++)
		value = value << 4 | (uint32_t)(isdigit((unsigned char)**s)
							? **s - '0'
							: tolower((unsigned char)**s) - 'a' + 10);
	if (n < min)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int parse_pci(const char *s, size_t least_domain, size_t least, struct pci_address *ret)
{
	const char *colon = strchr(s, ':');
	uint32_t domain = 0, bus, device, function;

	if (!colon)
		return -EINVAL;
	/* PCI domains above ffff exist (VMD, Hyper-V): up to eight digits. */
	if (strchr(colon + 1, ':')) {
		if (parse_hex_field(&s, least_domain, 8, &domain) < 0 || *s++ != ':')
			return -EINVAL;
	}
	if (parse_hex_field(&s, least, 2, &bus) < 0 || *s++ != ':')
		return -EINVAL;
	if (parse_hex_field(&s, least, 2, &device) < 0 || device > 0x1f || *s++ != '.')
		return -EINVAL;
	if (parse_hex_field(&s, 1, 1, &function) < 0 || function > 7 || *s)
		return -EINVAL;
	*ret = (struct pci_address){ domain, (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	return 0;
}

int parse_pci_address(const char *s, struct pci_address *ret)
{
	return parse_pci(s, 4, 2, ret);
}

int parse_pci_operand(const char *s, struct pci_address *ret)
{
	return parse_pci(s, 1, 1, ret);
}
