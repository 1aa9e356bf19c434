/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common/session.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/str.h"

const struct cmd_option diagnosis_options[] = {
	{ "all", 0, NULL, "Show all findings, also those that need no action", OPTION_FLAG,
	  offsetof(struct diagnosis_args, all) },
	ROWS_OF(struct diagnosis_args, common, wake_options),
	{ 0 },
};

/* A finding as a row. */
struct row {
	const struct finding *finding;
	char *checks; /* for people, merged checks: "acs, ats-capability"; or NULL */
	char *uses[USE_COUNT];
	size_t n_uses;
};

struct rows {
	struct row *v;
	size_t n;
};

static void get_result(const void *p, struct out_value *ret)
{
	out_string(ret, finding_result_names[((const struct row *)p)->finding->result]);
}

#define GET(name) \
	static void get_##name(const void *p, struct out_value *ret) \
	{ \
		out_string(ret, ((const struct row *)p)->finding->name); \
	}

GET(object)
GET(seen)
GET(meaning)
GET(remedy)

static void get_check(const void *p, struct out_value *ret)
{
	const struct row *row = p;

	out_string(ret, row->checks ? row->checks : row->finding->check);
}

static void get_use(const void *p, struct out_value *ret)
{
	const struct row *row = p;
	struct strv list = { (char **)row->uses, row->n_uses };

	out_strv(ret, &list);
}

#define BEFORE_USE \
	{ "result", \
	  "ok, note, unknown (could not be measured), warning, blocked (nothing is broken, but " \
	  "something blocks it or is still to be done), broken", \
	  OUT_DEFAULT | OUT_RESULT | OUT_ALWAYS, \
	  0, \
	  get_result, \
	  finding_result_names }, \
		{ "check", "What was asked; ready: the verdict", \
		  OUT_DEFAULT | OUT_PROSE | OUT_ALWAYS, 0, get_check }, \
		{ "object", \
		  "What was examined; for a verdict, what it is about; none: the machine", \
		  OUT_DEFAULT | OUT_PROSE, 0, get_object }, \
		{ "seen", "What was measured", OUT_DEFAULT | OUT_PROSE | OUT_ALWAYS, 0, \
		  get_seen }, \
	{ \
		"meaning", "What that means", OUT_PROSE, 0, get_meaning \
	}
#define AFTER_USE \
	{ \
		"remedy", "What to do", OUT_DEFAULT | OUT_PROSE, 0, get_remedy \
	}

const struct out_column diagnosis_columns[] = { BEFORE_USE, AFTER_USE, { 0 } };
const struct out_column diagnosis_use_columns[] = {
	BEFORE_USE,
	{ "use", "The uses that need it", OUT_DEFAULT | OUT_INLINE | OUT_IS_LIST | OUT_ALWAYS, 0,
	  get_use, use_names },
	AFTER_USE,
	{ 0 },
};

/* Verdicts, for people. */
static const struct out_column verdict_columns[] = {
	{ "object", "", OUT_DEFAULT, 0, get_object },
	{ "result", "", OUT_DEFAULT | OUT_RESULT, 0, get_result },
	{ "seen", "", OUT_DEFAULT | OUT_PROSE, 0, get_seen },
	{ 0 },
};

static bool for_people(const struct diagnosis_args *args)
{
	return args->common.view.out.format == OUT_FORMAT_TABLE;
}

int diagnosis_open(struct app *app, const struct diagnosis_args *args, struct inspection *ret)
{
	struct view_args view = args->common.view;

	/* The verdicts already show which use needs what. */
	if (for_people(args))
		view.out.defaults = "result,check,object,seen,remedy";
	return inspect_open(app, &view, ret);
}

static struct row make_row(const struct finding *finding)
{
	struct row row = { .finding = finding };

	for (int use = 0; use < USE_COUNT; use++)
		if (finding->uses & USE_BIT(use))
			row.uses[row.n_uses++] = (char *)use_names[use];
	return row;
}

static int show_verdicts(struct app *app, const struct finding_list *list)
{
	const struct out_options options = { .no_headings = true };
	_cleanup_view_ struct out_view *view = NULL;
	_cleanup_free_ char *bad = NULL;
	int r = out_view_new(verdict_columns, &options, false, stdout, &view, &bad);

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct row row = make_row(&list->v[i]);

		if (finding_is_verdict(&list->v[i]))
			r = out_view_row(view, &row);
	}
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot print") : app_view_end(app, view);
}

/* Notes what could not be measured, and whether an option would help. */
static void note_unknown(struct app *app, const struct finding_list *list)
{
	size_t n = 0, asleep = 0, denied = 0;
	char text[160] = "";

	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];

		if (finding->result != FINDING_UNKNOWN || finding_is_verdict(finding))
			continue;
		n++;
		asleep += finding->error == -EAGAIN;
		denied += finding->error == -EACCES || finding->error == -EPERM;
	}
	if (asleep)
		snprintf(text, sizeof(text), "; %zu of a sleeping device: --wake wakes it", asleep);
	if (denied)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "; %zu for lack of permission: run as root", denied);
	if (n)
		app_note(app, "%zu finding%s could not be measured%s", n, n == 1 ? "" : "s", text);
}

/* A sleeping device leaves many questions open: merge them into one row of ROWS. */
static struct row *find_alike(struct row *rows, size_t n, const struct finding *finding)
{
	for (size_t i = 0; finding->error < 0 && i < n; i++)
		if (rows[i].finding->error == finding->error &&
		    str_equal(rows[i].finding->object, finding->object) &&
		    str_equal(rows[i].finding->seen, finding->seen))
			return &rows[i];
	return NULL;
}

static int add_check(struct row *row, const char *check)
{
	char *both;

	if (asprintf(&both, "%s, %s", row->checks ? row->checks : row->finding->check, check) < 0)
		return -ENOMEM;
	free(row->checks);
	row->checks = both;
	return 0;
}

static void rows_done(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		free(rows->v[i].checks);
	free(rows->v);
}

/* The rows shown to people. */
static int choose_rows(const struct finding_list *list, enum finding_result hidden, bool all,
		       struct rows *rows, size_t *ret_hidden)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct finding *finding = &list->v[i];
		struct row *row = find_alike(rows->v, rows->n, finding);
		int r = row ? add_check(row, finding->check) : 0;

		if (r < 0)
			return r;
		if (row || finding_is_verdict(finding))
			continue;
		if (!all && finding->result <= hidden) {
			++*ret_hidden;
			continue;
		}
		row = array_push(rows->v, rows->n);
		if (!row)
			return -ENOMEM;
		*row = make_row(finding);
	}
	return 0;
}

static int show_people(struct app *app, struct inspection *in, const struct diagnosis_args *args,
		       const struct finding_list *list, enum finding_result hidden)
{
	_cleanup_(rows_done) struct rows rows = { 0 };
	size_t n_hidden = 0;
	int r = show_verdicts(app, list);

	if (r)
		return r;
	r = choose_rows(list, hidden, args->all, &rows, &n_hidden);
	if (r == 0 && rows.n)
		putchar('\n');
	for (size_t i = 0; r == 0 && i < rows.n; i++)
		r = inspect_row(in, &rows.v[i]);
	if (r < 0 || rows.n)
		r = inspect_end(app, in, r);
	if (r == 0 && n_hidden)
		printf("\n%zu finding%s no action: --all shows %s too\n", n_hidden,
		       n_hidden == 1 ? " needs" : "s need", n_hidden == 1 ? "it" : "them");
	return r;
}

static int show_programs(struct app *app, struct inspection *in, const struct finding_list *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		struct row row = make_row(&list->v[i]);

		r = inspect_row(in, &row);
	}
	return inspect_end(app, in, r);
}

int diagnosis_show(struct app *app, struct inspection *in, const struct diagnosis_args *args,
		   const struct finding_list *list, enum finding_result hidden)
{
	int r = for_people(args) ? show_people(app, in, args, list, hidden)
				 : show_programs(app, in, list);

	if (r == 0)
		note_unknown(app, list);
	return r;
}

enum status diagnosis_conclude(struct app *app, const struct finding_list *list,
			       const struct finding *verdict, const char *object, const char *what)
{
	enum status status = finding_status(verdict);
	const struct finding *cause = finding_cause(list, verdict->uses);

	if (status == STATUS_DONE || !cause)
		return STATUS_DONE;
	app_fail(app, status, object, "%s: %s: %s%s%s", what, cause->check,
		 cause->object ? cause->object : "", cause->object ? ": " : "", cause->seen);
	if (cause->remedy)
		app_hint(app, "%s", cause->remedy);
	return status;
}

void diagnosis_name_contexts(struct app *app, struct finding_list *list)
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
		free(finding->remedy);
		finding->remedy = remedy;
	}
}
