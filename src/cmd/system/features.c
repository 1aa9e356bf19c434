/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system features */
#include <errno.h>

#include "app.h"
#include "cmd/common/operand.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/system/internal.h"
#include "model/diagnosis/features.h"
#include "util/cleanup.h"

static void get_feature(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct feature *)row)->name);
}

static void get_kind(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct feature *)row)->kind);
}

static void get_available(const void *row, struct out_value *ret)
{
	out_field_bool(ret, &((const struct feature *)row)->available);
}

static void get_about(const void *row, struct out_value *ret)
{
	out_string(ret, ((const struct feature *)row)->about);
}

static const char *const kinds[] = { "node", "driver", "sysfs", "debugfs", "ioctl", "flag", NULL };

static const struct out_column columns[] = {
	{ "feature", "Name in the kernel", OUT_DEFAULT | OUT_ALWAYS, 0, get_feature },
	{ "kind", "node, driver, sysfs, debugfs, ioctl or flag", OUT_DEFAULT | OUT_ALWAYS, 0,
	  get_kind, kinds },
	{ "available", "Whether this kernel has it", OUT_DEFAULT | OUT_IS_BOOL, 0, get_available },
	{ "about", "What it is for", OUT_DEFAULT | OUT_PROSE | OUT_ALWAYS, 0, get_about },
	{ 0 },
};

/* Only then can something be probed with a device. */
static bool iommufd_known(const struct feature_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].available.status == -ENODATA)
			return true;
	return false;
}

/* Returns the status. */
static int fail(struct app *app, int error, const char *operand, const char *path)
{
	int status;

	if (operand && error == -ENODEV) {
		app_fail(app, STATUS_UNSAFE, operand,
			 "the device has no VFIO driver, and only through one can the kernel be "
			 "asked");
		app_hint(app, "ioasidctl driver set %s vfio-pci", operand);
		return STATUS_UNSAFE;
	}
	status = app_fail_errno(app, error, operand, "cannot ask the kernel");
	if (operand)
		operand_hint_openers(app, path);
	return status;
}

static int features_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *operand = args->operands.n ? args->operands.v[0] : NULL;
	_cleanup_feature_list_ struct feature_list list = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = operand ? operand_device(app, in.root, operand, &path) : 0;
	if (r)
		return r;
	r = feature_list(in.root, path, &list);
	if (r < 0)
		return fail(app, r, operand, path);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		r = inspect_row(&in, &list.v[i]);
	if (r == 0 && !operand && iommufd_known(&list))
		app_note(
			app,
			"flags can be probed only with a device: ioasidctl system features DEVICE");
	return inspect_end(app, &in, r);
}

static const struct view_args features_defaults = {
	.columns = columns,
	.operands = { .max = 1 },
};

const struct cmd system_features_cmd = {
	.name = "features",
	.summary = "List what this kernel can do",
	.example = "ioasidctl system features",
	.statuses = "256",
	.options = view_options,
	.takes = "[DEVICE]",
	.doc = "List which ioctls, flags, nodes and tables this kernel has, by probing. With "
	       "DEVICE, one that has a VFIO driver and is free, also the flags that can only be "
	       "asked of a device: it is bound to a temporary iommufd for a moment.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &features_defaults,
	.args_size = sizeof(features_defaults),
	.run = features_run,
};
