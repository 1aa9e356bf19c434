/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group why */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "cmd/common/diagnosis.h"
#include "cmd/common/operand.h"
#include "cmd/common/session.h"
#include "cmd/group/internal.h"
#include "model/diagnosis/why_group.h"
#include "util/cleanup.h"
#include "util/str.h"

/* A context's holder returns the device on request, so the remedy names the context. */
static void name_contexts(struct app *app, struct finding_list *list)
{
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	bool asked = false;

	for (size_t i = 0; i < list->n; i++) {
		struct finding *finding = &list->v[i];
		_cleanup_free_ char *id = finding->pid ? str_quote(finding->object) : NULL;
		const struct holder_entry *entry;
		char *remedy;

		if (!id)
			continue;
		if (!asked && session_get(app, &entries) < 0)
			return;
		asked = true;
		entry = holder_find_pid(&entries, finding->pid);
		if (!entry ||
		    asprintf(&remedy, "ioasidctl -c %s device remove %s", entry->reference, id) < 0)
			continue;
		free((char *)finding->remedy);
		finding->remedy = remedy;
	}
}

static int why_run(struct app *app, const void *p)
{
	const struct diagnosis_args *args = p;
	const char *operand = args->common.view.operands.v[0];
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	uint32_t number;
	int r;

	r = diagnosis_open(app, args, &in);
	if (r)
		return r;
	r = operand_group(app, in.root, operand, &number);
	if (r)
		return r;
	r = group_why(in.root, number, args->common.wake, &list);
	if (r == -ENOENT)
		return app_fail(app, STATUS_NOT_FOUND, operand, "no such IOMMU group");
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot examine the IOMMU group");
	name_contexts(app, &list);
	/* Why the members share the group is part of the answer, so show rows that are ok too. */
	r = diagnosis_show(app, &in, args, &list, FINDING_OK);
	return r ? r
		 : (int)diagnosis_conclude(app, &list, &list.v[0], operand,
					   "the group cannot be assigned");
}

static const struct diagnosis_args why_defaults = {
	.common.view = { .columns = diagnosis_columns, .operands = { .min = 1, .max = 1 } },
};

const struct cmd group_why_cmd = {
	.name = "why",
	.summary = "Report why devices share a group, and what keeps it from being assigned",
	.example = "ioasidctl group why 0000:03:00.0",
	.statuses = "12356",
	.options = diagnosis_options,
	.takes = "GROUP|DEVICE",
	.doc = "Report whether a group can be assigned to a VM or program, why its members share "
	       "it, and what blocks it, with what to do. The status is 3 if something blocks it, "
	       "5 if the kernel never assigns it, and 0 if it can be assigned.",
	.operands = offsetof(struct diagnosis_args, common.view.operands),
	.defaults = &why_defaults,
	.args_size = sizeof(why_defaults),
	.run = why_run,
};
