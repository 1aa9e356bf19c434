/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid show */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/operand.h"
#include "cmd/common/options.h"
#include "cmd/common/records.h"
#include "cmd/pasid/columns.h"
#include "cmd/pasid/internal.h"
#include "util/cleanup.h"
#include "util/parse.h"

/* The PASID to find, and the result. */
struct search {
	uint32_t pasid;
	struct bindings found;
};

static void search_done(struct search *search)
{
	bindings_done(&search->found);
}

static int on_binding(const struct binding *binding, void *data)
{
	struct search *search = data;

	if (binding->lo > search->pasid || binding->hi < search->pasid)
		return 0;
	return bindings_add(&search->found, binding);
}

static int parse_pasid(struct app *app, const char *operand, uint32_t *ret)
{
	uint64_t value;
	int r = parse_u64(operand, PASID_MAX, &value);

	if (r == -ERANGE)
		return app_fail(app, STATUS_USAGE, operand, "PASIDs have 20 bits at most");
	if (r < 0)
		return app_fail(app, STATUS_USAGE, operand, "is not a valid PASID");
	*ret = (uint32_t)value;
	return 0;
}

/* PASID 0 is IOMMU_NO_PASID: requests without a PASID. */
static int fail_rid(struct app *app, const char *device)
{
	_cleanup_free_ char *quoted = str_quote(device);

	app_fail(app, STATUS_USAGE, device, "PASID 0 is the device's own requests");
	app_hint(app,
		 "PASIDs begin at 1; for what its own requests reach: ioasidctl pasid map %s 0",
		 quoted ? quoted : "DEVICE");
	return STATUS_USAGE;
}

/* If not everything could be read, it may exist. */
static int fail_missing(struct app *app, const struct pasid_reports *reports, const char *device,
			const char *pasid)
{
	if (!pasid_records_notes(app, reports))
		return app_fail(app, STATUS_NOT_FOUND, device, "no binding of PASID %s is known",
				pasid);
	app_fail(app, STATUS_NOT_FOUND, device, "no binding of PASID %s can be seen", pasid);
	if (reports->hardware_status == -ENOENT)
		return STATUS_UNSUPPORTED;
	return reports->hardware_status < 0 ? (int)app_status(reports->hardware_status)
					    : STATUS_PARTIAL;
}

static int show_found(struct app *app, struct inspection *in, const struct search *search)
{
	const size_t n = search->found.n;
	_cleanup_free_ struct pasid_scratch *scratch = calloc(n, sizeof(*scratch));
	_cleanup_free_ struct pasid_row *rows = calloc(n, sizeof(*rows));

	if (!scratch || !rows)
		return app_fail_errno(app, -ENOMEM, NULL, "cannot show it");
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct pasid_row){ .pasid = search->pasid,
					      .binding = &search->found.v[i],
					      .scratch = &scratch[i] };
	rows[0].others = rows + 1;
	rows[0].n_others = n - 1;
	in->partial = search->found.v[0].record.status < 0;
	return inspect_show(app, in, &rows[0]);
}

static int show_run(struct app *app, const void *p)
{
	const struct view_args *args = p;
	const char *device = args->operands.v[0], *number = args->operands.v[1];
	_cleanup_pasid_records_ struct pasid_records records = { 0 };
	struct pasid_reports reports;
	struct pasid_query query;
	_cleanup_inspection_ struct inspection in = { 0 };
	_cleanup_(search_done) struct search search = { 0 };
	_cleanup_free_ char *path = NULL;
	int r;

	r = parse_pasid(app, number, &search.pasid);
	if (r == 0)
		r = inspect_open(app, args, &in);
	if (r == 0)
		r = operand_device(app, in.root, device, &path);
	if (r)
		return r;
	if (search.pasid == 0)
		return fail_rid(app, device);
	r = pasid_records_read(app, in.root, &records);
	if (r)
		return r;
	query = pasid_records_query(&records, in.root, in.need);
	query.device = strrchr(path, '/') + 1;
	r = pasid_walk(&query, on_binding, &search, &reports);
	if (r < 0)
		return app_fail_errno(app, r, device, "cannot look for the PASID");
	if (search.found.n == 0)
		return fail_missing(app, &reports, device, number);
	return show_found(app, &in, &search);
}

static const struct view_args show_defaults = {
	.columns = pasid_show_columns,
	.operands = { .min = 2, .max = 2 },
	.single = true,
};

const struct cmd pasid_show_cmd = {
	.name = "show",
	.summary = "Show one PASID of a device",
	.example = "ioasidctl pasid show 0000:03:00.0 42",
	.statuses = "267",
	.options = view_options,
	.takes = "DEVICE PASID",
	.doc = "Show all that is known of one PASID of a device: what it leads to, its owner, "
	       "and the sources that report it.",
	.operands = offsetof(struct view_args, operands),
	.defaults = &show_defaults,
	.args_size = sizeof(show_defaults),
	.run = show_run,
};
