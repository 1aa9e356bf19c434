/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system tree */
#include <errno.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/system/internal.h"
#include "out/tree.h"
#include "util/cleanup.h"

struct tree_args {
	struct view_args view;
	struct topology_args topology;
};

enum { KEY_ASCII = 0x700 };

static error_t tree_parse(int key, char *arg, struct argp_state *state)
{
	struct tree_args *args = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->topology;
		state->child_inputs[1] = &args->view;
		return 0;
	case KEY_ASCII:
		args->view.out.ascii = true;
		return 0;
	default:
		(void)arg;
		return ARGP_ERR_UNKNOWN;
	}
}

static int print_nodes(const struct topology *topology, struct out_view *view)
{
	_cleanup_free_ struct out_node *nodes = calloc(topology->n + 1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < topology->n; i++) {
		const struct topology_node *node = &topology->v[i];

		nodes[i] = (struct out_node){ node->parent, node, topology_tone(node) };
	}
	return out_view_tree(view, nodes, topology->n);
}

static int tree_run(struct app *app, const void *p)
{
	struct tree_args args = *(const struct tree_args *)p;
	_cleanup_topology_session_ struct topology_session session = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	if (args.view.out.format != OUT_FORMAT_TABLE)
		args.view.out.defaults = topology_program_defaults;
	r = inspect_open(app, &args.view, &in);
	if (r == 0)
		r = topology_session_read(app, &args.topology, in.need, &session);
	if (r)
		return r;
	in.partial = session.partial;
	return inspect_end(app, &in, print_nodes(&session.topology, in.view));
}

static const struct argp_option tree_options[] = {
	{ "ascii", KEY_ASCII, NULL, 0, "Draw the tree with ASCII only, whatever the locale", 0 },
	{ 0 },
};

static const struct argp_child tree_children[] = { { &topology_argp, 0, NULL, 0 },
						   { &view_argp, 0, "Output:", 1 },
						   { 0 } };

static const struct argp tree_argp = {
	.options = tree_options,
	.parser = tree_parse,
	.args_doc = "[UNIT|GROUP|DEVICE...]",
	.doc = "Show IOMMU units, their groups, bridges, devices, PASIDs and processes as a "
	       "tree; with "
	       "operands, what is above and beneath these.",
	.children = tree_children,
};

static const struct tree_args tree_defaults = {
	.view = { .columns = topology_columns, .out.tree = true },
	.topology = { .operands = { .max = CMD_OPERANDS_MAX },
		      .depth = TOPOLOGY_PROCESS,
		      .contexts = true },
};

const struct cmd system_tree_cmd = {
	.name = "tree",
	.summary = "Show what reaches memory through what, as a tree",
	.example = "ioasidctl system tree eth1",
	.statuses = "267",
	.argp = &tree_argp,
	.defaults = &tree_defaults,
	.args_size = sizeof(tree_defaults),
	.run = tree_run,
};
