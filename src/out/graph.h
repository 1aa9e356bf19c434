/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boxes in frames, connected by lines, as text for drawing programs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "out/tree.h"
#include "util/str.h"

/* Kind of a box, so that it is not shown by colour only. */
enum out_shape {
	OUT_SHAPE_BOX,
	OUT_SHAPE_SLANTED,
	OUT_SHAPE_ROUND,
	OUT_SHAPE_POINTED,
};

#define OUT_GRAPH_NONE SIZE_MAX

/* Texts may have any bytes. */
struct out_graph_box {
	struct strv lines;
	enum out_shape shape;
	enum out_tone tone;
	bool many;    /* stands for several */
	size_t frame; /* index, or OUT_GRAPH_NONE */
};

struct out_graph_frame {
	char *title;
	enum out_tone tone;
	bool many;
	size_t frame; /* index of the frame around it: an earlier one, or OUT_GRAPH_NONE */
};

struct out_graph_line {
	size_t from, to;    /* boxes */
	unsigned int apart; /* invisible: TO is so many or more boxes right of FROM; 0: visible */
};

struct out_graph {
	struct out_graph_box *boxes;
	struct out_graph_frame *frames;
	struct out_graph_line *lines;
	size_t n_boxes, n_frames, n_lines;
};

void out_graph_done(struct out_graph *graph);
#define _cleanup_out_graph_ _cleanup_(out_graph_done)

/* Adds a box, empty and in no frame; valid until the next one is added. NULL if out of memory. */
struct out_graph_box *out_graph_add_box(struct out_graph *graph);
struct out_graph_frame *out_graph_add_frame(struct out_graph *graph);
/* Returns 0 or -ENOMEM. */
int out_graph_add_line(struct out_graph *graph, size_t from, size_t to, unsigned int apart);

/* For Graphviz: https://graphviz.org/doc/info/lang.html. Returns 0 or -ENOMEM. */
int out_graph_dot(const struct out_graph *graph, FILE *f);
/* As a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html. Returns 0 or -ENOMEM. */
int out_graph_mermaid(const struct out_graph *graph, FILE *f);
