/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the graph languages. */
#pragma once

#include "out/graph.h"

/* How a language writes boxes and frames. Each function returns 0 or -ENOMEM. */
struct out_graph_syntax {
	int (*box)(const struct out_graph *graph, size_t i, FILE *f);
	int (*open)(const struct out_graph *graph, size_t frame,
		    FILE *f); /* up to the end of the line */
	const char *close;
};

/* Writes all boxes and frames, indented. Returns 0 or -ENOMEM. */
int out_graph_put(const struct out_graph *graph, const struct out_graph_syntax *syntax, FILE *f);

/*
 * A printable copy of TEXT, also without the two non-control characters that XML forbids. NULL if
 * out of memory.
 */
char *out_graph_text(const char *text);

struct out_graph_paint {
	const char *name, *fill, *line;
};

#define OUT_TONES (OUT_TONE_WRONG + 1)

/* Colours on which black is legible, and that colour-blind people can distinguish. */
const struct out_graph_paint *out_graph_paint(enum out_tone tone);
