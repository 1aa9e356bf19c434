/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid list */
#include <errno.h>
#include <string.h>

#include "app.h"
#include "cmd/inspect.h"
#include "cmd/options.h"
#include "cmd/pasid_columns.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "model/pasid.h"
#include "util/array.h"
#include "util/cleanup.h"

/* One context, from which its records borrow. */
struct source {
	struct holder_context context;
	struct holder_bindings bindings;
};

/* What the holders say. */
struct records {
	struct source *sources;
	size_t n_sources;
	struct pasid_record *v;
	size_t n;
};

static void records_done(struct records *records)
{
	for (size_t i = 0; i < records->n_sources; i++) {
		holder_context_done(&records->sources[i].context);
		holder_bindings_done(&records->sources[i].bindings);
	}
	free(records->sources);
	free(records->v);
}

static int records_add(struct records *records, const struct holder_context *context,
		       const struct holder_binding *binding)
{
	struct pasid_record *record = array_push(records->v, records->n);

	if (!record)
		return -ENOMEM;
	*record = (struct pasid_record){
		.device = binding->device,
		.lo = binding->lo,
		.hi = binding->hi,
		.ioas = field_u64(binding->ioas),
		.ioas_name = binding->ioas_name,
		.hwpt = field_u64(binding->hwpt),
		.context = context->name,
		.pid = context->pid,
		.uid = field_u64(context->uid),
	};
	return 0;
}

static int records_gather(struct holder_client *client, struct holder_context *context,
			  struct holder_error *error, void *data)
{
	struct records *records = data;
	struct source *source = array_push(records->sources, records->n_sources);
	int r;

	if (!source)
		return -ENOMEM;
	*source = (struct source){ .context = *context };
	*context = (struct holder_context){ 0 };
	r = holder_list_bindings(client, NULL, &source->bindings, error);
	for (size_t i = 0; r == 0 && i < source->bindings.n; i++)
		r = records_add(records, &source->context, &source->bindings.v[i]);
	return r;
}

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
	_cleanup_(records_done) struct records records = { 0 };
	_cleanup_(pasid_table_done) struct pasid_table table = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	/* A captured machine has no holders; this one's are not of it. */
	if (!in.root->captured)
		r = session_each(app, records_gather, &records);
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
