/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/machine/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"

#define MEANING_SIZE 128

void iommu_fields_free(struct iommu_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(fields[i].meaning);
	free(fields);
}

/* "39-bit, 48-bit": names of the bits that are set; NULL: reserved. */
static void list_bits(uint64_t value, const char *const *names, size_t n, char *buf)
{
	char *end = buf;

	*buf = '\0';
	for (size_t i = 0; i < n; i++) {
		if (!(value >> i & 1))
			continue;
		end += snprintf(end, (size_t)(buf + MEANING_SIZE - end), "%s%s",
				end == buf ? "" : ", ", names[i] ? names[i] : "reserved");
	}
	if (end == buf)
		snprintf(buf, MEANING_SIZE, "none");
}

static void levels(uint64_t value, unsigned int lowest, const char *last, char *buf)
{
	if (value < 3)
		snprintf(buf, MEANING_SIZE, "%u", lowest + (unsigned int)value);
	else
		snprintf(buf, MEANING_SIZE, "%s", last);
}

static void number(uint64_t value, char *buf)
{
	snprintf(buf, MEANING_SIZE, "%" PRIu64, value);
}

static void describe(uint64_t value, enum iommu_format format, char *buf)
{
	static const char *const widths[] = { "30-bit", "39-bit", "48-bit", "57-bit", "64-bit" };
	static const char *const pages[] = { "2M", "1G", "512G", "1T" };

	switch (format) {
	case IOMMU_FLAG:
		snprintf(buf, MEANING_SIZE, "%s", value ? "yes" : "no");
		return;
	case IOMMU_NUMBER:
		return number(value, buf);
	case IOMMU_PLUS_ONE:
		return number(value + 1, buf);
	case IOMMU_BITS:
		snprintf(buf, MEANING_SIZE, "%" PRIu64 " bits", value + 1);
		return;
	case IOMMU_POWER:
		return number(UINT64_C(1) << value, buf);
	case IOMMU_OFFSET:
		snprintf(buf, MEANING_SIZE, "0x%" PRIx64, value * 16);
		return;
	case IOMMU_DOMAINS:
		if (value == 7)
			snprintf(buf, MEANING_SIZE, "reserved");
		else
			number(UINT64_C(1) << (4 + 2 * value), buf);
		return;
	case IOMMU_WIDTHS:
		return list_bits(value, widths, ARRAY_SIZE(widths), buf);
	case IOMMU_LARGE_PAGES:
		return list_bits(value, pages, ARRAY_SIZE(pages), buf);
	case IOMMU_HOST_LEVELS:
		return levels(value, 4, "none", buf);
	case IOMMU_GUEST_LEVELS:
		return levels(value, 4, "reserved", buf);
	case IOMMU_TABLE_LEVELS:
		return levels(value, 1, "reserved", buf);
	case IOMMU_MODE:
		snprintf(buf, MEANING_SIZE, value ? "yes (%" PRIu64 ")" : "no", value);
		return;
	case IOMMU_RESERVED:
		snprintf(buf, MEANING_SIZE, "0x%" PRIx64, value);
		return;
	}
}

/* Adds the fields of one register to FIELDS. Returns 0 or -ENOMEM. */
static int decode(const struct iommu_register *reg, struct iommu_field **fields, size_t *n_fields)
{
	for (size_t i = 0; i < reg->n_layout; i++) {
		const struct iommu_layout *l = &reg->layout[i];
		uint64_t mask = UINT64_MAX >> (63 - (l->high - l->low));
		struct iommu_field field = { .reg = l->reg,
					     .name = l->name,
					     .high = l->high,
					     .low = l->low,
					     .value = reg->value >> l->low & mask,
					     .what = l->what };
		char meaning[MEANING_SIZE] = "";
		struct iommu_field *slot;

		if (l->format == IOMMU_RESERVED && field.value == 0)
			continue;
		describe(field.value, l->format, meaning);
		field.meaning = strdup(meaning);
		slot = field.meaning ? array_push(*fields, *n_fields) : NULL;
		if (!slot) {
			free(field.meaning);
			return -ENOMEM;
		}
		*slot = field;
	}
	return 0;
}

int iommu_decode(const struct iommu_register *registers, size_t n, struct iommu_field **ret,
		 size_t *ret_n)
{
	struct iommu_field *fields = NULL;
	size_t n_fields = 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = decode(&registers[i], &fields, &n_fields);
	if (r < 0) {
		iommu_fields_free(fields, n_fields);
		return r;
	}
	*ret = fields;
	*ret_n = n_fields;
	return 0;
}
