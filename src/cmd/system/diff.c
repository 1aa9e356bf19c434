/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system diff */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/device/attached.h"
#include "cmd/common/inspect.h"
#include "cmd/common/options.h"
#include "cmd/pasid/columns.h"
#include "cmd/common/records.h"
#include "cmd/pasid/columns.h"
#include "cmd/system/internal.h"
#include "model/diff/changes.h"
#include "util/cleanup.h"

/* A change: of one PASID, or with FOLD of a range. */
struct diff_row {
	const struct diff_change *change;
	struct range pasid;
	bool fold;
};

struct diff_args {
	struct wake_args wake;
	enum folding folding;
};

static const struct diff_change *change_of(const void *row)
{
	return ((const struct diff_row *)row)->change;
}

static void get_change(const void *row, struct out_value *ret)
{
	out_string(ret, diff_what_name(change_of(row)->what));
}

static void get_kind(const void *row, struct out_value *ret)
{
	out_string(ret, diff_kind_name(change_of(row)->kind));
}

static void get_object(const void *row, struct out_value *ret)
{
	out_string(ret, change_of(row)->object);
}

static void get_pasid(const void *row, struct out_value *ret)
{
	const struct diff_row *diff_row = row;

	if (diff_row->pasid.lo && diff_row->fold)
		pasid_out_range(ret, &diff_row->pasid);
	else if (diff_row->pasid.lo)
		out_number(ret, diff_row->pasid.lo);
}

static void get_field(const void *row, struct out_value *ret)
{
	out_string(ret, change_of(row)->field);
}

static void get_value(const struct diff_value *value, struct out_value *ret)
{
	if (value->status < 0)
		out_unreadable(ret, value->status);
	else if (value->status == 0)
		return;
	else if (value->type == DIFF_TEXT)
		out_string(ret, value->text);
	else if (value->type == DIFF_NUMBER)
		out_number(ret, value->number);
	else if (value->type == DIFF_ADDRESS)
		out_address(ret, value->number);
	else if (value->type == DIFF_FLAG)
		out_bool(ret, value->number);
	else
		diff_out_object(ret, value);
}

static void get_old(const void *row, struct out_value *ret)
{
	get_value(&change_of(row)->old, ret);
}

static void get_new(const void *row, struct out_value *ret)
{
	get_value(&change_of(row)->new, ret);
}

static void get_device(const void *row, struct out_value *ret)
{
	const struct diff_change *change = change_of(row);

	if (change->n_devices)
		out_strv(ret, &(struct strv){ (char **)change->devices, change->n_devices });
}

/* All values of diff_out_object(). */
#define OBJECTS \
	OUT_INNER(diff_target_columns, pasid_owner_columns, attached_columns, \
		  diff_hardware_columns, diff_holder_columns)

static const struct out_column columns[] = {
	{ "change",
	  "added, removed, changed, swapped, renumbered, merged, split, moved, joined, left, or "
	  "unreadable",
	  OUT_DEFAULT | OUT_ALWAYS, 0, get_change, diff_what_names },
	{ "kind", "Kind of the object: iommu, context, group, device or pasid",
	  OUT_DEFAULT | OUT_ALWAYS, 0, get_kind, diff_kind_names },
	{ "object", "Unit, context or device; a group's first device; none: all of the kind",
	  OUT_DEFAULT, 0, get_object },
	{ "pasid", "PASID, or a range of PASIDs that changed alike",
	  OUT_DEFAULT | OUT_IS_NUMBER | OUT_PASID | OUT_IS_OBJECT, 0, get_pasid, NULL,
	  OUT_INNER(pasid_range_columns) },
	{ "field", "Field that changed; none: the object itself", OUT_DEFAULT, 0, get_field },
	{ "old", "What it was", OUT_DEFAULT | OUT_LEFT | OUT_PROSE | OUT_IS_OBJECT, 0, get_old,
	  NULL, OBJECTS },
	{ "new", "What it is", OUT_DEFAULT | OUT_LEFT | OUT_PROSE | OUT_IS_OBJECT, 0, get_new, NULL,
	  OBJECTS },
	{ "device", "Devices that it concerns: of a group, all that have stayed together",
	  OUT_IS_LIST, 0, get_device },
	{ 0 },
};

/* The sysroot that an operand names; "-" is the machine inspected without operands. */
static const char *side_sysroot(const char *operand, const char *sysroot)
{
	return operand && strcmp(operand, "-") != 0 ? operand : sysroot;
}

/*
 * Splits the operands: RET_OLD is the first, the second becomes the sysroot of ARGS, the rest are
 * terms. Returns 0 or a reported status.
 */
static int take_sides(struct app *app, struct view_args *args, const char **ret_old)
{
	struct operands *operands = &args->operands;
	const char *sysroot = app->sysroot;
	const char *old = side_sysroot(operands->v[0], sysroot);
	const char *new = side_sysroot(operands->n > 1 ? operands->v[1] : NULL, sysroot);
	const unsigned int taken = operands->n > 1 ? 2 : 1;

	if (sysroot && old != sysroot && new != sysroot)
		return app_fail(app, STATUS_USAGE, sysroot,
				"--sysroot and OLD NEW cannot be combined");
	operands->n -= taken;
	memmove(operands->v, operands->v + taken, operands->n * sizeof(operands->v[0]));
	app->sysroot = new;
	*ret_old = old;
	return 0;
}

static int read_side(struct app *app, bool wake, struct diff_side *ret)
{
	_cleanup_pasid_records_ struct pasid_records records = { 0 };
	struct attached_query attached;
	const struct sys_root *root;
	struct pasid_query query;
	int r;

	r = app_root(app, &root);
	if (r == 0)
		r = pasid_records_read(app, root, &records);
	if (r)
		return r;
	query = pasid_records_query(&records, root, DIFF_PASID_NEED);
	attached = pasid_records_attached(&records, root);
	r = diff_side_read(&query, &attached, wake, ret);
	for (size_t i = 0; r == 0 && i < records.n_contexts; i++)
		r = diff_side_add_context(ret, records.contexts[i].name, records.contexts[i].pid);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot compare") : 0;
}

struct printing {
	struct inspection *in;
	bool fold;
};

/*
 * Checks each PASID, so that those excluded by a term are left out; consecutive wanted ones become
 * ranges.
 */
static int print_change(const struct diff_change *change, void *data)
{
	const struct printing *printing = data;
	struct diff_row row = { change, { 0, 0 }, printing->fold };
	bool open = false;
	int r = 0;

	for (uint64_t pasid = change->lo; r == 0 && pasid <= change->hi; pasid++) {
		const struct diff_row one = { change, { (uint32_t)pasid, (uint32_t)pasid }, false };
		bool wanted = inspect_wants(printing->in, &one);

		if (wanted && open && row.fold) {
			row.pasid.hi = (uint32_t)pasid;
			continue;
		}
		if (open)
			r = out_view_row(printing->in->view, &row);
		row.pasid = one.pasid;
		open = wanted;
	}
	return r == 0 && open ? out_view_row(printing->in->view, &row) : r;
}

/* What neither side could read has no row. */
static void note_gaps(struct app *app, const struct diff_gaps *gaps)
{
	for (size_t i = 0; i < gaps->n; i++) {
		const struct diff_gap *gap = &gaps->v[i];
		char count[40] = "";

		if (gap->n > 1)
			snprintf(count, sizeof(count), " of %zu objects", gap->n);
		app_note(app, "not compared, as neither side can be read: %s%s%s%s: %s",
			 diff_kind_name(gap->kind), gap->field ? " " : "",
			 gap->field ? gap->field : "", count, out_reason(gap->error));
	}
}

static int diff_run(struct app *app, const void *p)
{
	const struct diff_args *given = p;
	struct wake_args args = given->wake;
	_cleanup_(app_done) struct app before = { .context = app->context };
	_cleanup_diff_side_ struct diff_side old = { 0 }, new = { 0 };
	_cleanup_diff_gaps_ struct diff_gaps gaps = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	struct printing printing = { &in, view_folds(&args.view, given->folding) };
	int r;

	r = take_sides(app, &args.view, &before.sysroot);
	if (r == 0)
		r = inspect_open(app, &args.view, &in);
	if (r == STATUS_NOT_FOUND && app->sysroot && strchr(app->sysroot, '='))
		app_hint(app, "terms come after OLD and NEW; NEW may be -");
	if (r == 0)
		r = read_side(&before, args.wake, &old);
	if (r == 0)
		r = read_side(app, args.wake, &new);
	if (r)
		return r;
	r = diff_join(&old, &new, print_change, &printing, &gaps);
	in.partial = gaps.partial;
	r = inspect_end(app, &in, r);
	note_gaps(app, &gaps);
	return r;
}

static const struct cmd_option diff_options[] = {
	FOLD_OPTION(offsetof(struct diff_args, folding), "have changed alike"),
	EACH_OPTION(offsetof(struct diff_args, folding)),
	ROWS_OF(struct diff_args, wake, wake_options),
	{ 0 },
};

static const struct diff_args diff_defaults = {
	.wake.view = { .columns = columns,
		       .rows = "changes",
		       .operands = { .min = 1, .max = CMD_OPERANDS_MAX },
		       .filtered = true },
};

const struct cmd system_diff_cmd = {
	.name = "diff",
	.summary = "Show what has changed between two captures, or since one",
	.example = "ioasidctl system diff before.tree after.tree kind=pasid",
	.statuses = "1267",
	.options = diff_options,
	.takes = "OLD [NEW [[COLUMN=]PATTERN[,PATTERN...]...]]",
	.doc = "Show what has changed between two captures, or between one and this machine: "
	       "units, contexts, groups, devices, drivers, PASIDs. OLD and NEW are what --sysroot "
	       "takes; - and no NEW is this machine, or what --sysroot names. With terms, those "
	       "changes that match all of them. What could not be read on one side is reported as "
	       "unreadable, and the status is then 7.",
	.operands = offsetof(struct diff_args, wake.view.operands),
	.defaults = &diff_defaults,
	.args_size = sizeof(diff_defaults),
	.run = diff_run,
};
