/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/graph.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "out/internal.h"
#include "util/array.h"
#include "util/cleanup.h"

/* Lines from the palette of Okabe and Ito, fills in lighter shades of the same hues. */
static const struct out_graph_paint paints[OUT_TONES] = {
	[OUT_TONE_PLAIN] = { "device", "#dceefb", "#0072b2" },
	[OUT_TONE_TITLE] = { "unit", "#f4f4f4", "#000000" },
	[OUT_TONE_GROUP] = { "group", "#ffffff", "#666666" },
	[OUT_TONE_FAINT] = { "bridge", "#e4e4e4", "#666666" },
	[OUT_TONE_BINDING] = { "binding", "#fdf1cc", "#b07a00" },
	[OUT_TONE_PROCESS] = { "process", "#d3f0e6", "#007a59" },
	[OUT_TONE_WRONG] = { "wrong", "#ffffff", "#c43c00" },
};

const struct out_graph_paint *out_graph_paint(enum out_tone tone)
{
	return &paints[tone];
}

void out_graph_done(struct out_graph *graph)
{
	for (size_t i = 0; i < graph->n_boxes; i++)
		strv_done(&graph->boxes[i].lines);
	for (size_t i = 0; i < graph->n_frames; i++)
		free(graph->frames[i].title);
	free(graph->boxes);
	free(graph->frames);
	free(graph->lines);
	*graph = (struct out_graph){ 0 };
}

struct out_graph_box *out_graph_add_box(struct out_graph *graph)
{
	struct out_graph_box *box = array_push(graph->boxes, graph->n_boxes);

	if (box)
		*box = (struct out_graph_box){ .frame = OUT_GRAPH_NONE };
	return box;
}

struct out_graph_frame *out_graph_add_frame(struct out_graph *graph)
{
	struct out_graph_frame *frame = array_push(graph->frames, graph->n_frames);

	if (frame)
		*frame = (struct out_graph_frame){ .frame = OUT_GRAPH_NONE };
	return frame;
}

int out_graph_add_line(struct out_graph *graph, size_t from, size_t to, unsigned int apart)
{
	struct out_graph_line *line = array_push(graph->lines, graph->n_lines);

	if (!line)
		return -ENOMEM;
	*line = (struct out_graph_line){ from, to, apart };
	return 0;
}

char *out_graph_text(const char *text)
{
	_cleanup_free_ char *printable = str_printable(text);
	char *safe = printable ? malloc(strlen(printable) * 4 + 1) : NULL, *end = safe;

	if (!safe)
		return NULL;
	for (const char *c = printable; *c; c++) {
		/* U+FFFE and U+FFFF */
		if (str_starts(c, "\xef\xbf\xbe") || str_starts(c, "\xef\xbf\xbf")) {
			end += sprintf(end, "\\xef\\xbf\\x%02x", (unsigned char)c[2]);
			c += 2;
		} else {
			*end++ = *c;
		}
	}
	*end = '\0';
	return safe;
}

static void indent(FILE *f, unsigned int depth)
{
	while (depth--)
		fputc('\t', f);
}

/* Prints what is in FRAME, including frames inside it. */
static int put_content(const struct out_graph *graph, const struct out_graph_syntax *syntax,
		       size_t frame, unsigned int depth, FILE *f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < graph->n_boxes; i++)
		if (graph->boxes[i].frame == frame) {
			indent(f, depth);
			r = syntax->box(graph, i, f);
		}
	/* A frame comes after the one that contains it. */
	for (size_t i = frame == OUT_GRAPH_NONE ? 0 : frame + 1; r == 0 && i < graph->n_frames;
	     i++) {
		if (graph->frames[i].frame != frame)
			continue;
		indent(f, depth);
		r = syntax->open(graph, i, f);
		if (r == 0)
			r = put_content(graph, syntax, i, depth + 1, f);
		indent(f, depth);
		fprintf(f, "%s\n", syntax->close);
	}
	return r;
}

int out_graph_put(const struct out_graph *graph, const struct out_graph_syntax *syntax, FILE *f)
{
	return put_content(graph, syntax, OUT_GRAPH_NONE, 1, f);
}
