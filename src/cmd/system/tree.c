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

static const struct cmd_option tree_options[] = {
	{ "ascii", 0, NULL, "Draw the tree with ASCII only, whatever the locale", OPTION_FLAG,
	  offsetof(struct tree_args, view.out.ascii) },
	ROWS_OF(struct tree_args, topology, topology_options),
	ROWS_OF(struct tree_args, view, view_options),
	{ 0 },
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
	.options = tree_options,
	.takes = "[UNIT|GROUP|DEVICE...]",
	.doc = "Show IOMMU units, their groups, bridges, devices, PASIDs and processes as a tree; "
	       "with operands, what is above and beneath these.",
	.operands = offsetof(struct tree_args, topology.operands),
	.defaults = &tree_defaults,
	.args_size = sizeof(tree_defaults),
	.run = tree_run,
};
