/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid list */
#include <errno.h>
#include <string.h>

#include "app.h"
#include "cmd/inspect.h"
#include "cmd/options.h"
#include "cmd/pasid_columns.h"
#include "cmd/pasid_records.h"
#include "cmd/verbs.h"
#include "model/pasid.h"
#include "util/cleanup.h"

static int list_each(uint32_t pasid, const struct pasid_range *range, void *data)
{
	const struct pasid_row row = { pasid, range };

	return inspect_row(data, &row);
}

static void list_notes(struct app *app, const struct pasid_table *table)
{
	if (table->hardware_status == -EOPNOTSUPP)
		app_note(app,
			 "this kernel shows no IOMMU table of PASIDs (no debugfs for this IOMMU)");
	else if (table->hardware_status < 0)
		app_note(app, "the IOMMU's table could not be read: %s",
			 strerror(-table->hardware_status));
	if (table->process_status < 0)
		app_note(app, "some processes could not be looked into: %s",
			 strerror(-table->process_status));
}

static int list_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_pasid_records_ struct pasid_records records = { 0 };
	_cleanup_(pasid_table_done) struct pasid_table table = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = pasid_records_gather(app, in.root, &records);
	if (r && r != STATUS_PARTIAL)
		return r;
	in.partial = r == STATUS_PARTIAL;
	r = pasid_list(in.root, NULL, records.v, records.n, &table);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the PASIDs");
	r = pasid_each(&table, list_each, &in);
	if (r == 0)
		list_notes(app, &table);
	return inspect_end(app, &in, r);
}

static const struct argp list_argp = {
	.args_doc = "[[COLUMN=]PATTERN[,PATTERN...]...]",
	.doc = "List the PASIDs bound on this machine, whoever bound them: the records of all "
	       "contexts, the drivers that bind processes (SVA), and the IOMMU's own tables, joined. "
	       "With terms, those that match all of them.",
	.children = view_children,
};

static const struct view_args list_defaults = {
	.columns = pasid_columns,
	.operands = { .max = CMD_OPERANDS_MAX },
	.filtered = true,
};

const struct cmd pasid_list_cmd = {
	.name = "list",
	.summary = "List PASIDs",
	.argp = &list_argp,
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};
