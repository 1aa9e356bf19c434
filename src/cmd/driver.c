/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver list, driver set, driver reset */
#include <errno.h>
#include <string.h>

#include "app.h"
#include "cmd/attached.h"
#include "cmd/device_columns.h"
#include "cmd/nouns.h"
#include "cmd/operand.h"
#include "cmd/inspect.h"
#include "cmd/options.h"
#include "model/driver.h"
#include "util/cleanup.h"
#include "util/str.h"

/* How long a node of /dev may take to appear: udev's rules run meanwhile. */
#define NODE_TIMEOUT_MS 10000

static int list_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_device_list_ struct device_list list = { 0 };
	int r;

	r = inspect_open(app, args, &in);
	if (r)
		return r;
	r = device_list(in.root, (in.need & DEVICE_NEED_ALL) | DEVICE_NEED_OVERRIDE, &list);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the devices");
	r = attached_read_list(app, &in, &list);
	if (r)
		return r;
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (list.v[i].driver_override.status != 0)
			r = inspect_row(&in, &list.v[i]);
	return inspect_end(app, &in, r);
}

static const struct argp list_argp = {
	.doc = "List the devices whose driver_override is set.",
	.children = view_children,
};

static const struct view_args list_defaults = {
	.columns = device_columns,
	.out.defaults = "device,driver,driver_override,group,name",
};

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List devices with a driver override",
	.argp = &list_argp,
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

struct driver_args {
	struct operands operands;
	bool dry_run;
};

enum { KEY_DRY_RUN = 0x500 };

static error_t driver_parse(int key, char *arg, struct argp_state *state)
{
	struct driver_args *args = state->input;

	if (key != KEY_DRY_RUN)
		return cmd_operands(&args->operands, key, arg, state);
	args->dry_run = true;
	return 0;
}

static const struct argp_option driver_options[] = {
	{ "dry-run", KEY_DRY_RUN, NULL, 0, "Print each write to sysfs and do none", 0 },
	{ 0 },
};

static void step_print(const struct driver_step *step)
{
	_cleanup_free_ char *value = str_printable(strcmp(step->value, "\n") ? step->value : "\\n");
	_cleanup_free_ char *path = str_printable(step->path);

	printf("write %s %s\n", path ? path : "?", value ? value : "?");
}

/* What would be lost. Returns 0 or a reported status. */
static int guard(struct app *app, const struct sys_root *root, const char *operand,
		 const char *path)
{
	_cleanup_driver_obstacles_ struct driver_obstacles list = { 0 };
	int r = driver_guard(root, path, &list);

	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot tell whether it is in use");
	for (size_t i = 0; i < list.n; i++) {
		const struct driver_obstacle *o = &list.v[i];

		app_fail(app, STATUS_UNSAFE, operand, "refused: %s %s", o->object, o->detail);
		if (o->command)
			app_hint(app, "'%s' would free it", o->command);
	}
	return list.n ? STATUS_UNSAFE : STATUS_DONE;
}

static int fail_execute(struct app *app, const char *operand, const struct driver_plan *plan,
			const struct driver_result *result, int error)
{
	int status;

	if (result->failed < plan->n_steps)
		status = app_fail_errno(app, error, operand, "cannot write %s",
					plan->steps[result->failed].path);
	else if (error == -ETIMEDOUT)
		status = app_fail(app, STATUS_FAILED, operand,
				  "its node in /dev/vfio did not appear in %d s",
				  NODE_TIMEOUT_MS / 1000);
	else if (error == -ENXIO)
		status = app_fail(app, STATUS_FAILED, operand,
				  "the kernel did not give it the driver %s; see the kernel's log",
				  plan->driver ? plan->driver : "it had by default");
	else
		status = app_fail_errno(app, error, operand, "cannot change the driver");
	if (result->undone && result->done)
		app_note(app, "%s: everything was put back: driver %s", operand,
			 result->driver ? result->driver : "none");
	else if (result->done)
		app_note(app, "%s: could not be put back; its driver is now %s", operand,
			 result->driver ? result->driver : "none");
	return status;
}

static int plan_run(struct app *app, const struct sys_root *root, const struct driver_args *args,
		    const struct driver_plan *plan)
{
	_cleanup_(driver_result_done) struct driver_result result = { 0 };
	const char *operand = args->operands.v[0];
	int r;

	if (args->dry_run) {
		for (size_t i = 0; i < plan->n_steps; i++)
			step_print(&plan->steps[i]);
		return STATUS_DONE;
	}
	if (plan->n_steps == 0)
		return STATUS_DONE;
	if (root->captured)
		return app_fail(app, STATUS_USAGE, operand, "a captured tree cannot be changed");
	r = driver_execute(root, plan, NODE_TIMEOUT_MS, &result);
	return r < 0 ? fail_execute(app, operand, plan, &result, r) : STATUS_DONE;
}

static int fail_plan(struct app *app, const char *operand, const char *driver, int error)
{
	switch (-error) {
	case ENOTSUP:
		return app_fail(app, STATUS_UNSUPPORTED, operand,
				"only PCI devices can be given "
				"another driver");
	case ENOENT:
		app_fail(app, STATUS_NOT_FOUND, driver, "no such PCI driver in this kernel");
		app_hint(app, "'modprobe %s' may load it", driver);
		return STATUS_NOT_FOUND;
	case EINVAL:
		return app_fail(app, STATUS_USAGE, driver, "is not the name of a driver");
	case ENODEV:
		return app_fail(app, STATUS_NOT_FOUND, operand, "no such device");
	default:
		return app_fail_errno(app, error, operand, "cannot read the device");
	}
}

/* A VFIO driver refuses a device without a group with a bare EINVAL. Returns 0 or a reported status. */
static int require_group(struct app *app, const struct sys_root *root, const char *operand,
			 const char *path, const char *driver)
{
	_cleanup_device_ struct device device = { 0 };
	int r;

	if (!str_starts(driver, "vfio"))
		return 0;
	r = device_get(root, path, DEVICE_NEED_GROUP, &device);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the device");
	if (device.group.status != 0)
		return 0;
	app_fail(app, STATUS_UNSUPPORTED, operand,
		 "the device is in no IOMMU group, and %s takes none without", driver);
	app_hint(app, "the machine has no IOMMU, or the kernel does not use it for this device");
	return STATUS_UNSUPPORTED;
}

static int change_run(struct app *app, const struct driver_args *args, const char *driver)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	const char *operand = args->operands.v[0];
	_cleanup_free_ char *path = NULL;
	const struct sys_root *root;
	int r;

	r = app_root(app, &root);
	if (r)
		return r;
	r = operand_device(app, root, operand, &path);
	if (r)
		return r;
	r = driver ? driver_plan_set(root, path, driver, &plan)
		   : driver_plan_reset(root, path, &plan);
	if (r < 0)
		return fail_plan(app, operand, driver, r);
	r = driver ? require_group(app, root, operand, path, driver) : 0;
	if (r)
		return r;
	if (plan.n_steps) {
		r = guard(app, root, operand, path);
		if (r)
			return r;
	}
	return plan_run(app, root, args, &plan);
}

static int set_run(struct app *app, const void *p)
{
	const struct driver_args *args = p;

	return change_run(app, args, args->operands.v[1]);
}

static const struct argp set_argp = {
	.options = driver_options,
	.parser = driver_parse,
	.args_doc = "DEVICE DRIVER",
	.doc = "Give a PCI device another driver, by driver_override alone. Refused for a bridge and "
	       "for a device in use; whatever fails is undone.",
};

static const struct driver_args set_defaults = { .operands = { .min = 2, .max = 2 } };

static const struct cmd set_cmd = {
	.name = "set",
	.summary = "Give a device another driver",
	.argp = &set_argp,
	.defaults = &set_defaults,
	.args_size = sizeof(set_defaults),
	.run = set_run,
};

static int reset_run(struct app *app, const void *p)
{
	return change_run(app, p, NULL);
}

static const struct argp reset_argp = {
	.options = driver_options,
	.parser = driver_parse,
	.args_doc = "DEVICE",
	.doc = "Clear a device's driver_override and let the kernel choose its driver. Refused as 'set' is.",
};

static const struct driver_args reset_defaults = { .operands = { .min = 1, .max = 1 } };

static const struct cmd reset_cmd = {
	.name = "reset",
	.summary = "Give a device its default driver back",
	.argp = &reset_argp,
	.defaults = &reset_defaults,
	.args_size = sizeof(reset_defaults),
	.run = reset_run,
};

static const struct cmd *const sub[] = { &list_cmd, &set_cmd, &reset_cmd, NULL };

const struct cmd driver_cmd = {
	.name = "driver",
	.summary = "Drivers and overrides of devices",
	.sub = sub,
	.fallback = &list_cmd,
};
