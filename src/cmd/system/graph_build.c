/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "out/column.h"
#include "util/cleanup.h"
#include "util/parse.h"

/* Maximum length of a line of text, in bytes. */
#define LINE_LONGEST 48

/* The columns that the texts consist of. */
enum { LABEL, WHAT, DRIVER, NAME, PHYSFN, UNIT, GROUP_NAME, TEXTS };

static const char *const keys[TEXTS] = { "label",  "what", "driver",    "name",
					 "physfn", "unit", "group_name" };

struct texts {
	char *v[TEXTS]; /* "" if absent, "?" if unreadable */
};

static void texts_done(struct texts *texts)
{
	for (size_t i = 0; i < TEXTS; i++)
		free(texts->v[i]);
}

unsigned int graph_build_need(void)
{
	unsigned int need = 0;

	for (size_t i = 0; i < TEXTS; i++)
		need |= out_column_find(topology_columns, keys[i])->need;
	return need;
}

static int read_texts(struct graph_build *build, const struct topology_node *node,
		      struct texts *ret)
{
	const struct out_style style = {
		.human = true, .sparse = true, .separator = ",", .unsafe = ""
	};

	for (size_t i = 0; i < TEXTS; i++) {
		struct out_value value = { 0 };

		out_column_find(topology_columns, keys[i])->get(node, &value);
		if (value.type == OUT_UNREADABLE) {
			build->lack->unreadable++;
			build->lack->error = value.error;
		}
		ret->v[i] = out_value_format(&value, &style);
		if (!ret->v[i])
			return -ENOMEM;
	}
	return 0;
}

/* Truncates a line that is too long at a suitable place. */
static void shorten(char *line)
{
	size_t end = LINE_LONGEST - strlen("…");

	if (strlen(line) <= LINE_LONGEST)
		return;
	while (end && ((unsigned char)line[end] & 0xc0) == 0x80)
		end--;
	strcpy(line + end, "…");
}

__attribute__((format(printf, 2, 3))) static int add_line(struct strv *lines, const char *format,
							  ...)
{
	_cleanup_free_ char *line = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&line, format, ap);
	va_end(ap);
	if (r < 0) {
		line = NULL;
		return -ENOMEM;
	}
	shorten(line);
	return *line ? strv_push(lines, line) : 0;
}

static const char *comma(const char *text)
{
	return *text ? ", " : "";
}

static bool stands_for(const struct graph_build *build, size_t i, size_t k)
{
	return build->fold.first[k] == i;
}

/* The numbers of all groups or PASIDs that node I is drawn for. */
static int list_numbers(const struct graph_build *build, size_t i, struct ranges *ret)
{
	const struct topology_node *nodes = build->topology->v;
	int r = 0;

	for (size_t k = i; r == 0 && k <= build->fold.last[i]; k++) {
		if (!stands_for(build, i, k))
			continue;
		r = nodes[k].kind == TOPOLOGY_GROUP
			    ? ranges_add(ret, nodes[k].group->number, nodes[k].group->number)
			    : ranges_add(ret, nodes[k].lo, nodes[k].hi);
	}
	return r;
}

static int describe_group(const struct graph_build *build, size_t i, const struct texts *texts,
			  struct strv *lines)
{
	const char *type = texts->v[WHAT], *name = texts->v[GROUP_NAME];
	_cleanup_ranges_ struct ranges ranges = { 0 };
	_cleanup_free_ char *numbers = NULL;
	size_t n = build->fold.count[i];
	int r;

	if (n == 1)
		return add_line(lines, "%s%s%s%s%s", texts->v[LABEL], comma(type), type,
				comma(name), name);
	r = list_numbers(build, i, &ranges);
	numbers = r == 0 ? ranges_format(&ranges) : NULL;
	if (!numbers)
		return -ENOMEM;
	/* The part that may be truncated comes last. */
	return add_line(lines, "%zu groups%s%s%s%s: %s", n, comma(type), type, comma(name), name,
			numbers);
}

static int describe_device(const struct graph_build *build, size_t i, const struct texts *texts,
			   struct strv *lines)
{
	const struct topology_node *nodes = build->topology->v;
	size_t n = build->fold.count[i];
	const char *driver = texts->v[DRIVER], *physfn = texts->v[PHYSFN];
	char number[32] = "";
	int r;

	if (nodes[i].error)
		return add_line(lines, "?, %s", out_reason(nodes[i].error));
	if (n > 1)
		snprintf(number, sizeof(number), "%zu devices: ", n);
	r = n > 1 ? add_line(lines, "%s .. %s", texts->v[LABEL],
			     nodes[build->fold.last[i]].device->id)
		  : add_line(lines, "%s", texts->v[LABEL]);
	if (r == 0)
		r = add_line(lines, "%s%s%s%s%s", number, texts->v[WHAT], comma(texts->v[WHAT]),
			     *driver ? "driver " : "no driver", driver);
	if (r == 0 && *physfn)
		return add_line(lines, "VF%s of %s", n > 1 ? "s" : "", physfn);
	return r == 0 && n == 1 ? add_line(lines, "%s", texts->v[NAME]) : r;
}

static int describe_pasid(const struct graph_build *build, size_t i, const struct texts *texts,
			  struct strv *lines)
{
	_cleanup_ranges_ struct ranges ranges = { 0 };
	_cleanup_free_ char *numbers = NULL;
	const struct topology_node *nodes = build->topology->v;
	uint64_t n = 0;
	int r = 0;

	if (build->fold.count[i] == 1) {
		r = add_line(lines, "%s", texts->v[LABEL]);
		return r == 0 ? add_line(lines, "%s", texts->v[WHAT]) : r;
	}
	for (size_t k = i; k <= build->fold.last[i]; k++)
		if (stands_for(build, i, k))
			n += nodes[k].hi - nodes[k].lo + UINT64_C(1);
	/* 0: the number is not reported */
	if (nodes[i].lo) {
		r = list_numbers(build, i, &ranges);
		numbers = r == 0 ? ranges_format(&ranges) : NULL;
		if (!numbers)
			return -ENOMEM;
	}
	r = add_line(lines, "%" PRIu64 " PASIDs%s%s", n, numbers ? ": " : "",
		     numbers ? numbers : "");
	return r == 0 ? add_line(lines, "%s", texts->v[WHAT]) : r;
}

static int describe_rid(const struct graph_build *build, size_t i, const struct texts *texts,
			struct strv *lines)
{
	size_t n = build->fold.count[i];
	int r = n > 1 ? add_line(lines, "%zu devices", n) : 0;

	if (r == 0)
		r = add_line(lines, "%s", texts->v[LABEL]);
	return r == 0 ? add_line(lines, "%s", texts->v[WHAT]) : r;
}

static int describe_process(const struct graph_build *build, size_t i, const struct texts *texts,
			    struct strv *lines)
{
	size_t n = build->fold.count[i];
	int r;

	r = n > 1 ? add_line(lines, "%zu processes", n) : add_line(lines, "%s", texts->v[LABEL]);
	if (r == 0)
		r = add_line(lines, "%s", texts->v[WHAT]);
	return r == 0 && n == 1 ? add_line(lines, "%s", texts->v[UNIT]) : r;
}

static int describe(struct graph_build *build, size_t i, struct strv *lines)
{
	const struct topology_node *node = &build->topology->v[i];
	_cleanup_(texts_done) struct texts texts = { 0 };
	int r = read_texts(build, node, &texts);

	if (r < 0)
		return r;
	switch (node->kind) {
	case TOPOLOGY_IOMMU:
		if (node->error)
			return add_line(lines, "IOMMU ?, %s", out_reason(node->error));
		return add_line(lines, "%s%s%s", texts.v[LABEL], comma(texts.v[WHAT]),
				texts.v[WHAT]);
	case TOPOLOGY_GROUP:
		return describe_group(build, i, &texts, lines);
	case TOPOLOGY_BRIDGE:
	case TOPOLOGY_DEVICE:
		return describe_device(build, i, &texts, lines);
	case TOPOLOGY_CONTEXT:
	case TOPOLOGY_IOAS:
		break;
	case TOPOLOGY_RID:
		return describe_rid(build, i, &texts, lines);
	case TOPOLOGY_PASID:
		return describe_pasid(build, i, &texts, lines);
	case TOPOLOGY_PROCESS:
		return describe_process(build, i, &texts, lines);
	}
	return 0;
}

/* The innermost frame around a node; of a PASID its unit's, of a process none. */
static size_t frame_of(const struct graph_build *build, size_t i)
{
	const struct topology_node *nodes = build->topology->v;
	const enum topology_kind kind = nodes[i].kind;

	if (kind == TOPOLOGY_PROCESS)
		return OUT_GRAPH_NONE;
	while (nodes[i].parent != TOPOLOGY_ROOT) {
		i = nodes[i].parent;
		if (build->framed[i] && ((kind != TOPOLOGY_PASID && kind != TOPOLOGY_RID) ||
					 nodes[i].kind == TOPOLOGY_IOMMU))
			return build->place[i];
	}
	return OUT_GRAPH_NONE;
}

static int build_frame(struct graph_build *build, size_t i)
{
	const struct topology_node *node = &build->topology->v[i];
	struct out_graph_frame *frame = out_graph_add_frame(build->graph);
	_cleanup_strv_ struct strv lines = { 0 };
	int r = frame ? describe(build, i, &lines) : -ENOMEM;

	if (r < 0)
		return r;
	frame->title = strv_join(&lines, ", ");
	frame->tone = topology_tone(node);
	frame->many = build->fold.count[i] > 1;
	frame->frame = frame_of(build, i);
	build->framed[i] = true;
	build->place[i] = build->graph->n_frames - 1;
	return frame->title ? 0 : -ENOMEM;
}

static const enum out_shape kind_shapes[] = {
	[TOPOLOGY_IOMMU] = OUT_SHAPE_BOX,       [TOPOLOGY_GROUP] = OUT_SHAPE_BOX,
	[TOPOLOGY_BRIDGE] = OUT_SHAPE_SLANTED,  [TOPOLOGY_DEVICE] = OUT_SHAPE_BOX,
	[TOPOLOGY_RID] = OUT_SHAPE_ROUND,       [TOPOLOGY_PASID] = OUT_SHAPE_ROUND,
	[TOPOLOGY_PROCESS] = OUT_SHAPE_POINTED,
};

static int build_box(struct graph_build *build, size_t i)
{
	const struct topology_node *node = &build->topology->v[i];
	struct out_graph_box *box = out_graph_add_box(build->graph);

	if (!box)
		return -ENOMEM;
	box->shape = kind_shapes[node->kind];
	box->tone = topology_tone(node);
	box->many = build->fold.count[i] > 1;
	box->frame = frame_of(build, i);
	build->place[i] = build->graph->n_boxes - 1;
	return describe(build, i, &box->lines);
}

static bool has_below(const struct topology *topology, size_t i)
{
	return i + 1 < topology->n && topology->v[i + 1].parent == i;
}

/* Adds a line from each box to the ones below it. */
static int build_lines(struct graph_build *build)
{
	const struct topology *topology = build->topology;
	int r = 0;

	for (size_t i = 0; r == 0 && i < topology->n; i++) {
		const struct topology_node *node = &topology->v[i];
		size_t parent = node->parent, first = build->fold.first[i];

		if (node->kind <= TOPOLOGY_GROUP || parent == TOPOLOGY_ROOT ||
		    build->framed[parent] || build->fold.first[parent] != parent)
			continue;
		if (first == i || node->kind == TOPOLOGY_PROCESS)
			r = out_graph_add_line(build->graph, build->place[parent],
					       build->place[first], 0);
	}
	return r;
}

static int build_all(struct graph_build *build)
{
	const struct topology *topology = build->topology;
	int r = 0;

	for (size_t i = 0; r == 0 && i < topology->n; i++) {
		if (build->fold.first[i] != i)
			continue;
		if (topology->v[i].kind <= TOPOLOGY_GROUP && has_below(topology, i))
			r = build_frame(build, i);
		else
			r = build_box(build, i);
	}
	if (r == 0)
		r = build_lines(build);
	return r == 0 ? graph_build_rows(build) : r;
}

int graph_build(const struct topology *topology, struct out_graph *ret, struct graph_lack *ret_lack)
{
	_cleanup_free_ size_t *place = calloc(topology->n + 1, sizeof(*place));
	_cleanup_free_ bool *framed = calloc(topology->n + 1, sizeof(*framed));
	_cleanup_out_graph_ struct out_graph graph = { 0 };
	struct graph_lack lack = { 0 };
	struct graph_build build = { .topology = topology,
				     .graph = &graph,
				     .lack = &lack,
				     .place = place,
				     .framed = framed };
	int r = place && framed ? topology_fold(topology, &build.fold) : -ENOMEM;

	if (r == 0)
		r = build_all(&build);
	topology_fold_done(&build.fold);
	if (r < 0)
		return r;
	*ret = graph;
	graph = (struct out_graph){ 0 };
	*ret_lack = lack;
	return 0;
}
