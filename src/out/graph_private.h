/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the languages have in common, for out/graph*.c alone. */
#pragma once

#include "out/graph.h"

/* How a language writes what lies in frames. Each returns 0 or -ENOMEM. */
struct out_graph_syntax {
	int (*box)(const struct out_graph *graph, size_t i, FILE *f);
	int (*open)(const struct out_graph *graph, size_t frame,
		    FILE *f); /* up to the line's end */
	const char *close;
};

/* All boxes and frames, each line indented. Returns 0 or -ENOMEM. */
int out_graph_put(const struct out_graph *graph, const struct out_graph_syntax *syntax, FILE *f);

/*
 * A copy of TEXT fit to be shown, without the two characters besides control characters that XML must not
 * have. NULL without memory.
 */
char *out_graph_text(const char *text);

struct out_graph_paint {
	const char *name, *fill, *line;
};

#define OUT_TONES (OUT_TONE_WRONG + 1)

/* Black is legible on it, and the colour-blind can distinguish it from the others. */
const struct out_graph_paint *out_graph_paint(enum out_tone tone);
