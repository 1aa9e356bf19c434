/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/records.h"

#include <errno.h>
#include <string.h>

#include "cmd/common/session.h"
#include "model/machine/group.h"
#include "util/array.h"

void pasid_records_done(struct pasid_records *records)
{
	for (size_t i = 0; i < records->n_contexts; i++)
		holder_context_done(&records->contexts[i]);
	free(records->contexts);
	free(records->holders);
	bindings_done(&records->bindings);
	free(records->attached);
	*records = (struct pasid_records){ 0 };
}

/* 0: none. */
static struct field_u64 number(uint64_t value)
{
	return value ? field_u64(value) : (struct field_u64){ 0 };
}

static int add_binding(struct pasid_records *records, const struct holder_context *context,
		       const struct holder_binding *bound)
{
	const struct binding binding = {
		.device = bound->device,
		.lo = bound->lo,
		.hi = bound->hi,
		.kind = bound->ioas ? PASID_KIND_IOAS : PASID_KIND_HWPT,
		.ioas = number(bound->ioas),
		.ioas_name = field_str_borrow(bound->ioas_name),
		.hwpt = number(bound->hwpt),
		.context = field_str_borrow(context->name),
		.pid = number((uint64_t)context->pid),
		.uid = field_u64(context->uid),
	};

	return bindings_add(&records->bindings, &binding);
}

static int add_attached(struct pasid_records *records, const struct holder_context *context,
			const struct holder_device *device)
{
	struct attached_record *record = array_push(records->attached, records->n_attached);

	if (!record)
		return -ENOMEM;
	*record = (struct attached_record){
		.device = device->device,
		.bound = device->id.status == 1,
		.attached = device->attached,
		.ioas = number(device->target.ioas),
		.hwpt = device->target.hwpt,
		.ioas_name = device->target.ioas_name,
		.context = context->name,
		.pid = context->pid,
	};
	return 0;
}

static struct holder_context *add_context(struct pasid_records *records,
					  struct holder_context *context)
{
	pid_t *holder = array_push(records->holders, records->n_holders);
	struct holder_context *slot =
		holder ? array_push(records->contexts, records->n_contexts) : NULL;

	if (!slot)
		return NULL;
	*holder = context->pid;
	*slot = *context;
	*context = (struct holder_context){ 0 };
	return slot;
}

static int read_context(struct holder_client *client, struct holder_context *given,
			struct holder_error *error, void *data)
{
	struct pasid_records *records = data;
	_cleanup_holder_bindings_ struct holder_bindings bindings = { 0 };
	const struct holder_context *context = add_context(records, given);
	int r = 0;

	if (!context)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < context->device_n; i++)
		r = add_attached(records, context, &context->device[i]);
	if (r == 0)
		r = holder_list_bindings(client, NULL, &bindings, error);
	for (size_t i = 0; r == 0 && i < bindings.n; i++)
		r = add_binding(records, context, &bindings.v[i]);
	return r;
}

/* If groups cannot be listed, there may be some. */
static bool has_groups(const struct sys_root *root)
{
	_cleanup_group_list_ struct group_list list = { 0 };

	return group_list(root, 0, 0, &list) < 0 || list.n;
}

int pasid_records_read(struct app *app, const struct sys_root *root, struct pasid_records *ret)
{
	int r = 0;

	ret->status = 1;
	if (!root->captured || session_tells(app)) {
		r = session_each(app, read_context, ret, &ret->status);
		return r == STATUS_PARTIAL ? 0 : r;
	}
	/* Without groups no device can be in a context, so no record can be missing. */
	if (!has_groups(root))
		return 0;
	ret->status = -EREMOTE;
	app_note(app, "the contexts of %s were not captured: what they hold is not known",
		 app->sysroot ? app->sysroot : "the machine");
	return 0;
}

struct pasid_query pasid_records_query(struct pasid_records *records, const struct sys_root *root,
				       unsigned int need)
{
	return (struct pasid_query){
		.root = root,
		.need = need,
		.contexts = { .bindings = &records->bindings,
			      .holders = records->holders,
			      .n_holders = records->n_holders,
			      .status = records->status },
	};
}

struct attached_query pasid_records_attached(const struct pasid_records *records,
					     const struct sys_root *root)
{
	return (struct attached_query){
		.root = root,
		.records = records->attached,
		.n_records = records->n_attached,
		.records_status = records->status,
	};
}

static void note_hardware(struct app *app, const struct pasid_reports *reports)
{
	int status = reports->hardware_status;

	if (status == -EOPNOTSUPP)
		app_note(app,
			 "this kernel shows no IOMMU table of PASIDs (no debugfs for this IOMMU)");
	else if (status == -ENOENT)
		app_note(app, "the IOMMU's table of PASIDs is absent: %s",
			 reports->v[PASID_SOURCE_VTD].reason);
	else if (status < 0)
		app_note(app, "the IOMMU's table could not be read: %s", strerror(-status));
}

bool pasid_records_notes(struct app *app, const struct pasid_reports *reports)
{
	/* The table may have rows that debugfs would show if mounted. */
	bool partial = reports->hardware_status == -ENOENT;

	note_hardware(app, reports);
	if (reports->process_status < 0)
		app_note(app, "some processes could not be examined: %s",
			 strerror(-reports->process_status));
	for (size_t i = 0; i < reports->n; i++) {
		const struct pasid_report *report = &reports->v[i];

		if (report->status >= 0 || report->status == -EOPNOTSUPP)
			continue;
		/* The list of openers explains rows, but has none of its own. */
		partial = partial || !report->source->openers;
		/* Contexts, tables and processes were already reported. */
		if (i > PASID_SOURCE_VTD && report->status != reports->process_status)
			app_note(app, "the source %s could not be read: %s", report->source->name,
				 report->reason);
	}
	return partial;
}
