/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of diff_join(). */
#pragma once

#include "model/diff/changes.h"

struct diff {
	const struct diff_side *old, *new;
	int (*each)(const struct diff_change *change, void *data);
	void *data;
	struct diff_gaps gaps;
	struct diff_rename *renames; /* devices with a new address, sorted by the old one */
	size_t n_renames;
};

struct diff_rename {
	const char *old, *new;
};

/* The objects with the same name on both sides; one may be NULL. */
struct diff_pair {
	const char *name;
	const void *old, *new;
	size_t part; /* of devices: 1 + index of the part that it is the first of; or 0 */
	bool moved;  /* of devices: changed groups on its own */
};

struct diff_pairs {
	struct diff_pair *v; /* by name */
	size_t n;
};

/* The new name of the device that was called OLD, if it is still there; else OLD. */
const char *diff_name(const struct diff *diff, const char *old);

/*
 * Matches the devices of both sides: first by place and ids, then by address. Pairs have the new
 * name. Notes the renames. Returns 0 or -ENOMEM.
 */
int diff_pair_devices(struct diff *diff, struct diff_pairs *ret);

void diff_pairs_done(struct diff_pairs *pairs);
#define _cleanup_diff_pairs_ _cleanup_(diff_pairs_done)

/* Natural order of names. Returns 0 only for equal strings. */
int diff_order(const char *a, const char *b);

/*
 * Matches N_OLD and N_NEW objects of SIZE bytes, which begin with a pointer to their name. Returns
 * 0 or -ENOMEM.
 */
int diff_pair_up(const void *old, size_t n_old, const void *new, size_t n_new, size_t size,
		 struct diff_pairs *ret);

/* Reports CHANGE. Returns what EACH does. */
int diff_tell(struct diff *diff, const struct diff_change *change);

/*
 * Decides what to report of CHANGE. Returns 1 with that in RET; 0 if the values are equal, or both
 * unreadable, which is noted as a gap; -ENOMEM.
 */
int diff_judge(struct diff *diff, const struct diff_change *change, struct diff_change *ret);

bool diff_same_value(const struct diff_value *a, const struct diff_value *b);

/*
 * Reports CHANGE if its values differ, as DIFF_UNREADABLE if one is unreadable; if both are, notes
 * a gap. Returns 0, what EACH does, or -ENOMEM.
 */
int diff_compare(struct diff *diff, const struct diff_change *change);

/* A fact of an object to compare. */
struct diff_fact {
	const char *field;
	enum diff_type type; /* DIFF_TEXT: a struct field_str; else a struct field_u64 */
	size_t at;
	/*
	 * Offset of a struct field_u64, or 0. If both facts are unreadable, only that one is
	 * reported.
	 */
	size_t under;
};

/* Compares N facts of OLD and NEW. CHANGE is the template of each report. */
int diff_facts(struct diff *diff, const struct diff_fact *facts, size_t n, const void *old,
	       const void *new, struct diff_change change);

struct diff_value diff_text(const struct field_str *field);
struct diff_value diff_number(const struct field_u64 *field);

/* The parts, in the order in which they are reported. PAIRS are of devices. */
int diff_iommus(struct diff *diff);
int diff_contexts(struct diff *diff);
int diff_groups(struct diff *diff, struct diff_pairs *pairs);
int diff_devices(struct diff *diff, const struct diff_pairs *pairs);
int diff_pasids(struct diff *diff);
