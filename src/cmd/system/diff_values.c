/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/system/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/device/attached.h"
#include "cmd/pasid/columns.h"

static void get_kind(const void *p, struct out_value *ret)
{
	pasid_out_kind(ret, p);
}

static void get_id(const void *p, struct out_value *ret)
{
	const struct binding *binding = p;

	out_field_number(ret, binding->ioas.status == 1 ? &binding->ioas : &binding->hwpt);
}

/* What it was bound through, if it is not an object of a context. */
static void get_name(const void *p, struct out_value *ret)
{
	const struct binding *binding = p;

	out_field_string(ret,
			 binding->ioas_name.status == 1 ? &binding->ioas_name : &binding->through);
}

static void get_owner(const void *p, struct out_value *ret)
{
	pasid_out_owner(ret, p);
}

const struct out_column diff_target_columns[] = {
	{ "kind", "ioas, hwpt, sva, nested, dma, unknown", OUT_DEFAULT, 0, get_kind,
	  pasid_kind_names },
	{ "id", "Number of the IOAS or HWPT", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_id },
	{ "name", "Its name, or the node it was bound through", OUT_DEFAULT | OUT_SHRINK, 0,
	  get_name },
	{ "owner", "Its owner", OUT_DEFAULT | OUT_IS_OBJECT, 0, get_owner, NULL,
	  OUT_INNER(pasid_owner_columns) },
	{ 0 },
};

/* "ioas red (lab)", "sva wq0.1, pid 6 (kvstore)". */
static void out_target(struct out_value *ret, const struct binding *binding)
{
	const struct out_style style = { .human = true, .sparse = true, .unsafe = "" };
	struct out_value parts[4] = { { 0 } };
	char *texts[4] = { NULL };
	const bool context = binding->context.status == 1;

	get_kind(binding, &parts[0]);
	get_name(binding, &parts[1]);
	get_id(binding, &parts[2]);
	get_owner(binding, &parts[3]);
	for (size_t i = 0; i < 4; i++)
		texts[i] = out_value_format(&parts[i], &style);
	if (texts[0] && texts[1] && texts[2] && texts[3]) {
		const char *name = *texts[1] ? texts[1] : texts[2], *owner = texts[3];

		/* Nothing is known about the target: say so only once. */
		if (parts[0].type == OUT_UNREADABLE)
			name = "";

		snprintf(ret->text, sizeof(ret->text), "%s%s%s%s%s%s", texts[0], *name ? " " : "",
			 name,
			 !*owner   ? ""
			 : context ? " ("
				   : ", ",
			 owner, *owner && context ? ")" : "");
	}
	for (size_t i = 0; i < 4; i++)
		free(texts[i]);
	out_object(ret, diff_target_columns, binding);
}

static void get_ids(const void *p, struct out_value *ret)
{
	const struct device *device = p;

	out_text(ret, "%04" PRIx64 ":%04" PRIx64, device->vendor.value, device->device.value);
}

static void get_class(const void *p, struct out_value *ret)
{
	out_field_string(ret, &((const struct device *)p)->class_name);
}

const struct out_column diff_hardware_columns[] = {
	{ "id", "Vendor and device id", OUT_DEFAULT | OUT_ALWAYS, 0, get_ids },
	{ "class", "Class in words", OUT_DEFAULT | OUT_SHRINK, 0, get_class },
	{ 0 },
};

static void out_hardware(struct out_value *ret, const struct device *device)
{
	const char *class = device->class_name.status == 1 ? device->class_name.value : "";

	snprintf(ret->text, sizeof(ret->text), "%04" PRIx64 ":%04" PRIx64 "%s%s",
		 device->vendor.value, device->device.value, *class ? " " : "", class);
	out_object(ret, diff_hardware_columns, device);
}

static void get_pid(const void *p, struct out_value *ret)
{
	out_field_number(ret, &((const struct diff_context *)p)->pid);
}

const struct out_column diff_holder_columns[] = {
	{ "pid", "Process of the holder", OUT_DEFAULT | OUT_IS_NUMBER, 0, get_pid },
	{ 0 },
};

static void out_holder(struct out_value *ret, const struct diff_context *context)
{
	snprintf(ret->text, sizeof(ret->text), "pid %" PRIu64, context->pid.value);
	out_object(ret, diff_holder_columns, context);
}

void diff_out_object(struct out_value *ret, const struct diff_value *value)
{
	switch (value->type) {
	case DIFF_TARGET:
		out_target(ret, value->object);
		return;
	case DIFF_OWNER:
		pasid_out_owner(ret, value->object);
		return;
	case DIFF_ATTACHED:
		attached_out(ret, value->object);
		return;
	case DIFF_HARDWARE:
		out_hardware(ret, value->object);
		return;
	case DIFF_HOLDER:
		out_holder(ret, value->object);
		return;
	case DIFF_TEXT:
	case DIFF_NUMBER:
	case DIFF_ADDRESS:
	case DIFF_FLAG:
		return;
	}
}
