/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed values, and the column tables that produce them. One table renders all formats. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/field.h"
#include "util/str.h"

enum out_type {
	OUT_ABSENT,     /* people: "-"; JSON: null */
	OUT_UNREADABLE, /* people: "?" and a note; JSON: null, and in the row's "unreadable" */
	OUT_BOOL,
	OUT_NUMBER,  /* a count or a plain number */
	OUT_SIZE,    /* bytes; people see K, M, G, programs the number */
	OUT_ADDRESS, /* hexadecimal; JSON: a "0x..." string */
	OUT_STRING,
	OUT_LIST,   /* strings; a NULL item is absent */
	OUT_OBJECT, /* one row with its own columns; only JSON shows them, others its text */
	OUT_TABLE,  /* rows with their own columns; people see them only in a "show" */
};

struct out_column;

/* Strings, lists and rows are borrowed from the row. */
struct out_value {
	enum out_type type;
	union {
		bool boolean;
		uint64_t number;
		const char *string;
		struct {
			char *const *v;
			size_t n;
		} list;
		struct {
			const struct out_column *columns;
			const void *rows;
			size_t n, size; /* number of rows, size of one in bytes */
		} table;
		struct {
			const struct out_column *columns;
			const void *row;
		} object;
	};
	int error;      /* negative errno of OUT_UNREADABLE, or of an incomplete OUT_TABLE */
	char text[224]; /* for a string made by the getter: see out_text() */
};

enum {
	OUT_DEFAULT = 1 << 0,  /* in a list if no columns are chosen */
	OUT_SHRINK = 1 << 1,   /* a name: may be shortened to fit the terminal */
	OUT_SHOWLESS = 1 << 2, /* not in a "show" unless chosen */
	OUT_TREE = 1 << 3,     /* shows the structure of a tree */
	OUT_INLINE = 1 << 4,   /* people see its list on one line */
	OUT_LEFT = 1 << 5,     /* numbers are left-aligned, because other values are not numbers */
	OUT_PROSE = 1 << 6,    /* prose: may be wrapped to fit the terminal; others are never cut */
	OUT_RESULT = 1 << 7,   /* a result, shown in colour: see out_tone_of() */

	/* Type of its values; text by default, any type with OUT_LEFT. */
	OUT_IS_BOOL = 1 << 8,
	OUT_IS_NUMBER = 1 << 9,
	OUT_IS_SIZE = 1 << 10,
	OUT_IS_ADDRESS = 1 << 11,
	OUT_IS_LIST = 1 << 12,
	OUT_IS_TABLE = 1 << 13,
	OUT_IS_OBJECT = 1 << 18,
	OUT_IS_TIME = 1 << 19, /* text: see out_time() */
	OUT_PASID = 1 << 20,   /* numbers are PASIDs, 1 to OUT_PASID_MAX */

	/* Further guarantees for programs. */
	OUT_ALWAYS = 1 << 21, /* never absent, and never incomplete */
	OUT_FILLED = 1 << 22, /* its list or table is never empty */
	OUT_GAPS = 1 << 23,   /* items of its list may be absent */
	OUT_OPEN = 1 << 24,   /* other kernels may have other values */

	/* What its values name: terms are resolved, see struct out_resolver. */
	OUT_OF_DEVICE = 1 << 14,
	OUT_OF_GROUP = 1 << 15,
	OUT_OF_UNIT = 1 << 16,
	OUT_OF_CONTEXT = 1 << 17,
};

#define OUT_PASID_MAX 0xfffff

struct out_column {
	const char *key; /* JSON key; the column's name is the same in upper case with - for _ */
	const char *help;
	unsigned int flags;
	unsigned int need; /* facts to read for it: bits of its model */
	void (*get)(const void *row, struct out_value *ret);
	const char *const *values; /* all possible texts, up to a NULL; NULL: any */
	/* For OUT_IS_TABLE and OUT_IS_OBJECT: the columns of its rows. See OUT_INNER. */
	const struct out_column *const *inner;
};

/* The possible tables of the column's rows, mostly one. */
#define OUT_INNER(...) ((const struct out_column *const[]){ __VA_ARGS__, NULL })

/* For getters. RET is zeroed (OUT_ABSENT) before a getter is called. */
void out_bool(struct out_value *ret, bool value);
void out_number(struct out_value *ret, uint64_t value);
void out_address(struct out_value *ret, uint64_t value);
void out_size(struct out_value *ret, uint64_t value);
/* NULL and "" are absent. */
void out_string(struct out_value *ret, const char *s);
void out_text(struct out_value *ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Seconds since 1970 as UTC, because readers may be in any time zone: "2026-11-27T18:00:00Z".
 * Absent after the year 9999.
 */
void out_time(struct out_value *ret, uint64_t seconds);
void out_strv(struct out_value *ret, const struct strv *list);
void out_table(struct out_value *ret, const struct out_column *columns, const void *rows, size_t n,
	       size_t size);
/* ROW as an object; RET->text is its text. */
void out_object(struct out_value *ret, const struct out_column *columns, const void *row);
void out_unreadable(struct out_value *ret, int negative_errno);
void out_field_number(struct out_value *ret, const struct field_u64 *field);
void out_field_address(struct out_value *ret, const struct field_u64 *field);
void out_field_bool(struct out_value *ret, const struct field_u64 *field);
void out_field_string(struct out_value *ret, const struct field_str *field);

/* Why a value is unreadable, in words; borrowed. */
const char *out_reason(int negative_errno);

/* How a value is formatted as text. Unsafe bytes are always escaped. */
struct out_style {
	bool sparse;           /* for people: absent values are empty instead of "-" */
	bool human;            /* for people: "-" for absent, yes and no, sizes with a unit */
	const char *separator; /* between list items; escaped inside them, except for people */
	const char *unsafe;    /* further characters to escape: see str_escape() */
};

/* A new string; NULL if out of memory. */
char *out_value_format(const struct out_value *value, const struct out_style *style);
