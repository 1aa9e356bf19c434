/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/graph.h"

#include <errno.h>

#include "out/internal.h"
#include "util/cleanup.h"

#define FONT "fontname=\"Helvetica,Arial,sans-serif\""

static const char *const shapes[] = {
	[OUT_SHAPE_BOX] = "box",
	[OUT_SHAPE_SLANTED] = "box",
	[OUT_SHAPE_ROUND] = "box",
	[OUT_SHAPE_POINTED] = "component",
};

/* Only the quote ends a quoted text, but labels also interpret escapes and HTML entities. */
static int put_text(FILE *f, const char *text)
{
	_cleanup_free_ char *safe = out_graph_text(text);

	if (!safe)
		return -ENOMEM;
	for (const char *c = safe; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', f);
		if (*c == '&')
			fputs("&amp;", f);
		else
			fputc(*c, f);
	}
	return 0;
}

static int put_box(const struct out_graph *graph, size_t i, FILE *f)
{
	const struct out_graph_box *box = &graph->boxes[i];
	const struct out_graph_paint *paint = out_graph_paint(box->tone);
	bool wrong = box->tone == OUT_TONE_WRONG;
	int r = 0;

	fprintf(f, "n%zu [label=\"", i);
	for (size_t k = 0; r == 0 && k < box->lines.n; k++) {
		if (k)
			fputs("\\n", f);
		r = put_text(f, box->lines.v[k]);
	}
	fprintf(f, "\", shape=%s, style=\"filled%s%s\", fillcolor=\"%s\", color=\"%s\"%s%s];\n",
		shapes[box->shape],
		box->shape == OUT_SHAPE_ROUND     ? ",rounded"
		: box->shape == OUT_SHAPE_SLANTED ? ",diagonals"
						  : "",
		wrong ? ",dashed" : "", paint->fill, paint->line, wrong ? ", penwidth=2" : "",
		box->many ? ", peripheries=2" : "");
	return r;
}

static int open_frame(const struct out_graph *graph, size_t i, FILE *f)
{
	const struct out_graph_frame *frame = &graph->frames[i];
	const struct out_graph_paint *paint = out_graph_paint(frame->tone);
	bool outer = frame->frame == OUT_GRAPH_NONE;
	int r;

	fprintf(f, "subgraph cluster_%zu { label=\"", i);
	r = put_text(f, frame->title);
	fprintf(f,
		"\"; style=\"filled%s%s\"; fillcolor=\"%s\"; color=\"%s\"; peripheries=1; penwidth=%s; "
		"fontsize=%s;\n",
		outer ? "" : ",rounded", frame->tone == OUT_TONE_WRONG ? ",dashed" : "",
		paint->fill, paint->line, frame->many ? "2" : "1", outer ? "14" : "10");
	return r;
}

static const struct out_graph_syntax dot = { .box = put_box, .open = open_frame, .close = "}" };

int out_graph_dot(const struct out_graph *graph, FILE *f)
{
	int r;

	fputs("digraph ioasidctl {\n"
	      "\tgraph [rankdir=LR, bgcolor=white, labeljust=l, nodesep=0.1, ranksep=0.3, " FONT
	      "];\n"
	      "\tnode [fontsize=10, height=0.3, margin=\"0.11,0.05\", " FONT "];\n"
	      "\tedge [arrowhead=none, color=\"#444444\"];\n",
	      f);
	fputs("\tsubgraph cluster { peripheries=0;\n", f);
	r = out_graph_put(graph, &dot, f);
	fputs("\t}\n", f);
	for (size_t i = 0; i < graph->n_lines; i++) {
		const struct out_graph_line *line = &graph->lines[i];

		fprintf(f, "\tn%zu -> n%zu", line->from, line->to);
		if (line->apart)
			fprintf(f, " [style=invis, minlen=%u]", line->apart);
		fputs(";\n", f);
	}
	fputs("}\n", f);
	return r;
}
