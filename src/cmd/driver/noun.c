/* SPDX-License-Identifier: GPL-2.0-or-later */
/* driver list, driver set, driver reset */
#include <errno.h>

#include "app.h"
#include "cmd/device/attached.h"
#include "cmd/device/columns.h"
#include "cmd/driver/internal.h"
#include "cmd/nouns.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "model/machine/device.h"
#include "util/cleanup.h"

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

static const struct view_args list_defaults = {
	.columns = device_columns,
	.rows = "devices with a driver override",
	.out.defaults = "device,driver,driver_override,group,name",
};

static const struct cmd list_cmd = {
	.name = "list",
	.summary = "List devices with a driver override",
	.example = "ioasidctl driver list",
	.statuses = "2",
	.options = view_options,
	.doc = "List the devices whose driver_override is set.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &list_defaults,
	.args_size = sizeof(list_defaults),
	.run = list_run,
};

/* Then no driver comes last. */
static error_t set_list(void *p, struct argp_state *state)
{
	struct driver_args *args = p;

	(void)state;
	args->list = true;
	args->operands.min = 1;
	return 0;
}

static const struct option_word guards[] = { { "driver-match", DRIVER_GUARD_MATCH }, { 0 } };

static const struct cmd_option set_options[] = {
	DRY_RUN_OPTION(offsetof(struct driver_args, dry_run)),
	{ "force", 0, "GUARD",
	  "Override a safety check; GUARD is driver-match (whether the driver is made for the "
	  "device)",
	  OPTION_WORD, offsetof(struct driver_args, force), .words = guards },
	{ "list-drivers", 0, NULL,
	  "Print the drivers that all of these DEVICEs may be given, and change nothing",
	  OPTION_CALL, .call = set_list },
	{ 0 },
};

static const struct cmd_option reset_options[] = {
	DRY_RUN_OPTION(offsetof(struct driver_args, dry_run)),
	{ 0 },
};

static int set_run(struct app *app, const void *p)
{
	const struct driver_args *args = p;
	unsigned int n = args->operands.n - 1;

	if (args->list)
		return driver_candidates(app, args);
	return driver_change(app, args, n, args->operands.v[n]);
}

static const struct driver_args set_defaults = { .operands = { .min = 2,
							       .max = CMD_OPERANDS_MAX } };

static const struct cmd set_cmd = {
	.name = "set",
	.summary = "Give devices another driver",
	.example = "ioasidctl driver set 0000:03:00.0 vfio-pci --dry-run",
	.statuses = "1234567",
	.options = set_options,
	.takes = "DEVICE... DRIVER",
	.doc = "Give PCI devices another driver, through driver_override only. Refused for a "
	       "bridge, for a device in use, and for a driver that is not made for the device; "
	       "after a failure everything is undone, for all of the devices.",
	.operands = offsetof(struct driver_args, operands),
	.defaults = &set_defaults,
	.args_size = sizeof(set_defaults),
	.run = set_run,
};

static int reset_run(struct app *app, const void *p)
{
	const struct driver_args *args = p;

	return driver_change(app, args, args->operands.n, NULL);
}

static const struct driver_args reset_defaults = { .operands = { .min = 1,
								 .max = CMD_OPERANDS_MAX } };

static const struct cmd reset_cmd = {
	.name = "reset",
	.summary = "Give devices their default drivers back",
	.example = "ioasidctl driver reset 0000:03:00.0",
	.statuses = "1234567",
	.options = reset_options,
	.takes = "DEVICE...",
	.doc = "Clear the driver_override of devices and let the kernel choose their drivers. "
	       "Refused for a bridge and for a device in use; after a failure everything is "
	       "undone, for all of the devices.",
	.operands = offsetof(struct driver_args, operands),
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
