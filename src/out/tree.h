/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that stand beneath each other. */
#pragma once

#include "out/tone.h"
#include "out/value.h"
#include "out/view.h"

#define OUT_NODE_ROOT SIZE_MAX

struct out_node {
	size_t parent; /* index of an earlier node, or OUT_NODE_ROOT */
	const void *row;
	enum out_tone tone;
};

/*
 * Prints N nodes in a view whose options say "tree": for people a tree; in JSON nested objects, each
 * with "children"; in other formats one row each. Returns 0 or -ENOMEM. Ended by out_view_end().
 */
int out_view_tree(struct out_view *view, const struct out_node *nodes, size_t n);
