/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/topology/fold.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/array.h"

#define GROUPS_MAX 400

/* Groups of one device each behind one unit, and what is below the devices. */
struct machine {
	struct topology topology;
	struct topology_unit unit;
	struct group groups[GROUPS_MAX];
	struct device devices[GROUPS_MAX];
	struct device_opener openers[GROUPS_MAX];
	struct binding ranges[GROUPS_MAX];
	size_t n;
};

static size_t add(struct machine *m, struct topology_node node)
{
	struct topology_node *slot = array_push(m->topology.v, m->topology.n);

	assert_non_null(slot);
	*slot = node;
	return m->topology.n - 1;
}

static size_t add_device(struct machine *m, const char *driver)
{
	size_t at = m->n++, group;

	if (at == 0)
		add(m, (struct topology_node){ TOPOLOGY_IOMMU, TOPOLOGY_ROOT, .unit = &m->unit });
	m->groups[at] = (struct group){ .number = (uint32_t)at, .type = { (char *)"DMA", 1 } };
	m->devices[at] = (struct device){ .class_name = { (char *)"nvme", 1 },
					  .driver = { (char *)driver, driver ? 1 : 0 } };
	group = add(m, (struct topology_node){ TOPOLOGY_GROUP, 0, .group = &m->groups[at] });
	return add(m, (struct topology_node){ TOPOLOGY_DEVICE, group, .device = &m->devices[at] });
}

static void add_process(struct machine *m, size_t parent, pid_t pid, const char *comm)
{
	m->openers[m->n] = (struct device_opener){ .pid = pid, .comm = (char *)comm };
	add(m, (struct topology_node){ TOPOLOGY_PROCESS, parent, .opener = &m->openers[m->n] });
}

static int machine_setup(void **state)
{
	*state = calloc(1, sizeof(struct machine));
	return *state ? 0 : -1;
}

static int machine_teardown(void **state)
{
	struct machine *m = *state;

	free(m->topology.v);
	free(m);
	return 0;
}

static size_t drawn(const struct machine *m, const struct topology_fold *fold)
{
	size_t n = 0;

	for (size_t i = 0; i < m->topology.n; i++)
		n += fold->first[i] == i;
	return n;
}

static void few_are_drawn_as_they_are(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };

	for (int i = 0; i < 20; i++)
		add_device(m, NULL);
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.likeness, TOPOLOGY_LIKE_NONE);
	assert_int_equal(drawn(m, &fold), m->topology.n);
	assert_int_equal(fold.count[1], 1);
	assert_int_equal(fold.last[1], 1);
}

static void many_alike_are_one(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };

	add_device(m, "nvme");
	for (int i = 0; i < 98; i++)
		add_device(m, i % 2 ? "vfio-pci" : NULL);
	/* Two are too few. */
	add_device(m, "nvme");
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.likeness, TOPOLOGY_LIKE_SAME);
	/* The unit, two groups by themselves, and two that stand for 49 each. */
	assert_int_equal(drawn(m, &fold), 1 + 2 * 4);
	assert_int_equal(fold.count[1], 1);
	assert_int_equal(fold.count[3], 49);
	assert_int_equal(fold.count[4], 49);
	assert_int_equal(fold.last[3], 3 + 2 * 96);
	assert_int_equal(fold.last[4], 4 + 2 * 96);
	assert_int_equal(fold.first[3 + 2 * 96 + 2], 5);
	assert_int_equal(fold.count[5], 49);
	assert_int_equal(fold.first[m->topology.n - 1], m->topology.n - 1);
}

/* Any of these makes a device different from the others. */
static void what_is_like(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };
	size_t at[6];

	for (int i = 0; i < 60; i++)
		add_device(m, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = add_device(m, NULL);
	m->groups[60].type.value = (char *)"identity";
	m->devices[61].class_name.value = (char *)"ethernet";
	m->devices[62].driver.status = -EACCES;
	m->devices[63].physfn = (struct field_str){ (char *)"0000:01:00.0", 1 };
	m->topology.v[at[4]].device = NULL;
	m->topology.v[at[4]].error = -EACCES;
	add_process(m, at[5], 90, "qemu");
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.likeness, TOPOLOGY_LIKE_SAME);
	assert_int_equal(fold.count[1], 60);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_int_equal(fold.first[at[i]], at[i]);
}

static void a_process_is_drawn_once(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };

	add_process(m, add_device(m, NULL), 90, "qemu");
	add_process(m, add_device(m, NULL), 91, "qemu");
	add_process(m, add_device(m, NULL), 90, "qemu");
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(drawn(m, &fold), m->topology.n - 1);
	assert_int_equal(fold.first[9], 3);
	assert_int_equal(fold.count[3], 1);
	assert_int_equal(fold.count[6], 1);
}

/* PASIDs of one process are folded; if that is not enough, those of one command. */
static void processes_of_a_command(void **state)
{
	struct machine *m = *state;
	struct topology_fold fold = { 0 };

	for (int i = 0; i < 40; i++)
		add_process(m, add_device(m, "vfio-pci"), 90 + i % 2, "qemu");
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.likeness, TOPOLOGY_LIKE_SAME);
	assert_int_equal(drawn(m, &fold), 1 + 2 * 3);
	assert_int_equal(fold.count[1], 20);
	assert_int_equal(fold.count[3], 1);
	topology_fold_done(&fold);
	for (int i = 0; i < 100; i++)
		add_process(m, add_device(m, "vfio-pci"), 200 + i, i % 2 ? "qemu" : "crosvm");
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.likeness, TOPOLOGY_LIKE_KIND);
	assert_int_equal(drawn(m, &fold), 1 + 2 * 3);
	assert_int_equal(fold.count[1], 90);
	assert_int_equal(fold.count[3], 52);
	topology_fold_done(&fold);
}

/* Of one device, equal except for their numbers. */
static void pasids(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };
	size_t device = add_device(m, "vfio-pci");

	for (uint32_t i = 0; i < 70; i++) {
		m->ranges[i] = (struct binding){ .lo = 2 * i + 1,
						 .hi = 2 * i + 1,
						 .kind = PASID_KIND_IOAS,
						 .ioas = field_u64(i < 60 ? 1 : 2),
						 .pid = field_u64(90) };
		add(m, (struct topology_node){ TOPOLOGY_PASID, device, .binding = &m->ranges[i],
					       .lo = m->ranges[i].lo, .hi = m->ranges[i].hi });
	}
	m->ranges[69].state = PASID_STATE_NOT_IN_HARDWARE;
	assert_int_equal(topology_fold(&m->topology, &fold), 0);
	assert_int_equal(fold.count[3], 60);
	assert_int_equal(fold.last[3], 62);
	assert_int_equal(fold.count[63], 9);
	assert_int_equal(fold.count[72], 1);
	assert_int_equal(drawn(m, &fold), 6);
}

static void nothing(void **state)
{
	struct machine *m = *state;
	_cleanup_topology_fold_ struct topology_fold fold = { 0 };

	assert_int_equal(topology_fold(&m->topology, &fold), 0);
}

#define machine_test(f) cmocka_unit_test_setup_teardown(f, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(few_are_drawn_as_they_are),
		machine_test(many_alike_are_one),
		machine_test(what_is_like),
		machine_test(a_process_is_drawn_once),
		machine_test(processes_of_a_command),
		machine_test(pasids),
		machine_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
