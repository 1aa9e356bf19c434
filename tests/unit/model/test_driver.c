/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans: what has to be written to change a device's driver. */
#define MEMORY_FENCED
#include "../memory.h"

#include "model/driver/plan.h"

#define ID   "0000:00:03.0"
#define NIC  "pci0000:00/" ID
#define PATH "/sys/devices/" NIC
#define ROOT "sys/devices/" NIC "/"

/* A NIC, and the kernel's drivers. */
static void make(const struct tree *tree)
{
	static const char *const drivers[] = { "e1000e",        "igb",      "vfio-pci",
					       "mlx5_vfio_pci", "pci-stub", "pci-pf-stub",
					       "pciback",       "igb_uio",  "uio_pci_generic" };

	tree_pci(tree, NIC, "3", "");
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		char path[64];

		snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s", drivers[i]);
		tree_dir(tree, path);
	}
}

/* Sets the device's driver and override, NULL: none. */
static void set(const struct tree *tree, const char *driver, const char *override)
{
	char text[128];

	snprintf(text, sizeof(text), "%s\n", override ? override : "(null)");
	tree_file(tree, ROOT "driver_override", text);
	(void)unlinkat(tree->root.fd, ROOT "driver", 0);
	snprintf(text, sizeof(text), "../../../bus/pci/drivers/%s", driver ? driver : "");
	if (driver)
		tree_link(tree, ROOT "driver", text);
}

static void check_plan(const struct driver_plan *plan, const char *driver, const char *old_driver,
		       const char *old_override, const char *steps)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < plan->n_steps; i++)
		fprintf(f, "%s < %s\n", plan->steps[i].path, plan->steps[i].value);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, steps);
	free(text);
	assert_string_equal(plan->id, ID);
	assert_string_equal(plan->path, PATH);
	assert_string_equal(plan->driver ? plan->driver : "-", driver ? driver : "-");
	assert_string_equal(plan->old_driver ? plan->old_driver : "-",
			    old_driver ? old_driver : "-");
	assert_string_equal(plan->old_override ? plan->old_override : "-",
			    old_override ? old_override : "-");
	assert_int_equal(driver_is_had(plan),
			 driver && old_driver && strcmp(driver, old_driver) == 0);
}

#define OVERRIDE(driver) PATH "/driver_override < " driver "\n"
#define UNBIND(driver)   "/sys/bus/pci/drivers/" driver "/unbind < " ID "\n"
#define PROBE            "/sys/bus/pci/drivers_probe < " ID "\n"

/* From DRIVER and OVERRIDE to WANTED; NULL: reset. */
struct transition {
	const char *driver, *override, *wanted, *steps;
};

static void plans(const struct tree *tree, const struct transition *cases, size_t n)
{
	make(tree);
	for (size_t i = 0; i < n; i++) {
		const struct transition *c = &cases[i];
		_cleanup_driver_plan_ struct driver_plan plan = { 0 };

		set(tree, c->driver, c->override);
		if (c->wanted)
			assert_int_equal(driver_plan_set(&tree->root, PATH, c->wanted, &plan), 0);
		else
			assert_int_equal(driver_plan_reset(&tree->root, PATH, &plan), 0);
		check_plan(&plan, c->wanted, c->driver, c->override, c->steps);
	}
}

static void plans_set(void **state)
{
	static const struct transition cases[] = {
		{ "e1000e", NULL, "igb", OVERRIDE("igb") UNBIND("e1000e") PROBE },
		{ "e1000e", "e1000e", "igb", OVERRIDE("igb") UNBIND("e1000e") PROBE },
		{ "e1000e", "igb", "igb", UNBIND("e1000e") PROBE },
		{ NULL, NULL, "igb", OVERRIDE("igb") PROBE },
		{ NULL, "e1000e", "igb", OVERRIDE("igb") PROBE },
		{ NULL, "igb", "igb", PROBE },
		/* A default driver needs no override; another override must be cleared. */
		{ "igb", NULL, "igb", "" },
		{ "igb", "igb", "igb", "" },
		{ "igb", "e1000e", "igb", OVERRIDE("igb") },
	};

	plans(*state, cases, ARRAY_SIZE(cases));
}

/* Without an override it has its default driver, unless that driver is never a default. */
static void plans_reset(void **state)
{
	static const struct transition cases[] = {
		{ "e1000e", NULL, NULL, "" },
		{ NULL, NULL, NULL, PROBE },
		{ NULL, "igb", NULL, OVERRIDE("\n") PROBE },
		{ "igb", "igb", NULL, OVERRIDE("\n") UNBIND("igb") PROBE },
		{ "e1000e", "igb", NULL, OVERRIDE("\n") UNBIND("e1000e") PROBE },
		{ "vfio-pci", NULL, NULL, UNBIND("vfio-pci") PROBE },
		{ "mlx5_vfio_pci", NULL, NULL, UNBIND("mlx5_vfio_pci") PROBE },
		{ "pci-stub", NULL, NULL, UNBIND("pci-stub") PROBE },
		{ "pci-pf-stub", NULL, NULL, UNBIND("pci-pf-stub") PROBE },
		{ "pciback", NULL, NULL, UNBIND("pciback") PROBE },
		{ "igb_uio", NULL, NULL, UNBIND("igb_uio") PROBE },
		{ "uio_pci_generic", NULL, NULL, UNBIND("uio_pci_generic") PROBE },
		{ "pciback2", NULL, NULL, "" },
		{ "my_uio_pci", NULL, NULL, "" },
	};

	plans(*state, cases, ARRAY_SIZE(cases));
}

static void refuses(void **state)
{
	static const char *const names[] = { "", ".", "..", "a/b", "a\nb", "a\tb", "a b" };
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	char name[NAME_MAX + 2];

	make(tree);
	set(tree, "e1000e", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(driver_plan_set(&tree->root, PATH, names[i], &plan), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	assert_int_equal(driver_plan_set(&tree->root, PATH, name, &plan), -EINVAL);
	name[NAME_MAX] = '\0';
	assert_int_equal(driver_plan_set(&tree->root, PATH, name, &plan), -ENOENT);
	assert_int_equal(driver_plan_set(&tree->root, PATH, "none", &plan), -ENOENT);
	assert_int_equal(driver_plan_set(&tree->root, "/sys/devices/x", "e1000e", &plan), -ENODEV);
	assert_int_equal(driver_plan_reset(&tree->root, "/sys/devices/x", &plan), -ENODEV);
	assert_null(plan.id);
	assert_int_equal(plan.n_steps, 0);
}

/* Devices of another bus, or an unknown one: then the driver may be the reason. */
static void refuses_other_buses(void **state)
{
	static const char path[] = "/sys/devices/platform/dma0";
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };

	tree_dir(tree, "sys/devices/platform/dma0");
	assert_int_equal(driver_plan_reset(&tree->root, path, &plan), -ENOTSUP);
	tree_link(tree, "sys/devices/platform/dma0/driver", "errno:13");
	assert_int_equal(driver_plan_reset(&tree->root, path, &plan), -EACCES);
	assert_int_equal(unlinkat(tree->root.fd, "sys/devices/platform/dma0/driver", 0), 0);
	tree_link(tree, "sys/devices/platform/dma0/subsystem", "../../../bus/platform");
	assert_int_equal(driver_plan_reset(&tree->root, path, &plan), -ENOTSUP);
	assert_null(plan.id);
}

/* What cannot be read could not be restored. */
static void refuses_the_unreadable(void **state)
{
	const struct tree *tree = *state;
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };

	make(tree);
	set(tree, "e1000e", NULL);
	assert_int_equal(unlinkat(tree->root.fd, ROOT "driver_override", 0), 0);
	tree_link(tree, ROOT "driver_override", "errno:13");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), -EACCES);
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &plan), -EACCES);
	assert_int_equal(unlinkat(tree->root.fd, ROOT "driver_override", 0), 0);
	set(tree, NULL, NULL);
	tree_link(tree, ROOT "driver", "errno:5");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "vfio-pci", &plan), -EIO);
	assert_int_equal(driver_plan_reset(&tree->root, PATH, &plan), -EIO);
	tree_link(tree, "sys/bus/pci/drivers/secret", "errno:13");
	assert_int_equal(driver_plan_set(&tree->root, PATH, "secret", &plan), -EACCES);
	assert_null(plan.id);
}

/* A complete plan, or none. */
static void check_steps(const struct driver_plan *plan, int r)
{
	assert_int_equal(plan->n_steps, r == 0 ? 3 : 0);
	for (size_t i = 0; i < plan->n_steps; i++)
		assert_true(plan->steps[i].path && plan->steps[i].value);
	assert_true(r < 0 || (plan->id && plan->path && plan->old_driver && plan->old_override));
}

static int try_set(void *data)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	const struct tree *tree = data;
	int r = driver_plan_set(&tree->root, PATH, "vfio-pci", &plan);

	check_steps(&plan, r);
	return r;
}

static int try_reset(void *data)
{
	_cleanup_driver_plan_ struct driver_plan plan = { 0 };
	const struct tree *tree = data;
	int r = driver_plan_reset(&tree->root, PATH, &plan);

	check_steps(&plan, r);
	return r;
}

static void runs_out_of_memory(void **state)
{
	const struct tree *tree = *state;

	make(tree);
	set(tree, "e1000e", "igb");
	memory_exhaust(try_set, *state, 0);
	memory_exhaust(try_reset, *state, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(plans_set),
		tree_test(plans_reset),
		tree_test(refuses),
		tree_test(refuses_other_buses),
		tree_test(refuses_the_unreadable),
		tree_test(runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
