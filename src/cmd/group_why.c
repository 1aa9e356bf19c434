/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group why */
#include <errno.h>

#include "app.h"
#include "cmd/finding_columns.h"
#include "cmd/inspect.h"
#include "cmd/operand.h"
#include "cmd/options.h"
#include "cmd/verbs.h"
#include "model/why_group.h"
#include "util/cleanup.h"

/* Names the first obstacle. Returns the status. */
static int conclude(struct app *app, const char *operand, const struct finding_list *list)
{
	bool in_use;
	const struct finding *obstacle = group_why_obstacle(list, &in_use);
	enum status status = in_use ? STATUS_UNSAFE : STATUS_UNSUPPORTED;
	size_t unknown = finding_count(list, FINDING_UNKNOWN);

	if (unknown)
		app_note(app, "%zu finding%s could not be measured", unknown,
			 unknown == 1 ? "" : "s");
	if (!obstacle)
		return STATUS_DONE;
	app_fail(app, status, operand, "the group cannot be given away: %s: %s", obstacle->object,
		 obstacle->seen);
	if (obstacle->remedy)
		app_hint(app, "%s", obstacle->remedy);
	return status;
}

static int why_run(struct app *app, const void *p)
{
	const struct wake_args *args = p;
	const char *operand = args->view.operands.v[0];
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	uint32_t number;
	int r;

	r = inspect_open(app, &args->view, &in);
	if (r)
		return r;
	r = operand_group(app, in.root, operand, &number);
	if (r)
		return r;
	r = group_why(in.root, number, args->wake, &list);
	if (r == -ENOENT)
		return app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU group");
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot look into the IOMMU group");
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = inspect_row(&in, &list.v[i]);
	r = inspect_end(app, &in, r);
	return r ? r : conclude(app, operand, &list);
}

static const struct argp why_argp = {
	.args_doc = "GROUP|DEVICE",
	.doc = "Tell why the members of a group share it, and what stands in the way of giving it away. The "
	       "first obstacle is named, with what to do; the status is 3 where something in use would be "
	       "lost, 5 where only drivers stand in the way, and 0 where nothing does.",
	.children = wake_children,
};

static const struct wake_args why_defaults = {
	.view = { .columns = finding_columns, .operands = { .min = 1, .max = 1 } },
};

const struct cmd group_why_cmd = {
	.name = "why",
	.summary = "Tell why devices share a group, and what keeps it from being given away",
	.argp = &why_argp,
	.defaults = &why_defaults,
	.args_size = sizeof(why_defaults),
	.run = why_run,
};
