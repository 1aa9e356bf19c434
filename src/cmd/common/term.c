/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/common/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/common/operand.h"
#include "cmd/common/session.h"
#include "model/machine/select.h"
#include "out/column.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/closest.h"
#include "util/parse.h"

static int resolve_device(struct app *app, const struct sys_root *root, const char *text,
			  char **ret)
{
	_cleanup_free_ char *path = NULL;
	int r = operand_device(app, root, text, &path);

	if (r)
		return r;
	*ret = strdup(strrchr(path, '/') + 1);
	return *ret ? 0 : -ENOMEM;
}

static int resolve_group(struct app *app, const struct sys_root *root, const char *text, bool bare,
			 char **ret)
{
	_cleanup_strv_ struct strv candidates = { 0 };
	_cleanup_free_ char *path = NULL;
	uint32_t group;
	uint64_t number;
	int r;

	/* "group=x" needs a number, unless x names a device. */
	if (!bare && parse_u64(text, UINT32_MAX, &number) < 0 &&
	    select_device(root, text, &path, &candidates) < 0 && candidates.n == 0)
		return 0;
	r = operand_group(app, root, text, &group);
	if (r)
		return r;
	return asprintf(ret, "%u", group) < 0 ? -ENOMEM : 0;
}

/* The value of COLUMN for what a person wrote: see struct out_resolver. */
static int term_resolve(void *data, const struct out_column *column, const char *text, bool bare,
			char **ret)
{
	const struct sys_root *root;
	struct app *app = data;
	int r = app_root(app, &root);

	if (r)
		return r;
	if (column->flags & OUT_OF_DEVICE)
		return resolve_device(app, root, text, ret);
	if (column->flags & OUT_OF_GROUP)
		return resolve_group(app, root, text, bare, ret);
	if (column->flags & OUT_OF_UNIT)
		return operand_unit(app, root, text);
	if (column->flags & OUT_OF_CONTEXT)
		return session_find(app, text, ret);
	return 0;
}

/* The name of the column similar to NAME; NULL: none. */
static const struct out_column *closest_column(const struct out_column *columns, const char *name)
{
	_cleanup_free_ const char **keys = NULL;
	const char *found;
	size_t n = 0;

	for (const struct out_column *column = columns; column->key; column++) {
		const char **slot = array_push(keys, n);

		if (!slot)
			return NULL;
		*slot = column->key;
	}
	found = str_closest(name, keys, n);
	return found ? out_column_find(columns, found) : NULL;
}

int terms_fail_column(struct app *app, const struct out_column *columns, const char *name)
{
	const struct out_column *closest = closest_column(columns, name);

	app_fail(app, STATUS_USAGE, *name ? name : "''", "no such column");
	if (closest)
		app_hint(app, "did you mean '%s'? --list-columns shows them all", closest->key);
	else
		app_hint(app, "--list-columns shows them all");
	return STATUS_USAGE;
}

static void hint_values(struct app *app, const char *name, const struct out_column *column)
{
	struct strv list = { (char **)column->values, 0 };
	_cleanup_free_ char *all = NULL;

	while (list.v[list.n])
		list.n++;
	all = strv_join(&list, ", ");
	if (all)
		app_hint(app, "%s is one of %s", name, all);
}

static void hint_type(struct app *app, const struct out_column *column)
{
	char name[64];

	out_column_name(column, name, sizeof(name));
	if (column->flags & OUT_IS_BOOL)
		app_hint(app, "%s is yes or no", name);
	else if (column->flags & OUT_OF_GROUP)
		app_hint(app, "%s is a number, a range LO-HI, or a device of the group", name);
	else if (column->flags & OUT_IS_SIZE)
		app_hint(app, "%s is a size (4096, 4K, 2M) or a range LO-HI", name);
	else if (column->flags & OUT_IS_ADDRESS)
		app_hint(app, "%s is an address (0xfee00000) or a range LO-HI", name);
	else if (column->flags & OUT_IS_NUMBER)
		app_hint(app, "%s is a number or a range LO-HI", name);
	else
		hint_values(app, name, column);
}

static int fail_fault(struct app *app, const struct view_args *args, const struct out_fault *fault)
{
	char name[64] = "";

	if (fault->column)
		out_column_name(fault->column, name, sizeof(name));
	switch (fault->kind) {
	case OUT_FAULT_COLUMN:
		return terms_fail_column(app, args->columns, fault->text);
	case OUT_FAULT_VALUE:
		app_fail(app, STATUS_USAGE, fault->text, "not a valid value of the column %s",
			 name);
		hint_type(app, fault->column);
		return STATUS_USAGE;
	case OUT_FAULT_ORDER:
		return app_fail(app, STATUS_USAGE, fault->text,
				"< and > take one number, and a column of numbers");
	case OUT_FAULT_OUTPUT:
		app_fail(app, STATUS_USAGE, fault->text, "is a column, not a row of the list");
		app_hint(app, "did you mean '-o %s'?", fault->text);
		return STATUS_USAGE;
	}
	return STATUS_USAGE;
}

int terms_parse(struct app *app, const struct view_args *args, struct out_filter **ret)
{
	const struct out_resolver resolver = { term_resolve, app };
	struct out_fault fault = { 0 };
	int r = out_filter_new(args->columns, args->operands.v, args->operands.n, &resolver, ret,
			       &fault);

	if (r == -EINVAL)
		r = fail_fault(app, args, &fault);
	free(fault.text);
	return r < 0 ? app_fail_errno(app, r, NULL, "cannot read the terms") : r;
}
