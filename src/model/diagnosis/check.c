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

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Do A and B differ only in the object? */
static bool is_alike(const struct finding *a, const struct finding *b)
{
	return a->result == b->result && a->uses == b->uses && !a->object == !b->object &&
	       is_same(a->check, b->check) && is_same(a->seen, b->seen) &&
	       is_same(a->meaning, b->meaning) && is_same(a->remedy, b->remedy);
}

/* Moves the finding at FROM to *KEPT. */
static void keep(struct finding_list *list, size_t from, size_t *kept)
{
	struct finding finding = list->v[from];

	list->v[from] = (struct finding){ 0 };
	list->v[(*kept)++] = finding;
}

/* Merges equal findings on several objects into one row. */
static int merge(struct finding_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		char *both;
		size_t k = 0;

		while (k < kept && !is_alike(&list->v[k], &list->v[i]))
			k++;
		if (k == kept) {
			keep(list, i, &kept);
			continue;
		}
		if (list->v[k].object && !str_ends(list->v[k].object, MORE)) {
			bool full = strlen(list->v[k].object) > OBJECTS_MAX;

			if (asprintf(&both, "%s%s%s", list->v[k].object, full ? MORE : ",",
				     full ? "" : list->v[i].object) < 0)
				return -ENOMEM;
			free(list->v[k].object);
			list->v[k].object = both;
		}
		finding_done(&list->v[i]);
	}
	list->n = kept;
	return 0;
}

/* Drops findings that none of USES needs. */
static void drop_others(struct finding_list *list, unsigned int uses)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].uses & uses)
			keep(list, i, &kept);
		else
			finding_done(&list->v[i]);
	list->n = kept;
}

int check_machine(const struct sys_root *root, unsigned int uses, bool wake,
		  struct finding_list *ret)
{
	_cleanup_(machine_done) struct check_machine machine = { .chain.use = USE_COUNT };
	_cleanup_finding_list_ struct finding_list list = { 0 };
	struct finding_list *found = &machine.chain.list;
	int r = machine_read(root, wake, &machine);

	if (r < 0)
		return r;
	check_iommu(&machine);
	check_interrupts(&machine);
	check_pasids(&machine);
	check_vfio(&machine);
	check_user(&machine);
	r = machine.chain.error;
	drop_others(found, uses);
	if (r == 0)
		r = merge(found);
	for (int use = 0; r == 0 && use < USE_COUNT; use++)
		if (uses & USE_BIT(use))
			r = finding_judge(found, USE_BIT(use), use_name((enum use)use), &list);
	if (r == 0)
		r = finding_list_move(&list, found);
	if (r < 0)
		return r;
	*ret = list;
	list = (struct finding_list){ 0 };
	return 0;
}
