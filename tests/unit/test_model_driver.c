/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <errno.h>

#include "model/driver.h"

#define NIC  "pci0000:00/0000:00:03.0"
#define PATH "/sys/devices/" NIC
#define ROOT "sys/devices/" NIC "/"

/* A NIC with DRIVER and OVERRIDE, NULL for none. */
static void make(const struct tree *tree, const char *driver, const char *override)
{
	char text[128];

	tree_pci(tree, NIC, "3", "");
	tree_dir(tree, "sys/bus/pci/drivers/e1000e");
	tree_dir(tree, "sys/bus/pci/drivers/vfio-pci");
	snprintf(text, sizeof(text), "%s\n", override ? override : "(null)");
	tree_file(tree, ROOT "driver_override", text);
	if (!driver)
		return;
	snprintf(text, sizeof(text), "../../../bus/pci/drivers/%s", driver);
	tree_link(tree, ROOT "driver", text);
}

static void check_step(const struct driver_plan *plan, size_t i, const char *path,
		       const char *value)
{
	assert_true(i < plan->n_steps);
	assert_string_equal(plan->steps[i].path, path);
	assert_string_equal(plan->steps[i].value, value);
}

static void plans_set(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };

	make(tree, "e1000e", NULL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), 0);
	assert_string_equal(plan.id, "0000:00:03.0");
	assert_string_equal(plan.old_driver, "e1000e");
	assert_null(plan.old_override);
	assert_int_equal(plan.n_steps, 3);
	check_step(&plan, 0, PATH "/driver_override", "vfio-pci");
	check_step(&plan, 1, "/sys/bus/pci/drivers/e1000e/unbind", "0000:00:03.0");
	check_step(&plan, 2, "/sys/bus/pci/drivers_probe", "0000:00:03.0");
}

static void plans_no_more_than_needed(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan same = { 0 }, other = { 0 }, reset = { 0 };

	make(tree, "e1000e", NULL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "e1000e", &same), 0);
	assert_int_equal(same.n_steps, 0);
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &reset), 0);
	assert_int_equal(reset.n_steps, 0);
	tree_file(tree, ROOT "driver_override", "stale\n");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "e1000e", &other), 0);
	assert_int_equal(other.n_steps, 1);
	check_step(&other, 0, PATH "/driver_override", "e1000e");
}

static void plans_without_a_driver(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan set = { 0 }, reset = { 0 };

	make(tree, NULL, "vfio-pci");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &set), 0);
	assert_int_equal(set.n_steps, 1);
	check_step(&set, 0, "/sys/bus/pci/drivers_probe", "0000:00:03.0");
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &reset), 0);
	assert_int_equal(reset.n_steps, 2);
	check_step(&reset, 0, PATH "/driver_override", "\n");
	check_step(&reset, 1, "/sys/bus/pci/drivers_probe", "0000:00:03.0");
}

static void plans_reset(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 }, bare = { 0 };

	make(tree, "vfio-pci", "vfio-pci");
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &plan), 0);
	assert_null(plan.driver);
	assert_int_equal(plan.n_steps, 3);
	check_step(&plan, 0, PATH "/driver_override", "\n");
	check_step(&plan, 1, "/sys/bus/pci/drivers/vfio-pci/unbind", "0000:00:03.0");
	check_step(&plan, 2, "/sys/bus/pci/drivers_probe", "0000:00:03.0");
	/* Bound by hand: no override to clear, but not what it has by default. */
	tree_file(tree, ROOT "driver_override", "(null)\n");
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &bare), 0);
	assert_int_equal(bare.n_steps, 2);
}

static void refuses(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };

	make(tree, "e1000e", NULL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "none", &plan), -ENOENT);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "", &plan), -EINVAL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "..", &plan), -EINVAL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "a/b", &plan), -EINVAL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "a\nb", &plan), -EINVAL);
	assert_int_equal(driver_plan_set(&tree->root, "/sys/devices/x", "e1000e", &plan), -ENODEV);
	tree_dir(tree, "sys/devices/platform/dma0");
	tree_link(tree, "sys/devices/platform/dma0/subsystem", "../../../bus/platform");
	assert_int_equal(driver_plan_reset(&tree->root, "/sys/devices/platform/dma0", &plan),
			 -ENOTSUP);
	assert_null(plan.id);
}

/* What cannot be read could not be put back. */
static void refuses_the_unreadable(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	char place[256];

	make(tree, "e1000e", NULL);
	assert_int_equal(unlink(tree_place(tree, ROOT "driver_override", place, sizeof(place))), 0);
	tree_link(tree, ROOT "driver_override", "errno:13");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), -EACCES);
}

static void executes_no_capture(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	_cleanup_driver_result_ struct driver_result result = { 0 };

	make(tree, "e1000e", NULL);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), 0);
	assert_int_equal(driver_execute(&tree->root, &plan, 0, NULL, &result), -EROFS);
	assert_int_equal(result.done, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(plans_set),
		tree_test(plans_no_more_than_needed),
		tree_test(plans_without_a_driver),
		tree_test(plans_reset),
		tree_test(refuses),
		tree_test(refuses_the_unreadable),
		tree_test(executes_no_capture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
