/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/graph.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "out/internal.h"
#include "util/cleanup.h"

/* The delimiters around a box's text. */
static const struct {
	const char *open, *close;
} shapes[] = {
	[OUT_SHAPE_BOX] = { "[\"", "\"]" },
	[OUT_SHAPE_SLANTED] = { "[/\"", "\"/]" },
	[OUT_SHAPE_ROUND] = { "([\"", "\"])" },
	[OUT_SHAPE_POINTED] = { "{{\"", "\"}}" },
};

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* The code point at *C, which is valid UTF-8; moves *C to its last byte. */
static uint32_t next_code(const char **c)
{
	const unsigned char *s = (const unsigned char *)*c;
	unsigned int more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	uint32_t code = more ? s[0] & (0x3fu >> more) : s[0];

	for (unsigned int i = 1; i <= more; i++)
		code = code << 6 | (s[i] & 0x3f);
	*c += more;
	return code;
}

/*
 * A label is Markdown and HTML, with differences between versions, so everything but letters,
 * digits, spaces, commas and punctuation inside words is written as Mermaid's "#code;".
 */
static int put_text(FILE *f, const char *text)
{
	_cleanup_free_ char *safe = out_graph_text(text);
	char before = ' ';

	if (!safe)
		return -ENOMEM;
	for (const char *c = safe; *c; before = *c++) {
		bool inside = strchr(".:-_/", *c) && is_plain(before) && is_plain(c[1]);

		if (is_plain(*c) || *c == ' ' || *c == ',' || inside)
			fputc(*c, f);
		else
			fprintf(f, "#%u;", (unsigned int)next_code(&c));
	}
	return 0;
}

static int put_box(const struct out_graph *graph, size_t i, FILE *f)
{
	const struct out_graph_box *box = &graph->boxes[i];
	int r = 0;

	fprintf(f, "n%zu%s", i, shapes[box->shape].open);
	for (size_t k = 0; r == 0 && k < box->lines.n; k++) {
		if (k)
			fputs("<br/>", f);
		r = put_text(f, box->lines.v[k]);
	}
	fprintf(f, "%s\n", shapes[box->shape].close);
	return r;
}

static int open_frame(const struct out_graph *graph, size_t i, FILE *f)
{
	int r;

	fprintf(f, "subgraph f%zu[\"", i);
	r = put_text(f, graph->frames[i].title);
	fputs("\"]\n", f);
	return r;
}

static const struct out_graph_syntax mermaid = { .box = put_box,
						 .open = open_frame,
						 .close = "end" };

/* "class n1,n5 device" for all boxes with the tone, or that stand for several. */
static void put_class(const struct out_graph *graph, const char *name, bool many,
		      enum out_tone tone, FILE *f)
{
	const char *before = "\tclass ";

	for (size_t i = 0; i < graph->n_boxes; i++)
		if (many ? graph->boxes[i].many : graph->boxes[i].tone == tone) {
			fprintf(f, "%sn%zu", before, i);
			before = ",";
		}
	for (size_t i = 0; i < graph->n_frames; i++)
		if (many ? graph->frames[i].many : graph->frames[i].tone == tone) {
			fprintf(f, "%sf%zu", before, i);
			before = ",";
		}
	if (*before == ',')
		fprintf(f, " %s\n", name);
}

int out_graph_mermaid(const struct out_graph *graph, FILE *f)
{
	int r;

	fputs("flowchart LR\n", f);
	r = out_graph_put(graph, &mermaid, f);
	for (size_t i = 0; i < graph->n_lines; i++) {
		const struct out_graph_line *line = &graph->lines[i];

		fprintf(f, "\tn%zu %s", line->from, line->apart ? "~~~" : "---");
		for (unsigned int k = 1; k < line->apart; k++)
			fputc('~', f);
		fprintf(f, " n%zu\n", line->to);
	}
	for (enum out_tone tone = 0; tone < OUT_TONES; tone++) {
		const struct out_graph_paint *paint = out_graph_paint(tone);

		fprintf(f, "\tclassDef %s fill:%s,stroke:%s,color:#000%s\n", paint->name,
			paint->fill, paint->line,
			tone == OUT_TONE_WRONG ? ",stroke-width:2px,stroke-dasharray:4" : "");
		put_class(graph, paint->name, false, tone, f);
	}
	fputs("\tclassDef many stroke-width:3px\n", f);
	put_class(graph, "many", true, 0, f);
	return r;
}
