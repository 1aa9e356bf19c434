/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of diff_join(), for model/diff*.c alone. */
#pragma once

#include "model/diff.h"

struct diff {
	const struct diff_side *old, *new;
	int (*each)(const struct diff_change *change, void *data);
	void *data;
	struct diff_gaps gaps;
	struct diff_rename *renames; /* of devices whose address is another, by the old one */
	size_t n_renames;
};

struct diff_rename {
	const char *old, *new;
};

/* An object of each side that has the same name; one of them may be NULL. */
struct diff_pair {
	const char *name;
	const void *old, *new;
	size_t part; /* of devices: 1 + that of the group's parts whose first device it is */
	bool moved;  /* of devices: it alone is in another group */
};

struct diff_pairs {
	struct diff_pair *v; /* by name */
	size_t n;
};

/* What the device that was called OLD is called now, as far as it is there. */
const char *diff_name(const struct diff *diff, const char *old);

/*
 * Devices of both sides: those at the same place with the same ids, then those of the same address. Their name is
 * the new one. Notes the renames. Returns 0 or -ENOMEM.
 */
int diff_pair_devices(struct diff *diff, struct diff_pairs *ret);

void diff_pairs_done(struct diff_pairs *pairs);
#define _cleanup_diff_pairs_ _cleanup_(diff_pairs_done)

/* The order of names: as people expect it, and equal only where the names are. */
int diff_order(const char *a, const char *b);

/*
 * N_OLD and N_NEW objects, SIZE bytes each, which begin with a pointer to their name. Returns 0 or
 * -ENOMEM.
 */
int diff_pair_up(const void *old, size_t n_old, const void *new, size_t n_new, size_t size,
		 struct diff_pairs *ret);

/* Tells CHANGE. Returns what EACH does. */
int diff_tell(struct diff *diff, const struct diff_change *change);

/* What is to be reported of CHANGE, in RET: 1; 0: nothing, as the values are the same, or it is a gap; -ENOMEM. */
int diff_judge(struct diff *diff, const struct diff_change *change, struct diff_change *ret);

bool diff_same_value(const struct diff_value *a, const struct diff_value *b);

/*
 * Tells CHANGE where its values differ; as DIFF_UNREADABLE where one of them is; where both are it is
 * a gap. Returns 0, what EACH does, or -ENOMEM.
 */
int diff_compare(struct diff *diff, const struct diff_change *change);

/* A fact of an object. */
struct diff_fact {
	const char *field;
	enum diff_type type; /* DIFF_TEXT: a struct field_str, else a struct field_u64 */
	size_t at;
	size_t under; /* unless 0: a struct field_u64; if both are unreadable, only that one is reported */
};

/* Compares N facts of OLD and NEW, CHANGE being what is reported of each. */
int diff_facts(struct diff *diff, const struct diff_fact *facts, size_t n, const void *old,
	       const void *new, struct diff_change change);

struct diff_value diff_text(const struct field_str *field);
struct diff_value diff_number(const struct field_u64 *field);

/* The parts, in the order of their rows. PAIRS are of devices. */
int diff_iommus(struct diff *diff);
int diff_contexts(struct diff *diff);
int diff_groups(struct diff *diff, struct diff_pairs *pairs);
int diff_devices(struct diff *diff, const struct diff_pairs *pairs);
int diff_pasids(struct diff *diff);
