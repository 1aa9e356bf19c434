/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/check_machine.h"

/* Objects of which the same is said, beyond that many characters. */
#define OBJECTS_MAX 120
#define MORE        ",..."

static const char *const use_names[CHECK_USE_COUNT] = {
	[CHECK_PASSTHROUGH] = "passthrough",
	[CHECK_PASID] = "pasid",
	[CHECK_SVA] = "sva",
	[CHECK_UNPRIVILEGED] = "unprivileged",
};

const char *check_use_name(enum check_use use)
{
	return use_names[use];
}

bool check_use_parse(const char *name, enum check_use *ret)
{
	for (int use = 0; use < CHECK_USE_COUNT; use++)
		if (strcmp(name, use_names[use]) == 0) {
			*ret = (enum check_use)use;
			return true;
		}
	return false;
}

void check_done(struct check *check)
{
	finding_list_done(&check->findings);
}

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
		r = group_list(root, GROUP_NEED_TYPE | GROUP_NEED_NAME | GROUP_NEED_MEMBERS, 0,
			       &machine->groups);
		machine->groups_status = r < 0 ? r : 1;
	}
	if (r != -ENOMEM) {
		r = device_list(root,
				DEVICE_NEED_GROUP | DEVICE_NEED_IOMMU | DEVICE_NEED_CAPS |
					DEVICE_NEED_VFIO | (wake ? DEVICE_WAKE : 0),
				&machine->devices);
		machine->devices_status = r < 0 ? r : 1;
	}
	return r == -ENOMEM ? r : chain_read_kernel(&machine->chain);
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Differ A and B in nothing but the object? */
static bool is_alike(const struct finding *a, const struct finding *b)
{
	return a->result == b->result && a->uses == b->uses && a->object && b->object &&
	       is_same(a->check, b->check) && is_same(a->seen, b->seen) &&
	       is_same(a->meaning, b->meaning) && is_same(a->remedy, b->remedy);
}

/* Keeps the finding at FROM as the one at *KEPT. */
static void keep(struct finding_list *list, size_t from, size_t *kept)
{
	struct finding finding = list->v[from];

	list->v[from] = (struct finding){ 0 };
	list->v[(*kept)++] = finding;
}

/* One row for all objects of which the same is to be said. */
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
		if (!str_ends(list->v[k].object, MORE)) {
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

bool check_is_verdict(const struct finding *finding)
{
	return strcmp(finding->check, "ready") == 0;
}

static bool is_permission(const struct finding *finding)
{
	return strcmp(finding->check, "node-access") == 0;
}

const struct finding *check_first_broken(const struct finding_list *list, unsigned int uses)
{
	const struct finding *permission = NULL;

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];

		if (finding->result != FINDING_BROKEN || !(finding->uses & uses) ||
		    check_is_verdict(finding))
			continue;
		if (!is_permission(finding))
			return finding;
		if (!permission)
			permission = finding;
	}
	return permission;
}

/* The names of all checks that ended with RESULT for USE, each once: "noiommu, memlock". */
static int names_of(const struct finding_list *list, enum check_use use, enum finding_result result,
		    char **ret)
{
	_cleanup_strv_ struct strv names = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];
		int r = 0;

		if (finding->result == result && finding->uses & BIT(use) &&
		    !check_is_verdict(finding) && !strv_has(&names, finding->check))
			r = strv_push(&names, finding->check);
		if (r < 0)
			return r;
	}
	*ret = strv_join(&names, ", ");
	return *ret ? 0 : -ENOMEM;
}

static int judge_usable(struct finding_list *list, enum check_use use)
{
	_cleanup_free_ char *unknown = NULL, *warnings = NULL;
	struct finding verdict = {
		.check = "ready",
		.object = (char *)use_names[use],
		.uses = BIT(use),
	};
	int r = names_of(list, use, FINDING_UNKNOWN, &unknown);

	if (r == 0)
		r = names_of(list, use, FINDING_WARNING, &warnings);
	if (r < 0)
		return r;
	if (*unknown) {
		verdict.result = FINDING_UNKNOWN;
		return finding_add(
			list, &verdict,
			"nothing that could be measured is in the way; not measured: %s%s%s",
			unknown, *warnings ? "; with a risk or cost: " : "", warnings);
	}
	if (*warnings) {
		verdict.result = FINDING_WARNING;
		return finding_add(list, &verdict, "ready, with a risk or cost: %s", warnings);
	}
	return finding_add(list, &verdict, "ready");
}

static int judge(struct finding_list *list, enum check_use use, enum check_verdict *ret)
{
	const struct finding *broken = check_first_broken(list, BIT(use));
	struct finding verdict = {
		.check = "ready",
		.object = (char *)use_names[use],
		.result = FINDING_BROKEN,
		.uses = BIT(use),
	};

	*ret = CHECK_READY;
	if (!broken)
		return judge_usable(list, use);
	*ret = is_permission(broken) ? CHECK_NOT_PERMITTED : CHECK_UNSUPPORTED;
	verdict.remedy = broken->remedy;
	return finding_add(list, &verdict, "not ready: %s: %s%s%s", broken->check,
			   broken->object ? broken->object : "", broken->object ? ": " : "",
			   broken->seen);
}

/* What none of USES needs is of no interest. */
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

int check_machine(const struct sys_root *root, unsigned int uses, bool wake, struct check *ret)
{
	_cleanup_(machine_done) struct check_machine machine = { 0 };
	struct finding_list *list = &machine.chain.list;
	enum check_verdict verdicts[CHECK_USE_COUNT] = { 0 };
	int r = machine_read(root, wake, &machine);

	if (r < 0)
		return r;
	check_iommu(&machine);
	check_interrupts(&machine);
	check_pasids(&machine);
	check_vfio(&machine);
	check_user(&machine);
	r = machine.chain.error;
	drop_others(list, uses);
	if (r == 0)
		r = merge(list);
	for (int use = 0; r == 0 && use < CHECK_USE_COUNT; use++)
		if (uses & BIT(use))
			r = judge(list, (enum check_use)use, &verdicts[use]);
	if (r < 0)
		return r;
	ret->findings = *list;
	*list = (struct finding_list){ 0 };
	memcpy(ret->verdicts, verdicts, sizeof(verdicts));
	return 0;
}
