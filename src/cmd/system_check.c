/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system check */
#include <errno.h>

#include "app.h"
#include "cmd/finding_columns.h"
#include "cmd/inspect.h"
#include "cmd/options.h"
#include "cmd/verbs.h"
#include "model/check.h"
#include "util/cleanup.h"

struct check_row {
	struct finding finding; /* borrowed; the first, for the columns of findings */
	char *uses[CHECK_USE_COUNT];
	size_t n_uses;
};

static void get_use(const void *p, struct out_value *ret)
{
	const struct check_row *row = p;
	struct strv list = { (char **)row->uses, row->n_uses };

	out_strv(ret, &list);
}

static const struct out_column check_columns[] = {
	{ "result", "ok, note, unknown (could not be measured), warning, broken",
	  OUT_DEFAULT | OUT_RESULT, 0, finding_get_result },
	{ "check", "What was asked; ready: the verdict", OUT_DEFAULT, 0, finding_get_check },
	{ "object", "What was looked at, of a verdict the use; absent: the machine",
	  OUT_DEFAULT | OUT_PROSE, 0, finding_get_object },
	{ "seen", "What was measured", OUT_DEFAULT | OUT_PROSE, 0, finding_get_seen },
	{ "meaning", "What that means", OUT_PROSE, 0, finding_get_meaning },
	{ "use", "The uses that need it", OUT_DEFAULT | OUT_INLINE, 0, get_use },
	{ "remedy", "What to do", OUT_DEFAULT | OUT_PROSE, 0, finding_get_remedy },
	{ 0 },
};

/* Which uses are asked about. Returns 0 or a reported status. */
static int parse_uses(struct app *app, const struct operands *operands, unsigned int *ret)
{
	unsigned int uses = 0;

	for (unsigned int i = 0; i < operands->n; i++) {
		enum check_use use;

		if (!check_use_parse(operands->v[i], &use)) {
			app_fail(app, STATUS_USAGE, operands->v[i], "no such use");
			app_hint(app, "passthrough, pasid, sva or unprivileged");
			return STATUS_USAGE;
		}
		uses |= 1u << use;
	}
	*ret = uses ? uses : CHECK_USE_ALL;
	return 0;
}

static int print(struct inspection *in, const struct finding_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct check_row row = { .finding = list->v[i] };

		for (int use = 0; use < CHECK_USE_COUNT; use++)
			if (row.finding.uses & 1u << use)
				row.uses[row.n_uses++] =
					(char *)check_use_name((enum check_use)use);
		r = inspect_row(in, &row);
	}
	return r;
}

static enum status verdict_status(enum check_verdict verdict)
{
	switch (verdict) {
	case CHECK_READY:
		return STATUS_DONE;
	case CHECK_NOT_PERMITTED:
		return STATUS_NOT_PERMITTED;
	case CHECK_UNSUPPORTED:
		break;
	}
	return STATUS_UNSUPPORTED;
}

/* Says what is in the way of USE, which OBJECT stands for. Returns the status. */
static enum status report(struct app *app, const struct check *check, enum check_use use,
			  const char *object, const char *what)
{
	const struct finding *broken = check_first_broken(&check->findings, 1u << use);
	enum status status = verdict_status(check->verdicts[use]);

	app_fail(app, status, object, "%s: %s: %s%s%s", what, broken->check,
		 broken->object ? broken->object : "", broken->object ? ": " : "", broken->seen);
	if (broken->remedy)
		app_hint(app, "%s", broken->remedy);
	return status;
}

/* The uses that were named have all to be ready. */
static int conclude_named(struct app *app, const struct check *check, unsigned int uses)
{
	enum check_verdict worst = CHECK_READY;

	for (int use = 0; use < CHECK_USE_COUNT; use++) {
		if (!(uses & 1u << use) || check->verdicts[use] == CHECK_READY)
			continue;
		report(app, check, (enum check_use)use, check_use_name((enum check_use)use),
		       "not ready");
		if (check->verdicts[use] > worst)
			worst = check->verdicts[use];
	}
	return verdict_status(worst);
}

/* Hardly a machine is ready for all, so that one is enough where none was named. */
static int conclude_all(struct app *app, const struct check *check)
{
	int best = 0;

	for (int use = 0; use < CHECK_USE_COUNT; use++)
		if (check->verdicts[use] < check->verdicts[best])
			best = use;
	if (check->verdicts[best] == CHECK_READY)
		return STATUS_DONE;
	return report(app, check, (enum check_use)best, NULL, "ready for nothing");
}

static void note_unknown(struct app *app, const struct finding_list *list)
{
	int n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->v[i].result == FINDING_UNKNOWN && !check_is_verdict(&list->v[i]);
	if (n)
		app_note(app, "%d finding%s could not be measured", n, n == 1 ? "" : "s");
}

static int check_run(struct app *app, const void *p)
{
	const struct wake_args *args = p;
	const struct operands *operands = &args->view.operands;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_check_ struct check check = { 0 };
	unsigned int uses;
	int r;

	r = parse_uses(app, operands, &uses);
	if (r == 0)
		r = inspect_open(app, &args->view, &in);
	if (r)
		return r;
	r = check_machine(in.root, uses, args->wake, &check);
	if (r < 0)
		return app_fail_errno(app, r, NULL, "cannot look at the machine");
	r = inspect_end(app, &in, print(&in, &check.findings));
	if (r)
		return r;
	note_unknown(app, &check.findings);
	return operands->n ? conclude_named(app, &check, uses) : conclude_all(app, &check);
}

static const struct argp check_argp = {
	.args_doc = "[USE...]",
	.doc = "Tell whether this machine is ready, and for what: each thing that matters with what was "
	       "measured, what that means and what to do, and last a verdict for each USE: passthrough "
	       "(devices through VFIO), pasid (PASIDs through VFIO and iommufd), sva (PASIDs of processes, "
	       "by the devices' drivers), unprivileged (passthrough by users who are not root). With USE, "
	       "of that alone: the status is 5 where it cannot be, 4 where only permissions are "
	       "missing. Without, these mean that the machine is ready for nothing.",
	.children = wake_children,
};

static const struct wake_args check_defaults = {
	.view = { .columns = check_columns, .operands = { .max = CHECK_USE_COUNT } },
};

const struct cmd system_check_cmd = {
	.name = "check",
	.summary = "Tell whether this machine is ready, and for what",
	.argp = &check_argp,
	.defaults = &check_defaults,
	.args_size = sizeof(check_defaults),
	.run = check_run,
};
