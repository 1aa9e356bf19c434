/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid why */
#include <errno.h>
#include <stdlib.h>

#include "app.h"
#include "cmd/common/diagnosis.h"
#include "cmd/common/operand.h"
#include "cmd/common/session.h"
#include "cmd/pasid/internal.h"
#include "model/diagnosis/why_pasid.h"
#include "util/cleanup.h"

struct why_args {
	struct diagnosis_args common;
	enum use use;
};

static const struct option_word uses[] = { { "vfio", USE_PASID }, { "sva", USE_SVA }, { 0 } };

static const struct cmd_option why_options[] = {
	{ "for", 0, "USE",
	  "vfio: through VFIO and iommufd; sva: by the device's own driver, for processes "
	  "(default: what its driver does)",
	  OPTION_WORD, offsetof(struct why_args, use), .words = uses },
	ROWS_OF(struct why_args, common, diagnosis_options),
	{ 0 },
};

/* If contexts cannot be listed, or were not captured, no process counts as a holder. */
static struct pasid_holder *find_holders(struct app *app, struct holder_entries *entries)
{
	struct pasid_holder *holders = NULL;

	if (session_get(app, entries) == 0)
		holders = calloc(entries->n + 1, sizeof(holders[0]));
	for (size_t i = 0; holders && i < entries->n; i++)
		holders[i] = (struct pasid_holder){ entries->v[i].pid, entries->v[i].reference };
	return holders;
}

static int why_run(struct app *app, const void *p)
{
	const struct why_args *args = p;
	const char *operand = args->common.common.view.operands.v[0];
	_cleanup_finding_list_ struct finding_list list = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_holder_entries_ struct holder_entries entries = { 0 };
	_cleanup_free_ struct pasid_holder *holders = NULL;
	_cleanup_free_ char *path = NULL;
	enum use use;
	int r;

	r = diagnosis_open(app, &args->common, &in);
	if (r)
		return r;
	r = operand_device(app, in.root, operand, &path);
	if (r)
		return r;
	holders = find_holders(app, &entries);
	r = pasid_why(in.root, path, args->use, args->common.common.wake, holders,
		      holders ? entries.n : 0, &use, &list);
	if (r < 0)
		return app_fail_errno(app, r, operand, "cannot examine it");
	r = diagnosis_show(app, &in, &args->common, &list, FINDING_NOTE);
	return r ? r
		 : (int)diagnosis_conclude(app, &list, &list.v[0], operand,
					   use == USE_SVA ? "no PASIDs for SVA"
							  : "no PASIDs for VFIO");
}

static const struct why_args why_defaults = {
	.common.common.view = { .columns = diagnosis_columns, .operands = { .min = 1, .max = 1 } },
	.use = USE_COUNT,
};

const struct cmd pasid_why_cmd = {
	.name = "why",
	.summary = "Report why a device can use PASIDs or not",
	.example = "ioasidctl pasid why 0000:03:00.0",
	.statuses = "12356",
	.options = why_options,
	.takes = "DEVICE",
	.doc = "Report whether PASIDs can be used on a device, and why not: the verdict, then "
	       "the links that need attention in the chain from its capability to the node through "
	       "which they are bound, with what was measured and what to do. The status is 5 if kernel or "
	       "hardware cannot, and 3 if something blocks it or is still to be done, such as "
	       "another driver.",
	.operands = offsetof(struct why_args, common.common.view.operands),
	.defaults = &why_defaults,
	.args_size = sizeof(why_defaults),
	.run = why_run,
};
