/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/pasid/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common/session.h"
#include "util/cleanup.h"

void pasid_session_done(struct pasid_session *session)
{
	pasid_records_done(&session->records);
}

int pasid_session_open(struct app *app, const struct sys_root *root, unsigned int need,
		       struct pasid_session *ret)
{
	struct pasid_session session = { 0 };
	int r;

	r = pasid_records_gather(app, root, &session.records);
	if (r && r != STATUS_PARTIAL) {
		pasid_session_done(&session);
		return r;
	}
	session.query = pasid_records_query(&session.records, root, need);
	*ret = session;
	return 0;
}

static void note_hardware(struct app *app, const struct pasid_reports *reports)
{
	int status = reports->hardware_status;

	if (status == -EOPNOTSUPP)
		app_note(app,
			 "this kernel shows no IOMMU table of PASIDs (no debugfs for this IOMMU)");
	else if (status == -ENOENT)
		app_note(app, "the IOMMU's table of PASIDs is absent: %s", reports->v[1].reason);
	else if (status < 0)
		app_note(app, "the IOMMU's table could not be read: %s", strerror(-status));
}

bool pasid_session_notes(struct app *app, const struct pasid_session *session)
{
	const struct pasid_reports *reports = &session->reports;
	/* The table may have rows that debugfs would show if mounted. */
	bool partial = reports->hardware_status == -ENOENT;

	note_hardware(app, reports);
	if (reports->process_status < 0)
		app_note(app, "some processes could not be examined: %s",
			 strerror(-reports->process_status));
	for (size_t i = 0; i < reports->n; i++) {
		const struct pasid_report *report = &reports->v[i];

		if (report->status >= 0 || report->status == -EOPNOTSUPP)
			continue;
		/* The list of openers explains rows, but has none of its own. */
		partial = partial || strcmp(report->name, "vfio") != 0;
		/* Contexts, tables and processes were already reported. */
		if (i > 1 && report->status != reports->process_status)
			app_note(app, "the source %s could not be read: %s", report->name,
				 report->reason);
	}
	return partial;
}

static int add_context(struct app *app, struct operands *operands, const char *context,
		       struct strv *ret)
{
	_cleanup_free_ char *reference = NULL;
	char term[NAME_LENGTH_MAX + 32];
	int r = session_find(app, context, &reference);

	if (r)
		return r;
	snprintf(term, sizeof(term), "context=%s", reference);
	if (strv_push(ret, term) < 0)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot read the terms");
	operands->v[operands->n++] = ret->v[ret->n - 1];
	return 0;
}

int pasid_terms(struct app *app, struct view_args *args, struct strv *ret)
{
	if (!app->context)
		return 0;
	if (args->operands.n == CMD_OPERANDS_MAX)
		return app_fail(app, STATUS_USAGE, app->context, "too many terms");
	return add_context(app, &args->operands, app->context, ret);
}
