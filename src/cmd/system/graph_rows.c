/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <errno.h>

#include "util/array.h"
#include "util/cleanup.h"

/* A node directly below a unit, with everything below it except processes. */
struct block {
	size_t left, right;   /* its boxes at the left and right end */
	size_t depth, leaves; /* width and height in boxes */
	bool bound;           /* contains PASIDs or processes */
};

struct blocks {
	struct block *v;
	size_t n;
};

static void blocks_done(struct blocks *blocks)
{
	free(blocks->v);
}

static bool is_beneath(const struct topology *topology, size_t i, size_t above)
{
	size_t parent = i < topology->n ? topology->v[i].parent : TOPOLOGY_ROOT;

	return parent != TOPOLOGY_ROOT && parent >= above;
}

/* The number of boxes from the node to the outermost one in the block of node TOP. */
static size_t depth_of(const struct graph_build *build, size_t i, size_t top)
{
	size_t depth = 1;

	while (i != top && !build->framed[build->topology->v[i].parent]) {
		i = build->topology->v[i].parent;
		depth++;
	}
	return depth;
}

/* Measures the block of node TOP. Returns the index of the node after it. */
static size_t measure(const struct graph_build *build, size_t top, struct block *ret)
{
	const struct topology *topology = build->topology;
	size_t i = top;

	*ret = (struct block){ 0 };
	do {
		const struct topology_node *node = &topology->v[i];
		size_t depth;

		ret->bound |= node->kind >= TOPOLOGY_RID;
		if (build->fold.first[i] != i || build->framed[i] || node->kind == TOPOLOGY_PROCESS)
			continue;
		depth = depth_of(build, i, top);
		if (ret->depth == 0)
			ret->left = build->place[i];
		/* The first box below another is placed beside it. */
		ret->leaves += depth == 1 || node->parent + 1 != i;
		if (depth > ret->depth) {
			ret->depth = depth;
			ret->right = build->place[i];
		}
	} while (is_beneath(topology, ++i, top));
	return i;
}

/*
 * Lists the blocks of the unit at node UNIT, those with something bound or those without. Returns 0
 * or -ENOMEM.
 */
static int list_blocks(const struct graph_build *build, size_t unit, bool bound,
		       struct blocks *list)
{
	size_t i = unit + 1;

	while (is_beneath(build->topology, i, unit)) {
		bool drawn = build->fold.first[i] == i;
		struct block block, *slot;

		i = measure(build, i, &block);
		if (!drawn || block.bound != bound)
			continue;
		slot = array_push(list->v, list->n);
		if (!slot)
			return -ENOMEM;
		*slot = block;
	}
	return 0;
}

/* The number of boxes in a row. */
static size_t choose_width(const struct graph_build *build)
{
	size_t height = 0, width = 1, i = 0;

	while (i < build->topology->n) {
		struct block block;

		if (build->topology->v[i].kind == TOPOLOGY_IOMMU || build->fold.first[i] != i) {
			i++;
			continue;
		}
		i = measure(build, i, &block);
		/* In lines of text; a frame has a title. */
		height += 2 + 4 * block.leaves;
		if (block.depth > width)
			width = block.depth;
	}
	/* A box is about 16 lines wide. */
	while (width * width * 16 < height)
		width++;
	return width;
}

/* A row being built. */
struct row {
	size_t used;        /* width in boxes */
	size_t first, last; /* boxes; if USED is 0 those of the row before, or OUT_GRAPH_NONE */
};

/* Places BLOCK at box COLUMN, or after the last block if that is further right. */
static int append(struct graph_build *build, struct row *row, const struct block *block,
		  size_t column)
{
	int r = 0;

	if (row->used)
		r = out_graph_add_line(build->graph, row->last, block->left,
				       column > row->used ? column - row->used + 1 : 1);
	else if (column && row->first != OUT_GRAPH_NONE)
		r = out_graph_add_line(build->graph, row->first, block->left, column);
	if (row->used == 0 && column == 0)
		row->first = block->left;
	row->used = (column > row->used ? column : row->used) + block->depth;
	row->last = block->right;
	return r;
}

static int build_unit(struct graph_build *build, size_t unit, size_t width)
{
	_cleanup_(blocks_done) struct blocks idle = { 0 }, bound = { 0 };
	struct row row = { .first = OUT_GRAPH_NONE };
	size_t at = 0;
	int r = list_blocks(build, unit, false, &idle);

	if (r == 0)
		r = list_blocks(build, unit, true, &bound);
	for (size_t i = 0; r == 0 && i < bound.n; i++) {
		size_t column = width - bound.v[i].depth;

		row.used = 0;
		while (r == 0 && at < idle.n && row.used + idle.v[at].depth <= column)
			r = append(build, &row, &idle.v[at++], 0);
		if (r == 0)
			r = append(build, &row, &bound.v[i], column);
	}
	row.used = 0;
	for (; r == 0 && at < idle.n; at++) {
		if (row.used + idle.v[at].depth > width)
			row.used = 0;
		r = append(build, &row, &idle.v[at], 0);
	}
	return r;
}

int graph_build_rows(struct graph_build *build)
{
	size_t width = choose_width(build);
	int r = 0;

	for (size_t i = 0; r == 0 && i < build->topology->n; i++)
		if (build->topology->v[i].kind == TOPOLOGY_IOMMU)
			r = build_unit(build, i, width);
	return r;
}
