/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/device/attached.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/device/columns.h"

static void get_kind(const void *p, struct out_value *ret)
{
	out_string(ret, attached_kind_name(((const struct device_attached *)p)->kind));
}

static void get_id(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct device_attached *)p)->id);
}

static void get_name(const void *p, struct out_value *ret)
{
	out_field_string(ret, &((const struct device_attached *)p)->name);
}

static void get_context(const void *p, struct out_value *ret)
{
	out_field_string(ret, &((const struct device_attached *)p)->context);
}

static void get_hwpt(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct device_attached *)p)->hwpt);
}

const struct out_column attached_columns[] = {
	{ "kind", "ioas, hwpt, domain (the kernel's own) or opener (a process)",
	  OUT_DEFAULT | OUT_ALWAYS, 0, get_kind, attached_kind_names },
	{ "id", "Number of the IOAS or HWPT; process", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_id },
	{ "name", "Name of the IOAS or HWPT; type of the domain; command", OUT_DEFAULT | OUT_SHRINK,
	  0, get_name },
	{ "context", "Context", OUT_DEFAULT | OUT_OF_CONTEXT, 0, get_context },
	{ "hwpt", "Hardware page table, of an IOAS", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_hwpt },
	{ 0 },
};

static const char *text_of(const struct field_str *field)
{
	return field->status == 1 ? field->value : "";
}

void attached_text(const struct device_attached *attached, char *buf, size_t size)
{
	const char *name = text_of(&attached->name), *context = text_of(&attached->context);
	char what[128] = "";

	switch (attached->kind) {
	case ATTACHED_UNKNOWN:
	case ATTACHED_NOTHING:
		break;
	case ATTACHED_OPENER:
		if (attached->n_openers > 1)
			snprintf(what, sizeof(what), "vfio, %zu processes", attached->n_openers);
		else
			snprintf(what, sizeof(what), "vfio, pid %" PRIu64, attached->id.value);
		context = name;
		break;
	case ATTACHED_DOMAIN:
	case ATTACHED_IOAS:
	case ATTACHED_HWPT:
		if (*name)
			snprintf(what, sizeof(what), "%s %s", attached_kind_name(attached->kind),
				 name);
		else
			snprintf(what, sizeof(what), "%s %" PRIu64,
				 attached_kind_name(attached->kind), attached->id.value);
		break;
	}
	snprintf(buf, size, "%s%s%s%s", what, *context ? " (" : "", context, *context ? ")" : "");
}

void attached_out(struct out_value *ret, const struct device_attached *attached)
{
	if (attached->kind == ATTACHED_UNKNOWN && attached->error)
		out_unreadable(ret, attached->error);
	if (attached->kind == ATTACHED_UNKNOWN || attached->kind == ATTACHED_NOTHING)
		return;
	attached_text(attached, ret->text, sizeof(ret->text));
	out_object(ret, attached_columns, attached);
	ret->error = attached->error;
}

int attached_read(struct app *app, const struct sys_root *root, struct device *const *devices,
		  size_t n)
{
	_cleanup_pasid_records_ struct pasid_records records = { .status = 1 };
	struct attached_query query;
	int r = attached_asks(devices, n) ? pasid_records_read(app, root, &records) : 0;

	if (r)
		return r;
	query = pasid_records_attached(&records, root);
	r = attached_set(&query, devices, n);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot read what devices are attached to");
	return records.status < 0 ? STATUS_PARTIAL : STATUS_DONE;
}

int attached_read_list(struct app *app, struct inspection *in, struct device_list *list)
{
	_cleanup_free_ struct device **devices = NULL;
	int r;

	if (!(in->need & DEVICE_COLUMNS_ATTACHED))
		return 0;
	devices = calloc(list->n + 1, sizeof(*devices));
	if (!devices)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot list the devices");
	for (size_t i = 0; i < list->n; i++)
		devices[i] = &list->v[i];
	r = attached_read(app, in->root, devices, list->n);
	in->partial = r == STATUS_PARTIAL;
	return in->partial ? 0 : r;
}
