/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pasid translate, map */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "cmd/common/inspect.h"
#include "cmd/common/operand.h"
#include "cmd/common/options.h"
#include "cmd/pasid/internal.h"
#include "model/pagetable/pages.h"
#include "util/cleanup.h"
#include "util/parse.h"
#include "util/pasid.h"

/* Whose table it is, for messages: "its own requests", "PASID 42". */
struct subject {
	char text[32];
};

static struct subject subject_of(const struct pagetable *table)
{
	struct subject subject = { "its own requests" };

	if (table->pasid)
		snprintf(subject.text, sizeof(subject.text), "PASID %" PRIu32, table->pasid);
	return subject;
}

static int fail_no_dumps(struct app *app, const char *operand, const struct pagetable *table)
{
	const char *vendor = table->vendor.status == 1 ? table->vendor.value : "unknown";

	app_fail(app, STATUS_UNSUPPORTED, operand,
		 "Linux shows no page tables of its IOMMU %s (%s), but only those of Intel VT-d",
		 table->unit.value, vendor);
	if (strcmp(vendor, "amd") == 0)
		app_hint(app, "for AMD, debugfs has only registers, device and interrupt tables");
	return STATUS_UNSUPPORTED;
}

static int fail_no_table(struct app *app, const char *operand)
{
	app_fail(app, STATUS_UNSUPPORTED, operand, "%s has no dump of its IOMMU's tables",
		 app->root.captured ? "this capture" : "this kernel");
	if (app->root.captured)
		app_hint(app,
			 "it was not captured, or the user who captured it may not read debugfs");
	else
		app_hint(app, "it needs CONFIG_INTEL_IOMMU_DEBUGFS and a mounted debugfs: mount -t "
			      "debugfs none /sys/kernel/debug");
	return STATUS_UNSUPPORTED;
}

static int fail_unbound(struct app *app, const char *operand, const struct pagetable *table)
{
	_cleanup_free_ char *quoted = str_quote(table->device);

	if (table->pasid == 0)
		return app_fail(app, STATUS_NOT_FOUND, operand,
				"its own requests have no page table: the IOMMU refuses them");
	app_fail(app, STATUS_NOT_FOUND, operand, "PASID %" PRIu32 " is not bound", table->pasid);
	app_hint(app,
		 "for addresses of the device's own requests, give PASID 0; for bound PASIDs: "
		 "ioasidctl pasid list %s",
		 quoted ? quoted : "DEVICE");
	return STATUS_NOT_FOUND;
}

static int fail_sva(struct app *app, const char *operand, const struct pagetable *table)
{
	_cleanup_free_ char *quoted = str_quote(table->device);

	app_fail(app, STATUS_UNSUPPORTED, operand,
		 "PASID %" PRIu32 " leads to a process's own page table, which Linux does not show",
		 table->pasid);
	app_hint(app,
		 "/proc/PID/maps and /proc/PID/pagemap show its memory; for the process: "
		 "ioasidctl pasid list %s pasid=%" PRIu32,
		 quoted ? quoted : "DEVICE", table->pasid);
	return STATUS_UNSUPPORTED;
}

static int fail_lack(struct app *app, const char *operand, const struct pagetable *table)
{
	switch (table->lack) {
	case PAGETABLE_THERE:
		return STATUS_DONE;
	case PAGETABLE_NO_IOMMU:
		return app_fail(app, STATUS_UNSUPPORTED, operand,
				"no IOMMU translates its requests");
	case PAGETABLE_NO_DUMPS:
		return fail_no_dumps(app, operand, table);
	case PAGETABLE_NO_TABLE:
		return fail_no_table(app, operand);
	case PAGETABLE_NO_PCI:
		return app_fail(app, STATUS_UNSUPPORTED, operand,
				"Linux shows page tables of PCI devices only");
	case PAGETABLE_LEGACY:
		return app_fail(app, STATUS_UNSUPPORTED, operand,
				"its IOMMU %s is in legacy mode, which has no PASIDs",
				table->unit.value);
	case PAGETABLE_UNBOUND:
		return fail_unbound(app, operand, table);
	case PAGETABLE_SVA:
		return fail_sva(app, operand, table);
	case PAGETABLE_MISREAD:
		break;
	}
	return app_fail(app, STATUS_UNSUPPORTED, operand,
			"this kernel would read the page table of %s wrongly: as one of %u levels",
			subject_of(table).text, table->levels);
}

/* The table entry exists, but there is no dump of its pages. */
static int fail_no_file(struct app *app, const char *operand, const struct pagetable *table)
{
	app_fail(app, STATUS_UNSUPPORTED, operand,
		 "%s ha%s a page table (%s), but %s has no dump of it", subject_of(table).text,
		 table->pasid ? "s" : "ve", pagetable_stage_name(table->stage),
		 app->root.captured ? "this capture" : "this kernel");
	if (app->root.captured)
		app_hint(app, "domain_translation_struct was not captured");
	else if (table->stage == PAGETABLE_NESTED)
		app_hint(app,
			 "Linux shows no nested table of a PASID: the guest has the first stage, "
			 "and the second is that of the parent HWPT");
	return STATUS_UNSUPPORTED;
}

static int fail_read(struct app *app, int error, const char *operand, const char *what)
{
	int status = app_fail_errno(app, error, operand, "cannot read %s", what);

	if (app->root.captured)
		return status;
	if (error == -EACCES)
		app_hint(app, "only root may read debugfs");
	else if (error == -EPERM)
		app_hint(app, "no user may read debugfs of a kernel that is locked down");
	else if (error == -ENOMEM)
		app_hint(app,
			 "Linux builds the whole dump in memory, at most 1G of it: some 9 million "
			 "pages");
	return status;
}

/* Mappings change while the kernel dumps them: its lock protects attachments, not mappings. */
static int fail_sense(struct app *app, const char *operand, const char *what)
{
	app_fail(app, STATUS_FAILED, operand, "the dump of its page table %s", what);
	if (!app->root.captured)
		app_hint(app, "it may have changed while it was read: try again");
	return STATUS_FAILED;
}

static int fail_dump(struct app *app, int error, const char *operand, const struct pagetable *table)
{
	switch (-error) {
	case ENOENT:
		return fail_no_file(app, operand, table);
	case EBADMSG:
		return fail_sense(app, operand, "is not valid");
	case ESTALE:
		return fail_sense(app, operand, "does not match the table that the IOMMU is using");
	default:
		return fail_read(app, error, operand, "its page table");
	}
}

/* TEXT NULL means PASID 0. Returns 0 or a reported status. */
static int parse_pasid(struct app *app, const char *text, uint32_t *ret)
{
	uint64_t pasid = 0;
	int r = text ? parse_u64(text, PASID_MAX, &pasid) : 0;

	*ret = (uint32_t)pasid;
	if (r == 0)
		return 0;
	if (r == -ERANGE) {
		app_fail(app, STATUS_USAGE, text, "PASIDs have 20 bits at most");
		app_hint(app,
			 "for several addresses of the device's own requests, give PASID 0 first");
		return STATUS_USAGE;
	}
	return app_fail(app, STATUS_USAGE, text, "is not a valid PASID");
}

/* Finds the table of DEVICE and PASID. Returns 0 or a reported status. */
static int find_table(struct app *app, const char *device, uint32_t pasid, struct pagetable *ret)
{
	_cleanup_free_ char *path = NULL;
	int r;

	r = operand_device(app, &app->root, device, &path);
	if (r)
		return r;
	r = pagetable_find(&app->root, path, pasid, ret);
	if (r < 0)
		return fail_read(app, r, device, "the tables of its IOMMU");
	r = fail_lack(app, device, ret);
	if (r == 0 && ret->stage == PAGETABLE_NESTED)
		app_note(app,
			 "%s: the second of two stages: its addresses are the guest's physical",
			 device);
	return r;
}

/* Returns 0 or a reported status. */
static int parse_iovas(struct app *app, const char *const *texts, struct pagetable_walk *walks,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = parse_u64(texts[i], UINT64_MAX, &walks[i].iova);

		if (r == -ERANGE)
			return app_fail(app, STATUS_USAGE, texts[i], "has more than 64 bits");
		if (r < 0)
			return app_fail(app, STATUS_USAGE, texts[i], "is not a valid address");
	}
	return 0;
}

/* For requests without PASID, VT-d treats this range as interrupts before it looks at any table. */
static bool is_interrupt(const struct pagetable *table, uint64_t iova)
{
	return table->pasid == 0 && iova >> 20 == 0xfee;
}

/* Reports each address that is not mapped. Returns the combined status. */
static int judge(struct app *app, const struct pagetable *table, const char *const *texts,
		 const struct pagetable_walk *walks, size_t n)
{
	size_t missing = 0;
	bool interrupt = false;

	for (size_t i = 0; i < n; i++) {
		if (walks[i].state == PAGETABLE_MAPPED)
			continue;
		missing++;
		interrupt |= is_interrupt(table, walks[i].iova);
		if (walks[i].state == PAGETABLE_BEYOND)
			app_fail(app, STATUS_NOT_FOUND, texts[i],
				 "is not an address of a %s table of %u levels",
				 pagetable_stage_name(table->stage), table->levels);
		else
			app_fail(app, STATUS_NOT_FOUND, texts[i], "is not mapped");
	}
	if (interrupt)
		app_hint(app, "writes to 0xfee00000-0xfeefffff are interrupts: no page table has "
			      "them");
	if (missing == 0)
		return STATUS_DONE;
	return missing == n ? STATUS_NOT_FOUND : STATUS_PARTIAL;
}

static int print_walks(struct inspection *in, bool people, const struct pagetable *table,
		       const struct pagetable_walk *walks, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct pages_walk_row row = { table, &walks[i] };

		if (people && i)
			putchar('\n');
		r = inspect_row(in, &row);
	}
	return r;
}

/* The user may have meant a PASID where an address was expected. */
static int hint_pasid(struct app *app, int status, const char *const *operand, unsigned int n)
{
	uint64_t pasid;

	if (status && n == 2 && isdigit((unsigned char)operand[1][0]) &&
	    !str_starts(operand[1], "0x") && parse_u64(operand[1], PASID_MAX, &pasid) == 0)
		app_hint(app,
			 "%s was read as an address; for addresses of a PASID: ioasidctl pasid "
			 "translate DEVICE PASID IOVA",
			 operand[1]);
	return status;
}

static int translate_run(struct app *app, const void *p)
{
	struct view_args args = *(const struct view_args *)p;
	const char *const *operand = args.operands.v;
	/* With two operands, the second one is the address. */
	const unsigned int first = args.operands.n > 2 ? 2 : 1, n = args.operands.n - first;
	struct pagetable_walk walks[CMD_OPERANDS_MAX] = { 0 };
	_cleanup_pagetable_ struct pagetable table = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	uint32_t pasid;
	int r, status;

	/* For people each address is a "show"; for programs always a list. */
	args.single = args.out.format == OUT_FORMAT_TABLE;
	r = inspect_open(app, &args, &in);
	if (r == 0)
		r = parse_pasid(app, first == 2 ? operand[1] : NULL, &pasid);
	if (r == 0)
		r = parse_iovas(app, operand + first, walks, n);
	if (r == 0)
		r = hint_pasid(app, find_table(app, operand[0], pasid, &table), operand,
			       args.operands.n);
	if (r)
		return r;
	r = pagetable_translate(in.root, &table, walks, n);
	if (r < 0)
		return fail_dump(app, r, operand[0], &table);
	r = print_walks(&in, args.single, &table, walks, n);
	status = inspect_end(app, &in, r);
	r = hint_pasid(app, judge(app, &table, operand + first, walks, n), operand,
		       args.operands.n);
	return status ? status : r;
}

static const struct view_args translate_defaults = {
	.columns = pages_walk_columns,
	.operands = { .min = 2, .max = CMD_OPERANDS_MAX },
	.out.defaults = PAGES_WALK_DEFAULTS,
};

const struct cmd pasid_translate_cmd = {
	.name = "translate",
	.summary = "Show what addresses map to",
	.example = "ioasidctl pasid translate 0000:03:00.0 42 0x10000000",
	.statuses = "124567",
	.options = view_options,
	.takes = "DEVICE [PASID] IOVA...",
	.doc = "Show what the addresses in a device's requests map to, or where the walk through "
	       "the I/O page table ends, level by level. With a single address and no "
	       "PASID, and with PASID 0, in the table of the device's own requests (RID).",
	.operands = offsetof(struct view_args, operands),
	.defaults = &translate_defaults,
	.args_size = sizeof(translate_defaults),
	.run = translate_run,
};

struct map_args {
	struct view_args view;
	bool physical;
};

struct map_rows {
	struct inspection *in;
	const struct pagetable *table;
	size_t n;
	bool printing; /* output failed */
};

static int map_row(const struct pagetable_range *range, void *data)
{
	struct map_rows *rows = data;
	const struct pages_range_row row = { rows->table, range };
	int r = inspect_row(rows->in, &row);

	rows->n++;
	rows->printing = r < 0;
	return r;
}

static int map_run(struct app *app, const void *p)
{
	const struct map_args *args = p;
	const struct operands *operands = &args->view.operands;
	_cleanup_pagetable_ struct pagetable table = { 0 };
	_cleanup_inspection_ struct inspection in = { 0 };
	struct map_rows rows = { .in = &in, .table = &table };
	uint32_t pasid;
	int r, status;

	r = inspect_open(app, &args->view, &in);
	if (r == 0)
		r = parse_pasid(app, operands->n > 1 ? operands->v[1] : NULL, &pasid);
	if (r == 0)
		r = find_table(app, operands->v[0], pasid, &table);
	if (r)
		return r;
	r = pagetable_map(in.root, &table, args->physical, map_row, &rows);
	if (r == 0 || rows.printing)
		return inspect_end(app, &in, r);
	/* Keeps the output so far a valid document; the status says that it is incomplete. */
	status = rows.n ? inspect_end(app, &in, 0) : 0;
	r = fail_dump(app, r, operands->v[0], &table);
	return status ? status : r;
}

static const struct cmd_option map_options[] = {
	{ "physical", 0, NULL, "End ranges also where physical memory is not contiguous",
	  OPTION_FLAG, offsetof(struct map_args, physical) },
	ROWS_OF(struct map_args, view, view_options),
	{ 0 },
};

static const struct map_args map_defaults = {
	.view = { .columns = pages_range_columns, .operands = { .min = 1, .max = 2 } },
};

const struct cmd pasid_map_cmd = {
	.name = "map",
	.summary = "List the mapped ranges",
	.example = "ioasidctl pasid map 0000:03:00.0 42",
	.statuses = "12456",
	.options = map_options,
	.takes = "DEVICE [PASID]",
	.doc = "List the ranges that the I/O page table of the device's own requests (RID), or of "
	       "a PASID, maps.",
	.operands = offsetof(struct map_args, view.operands),
	.defaults = &map_defaults,
	.args_size = sizeof(map_defaults),
	.run = map_run,
};
