/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/diagnosis/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/diagnosis/internal.h"

/* Maximum length of the list of objects that share a finding. */
#define OBJECTS_MAX 120
#define MORE        ",..."

static void machine_done(struct check_machine *machine)
{
	chain_done(&machine->chain);
	iommu_list_done(&machine->units);
	group_list_done(&machine->groups);
	device_list_done(&machine->devices);
}

static int machine_read(const struct sys_root *root, bool wake, struct check_machine *machine)
{
	int r;

	machine->chain.root = root;
	r = iommu_list(root, IOMMU_NEED_REGISTERS | IOMMU_NEED_DEVICES, &machine->units);
	machine->units_status = r < 0 ? r : 1;
	if (r != -ENOMEM) {
		r = group_list(root, GROUP_NEED_ALL, 0, &machine->groups);
		machine->groups_status = r < 0 ? r : 1;
	}
	if (r != -ENOMEM) {
		r = device_list(root,
				DEVICE_NEED_GROUP | DEVICE_NEED_CLASS | DEVICE_NEED_IOMMU |
					DEVICE_NEED_CAPS | DEVICE_NEED_VFIO |
					(wake ? DEVICE_WAKE : 0),
				&machine->devices);
		machine->devices_status = r < 0 ? r : 1;
	}
	return r == -ENOMEM ? r : chain_read_kernel(&machine->chain);
}

/* Do A and B differ only in the object? */
static bool is_alike(const struct finding *a, const struct finding *b)
{
	return a->result == b->result && a->uses == b->uses && !a->object == !b->object &&
	       str_equal(a->check, b->check) && str_equal(a->seen, b->seen) &&
	       str_equal(a->meaning, b->meaning) && str_equal(a->remedy, b->remedy);
}

/* Adds to the objects of BOTH that of OTHER. Returns 0 or -ENOMEM. */
static int add_object(struct finding *both, const struct finding *other)
{
	bool full = strlen(both->object) > OBJECTS_MAX;
	char *objects;

	if (str_ends(both->object, MORE))
		return 0;
	if (asprintf(&objects, "%s%s%s", both->object, full ? MORE : ",",
		     full ? "" : other->object) < 0)
		return -ENOMEM;
	free(both->object);
	both->object = objects;
	return 0;
}

/* Drops what none of USES needs, and makes equal findings on several objects one. */
static void reduce(struct finding_list *list, unsigned int uses)
{
	for (size_t i = 0; i < list->n && list->error == 0;) {
		const struct finding *finding = &list->v[i];
		size_t k = 0;

		while (!is_alike(&list->v[k], finding))
			k++;
		if (finding->uses & uses && k < i && finding->object)
			list->error = add_object(&list->v[k], finding);
		if (finding->uses & uses && k == i)
			i++;
		else
			finding_drop(list, i);
	}
}

int check_machine(const struct sys_root *root, unsigned int uses, bool wake,
		  struct finding_list *ret)
{
	_cleanup_(machine_done) struct check_machine machine = { 0 };
	struct finding_list *list = &machine.chain.list;
	int r = machine_read(root, wake, &machine);

	if (r < 0)
		return r;
	check_iommu(&machine);
	check_interrupts(&machine);
	check_pasids(&machine);
	check_vfio(&machine);
	check_user(&machine);
	reduce(list, uses);
	for (int use = 0; use < USE_COUNT; use++)
		if (uses & USE_BIT(use))
			finding_judge(list, USE_BIT(use), use_names[use]);
	return finding_list_take(list, ret);
}
