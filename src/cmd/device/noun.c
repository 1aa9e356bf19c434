/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device list, show; device add, remove, attach, detach in a context */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "cmd/device/attached.h"
#include "cmd/device/columns.h"
#include "cmd/nouns.h"
#include "cmd/common/operand.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/common/result.h"
#include "cmd/common/session.h"
#include "model/machine/device.h"
#include "util/cleanup.h"

static unsigned int inspect_need(const struct wake_args *args, unsigned int need)
{
	return (need & DEVICE_NEED_ALL) | (args->wake ? DEVICE_WAKE : 0);
}

/* Is DEVICE, of this machine, asleep, so that requested facts of its config space are unknown? */
static bool is_asleep(const struct inspection *in, const struct device *device)
{
	return !in->root->captured && in->need & DEVICE_NEED_CAPS &&
	       device->caps.pasid.status == -EAGAIN &&
	       (!in->filter || out_filter_match(in->filter, device) != 0);
}

/* For people only: programs have the "unreadable" key. */
static void hint_wake(struct app *app, const struct wake_args *args, bool asleep)
{
	if (asleep && args->view.out.format != OUT_FORMAT_JSON)
		app_hint(app, "--wake wakes sleeping devices and reads them");
}

static int list_run(struct app *app, const void *p)
{
	const struct wake_args *args = p;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_device_list_ struct device_list list = { 0 };
	bool asleep = false;
	int r;

	r = inspect_open(app, &args->view, &in);
	if (r)
		return r;
	r = device_list(in.root, inspect_need(args, in.need), &list);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the devices");
	r = attached_read_list(app, &in, &list);
	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		asleep = asleep || is_asleep(&in, &list.v[i]);
		r = inspect_row(&in, &list.v[i]);
	}
	r = inspect_end(app, &in, r);
	hint_wake(app, args, asleep);
	return r;
}

static const struct wake_args list_defaults = {
	.view = { .columns = device_columns,
		  .rows = "devices",
		  .operands = { .max = CMD_OPERANDS_MAX },
		  .filtered = true },
};

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List devices",
	.example = "ioasidctl device list pasid-supported=yes -o +pasid_width",
	.statuses = "267",
	.options = wake_options,
	.takes = "[[COLUMN=]PATTERN[,PATTERN...]...]",
	.doc = "List all PCI devices and all other members of IOMMU groups; with terms, those that "
	       "match all of them.",
	.operands = offsetof(struct wake_args, view.operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

/* Reads it with its group, whose devices share an attachment. */
static int show_attached(struct app *app, struct inspection *in, struct device *device)
{
	_cleanup_free_ struct device **devices = NULL;
	_cleanup_group_ struct group group = { 0 };
	size_t n = 0;
	int r = 0;

	if (!(in->need & DEVICE_COLUMNS_ATTACHED))
		return 0;
	if (device->group.status == 1)
		r = group_get(in->root, (uint32_t)device->group.value, GROUP_NEED_MEMBERS,
			      ATTACHED_NEED, &group);
	devices = r == -ENOMEM ? NULL : calloc(group.n_members + 1, sizeof(*devices));
	if (!devices)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot read the group");
	devices[n++] = device;
	for (size_t i = 0; i < group.n_members; i++)
		if (strcmp(group.members[i].id, device->id) != 0)
			devices[n++] = &group.members[i];
	r = attached_read(app, in->root, devices, n);
	in->partial = r == STATUS_PARTIAL;
	return in->partial ? 0 : r;
}

static int show_run(struct app *app, const void *p)
{
	const struct wake_args *args = p;
	const char *operand = args->view.operands.v[0];
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_device_ struct device device = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = inspect_open(app, &args->view, &in);
	if (r)
		return r;
	r = operand_device(app, in.root, operand, &path);
	if (r)
		return r;
	r = device_get(in.root, path, inspect_need(args, in.need), &device);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the device");
	r = show_attached(app, &in, &device);
	if (r)
		return r;
	r = inspect_show(app, &in, &device);
	hint_wake(app, args, is_asleep(&in, &device));
	return r;
}

static const struct wake_args show_defaults = {
	.view = { .columns = device_columns, .operands = { .min = 1, .max = 1 }, .single = true },
};

static const struct cmd show_cmd = {
	.name = "show",
	.summary = "Show one device",
	.example = "ioasidctl device show eth1",
	.statuses = "26",
	.options = wake_options,
	.takes = "DEVICE",
	.doc = "Show one device. DEVICE is a PCI address, the name of an interface, disk or VFIO "
	       "device, or a path in sysfs.",
	.operands = offsetof(struct wake_args, view.operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};

/* For the verbs that work in a context. */
struct change_args {
	struct context_args context;
	bool force;
	bool replace;
	bool unbound;
};

static const struct cmd_option plain_options[] = {
	ROWS_OF(struct change_args, context, change_options), { 0 }
};

/* The request of a verb to the holder; PATH is the device's. */
typedef int act_fn(struct holder_client *client, const char *path, const struct change_args *args,
		   struct holder_error *error);

static int change_run(struct app *app, const struct change_args *args, act_fn *act)
{
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_free_ char *path = NULL;
	int r = session_open_device(app, &args->context, &path, &client);

	if (r)
		return r;
	r = act(client, path, args, &error);
	return r < 0 ? session_fail(app, args->context.operands.v[0], &error) : STATUS_DONE;
}

static int print_added(struct app *app, const struct change_args *args,
		       const struct holder_client *client, const char *path, struct field_u64 id)
{
	const char *device = strrchr(path, '/') + 1;
	char number[16];
	_cleanup_free_ char *what = NULL;

	snprintf(number, sizeof(number), "%u", (unsigned int)id.value);
	if (asprintf(&what, "%s is in context %s", device, holder_reference(client)) < 0)
		what = NULL;
	return result_print(app, &args->context,
			    &(struct result){ .id = id.status > 0 ? number : NULL,
					      .context = holder_reference(client),
					      .device = device,
					      .device_id = id },
			    what ? what : device);
}

static int add_run(struct app *app, const void *p)
{
	const struct change_args *args = p;
	_cleanup_holder_client_ struct holder_client *client = NULL;
	_cleanup_holder_error_ struct holder_error error = { 0 };
	_cleanup_free_ char *path = NULL;
	struct field_u64 id = { 0 };
	bool known;
	int r, status;

	r = session_open_device(app, &args->context, &path, &client);
	if (r)
		return r;
	r = holder_add_device(client, path, !args->unbound, &id, &error);
	if (r < 0) {
		known = r == -EPERM && operand_group_is_taken(app, path);
		/* The cause is known, so the holder's guess is not needed. */
		if (known && !error.holder)
			(void)str_replace(&error.hint, NULL);
		status = session_fail(app, args->context.operands.v[0], &error);
		if (r == -EBUSY || r == -EINVAL)
			operand_hint_openers(app, path);
		if (r == -EINVAL)
			operand_hint_regions(app, path);
		if (r == -EPERM)
			operand_hint_group(app, path);
		return status;
	}
	return args->context.dry_run ? STATUS_DONE : print_added(app, args, client, path, id);
}

static const struct cmd_option add_options[] = {
	{ "unbound", 0, NULL,
	  "Open it but do not bind it to the iommufd: for a program that binds it itself (QEMU)",
	  OPTION_FLAG, offsetof(struct change_args, unbound) },
	ROWS_OF(struct change_args, context, create_options),
	{ 0 },
};

static const struct change_args one_operand = { .context.operands = { .min = 1, .max = 1 } };
static const struct change_args add_defaults = {
	.context = { .operands = { .min = 1, .max = 1 }, .created = result_device },
};
static const struct change_args two_operands = { .context.operands = { .min = 2, .max = 2 } };

static const struct cmd add_cmd = {
	.name = "add",
	.summary = "Add a device to the context",
	.example = "ioasidctl device add -c lab 0000:03:00.0",
	.statuses = "12456",
	.options = add_options,
	.takes = "DEVICE",
	.doc = "Add a device to the context and print its number there. Its driver must be a VFIO "
	       "driver: see 'ioasidctl driver set'.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &add_defaults,
	.args_size = sizeof(add_defaults),
	.run = add_run,
};

static int act_remove(struct holder_client *client, const char *path,
		      const struct change_args *args, struct holder_error *error)
{
	return holder_remove_device(client, path, args->force, error);
}

static int remove_run(struct app *app, const void *args)
{
	return change_run(app, args, act_remove);
}

static const struct cmd_option remove_options[] = {
	{ "force", 0, NULL, "Detach it and unbind its PASIDs first", OPTION_FLAG,
	  offsetof(struct change_args, force) },
	ROWS_OF(struct change_args, context, change_options),
	{ 0 },
};

static const struct cmd remove_cmd = {
	.name = "remove",
	.summary = "Remove a device from the context",
	.example = "ioasidctl device remove -c lab 0000:03:00.0",
	.statuses = "1236",
	.options = remove_options,
	.takes = "DEVICE",
	.doc = "Remove a device from the context.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &one_operand,
	.args_size = sizeof(one_operand),
	.run = remove_run,
};

static int act_attach(struct holder_client *client, const char *path,
		      const struct change_args *args, struct holder_error *error)
{
	return holder_attach_device(client, path, args->context.operands.v[1], args->replace,
				    error);
}

static int attach_run(struct app *app, const void *args)
{
	return change_run(app, args, act_attach);
}

static const struct cmd_option attach_options[] = {
	{ "replace", 0, NULL, "Replace what it and its IOMMU group are attached to", OPTION_FLAG,
	  offsetof(struct change_args, replace) },
	ROWS_OF(struct change_args, context, change_options),
	{ 0 },
};

static const struct cmd attach_cmd = {
	.name = "attach",
	.summary = "Attach a device to an IOAS or HWPT",
	.example = "ioasidctl device attach -c lab 0000:03:00.0 guest-ram",
	.statuses = "12356",
	.options = attach_options,
	.takes = "DEVICE TARGET",
	.doc = "Attach a device's own requests (RID) to an IOAS or HWPT of the context, named by "
	       "its number or name.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &two_operands,
	.args_size = sizeof(two_operands),
	.run = attach_run,
};

static int act_detach(struct holder_client *client, const char *path,
		      const struct change_args *args, struct holder_error *error)
{
	(void)args;
	return holder_detach_device(client, path, error);
}

static int detach_run(struct app *app, const void *args)
{
	return change_run(app, args, act_detach);
}

static const struct cmd detach_cmd = {
	.name = "detach",
	.summary = "Detach a device",
	.example = "ioasidctl device detach -c lab 0000:03:00.0",
	.statuses = "126",
	.options = plain_options,
	.takes = "DEVICE",
	.doc = "Detach a device's own requests (RID); its PASIDs stay bound.",
	.operands = offsetof(struct change_args, context.operands),
	.defaults = &one_operand,
	.args_size = sizeof(one_operand),
	.run = detach_run,
};

static const struct cmd *const sub[] = { &list_cmd,   &show_cmd,   &add_cmd, &remove_cmd,
					 &attach_cmd, &detach_cmd, NULL };

const struct cmd device_cmd = {
	.name = "device",
	.summary = "Devices",
	.sub = sub,
	.fallback = &list_cmd,
};
