/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/driver/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/driver/match.h"
#include "util/array.h"
#include "util/cleanup.h"

#define DRIVERS   "/sys/bus/pci/drivers"
#define PROBE     "/sys/bus/pci/drivers_probe"
#define CLEARED   "\n" /* an empty string would leave the override unchanged */
#define PLAN_NEED (DEVICE_NEED_PATH | DEVICE_NEED_DRIVER | DEVICE_NEED_OVERRIDE)

void driver_plan_done(struct driver_plan *plan)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		free(plan->steps[i].path);
		free(plan->steps[i].value);
	}
	free(plan->steps);
	free(plan->id);
	free(plan->path);
	free(plan->old_driver);
	free(plan->old_override);
	free(plan->driver);
	*plan = (struct driver_plan){ 0 };
}

static int add_step(struct driver_plan *plan, const char *directory, const char *file,
		    const char *value)
{
	struct driver_step step = { .value = strdup(value) }, *slot = NULL;

	if (asprintf(&step.path, "%s%s%s", directory, *file ? "/" : "", file) < 0)
		step.path = NULL;
	if (step.path && step.value)
		slot = array_push(plan->steps, plan->n_steps);
	if (!slot) {
		free(step.path);
		free(step.value);
		return -ENOMEM;
	}
	*slot = step;
	return 0;
}

static int add_unbind(struct driver_plan *plan)
{
	char path[512];

	if (!plan->old_driver)
		return 0;
	snprintf(path, sizeof(path), DRIVERS "/%s/unbind", plan->old_driver);
	return add_step(plan, path, "", plan->id);
}

/* Copies a fact to RET; unreadable is an error, because it could not be restored. */
static int take_fact(struct field_str *field, char **ret)
{
	if (field->status < 0)
		return field->status;
	*ret = field->value;
	*field = (struct field_str){ 0 };
	return 0;
}

static int plan_start(const struct sys_root *root, const char *path, struct driver_plan *plan)
{
	_cleanup_device_ struct device device = { 0 };
	int r;

	r = device_get(root, path, PLAN_NEED, &device);
	if (r < 0)
		return r;
	if (!device.bus || strcmp(device.bus, "pci") != 0)
		return device.driver.status < 0 ? device.driver.status : -ENOTSUP;
	r = take_fact(&device.path, &plan->path);
	if (r == 0)
		r = take_fact(&device.driver, &plan->old_driver);
	if (r == 0)
		r = take_fact(&device.driver_override, &plan->old_override);
	plan->id = TAKE_PTR(device.id);
	return r;
}

static int check_driver(const struct sys_root *root, const char *driver)
{
	_cleanup_sys_dir_ struct sys_dir dir = SYS_DIR_NONE;
	char path[512];

	if (!*driver || strchr(driver, '/') || strcmp(driver, ".") == 0 ||
	    strcmp(driver, "..") == 0 || strlen(driver) > NAME_MAX || strpbrk(driver, "\n\t "))
		return -EINVAL;
	snprintf(path, sizeof(path), DRIVERS "/%s", driver);
	dir = sys_dir_open(root, path + 1);
	return dir.error < 0 ? dir.error : 0;
}

int driver_plan_set(const struct sys_root *root, const char *path, const char *driver,
		    struct driver_plan *ret)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	bool bound;
	int r;

	r = check_driver(root, driver);
	if (r == 0)
		r = plan_start(root, path, &plan);
	if (r == 0)
		r = str_replace(&plan.driver, driver);
	if (r < 0)
		return r;
	bound = str_equal(plan.old_driver, driver);
	/* A device that has this driver without an override needs none. */
	if (!(bound && !plan.old_override) && !str_equal(plan.old_override, driver))
		r = add_step(&plan, plan.path, "driver_override", driver);
	if (r == 0 && !bound)
		r = add_unbind(&plan);
	if (r == 0 && !bound)
		r = add_step(&plan, PROBE, "", plan.id);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct driver_plan){ 0 };
	return 0;
}

int driver_plan_reset(const struct sys_root *root, const char *path, struct driver_plan *ret)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	int r;

	r = plan_start(root, path, &plan);
	if (r == 0 && plan.old_override)
		r = add_step(&plan, plan.path, "driver_override", CLEARED);
	if (r < 0)
		return r;
	if (plan.old_override || !plan.old_driver || driver_is_generic(plan.old_driver)) {
		r = add_unbind(&plan);
		if (r == 0)
			r = add_step(&plan, PROBE, "", plan.id);
	}
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct driver_plan){ 0 };
	return 0;
}

bool driver_is_had(const struct driver_plan *plan)
{
	return plan->driver && str_equal(plan->old_driver, plan->driver);
}
