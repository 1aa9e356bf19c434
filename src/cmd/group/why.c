/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group why */
#include <errno.h>

#include "app.h"
#include "cmd/common/diagnosis.h"
#include "cmd/common/operand.h"
#include "cmd/group/internal.h"
#include "model/diagnosis/why_group.h"
#include "util/cleanup.h"

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
	diagnosis_name_contexts(app, &list);
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
