/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system check */
#include <errno.h>

#include "app.h"
#include "cmd/common/diagnosis.h"
#include "cmd/system/internal.h"
#include "model/diagnosis/check.h"
#include "util/cleanup.h"

/* Parses the uses asked about. Returns 0 or a reported status. */
static int parse_uses(struct app *app, const struct operands *operands, unsigned int *ret)
{
	unsigned int uses = 0;

	for (unsigned int i = 0; i < operands->n; i++) {
		enum use use;

		if (!use_parse(operands->v[i], &use)) {
			app_fail(app, STATUS_USAGE, operands->v[i], "no such use");
			app_hint(app, "passthrough, pasid, sva or unprivileged");
			return STATUS_USAGE;
		}
		uses |= USE_BIT(use);
	}
	*ret = uses ? uses : USE_ALL;
	return 0;
}

/*
 * All uses that were named must be ready. Few machines are ready for all uses, so without names one is
 * enough.
 */
static enum status conclude(struct app *app, const struct finding_list *list, bool named)
{
	const struct finding *best = &list->v[0];
	enum status worst = STATUS_DONE;

	for (size_t i = 0; i < list->n && finding_is_verdict(&list->v[i]); i++) {
		const struct finding *verdict = &list->v[i];
		enum status status = finding_status(verdict);

		if (finding_worse(status, finding_status(best)) != status)
			best = verdict;
		if (named)
			worst = finding_worse(worst,
					      diagnosis_conclude(app, list, verdict,
								 verdict->object, "not ready"));
	}
	return named ? worst : diagnosis_conclude(app, list, best, NULL, "not ready for any use");
}

static int check_run(struct app *app, const void *p)
{
	const struct diagnosis_args *args = p;
	const struct operands *operands = &args->common.view.operands;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_finding_list_ struct finding_list list = { 0 };
	unsigned int uses;
	int r;

	r = parse_uses(app, operands, &uses);
	if (r == 0)
		r = diagnosis_open(app, args, &in);
	if (r)
		return r;
	r = check_machine(in.root, uses, args->common.wake, &list);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot examine the machine");
	r = diagnosis_show(app, &in, args, &list, FINDING_NOTE);
	return r ? r : (int)conclude(app, &list, operands->n > 0);
}

static const struct diagnosis_args check_defaults = {
	.common.view = { .columns = diagnosis_use_columns, .operands = { .max = USE_COUNT } },
};

const struct cmd system_check_cmd = {
	.name = "check",
	.summary = "Report what this machine is ready for, and what blocks it",
	.example = "ioasidctl system check pasid",
	.statuses = "12345",
	.options = diagnosis_options,
	.takes = "[USE...]",
	.doc = "Report whether this machine is ready, and for what. First a verdict for each USE: "
	       "passthrough (devices through VFIO), pasid (PASIDs through VFIO and iommufd), sva "
	       "(PASIDs of processes, by the devices' drivers), unprivileged (passthrough by "
	       "users who are not root). Then what needs attention, with what was measured and "
	       "what to do. With USE, only for that: the status is 5 if kernel or hardware "
	       "cannot, 3 if something blocks it or is still to be done, 4 if only permissions "
	       "are missing. Without USE, these mean that the machine is not ready for any use.",
	.operands = offsetof(struct diagnosis_args, common.view.operands),
	.defaults = &check_defaults,
	.args_size = sizeof(check_defaults),
	.run = check_run,
};
