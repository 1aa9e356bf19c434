/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out/graph.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/cleanup.h"

typedef int (*printer)(const struct out_graph *graph, FILE *f);

static char *print(const struct out_graph *graph, printer to_text)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(to_text(graph, f), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* A frame with a box inside a frame, a box outside, a line between them and a hidden one. */
static void make(struct out_graph *graph, const char *title, const char *line)
{
	struct out_graph_frame *frame = out_graph_add_frame(graph);
	struct out_graph_box *box;

	assert_non_null(frame);
	frame->title = strdup("outer");
	frame = out_graph_add_frame(graph);
	assert_non_null(frame);
	frame->title = strdup(title);
	frame->tone = OUT_TONE_GROUP;
	frame->frame = 0;
	box = out_graph_add_box(graph);
	assert_non_null(box);
	assert_int_equal(strv_push(&box->lines, line), 0);
	assert_int_equal(strv_push(&box->lines, "second"), 0);
	box->frame = 1;
	box->many = true;
	box = out_graph_add_box(graph);
	assert_non_null(box);
	assert_int_equal(strv_push(&box->lines, "other"), 0);
	box->shape = OUT_SHAPE_ROUND;
	box->tone = OUT_TONE_WRONG;
	assert_int_equal(out_graph_add_line(graph, 0, 1, 0), 0);
	assert_int_equal(out_graph_add_line(graph, 0, 1, 3), 0);
}

static void nests_in_dot(void **state)
{
	_cleanup_out_graph_ struct out_graph graph = { 0 };
	_cleanup_free_ char *text = NULL;
	const char *outer, *inner, *box, *end;

	(void)state;
	make(&graph, "inner", "first");
	text = print(&graph, out_graph_dot);
	outer = strstr(text, "\n\tsubgraph cluster_0 { label=\"outer\";");
	inner = strstr(text, "\n\t\tsubgraph cluster_1 { label=\"inner\";");
	box = strstr(text, "\n\t\t\tn0 [label=\"first\\nsecond\", shape=box,");
	end = strstr(text, "\n\t\t}\n\t}\n");
	assert_true(outer && inner && box && end && outer < inner && inner < box && box < end);
	assert_non_null(strstr(text, ", peripheries=2];\n"));
	assert_non_null(strstr(text, "\n\tn1 [label=\"other\", shape=box, "
				     "style=\"filled,rounded,dashed\""));
	assert_non_null(strstr(text, "\n\tn0 -> n1;\n\tn0 -> n1 [style=invis, minlen=3];\n"));
}

static void nests_in_mermaid(void **state)
{
	_cleanup_out_graph_ struct out_graph graph = { 0 };
	_cleanup_free_ char *text = NULL;

	(void)state;
	make(&graph, "inner", "first");
	text = print(&graph, out_graph_mermaid);
	assert_non_null(strstr(text, "flowchart LR\n"
				     "\tn1([\"other\"])\n"
				     "\tsubgraph f0[\"outer\"]\n"
				     "\t\tsubgraph f1[\"inner\"]\n"
				     "\t\t\tn0[\"first<br/>second\"]\n"
				     "\t\tend\n"
				     "\tend\n"
				     "\tn0 --- n1\n"
				     "\tn0 ~~~~~ n1\n"));
	assert_non_null(strstr(text, "\tclass n0,f0 device\n"));
	assert_non_null(strstr(text, "\tclass f1 group\n"));
	assert_non_null(strstr(text, "\tclass n1 wrong\n"));
	assert_non_null(strstr(text, "\tclass n0 many\n"));
}

static const struct {
	const char *text, *dot, *mermaid;
} hostile[] = {
	{ "a\"b", "a\\\"b", "a#34;b" },
	{ "a\\", "a\\\\", "a#92;" },
	{ "\\\"", "\\\\\\\"", "#92;#34;" },
	{ "\\N\\n", "\\\\N\\\\n", "#92;N#92;n" },
	{ "&lt;&#34;", "&amp;lt;&amp;#34;", "#38;lt#59;#38;#35;34#59;" },
	{ "<b>]", "<b>]", "#60;b#62;#93;" },
	{ "#quot;", "#quot;", "#35;quot#59;" },
	{ "`*_x_*`", "`*_x_*`", "#96;#42;#95;x#95;#42;#96;" },
	{ "1. x", "1. x", "1#46; x" },
	{ "- x", "- x", "#45; x" },
	{ "0000:01:00.0", "0000:01:00.0", "0000:01:00.0" },
	{ "end", "end", "end" },
	/* Control characters and invalid UTF-8 are escaped as everywhere. */
	{ "a\nb\r\t\033[1m", "a\\\\x0ab\\\\x0d\\\\x09\\\\x1b[1m",
	  "a#92;x0ab#92;x0d#92;x09#92;x1b#91;1m" },
	{ "\xff", "\\\\xff", "#92;xff" },
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
	  "#233;#8364;#128512;" },
	/* Not valid in XML. */
	{ "\xef\xbf\xbe\xef\xbf\xbf", "\\\\xef\\\\xbf\\\\xbe\\\\xef\\\\xbf\\\\xbf",
	  "#92;xef#92;xbf#92;xbe#92;xef#92;xbf#92;xbf" },
	{ "\xef\xbf\xbd", "\xef\xbf\xbd", "#65533;" },
};

static void nothing_breaks_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_out_graph_ struct out_graph graph = { 0 };
		_cleanup_free_ char *dot = NULL, *mermaid = NULL;
		char expected[256];

		make(&graph, hostile[i].text, hostile[i].text);
		dot = print(&graph, out_graph_dot);
		snprintf(expected, sizeof(expected), "n0 [label=\"%s\\nsecond\", shape",
			 hostile[i].dot);
		assert_non_null(strstr(dot, expected));
		snprintf(expected, sizeof(expected), "cluster_1 { label=\"%s\"; style",
			 hostile[i].dot);
		assert_non_null(strstr(dot, expected));
		mermaid = print(&graph, out_graph_mermaid);
		snprintf(expected, sizeof(expected), "n0[\"%s<br/>second\"]\n", hostile[i].mermaid);
		assert_non_null(strstr(mermaid, expected));
		snprintf(expected, sizeof(expected), "subgraph f1[\"%s\"]\n", hostile[i].mermaid);
		assert_non_null(strstr(mermaid, expected));
	}
}

static void nothing_is_a_picture_too(void **state)
{
	const struct out_graph graph = { 0 };
	_cleanup_free_ char *dot = print(&graph, out_graph_dot);
	_cleanup_free_ char *mermaid = print(&graph, out_graph_mermaid);

	(void)state;
	assert_null(strstr(dot, "n0"));
	assert_null(strstr(mermaid, "\tclass "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nests_in_dot),
		cmocka_unit_test(nests_in_mermaid),
		cmocka_unit_test(nothing_breaks_out),
		cmocka_unit_test(nothing_is_a_picture_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
