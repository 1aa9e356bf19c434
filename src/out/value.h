/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed values and the column tables that produce them; one table renders every format. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/field.h"
#include "util/str.h"

enum out_type {
	OUT_ABSENT,     /* people: "-"; JSON: null */
	OUT_UNREADABLE, /* people: "?" and a note; JSON: null and the row's "unreadable" key */
	OUT_BOOL,
	OUT_NUMBER,  /* a count or a plain number */
	OUT_SIZE,    /* bytes; people see K, M, G; programs the number */
	OUT_ADDRESS, /* hexadecimal; JSON: a "0x..." string */
	OUT_STRING,
	OUT_LIST,   /* strings; a NULL item is an absent one */
	OUT_OBJECT, /* one row with columns of its own; elsewhere than in JSON its text */
	OUT_TABLE,  /* rows with columns of their own; people see them beneath a "show" only */
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
			size_t n, size; /* number of rows, bytes of one */
		} table;
		struct {
			const struct out_column *columns;
			const void *row;
		} object;
	};
	int error; /* negative errno of OUT_UNREADABLE, and of an OUT_TABLE that may lack rows */
	char text[224]; /* room for a string the getter makes itself: see out_text() */
};

enum {
	OUT_DEFAULT = 1 << 0,  /* in a list when no columns are chosen */
	OUT_SHRINK = 1 << 1,   /* a name: it may be shortened to fit the terminal */
	OUT_SHOWLESS = 1 << 2, /* not in a "show" unless chosen */
	OUT_TREE = 1 << 3,     /* in a tree it shows what is beneath what */
	OUT_INLINE = 1 << 4,   /* people see its list in one line */
	OUT_LEFT = 1 << 5,     /* its numbers stand among values that are none */
	OUT_PROSE = 1 << 6,  /* words: it may be wrapped to fit the terminal; else nothing is cut */
	OUT_RESULT = 1 << 7, /* how something fares, shown in a colour: see out_tone_of() */

	/* What its values are; text where none is said, and anything where OUT_LEFT is. */
	OUT_IS_BOOL = 1 << 8,
	OUT_IS_NUMBER = 1 << 9,
	OUT_IS_SIZE = 1 << 10,
	OUT_IS_ADDRESS = 1 << 11,
	OUT_IS_LIST = 1 << 12,
	OUT_IS_TABLE = 1 << 13,
	OUT_IS_OBJECT = 1 << 18,
	OUT_IS_TIME = 1 << 19, /* text: see out_time() */
	OUT_PASID = 1 << 20,   /* its numbers are PASIDs, 1 to OUT_PASID_MAX */

	/* What else programs may rely on. */
	OUT_ALWAYS = 1 << 21, /* its value is never absent, and read as a whole */
	OUT_FILLED = 1 << 22, /* its list or table is never empty */
	OUT_GAPS = 1 << 23,   /* an item of its list may be absent */
	OUT_OPEN = 1 << 24,   /* another kernel may have other values than its list */

	/* What its values name: a term of it is looked up, see struct out_resolver. */
	OUT_OF_DEVICE = 1 << 14,
	OUT_OF_GROUP = 1 << 15,
	OUT_OF_UNIT = 1 << 16,
	OUT_OF_CONTEXT = 1 << 17,
};

#define OUT_PASID_MAX 0xfffff

struct out_column {
	const char *key; /* JSON key; upper-cased with - for _ it is the column's name */
	const char *help;
	unsigned int flags;
	unsigned int need; /* what the noun must gather for it: bits of its model */
	void (*get)(const void *row, struct out_value *ret);
	const char *const *values; /* all that its text can be, up to a NULL; NULL: anything */
	/* Of an OUT_IS_TABLE, an OUT_IS_OBJECT: the columns of its rows. See OUT_INNER. */
	const struct out_column *const *inner;
};

/* The tables of which the column's rows may be, mostly one. */
#define OUT_INNER(...) ((const struct out_column *const[]){ __VA_ARGS__, NULL })

/* What getters call; RET is zeroed (OUT_ABSENT) before a getter runs. */
void out_bool(struct out_value *ret, bool value);
void out_number(struct out_value *ret, uint64_t value);
void out_address(struct out_value *ret, uint64_t value);
void out_size(struct out_value *ret, uint64_t value);
/* NULL and "" are absent. */
void out_string(struct out_value *ret, const char *s);
void out_text(struct out_value *ret, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Seconds since 1970 in universal time, for a reader in any place: "2026-11-27T18:00:00Z". Absent after the year 9999. */
void out_time(struct out_value *ret, uint64_t seconds);
void out_strv(struct out_value *ret, const struct strv *list);
void out_table(struct out_value *ret, const struct out_column *columns, const void *rows, size_t n,
	       size_t size);
/* ROW, which RET->text stands for. */
void out_object(struct out_value *ret, const struct out_column *columns, const void *row);
void out_unreadable(struct out_value *ret, int negative_errno);
void out_field_number(struct out_value *ret, const struct field_u64 *field);
void out_field_address(struct out_value *ret, const struct field_u64 *field);
void out_field_bool(struct out_value *ret, const struct field_u64 *field);
void out_field_string(struct out_value *ret, const struct field_str *field);

/* Why a value is unreadable, in words; borrowed. */
const char *out_reason(int negative_errno);

/* How a value is written as text. Hostile bytes are always escaped. */
struct out_style {
	bool sparse; /* for people: nothing for what is absent, rather than "-" */
	bool human;  /* "-" for what is absent, yes and no, sizes with a unit; else for programs */
	const char *
		separator; /* between the items of a list; within one escaped too, but for people */
	const char *unsafe; /* characters to escape besides: see str_escape() */
};

/* A new string, NULL without memory. */
char *out_value_format(const struct out_value *value, const struct out_style *style);
