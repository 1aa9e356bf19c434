/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows in a hierarchy. */
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
 * Prints N nodes in a view with the option "tree": for people a tree; in JSON nested objects with
 * "children"; in other formats one row each. Returns 0 or -ENOMEM. End with out_view_end().
 */
int out_view_tree(struct out_view *view, const struct out_node *nodes, size_t n);
