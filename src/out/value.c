/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"

void out_bool(struct out_value *ret, bool value)
{
	ret->type = OUT_BOOL;
	ret->boolean = value;
}

void out_number(struct out_value *ret, uint64_t value)
{
	ret->type = OUT_NUMBER;
	ret->number = value;
}

void out_address(struct out_value *ret, uint64_t value)
{
	ret->type = OUT_ADDRESS;
	ret->number = value;
}

void out_size(struct out_value *ret, uint64_t value)
{
	ret->type = OUT_SIZE;
	ret->number = value;
}

void out_string(struct out_value *ret, const char *s)
{
	if (!str_set(s))
		return;
	ret->type = OUT_STRING;
	ret->string = s;
}

void out_text(struct out_value *ret, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(ret->text, sizeof(ret->text), format, ap);
	va_end(ap);
	out_string(ret, ret->text);
}

void out_time(struct out_value *ret, uint64_t seconds)
{
	const time_t when = (time_t)seconds;
	struct tm tm;

	if (seconds < UINT64_C(253402300800) && gmtime_r(&when, &tm) &&
	    strftime(ret->text, sizeof(ret->text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		out_string(ret, ret->text);
}

void out_strv(struct out_value *ret, const struct strv *list)
{
	ret->type = OUT_LIST;
	ret->list.v = list->v;
	ret->list.n = list->n;
}

void out_table(struct out_value *ret, const struct out_column *columns, const void *rows, size_t n,
	       size_t size)
{
	ret->type = OUT_TABLE;
	ret->table.columns = columns;
	ret->table.rows = rows;
	ret->table.n = n;
	ret->table.size = size;
}

void out_object(struct out_value *ret, const struct out_column *columns, const void *row)
{
	ret->type = OUT_OBJECT;
	ret->object.columns = columns;
	ret->object.row = row;
}

void out_unreadable(struct out_value *ret, int negative_errno)
{
	ret->type = OUT_UNREADABLE;
	ret->error = negative_errno;
}

void out_field_number(struct out_value *ret, const struct field_u64 *field)
{
	if (field->status > 0)
		out_number(ret, field->value);
	else if (field->status < 0)
		out_unreadable(ret, field->status);
}

void out_field_address(struct out_value *ret, const struct field_u64 *field)
{
	if (field->status > 0)
		out_address(ret, field->value);
	else if (field->status < 0)
		out_unreadable(ret, field->status);
}

void out_field_bool(struct out_value *ret, const struct field_u64 *field)
{
	if (field->status > 0)
		out_bool(ret, field->value);
	else if (field->status < 0)
		out_unreadable(ret, field->status);
}

void out_field_string(struct out_value *ret, const struct field_str *field)
{
	if (field->status > 0)
		out_string(ret, field->value);
	else if (field->status < 0)
		out_unreadable(ret, field->status);
}

const char *out_reason(int negative_errno)
{
	/* Where strerror()'s text would be misleading. */
	switch (-negative_errno) {
	case EAGAIN:
		return "the device is asleep";
	case EBADMSG:
		return "what is there is not a valid value";
	case EREMOTE:
		return "not part of the capture";
	case ENODATA:
		return "can be probed only with a device";
	default:
		return strerror(-negative_errno);
	}
}

static char *format_size(uint64_t bytes, bool human)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	size_t unit = 0;
	char text[24];

	/* Only exact multiples are shortened, because a rounded size would be wrong. */
	while (human && bytes && bytes % 1024 == 0 && unit + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, sizeof(text), "%" PRIu64 "%s", bytes, units[unit]);
	return strdup(text);
}

static char *format_address(uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	return strdup(text);
}

/* The style of an item in a list: for programs, the separator must be escaped inside items. */
static struct out_style item_style(const struct out_style *style, char *buf, size_t size)
{
	struct out_style item = *style;

	if (!style->human) {
		snprintf(buf, size, "%s%s", style->unsafe, style->separator);
		item.unsafe = buf;
	}
	return item;
}

static char *format_list(const struct out_value *value, const struct out_style *style)
{
	char unsafe[16];
	const struct out_style item_as = item_style(style, unsafe, sizeof(unsafe));
	_cleanup_strv_ struct strv items = { 0 };

	if (value->list.n == 0)
		return strdup(style->human && !style->sparse ? "-" : "");
	for (size_t i = 0; i < value->list.n; i++) {
		const char *item = value->list.v[i];

		if (strv_take(&items, item ? str_escape(item, item_as.unsafe)
					   : strdup(style->human ? "-" : "")) < 0)
			return NULL;
	}
	return strv_join(&items, style->separator);
}

/* A table in one cell: its rows' first columns. */
static char *format_table(const struct out_value *value, const struct out_style *style)
{
	char unsafe[16];
	const struct out_style item_as = item_style(style, unsafe, sizeof(unsafe));
	const char *row = value->table.rows;
	_cleanup_strv_ struct strv items = { 0 };

	if (value->table.n == 0)
		return strdup(style->human ? "-" : "");
	for (size_t i = 0; i < value->table.n; i++, row += value->table.size) {
		struct out_value first = { 0 };

		value->table.columns[0].get(row, &first);
		if (strv_take(&items, out_value_format(&first, &item_as)) < 0)
			return NULL;
	}
	return strv_join(&items, style->separator);
}

char *out_value_format(const struct out_value *value, const struct out_style *style)
{
	bool human = style->human;

	switch (value->type) {
	case OUT_ABSENT:
		break;
	case OUT_UNREADABLE:
		return strdup("?");
	case OUT_BOOL:
		return strdup(human ? (value->boolean ? "yes" : "no")
				    : (value->boolean ? "1" : "0"));
	case OUT_NUMBER:
		return format_size(value->number, false);
	case OUT_SIZE:
		return format_size(value->number, human);
	case OUT_ADDRESS:
		return format_address(value->number);
	case OUT_STRING:
		return str_escape(value->string, style->unsafe);
	case OUT_OBJECT:
		return str_escape(value->text, style->unsafe);
	case OUT_LIST:
		return format_list(value, style);
	case OUT_TABLE:
		return format_table(value, style);
	}
	return strdup(human && !style->sparse ? "-" : "");
}
