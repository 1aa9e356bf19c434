/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/records.h"

#include <errno.h>

#include "cmd/common/session.h"
#include "model/machine/group.h"
#include "util/array.h"

/* A context; its records borrow from it. */
struct pasid_context {
	struct holder_context context;
	struct holder_bindings bindings;
};

void pasid_records_done(struct pasid_records *records)
{
	for (size_t i = 0; i < records->n_sources; i++) {
		holder_context_done(&records->sources[i].context);
		holder_bindings_done(&records->sources[i].bindings);
	}
	free(records->sources);
	free(records->v);
	free(records->attached);
	free(records->holders);
}

static int records_add(struct pasid_records *records, const struct holder_context *context,
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

static int records_attach(struct pasid_records *records, const struct holder_context *context,
			  const struct holder_device *device)
{
	struct attached_record *record = array_push(records->attached, records->n_attached);

	if (!record)
		return -ENOMEM;
	*record = (struct attached_record){
		.device = device->device,
		.bound = device->id.status == 1,
		.attached = device->attached,
		.ioas = device->target.ioas ? field_u64(device->target.ioas)
					    : (struct field_u64){ 0 },
		.hwpt = device->target.hwpt,
		.ioas_name = device->target.ioas_name,
		.context = context->name,
		.pid = context->pid,
	};
	return 0;
}

static int records_gather(struct holder_client *client, struct holder_context *context,
			  struct holder_error *error, void *data)
{
	struct pasid_records *records = data;
	struct pasid_context *source = array_push(records->sources, records->n_sources);
	pid_t *holder = source ? array_push(records->holders, records->n_holders) : NULL;
	int r;

	if (source)
		*source = (struct pasid_context){ 0 };
	if (!holder)
		return -ENOMEM;
	*holder = context->pid;
	*source = (struct pasid_context){ .context = *context };
	*context = (struct holder_context){ 0 };
	for (size_t i = 0; i < source->context.device_n; i++)
		if (records_attach(records, &source->context, &source->context.device[i]) < 0)
			return -ENOMEM;
	r = holder_list_bindings(client, NULL, &source->bindings, error);
	for (size_t i = 0; r == 0 && i < source->bindings.n; i++)
		r = records_add(records, &source->context, &source->bindings.v[i]);
	return r;
}

/* If groups cannot be listed, there may be some. */
static bool has_groups(const struct sys_root *root)
{
	_cleanup_group_list_ struct group_list list = { 0 };

	return group_list(root, 0, 0, &list) < 0 || list.n;
}

int pasid_records_gather(struct app *app, const struct sys_root *root, struct pasid_records *ret)
{
	ret->status = 1;
	if (!root->captured || session_tells(app))
		return session_each(app, records_gather, ret, &ret->status);
	/* Without groups no device can be in a context, so no record can be missing. */
	if (!has_groups(root))
		return 0;
	ret->status = -EREMOTE;
	app_note(app, "the contexts of %s were not captured: what they hold is not known",
		 app->sysroot ? app->sysroot : "the machine");
	return STATUS_PARTIAL;
}

const struct holder_context *pasid_records_context(const struct pasid_records *records, size_t at)
{
	return &records->sources[at].context;
}

struct pasid_query pasid_records_query(const struct pasid_records *records,
				       const struct sys_root *root, unsigned int need)
{
	return (struct pasid_query){
		.root = root,
		.need = need,
		.records = records->v,
		.n_records = records->n,
		.holders = records->holders,
		.n_holders = records->n_holders,
		.records_status = records->status,
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
