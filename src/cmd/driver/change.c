/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/driver/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/common/operand.h"
#include "model/driver/plan.h"
#include "model/driver/match.h"
#include "util/cleanup.h"
#include "util/closest.h"
#include "util/str.h"

/* How long udev may take to create a node in /dev. */
#define NODE_TIMEOUT_MS 10000
/* How long to wait for another command that changes the same device. */
#define LOCK_TIMEOUT_MS 3000

struct target {
	struct change *change;
	const char *operand;
	char *path;
	int lock; /* -1: none */
	struct driver_plan plan;
};

struct change {
	struct app *app;
	const struct sys_root *root;
	const struct driver_args *args;
	const char *driver; /* NULL: the default */
	struct target v[CMD_OPERANDS_MAX];
	unsigned int n;
};

static void change_done(struct change *change)
{
	for (unsigned int i = 0; i < change->n; i++) {
		free(change->v[i].path);
		if (change->v[i].lock >= 0)
			close(change->v[i].lock);
		driver_plan_done(&change->v[i].plan);
	}
}

/* Two operands may name the same device. */
static int add_target(struct change *change, const char *operand)
{
	_cleanup_free_ char *path = NULL;
	int r = operand_device(change->app, change->root, operand, &path);

	if (r && !change->driver)
		app_hint(change->app,
			 "the name of an interface or disk disappears with its driver: 'ioasidctl "
			 "driver list' shows the devices that were given another");
	if (r)
		return r;
	for (unsigned int i = 0; i < change->n; i++)
		if (strcmp(change->v[i].path, path) == 0)
			return 0;
	change->v[change->n++] = (struct target){
		.change = change, .operand = operand, .path = TAKE_PTR(path), .lock = -1
	};
	return 0;
}

static int lock_target(struct target *target)
{
	const struct sys_root *root = target->change->root;
	struct app *app = target->change->app;
	pid_t owner = 0;
	int r;

	if (root->captured || target->change->args->dry_run)
		return 0;
	for (const struct target *before = target->change->v; before < target; before++)
		if (driver_is_locked(root, target->path, before->lock))
			return 0;
	r = driver_lock(root, target->path, LOCK_TIMEOUT_MS, &target->lock, &owner);
	if (r == -EBUSY && owner)
		return app_fail(app, STATUS_FAILED, target->operand,
				"process %d is changing its driver", (int)owner);
	if (r == -EBUSY)
		return app_fail(
			app, STATUS_FAILED, target->operand,
			"another process is changing its driver, or waits to undo a change");
	return r < 0 ? app_fail_errno(app, r, target->operand, "cannot lock the device") : 0;
}

static void hint_driver(struct app *app, const struct sys_root *root, const char *driver)
{
	_cleanup_free_ char *quoted = str_quote(driver);
	_cleanup_sys_dir_ struct sys_dir dir = sys_dir_open(root, "sys/bus/pci/drivers");
	_cleanup_strv_ struct strv list = { 0 };
	const char *closest = NULL;

	if (sys_list(dir, ".", &list) == 0)
		closest = str_closest(driver, (const char *const *)list.v, list.n);
	if (closest)
		app_hint(app, "did you mean '%s'?", closest);
	else
		app_hint(app, "to load it, if it is a module: modprobe %s",
			 quoted ? quoted : "DRIVER");
}

static int fail_plan(struct change *change, const char *operand, int error)
{
	struct app *app = change->app;

	switch (-error) {
	case ENOTSUP:
		return app_fail(app, STATUS_UNSUPPORTED, operand,
				"only PCI devices can be given another driver");
	case ENOENT:
		app_fail(app, STATUS_NOT_FOUND, change->driver,
			 "no such PCI driver in this kernel");
		hint_driver(app, change->root, change->driver);
		return STATUS_NOT_FOUND;
	case EINVAL:
		return app_fail(app, STATUS_USAGE, change->driver, "is not a valid driver name");
	case ENODEV:
		return app_fail(app, STATUS_NOT_FOUND, operand, "no such device");
	default:
		return app_fail_errno(app, error, operand, "cannot read the device");
	}
}

static int plan_target(struct change *change, struct target *target)
{
	int r = change->driver
			? driver_plan_set(change->root, target->path, change->driver, &target->plan)
			: driver_plan_reset(change->root, target->path, &target->plan);

	if (r < 0)
		return fail_plan(change, target->operand, r);
	return change->driver ? driver_require_group(change->app, change->root, target->operand,
						     &target->plan)
			      : 0;
}

/* Reports every obstacle of every device. */
static int guard_targets(struct change *change)
{
	int r = 0, status = 0;

	for (unsigned int i = 0; i < change->n; i++) {
		const struct target *target = &change->v[i];
		const struct driver_plan *plan = &target->plan;

		if (plan->n_steps == 0)
			continue;
		if (change->driver && change->args->force != DRIVER_GUARD_MATCH &&
		    !driver_is_had(plan))
			r = driver_refuse_mismatch(change->app, change->root, target->operand,
						   plan);
		status = r ? r : status;
		r = driver_refuse_use(change->app, change->root, target->operand, plan);
		status = r ? r : status;
	}
	return status;
}

static void print_steps(const struct driver_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct driver_step *step = &plan->steps[i];
		_cleanup_free_ char *path = str_printable(step->path);
		_cleanup_free_ char *value =
			str_printable(strcmp(step->value, "\n") ? step->value : "\\n");

		printf("write %s %s\n", path ? path : "?", value ? value : "?");
	}
}

static void note_waits(void *data, unsigned int seconds)
{
	const struct target *target = data;
	struct app *app = target->change->app;

	app_note(app,
		 "%s: the kernel has not returned for %u s: a driver waits until the device is no "
		 "longer used",
		 target->operand, seconds);
	operand_hint_openers(app, target->path);
	app_hint(app, "an interrupt (Ctrl-C) ends the wait and undoes the change");
}

static void note_undone(const struct target *target, const struct driver_result *result)
{
	struct app *app = target->change->app;
	const char *driver = result->driver ? result->driver : "none";

	if (result->left)
		app_note(app,
			 "%s: the kernel has not returned; process %d waits for it, and then puts "
			 "back "
			 "the driver %s",
			 target->operand, (int)result->left,
			 target->plan.old_driver ? target->plan.old_driver : "none");
	else if (result->undone && result->done)
		app_note(app, "%s: everything was put back: driver %s", target->operand, driver);
	else if (result->done)
		app_note(app, "%s: could not be put back; its driver is now %s", target->operand,
			 driver);
}

static int fail_execute(const struct target *target, const struct driver_result *result, int error)
{
	const struct driver_plan *plan = &target->plan;
	struct app *app = target->change->app;
	int status;

	if (result->interrupted)
		status = app_fail(app, STATUS_FAILED, target->operand, "interrupted");
	else if (result->failed < plan->n_steps)
		status = app_fail_errno(app, error, target->operand, "cannot write %s",
					plan->steps[result->failed].path);
	else if (error == -ENXIO)
		status = app_fail(app, STATUS_FAILED, target->operand,
				  "the kernel did not give it the driver %s; see the kernel's log",
				  plan->driver ? plan->driver : "it had by default");
	else
		status = app_fail_errno(app, error, target->operand, "cannot change the driver");
	/* The kernel does not bind a driver to a device whose group is in use by a process. */
	if (!result->interrupted && result->done)
		operand_hint_group(app, plan->path);
	note_undone(target, result);
	return status;
}

/* All or nothing: undoes those before the one that failed. */
static void undo_before(struct change *change, unsigned int failed)
{
	while (failed-- > 0) {
		const struct target *target = &change->v[failed];
		_cleanup_device_ struct device now = { 0 };
		struct driver_result result = { .done = target->plan.n_steps,
						.driver = target->plan.old_driver };

		if (target->plan.n_steps == 0)
			continue;
		result.undone = driver_undo(change->root, &target->plan, &result.left) == 0;
		/* If undoing failed, it may have any driver or none. */
		if (!result.undone &&
		    device_get(change->root, target->path, DEVICE_NEED_DRIVER, &now) == 0)
			result.driver = now.driver.value;
		note_undone(target, &result);
	}
}

/* The change succeeded; only udev has not created the node. */
static int report_late(const struct target *target, const struct driver_result *result)
{
	struct app *app = target->change->app;

	app_fail(app, STATUS_PARTIAL, target->operand,
		 "its driver is %s now, but its node %s did not appear within %d s",
		 result->driver ? result->driver : "?", result->late, NODE_TIMEOUT_MS / 1000);
	app_hint(app, "udev makes it: 'udevadm settle' waits for udev");
	return STATUS_PARTIAL;
}

static int execute(struct change *change)
{
	int status = STATUS_DONE;

	for (unsigned int i = 0; i < change->n; i++) {
		_cleanup_driver_result_ struct driver_result result = { 0 };
		struct target *target = &change->v[i];
		const struct driver_watch watch = { note_waits, target };
		int r;

		if (target->plan.n_steps == 0)
			continue;
		if (change->root->captured)
			return app_fail(change->app, STATUS_USAGE, target->operand,
					"a capture cannot be changed");
		r = driver_execute(change->root, &target->plan, NODE_TIMEOUT_MS, &watch, &result);
		if (r < 0) {
			r = fail_execute(target, &result, r);
			undo_before(change, i);
			return r;
		}
		if (result.late)
			status = report_late(target, &result);
	}
	return status;
}

/* A signal takes effect after undoing and reporting. */
static int execute_held(struct change *change)
{
	sigset_t before;
	int status;

	driver_hold_signals(&before);
	status = execute(change);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int driver_change(struct app *app, const struct driver_args *args, unsigned int n,
		  const char *driver)
{
	_cleanup_(
		change_done) struct change change = { .app = app, .args = args, .driver = driver };
	int r;

	/* An inherited open node would make the kernel wait for this process itself. */
	if (!app->sysroot)
		closefrom(STDERR_FILENO + 1);
	r = app_root(app, &change.root);
	for (unsigned int i = 0; r == 0 && i < n; i++)
		r = add_target(&change, args->operands.v[i]);
	for (unsigned int i = 0; r == 0 && i < change.n; i++)
		r = lock_target(&change.v[i]);
	for (unsigned int i = 0; r == 0 && i < change.n; i++)
		r = plan_target(&change, &change.v[i]);
	if (r == 0)
		r = guard_targets(&change);
	if (r)
		return r;
	if (!args->dry_run)
		return execute_held(&change);
	for (unsigned int i = 0; i < change.n; i++)
		print_steps(&change.v[i].plan);
	return STATUS_DONE;
}

/* PARTIAL becomes true where some of them could not be known. */
static int keep_candidates(struct app *app, const struct sys_root *root, const char *operand,
			   struct strv *common, bool *partial)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_strv_ struct strv list = { 0 };
	size_t kept = 0;
	int error = 0, r = operand_device(app, root, operand, &path);

	if (r)
		return r;
	r = driver_match_list(root, path, &list, &error);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot read the drivers");
	if (error < 0)
		app_note(app, "%s: the drivers made for it could not be determined: %s", operand,
			 driver_match_reason(error));
	*partial = *partial || error < 0;
	for (size_t i = 0; i < common->n; i++) {
		if (strv_has(&list, common->v[i]))
			common->v[kept++] = common->v[i];
		else
			free(common->v[i]);
	}
	common->n = kept;
	return 0;
}

int driver_candidates(struct app *app, const struct driver_args *args)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	_cleanup_strv_ struct strv list = { 0 };
	const struct sys_root *root;
	bool partial = false;
	int r = app_root(app, &root);

	if (r)
		return r;
	dir = sys_dir_open(root, "sys/bus/pci/drivers");
	r = sys_list(dir, ".", &list);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot list the drivers");
	for (unsigned int i = 0; r == 0 && i < args->operands.n; i++)
		r = keep_candidates(app, root, args->operands.v[i], &list, &partial);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		_cleanup_free_ char *name = str_printable(list.v[i]);

		puts(name ? name : "?");
	}
	return r == STATUS_DONE && partial ? STATUS_PARTIAL : r;
}
